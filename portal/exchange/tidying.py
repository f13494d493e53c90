"""Made files are not kept for ever: exports and files of refused rows hold personal data, and can be made again (AR-40, AR-41)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, select, update

from portal import clock, jobs
from portal.database import db
from portal.models import audit
from portal.models.attachment import Attachment, path_of
from portal.models.import_run import ImportRun

KEPT_DAYS = 30
"""So long an export or a file of refused rows can be downloaded."""
MADE = ("export", "refused-rows")
PORTION = 100


@jobs.every_minute
def tidy_hourly() -> None:
    """Remove what is too old, once an hour: the files are not looked for every minute."""
    if clock.now().minute == 0:
        remove_old()


def remove_old() -> None:
    """Remove made files older than `KEPT_DAYS`, at most `PORTION`, and commit; the log keeps that they were made and fetched."""
    limit = clock.now() - timedelta(days=KEPT_DAYS)
    old = list(db.session.scalars(select(Attachment).where(Attachment.purpose.in_(MADE), Attachment.uploaded_at < limit).limit(PORTION)))
    for file in old:
        forget = update(ImportRun).where(ImportRun.refused_id == file.id).values(refused_id=None)
        db.session.execute(forget, execution_options={"synchronize_session": False})
        audit.write("export" if file.purpose == "export" else "import", "file-removed", label=file.filename, sha256=file.sha256)
        db.session.delete(file)
    contents = {file.sha256 for file in old}
    db.session.commit()
    for digest in contents:
        if not db.session.scalar(select(exists().where(Attachment.sha256 == digest))):
            # Asked again after the records are gone: somebody may have uploaded the same content, which is stored once.
            path_of(digest).unlink(missing_ok=True)
    db.session.commit()
