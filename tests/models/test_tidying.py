"""Old exports are removed, with their content, unless another record has the same (AR-41); bound copies that no sheet leads to, too."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from portal import clock
from portal.database import db
from portal.exchange import tidying
from portal.exchange.tidying import KEPT_DAYS, remove_old
from portal.models.attachment import Attachment
from tests.stored import is_stored


def kept(by, content: bytes, purpose: str, days: int) -> Attachment:
    file = Attachment.keep(content, filename="x.xlsx", media_type="text/csv", purpose=purpose, by=by)
    file.uploaded_at = clock.now() - timedelta(days=days)
    db.session.commit()
    return file


@pytest.mark.parametrize(
    ("purpose", "days", "stays"),
    [
        *((purpose, KEPT_DAYS + 1, False) for purpose in ("export", "refused-rows", "batch", "print")),
        *(("export", KEPT_DAYS - 1, True), ("print", 1, True), ("binder", 1, False), ("scan", 400, True)),
    ],
)
def test_only_old_made_files_go(staff, purpose, days, stays):
    digest = kept(staff["rep1"], b"content", purpose, days).sha256
    remove_old()
    assert bool(db.session.scalar(select(Attachment.id))) is stays
    assert is_stored(digest) is stays


def test_content_that_another_record_has_stays(staff):
    digest = kept(staff["rep1"], b"the same", "export", KEPT_DAYS + 1).sha256
    kept(staff["rep1"], b"the same", "import", KEPT_DAYS + 1)
    remove_old()
    assert [file.purpose for file in db.session.scalars(select(Attachment))] == ["import"]
    assert is_stored(digest)


def test_what_was_stored_meanwhile_under_the_number_of_an_old_file_stays(staff, monkeypatch):
    """SQLite gives the number of the last record again once it is gone."""
    number = max([kept(staff["rep1"], content, "export", KEPT_DAYS + 1).id for content in (b"first", b"last")])
    taken = tidying.take_out

    def while_another_worker_removes_the_last(digest: str) -> str:
        monkeypatch.setattr(tidying, "take_out", taken)
        db.session.execute(delete(Attachment).where(Attachment.id == number))
        fresh = Attachment.keep(b"fresh", filename="x.pdf", media_type="application/pdf", purpose="scan", by=None)
        fresh.id = number
        return taken(digest)

    monkeypatch.setattr(tidying, "take_out", while_another_worker_removes_the_last)
    remove_old()
    assert [(file.id, file.purpose) for file in db.session.scalars(select(Attachment))] == [(number, "scan")]
