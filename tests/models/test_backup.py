"""Backup while in use, restore, and the same site again (both databases)."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from portal import backup
from portal.database import db
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.session import StaffSession
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests import factories
from tests.stored import where


def state() -> dict[str, int]:
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in db.metadata.sorted_tables}


def test_restore_brings_back_what_was_there(app: Flask, tmp_path: Path, staff: dict[str, Staff]) -> None:
    kept = factories.customer("rep1", full_name="深圳𠮷䶮有限公司")
    file = Attachment.keep("扫描".encode(), filename="扫描.txt", media_type="text/plain", purpose="scan", by=staff["mgr1"])
    audit.write("system", "test", actor=staff["mgr1"])
    token = StaffSession.begin(staff["rep1"], address="10.0.0.7", browser="")
    db.session.commit()
    before, path, number = state(), where(file), kept.id
    target = tmp_path / "backup.tar"
    assert backup.backup(app.config, target) > 0

    factories.customer("rep1", full_name="后来的有限公司")
    path.unlink()
    db.session.remove()
    db.engine.dispose()
    assert backup.restore(app.config, target) == 1

    assert StaffSession.find(token) is None, "a session of that day is not revived"
    entry = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert entry is not None
    assert (entry.kind, entry.action, entry.label, entry.data["sessions_ended"]) == ("system", "backup-restored", "backup.tar", 1)
    assert state() == {**before, "audit_event": before["audit_event"] + 1}
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


def test_only_whole_files_are_in_the_backup_which_its_owner_reads(app: Flask, tmp_path: Path, staff: dict[str, Staff]) -> None:
    kept = Attachment.keep(b"whole", filename="a.txt", media_type="text/plain", purpose="scan", by=staff["mgr1"])
    db.session.commit()
    half = where(kept).parent / "tmpk2j3h4"
    half.write_bytes(b"half")
    target = tmp_path / "backup.tar"
    backup.backup(app.config, target)
    with tarfile.open(target) as archive:
        names = [name for name in archive.getnames() if name.startswith("files/")]
    half.unlink()
    assert f"files/{kept.sha256[:2]}/{kept.sha256}" in names
    assert not [name for name in names if "tmp" in name]
    assert target.stat().st_mode & 0o077 == 0


def test_a_backup_without_a_database_leaves_the_present_one_alone(app: Flask, tmp_path: Path) -> None:
    target, cut = tmp_path / "backup.tar", tmp_path / "cut.tar"
    backup.backup(app.config, target)
    with tarfile.open(target) as archive, tarfile.open(cut, "w") as other:
        about = archive.getmember("about.json")
        other.addfile(about, archive.extractfile(about))
    before = state()
    with pytest.raises(Refusal):
        backup.restore(app.config, cut)
    assert state() == before


def test_no_password_among_the_arguments_of_a_program() -> None:
    url = make_url("postgresql+psycopg://portal:secret@db.example.com:5433/portal?sslmode=require")
    assert backup._plain(url) == "postgresql://portal@db.example.com:5433/portal?sslmode=require"


def test_a_full_disk_leaves_nothing_behind(app: Flask, staff: dict[str, Staff], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="space"):
        Attachment.keep(b"never stored", filename="a.txt", media_type="text/plain", purpose="scan", by=staff["mgr1"])
    assert not list(app.config["FILES_FOLDER"].rglob("tmp*"))
