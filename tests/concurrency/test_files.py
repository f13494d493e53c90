"""The same content is stored while it is taken out: whoever has a record of it has the content too."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import select

from portal import clock, database
from portal.database import db
from portal.exchange.tidying import KEPT_DAYS, remove_old
from portal.models.attachment import BUSY, GONE, USED, Attachment, take_out
from portal.stores import Store, store
from tests.concurrency.test_signatures import at_once
from tests.stored import stored_by

CONTENT = b"the same content"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PATIENCE = 30


def keep(purpose: str = "scan") -> Attachment:
    return Attachment.keep(CONTENT, filename="a.txt", media_type="text/plain", purpose=purpose, by=None)


@pytest.fixture(params=["folder", "s3"])
def shelf(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> Iterator[Store]:
    """The store, with the content in it that no record has."""
    settings: dict[str, Any] = {"FILES_STORE": "folder", "FILES_FOLDER": tmp_path / "files"}
    if request.param == "s3":
        settings = {**settings, **request.getfixturevalue("bucket"), "S3_PREFIX": f"{tmp_path.name}/"}
    with stored_by(settings):
        file = keep()
        db.session.flush()
        db.session.delete(file)
        db.session.commit()
        yield store()


class Beside:
    """Work in a thread and a context of its own; its transaction stays open until it is let go."""

    def __init__(self, app: Flask, work: Any) -> None:
        self.done, self.may_end, self.came = threading.Event(), threading.Event(), []
        self.thread = threading.Thread(target=self._run, args=(app, work))
        self.thread.start()

    def _run(self, app: Flask, work: Any) -> None:
        with app.app_context():
            database.read_only(False)
            self.came.append(work())
            self.done.set()
            self.may_end.wait(PATIENCE)
            db.session.commit()

    def end(self) -> None:
        self.may_end.set()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


def records() -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Attachment.id)).all())


def test_what_is_being_stored_is_not_taken_out(app: Flask, shelf: Store) -> None:
    def storing() -> None:
        keep()
        db.session.flush()

    upload = Beside(app, storing)
    assert upload.done.wait(PATIENCE)
    # PostgreSQL says at once that somebody is storing it; on SQLite the upload has to end before anybody else writes.
    purge = Beside(app, lambda: take_out(DIGEST))
    if db.engine.dialect.name == "postgresql":
        assert purge.done.wait(PATIENCE)
    upload.end()
    purge.end()
    assert purge.came in ([BUSY], [USED])
    assert (records(), shelf.has(DIGEST)) == (1, True)


def test_what_was_seen_just_before_it_went_is_stored_again(app: Flask, shelf: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, gone = threading.Event(), threading.Event()
    has = shelf.has

    def slow(digest: str) -> bool:
        there = has(digest)
        if not looked.is_set():
            looked.set()
            assert gone.wait(PATIENCE)
        return there

    monkeypatch.setattr(shelf, "has", slow)
    upload = Beside(app, keep)
    assert looked.wait(PATIENCE)
    assert take_out(DIGEST) == GONE
    db.session.commit()
    assert not has(DIGEST)
    gone.set()
    upload.end()
    assert (records(), has(DIGEST)) == (1, True)


def test_an_upload_waits_for_a_removal_that_has_begun(app: Flask, shelf: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    looked, remove, has = threading.Event(), shelf.remove, shelf.has

    def seen(digest: str) -> bool:
        there = has(digest)
        looked.set()
        return there

    uploads: list[Beside] = []

    def slowly(digest: str) -> None:
        monkeypatch.setattr(shelf, "has", seen)
        uploads.append(Beside(app, keep))
        assert looked.wait(PATIENCE)  # no record was found, the content is still there, and the upload has seen it
        remove(digest)

    monkeypatch.setattr(shelf, "remove", slowly)
    assert take_out(DIGEST) == GONE
    assert not uploads[0].done.is_set()
    db.session.commit()
    uploads[0].end()
    assert (records(), has(DIGEST)) == (1, True)


def test_uploads_and_removals_at_once_lose_nothing(app: Flask, tmp_path: Path) -> None:
    def storing() -> None:
        for _time in range(10):
            keep("export").uploaded_at = clock.now() - timedelta(days=KEPT_DAYS + 1)
            db.session.commit()
            fresh = keep()
            db.session.commit()
            assert store().has(DIGEST), "a record without its content"
            db.session.delete(fresh)
            db.session.commit()

    def removing() -> None:
        for _time in range(10):
            take_out(DIGEST)
            db.session.commit()
            remove_old()

    with stored_by({"FILES_STORE": "folder", "FILES_FOLDER": tmp_path / "files"}):
        assert current_app.extensions["store"] is store()
        ended = at_once(app, *[storing] * 4, *[removing] * 3)
        assert ended == ["done"] * 7
        db.session.rollback()
        remove_old()
        take_out(DIGEST)
        db.session.commit()
        assert not store().has(DIGEST)
