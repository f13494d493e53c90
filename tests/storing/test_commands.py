"""Backup and restore, and moving between folder and bucket: what the site's keeper does with the store."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import backup
from portal.database import db
from portal.models.attachment import Attachment
from portal.rules.message import Refusal
from portal.stores import Store, store
from tests.approving import person
from tests.stored import is_stored, overwrite, stored_by


def kept(content: bytes = b"kept") -> Attachment:
    file = Attachment.keep(content, filename="a.txt", media_type="text/plain", purpose="scan", by=person("mgr1"))
    db.session.commit()
    return file


def let_go() -> None:
    db.session.remove()
    db.engine.dispose()


def test_a_restore_brings_lost_files_back(kept_in: Store, app: Flask, tmp_path: Path) -> None:
    digest, target = kept().sha256, tmp_path / "backup.tar"
    let_go()
    backup.backup(app.config, target)
    with tarfile.open(target) as archive:
        assert f"files/{digest[:2]}/{digest}" in archive.getnames()
    kept_in.remove(digest)
    backup.restore(app.config, target)
    assert kept_in.read(digest) == b"kept"


def test_a_backup_of_a_folder_is_restored_into_a_bucket(app: Flask, fresh_bucket: dict[str, Any], tmp_path: Path) -> None:
    digest, target = kept().sha256, tmp_path / "backup.tar"
    let_go()
    backup.backup(app.config, target)
    with stored_by(fresh_bucket):
        assert not is_stored(digest)
        backup.restore(app.config, target)
        assert store().read(digest) == b"kept"


def test_a_damaged_file_of_a_backup_is_not_taken(kept_in: Store, app: Flask, tmp_path: Path) -> None:
    digest, target = kept().sha256, tmp_path / "backup.tar"
    overwrite(digest, b"other")
    let_go()
    backup.backup(app.config, target)
    kept_in.remove(digest)
    with pytest.raises(Refusal, match="damaged"):
        backup.restore(app.config, target)
    assert not is_stored(digest)


def test_a_backup_can_leave_the_files_to_the_bucket(in_bucket: Store, app: Flask, tmp_path: Path) -> None:
    digest, target = kept().sha256, tmp_path / "backup.tar"
    let_go()
    run = app.test_cli_runner().invoke
    assert run(args=["backup", str(target), "--without-files"]).exit_code == 0
    with tarfile.open(target) as archive:
        assert not [name for name in archive.getnames() if name.startswith("files/")]
    assert run(args=["restore", str(target), "--yes"]).exit_code == 0
    assert run(args=["files", "check"]).exit_code == 0
    in_bucket.remove(digest)
    said = run(args=["files", "check"])
    assert (said.exit_code, f"Missing: {digest}" in said.output) == (1, True)


def test_a_backup_says_when_the_bucket_cannot_be_reached(
    app: Flask, away: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.stores.bucket.PATIENT", {"connect_timeout": 1, "retries": {"total_max_attempts": 1}})
    target = tmp_path / "backup.tar"
    with stored_by(away):
        said = app.test_cli_runner().invoke(args=["backup", str(target)])
    assert (said.exit_code, target.exists()) == (1, False)


def test_what_no_record_has_is_counted_and_tidied(kept_in: Store, app: Flask) -> None:
    digest = kept().sha256
    lost = hashlib.sha256(b"an upload that was not saved").hexdigest()
    kept_in.put(lost, io.BytesIO(b"an upload that was not saved"))
    db.session.commit()
    run = app.test_cli_runner().invoke
    said = run(args=["files", "check"])
    assert (said.exit_code, "0 missing, 1 that no record has" in said.output) == (0, True)
    assert "Removed 1 contents." in run(args=["files", "tidy"]).output
    assert list(kept_in.digests()) == [digest]


def test_files_move_to_a_bucket_and_back(app: Flask, fresh_bucket: dict[str, Any], tmp_path: Path) -> None:
    folder = {"FILES_STORE": "folder", "FILES_FOLDER": tmp_path / "site" / "files"}
    run = app.test_cli_runner().invoke
    with stored_by({**fresh_bucket, **folder}):
        first, second = kept(b"first").sha256, kept(b"second").sha256
        assert "copied 2, 0 were there already, 0 missing" in run(args=["files", "copy", "folder", "s3"]).output
        third = kept(b"third").sha256
        said = run(args=["files", "copy", "folder", "s3"])
        assert (said.exit_code, "copied 1, 2 were there already" in said.output) == (0, True)
        assert is_stored(first), "nothing is removed where it was"
    with stored_by({**fresh_bucket, "FILES_FOLDER": tmp_path / "again" / "files"}):
        assert run(args=["files", "check"]).exit_code == 0
        store().remove(second)
        said = run(args=["files", "copy", "s3", "folder"])
        assert (said.exit_code, second in said.output, "copied 2" in said.output) == (1, True, True)
    with stored_by({"FILES_STORE": "folder", "FILES_FOLDER": tmp_path / "again" / "files"}):
        assert [store().read(digest) for digest in (first, third)] == [b"first", b"third"]


def test_nothing_is_copied_without_a_bucket(app: Flask) -> None:
    with stored_by({"S3_BUCKET": ""}):
        assert app.test_cli_runner().invoke(args=["files", "copy", "folder", "s3"]).exit_code == 1
    assert app.test_cli_runner().invoke(args=["files", "copy", "s3", "s3"]).exit_code == 1
