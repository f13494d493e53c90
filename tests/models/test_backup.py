"""Backup while in use, restore, and the same site again (both databases)."""

from __future__ import annotations

import errno
import os
import tarfile
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import delete, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from portal import backup, clock, create_app, database
from portal.database import db
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.session import StaffSession
from portal.models.staff import Staff, Team
from portal.rules.message import Refusal
from portal.stores import StoreFailed
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
    _newer_version()
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
    db.session.rollback()
    assert "later" not in inspect(db.engine).get_table_names(), "the version of that day finds what it left"
    with pytest.raises(DBAPIError, match="cannot be changed"):
        db.session.execute(text("DELETE FROM audit_event"))
    db.session.rollback()


def _newer_version() -> None:
    """Change the schema as an upgrade does: the way back from it is a restore."""
    db.session.execute(text("CREATE TABLE later (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id))"))
    db.session.commit()


def test_a_restore_that_fails_changes_nothing(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = factories.customer("rep1", full_name="还在的有限公司").id
    target = tmp_path / "backup.tar"
    backup.backup(app.config, target)
    monkeypatch.setattr(backup, "EMPTIED", backup.EMPTIED + "SELECT nothing_like_it();")
    monkeypatch.setattr(backup, "_to_disk", _full)
    with pytest.raises((Refusal, OSError)):
        backup.restore(app.config, target)
    db.session.remove()
    db.engine.dispose()
    assert db.session.get_one(Customer, kept).full_name == "还在的有限公司"
    assert not list(Path(app.config["INSTANCE_FOLDER"]).glob("*.restored"))


def _full(_file: Path) -> None:
    raise OSError("No space left on device")


def test_a_damaged_file_is_whole_again(app: Flask, tmp_path: Path, staff: dict[str, Staff]) -> None:
    file = Attachment.keep("扫描".encode(), filename="扫描.txt", media_type="text/plain", purpose="scan", by=staff["mgr1"])
    db.session.commit()
    path = where(file)
    target = tmp_path / "backup.tar"
    backup.backup(app.config, target)
    path.chmod(0o600)
    path.write_bytes(b"")
    db.session.remove()
    db.engine.dispose()
    backup.restore(app.config, target)
    assert path.read_bytes() == "扫描".encode()


def test_a_backup_that_fails_leaves_nothing_behind(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed, parts = tmp_path / f"{backup.COPY}killed", [tmp_path / f"portal-{day}.tar{backup.PART}" for day in (1, 2)]
    kept = [tmp_path / "portal-backup-of-last-year", tmp_path / "else.tar.part"]
    for folder in (killed, kept[0]):
        folder.mkdir()
    for file in (*parts, kept[1]):
        file.touch()
    # By the portal's clock alone: the machine's may say another day.
    for file, age in (*((one, backup.LEFT_FOR + 60) for one in (killed, parts[0], *kept)), (parts[1], backup.LEFT_FOR // 2)):
        os.utime(file, times=(clock.now().timestamp() - age,) * 2)
    monkeypatch.setattr(backup, "_to_disk", _full)
    done = app.test_cli_runner().invoke(args=["backup", str(tmp_path / "portal-2026-01-03.tar")])
    assert done.exit_code == 1
    assert "No space left" in done.output
    assert sorted(tmp_path.iterdir()) == sorted([*kept, parts[1]]), "nothing of others', nor what another backup may be writing"


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
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(StoreFailed):
        Attachment.keep(b"never stored", filename="a.txt", media_type="text/plain", purpose="scan", by=staff["mgr1"])
    assert not list(app.config["FILES_FOLDER"].rglob("tmp*"))


def test_a_restore_without_psql_starts_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(backup.shutil, "which", lambda program: None if program == "psql" else f"/bin/{program}")
    monkeypatch.setattr(backup.subprocess, "Popen", lambda *_arguments, **_streams: pytest.fail("something was started"))
    with pytest.raises(Refusal, match="not installed"):
        backup._load(make_url("postgresql+psycopg://portal@db.example.com/portal"), tmp_path / "copy")


def test_a_relative_address_is_that_of_the_database_in_the_instance_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance, elsewhere = tmp_path / "a # folder?", tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    settings = {"TESTING": True, "PORTAL_ENV": "testing", "INSTANCE_FOLDER": instance, "SECRET_KEY": "x" * 40}
    with create_app({**settings, "SQLALCHEMY_DATABASE_URI": "sqlite:///mine.sqlite3", "FILES_STORE": "folder"}).app_context():
        database.read_only(False)
        db.create_all()
        db.session.add(Team(name="客户一科"))
        db.session.commit()
        db.session.remove()
        backup.backup(current_app.config, tmp_path / "backup.tar")
        db.session.execute(delete(Team))
        db.session.commit()
        db.session.remove()
        backup.restore(current_app.config, tmp_path / "backup.tar")
        assert db.session.scalars(select(Team.name)).all() == ["客户一科"]
        db.session.remove()
        db.engine.dispose()
    assert not list(elsewhere.iterdir())


def test_a_backup_of_another_version_says_what_is_to_be_done(app: Flask, tmp_path: Path) -> None:
    backup.backup(app.config, tmp_path / "backup.tar")  # without the table of versions, which migrations make
    done = app.test_cli_runner().invoke(args=["restore", "--yes", str(tmp_path / "backup.tar")])
    assert done.exit_code == 0, done.output
    assert "flask db upgrade" in done.output
