"""Backup while in use, restore, and the same site again (both databases)."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import backup
from portal.database import db
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.customer import Customer
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests import factories


def state() -> dict[str, int]:
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in db.metadata.sorted_tables}


def test_restore_brings_back_what_was_there(app: Flask, tmp_path: Path, staff: dict[str, Staff]) -> None:
    kept = factories.customer("rep1", full_name="深圳𠮷䶮有限公司")
    file = Attachment.keep("扫描".encode(), filename="扫描.txt", media_type="text/plain", purpose="scan", by=staff["mgr1"])
    audit.write("system", "test", actor=staff["mgr1"])
    db.session.commit()
    before, path, number = state(), file.path, kept.id
    target = tmp_path / "backup.tar"
    assert backup.backup(app.config, target) > 0

    factories.customer("rep1", full_name="后来的有限公司")
    path.unlink()
    db.session.remove()
    db.engine.dispose()
    backup.restore(app.config, target)

    assert state() == before
    again = db.session.get(Customer, number)
    assert again is not None
    assert again.full_name == "深圳𠮷䶮有限公司"
    assert path.read_bytes() == "扫描".encode()
    assert not list(audit.verify())


def test_what_is_no_backup_is_refused(app: Flask, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tar"
    wrong.write_bytes(b"nothing")
    with pytest.raises(Refusal):
        backup.restore(app.config, wrong)
    with tarfile.open(wrong, "w"):
        pass
    with pytest.raises(Refusal):
        backup.restore(app.config, wrong)
