"""Files with personal data are not kept for ever (AR-40, AR-41; quality.md, Law of data): exports, refused rows and bound dossiers can be
made again; of an uploaded table what was imported stands in the records.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select

from portal import clock, jobs
from portal.database import db, transition
from portal.models import audit
from portal.models.attachment import Attachment, shut, take_out
from portal.models.audit import AuditEvent
from portal.models.import_run import BUSY, OPEN, ImportRow, ImportRun
from portal.models.job import Job
from portal.models.made_files import BOUND, KINDS, REMOVED
from portal.models.sheet import PrintedSheet

KEPT_DAYS = 30
"""So long a made file can be downloaded."""
KEPT_UPLOAD_DAYS = 90
"""So long an uploaded table can be looked at again: its refused rows be made a file once more, another of its sheets be read."""
UPLOAD_REMOVED = "upload-removed"
MADE = ("export", "refused-rows", "binder", "batch", "print")
PORTION = 100


@jobs.every_minute
def tidy_hourly() -> None:
    """Remove what is too old, once an hour: the files are not looked for every minute."""
    if clock.now().minute == 0:
        remove_old()


def _made_by(file: Attachment) -> Job | ImportRun | PrintedSheet | None:
    """Return what a made file belongs to: the job of an export or batch, the import whose refused rows it has, the bound copy or list."""
    if file.purpose in ("export", "batch"):
        mine = select(Job).where(Job.staff_id == file.uploaded_by_id, Job.kind == KINDS[file.purpose])
        return db.session.scalar(mine.where(Job.result["attachment"].as_integer() == file.id))
    if file.purpose in (BOUND, "print"):
        return db.session.scalar(select(PrintedSheet).where(PrintedSheet.file_id == file.id))
    return db.session.scalar(select(ImportRun).where(ImportRun.refused_id == file.id))


def removed_at(of: Job | ImportRun, action: str = REMOVED) -> datetime | None:
    """Return when the file of an export or of refused rows, or an import's upload, was removed, as the log says, or None."""
    entry = AuditEvent.record_type == type(of).__name__, AuditEvent.record_id == of.id, AuditEvent.action == action
    return db.session.scalar(select(AuditEvent.at).where(*entry).order_by(AuditEvent.id.desc()).limit(1))


def remove_old() -> None:
    """Remove made files older than `KEPT_DAYS`, and bound copies that were given up before, at most `PORTION`, each in a transaction.

    Of uploads older than `KEPT_UPLOAD_DAYS` name and figures stay. The log keeps that they were made and fetched.
    """
    old = Attachment.purpose.in_(MADE) & (Attachment.uploaded_at < clock.now() - timedelta(days=KEPT_DAYS))
    given_up = (Attachment.purpose == BOUND) & ~exists().where(PrintedSheet.file_id == Attachment.id)
    which = or_(old, given_up)
    for number in list(db.session.scalars(select(Attachment.id).where(which).order_by(Attachment.id).limit(PORTION))):
        _remove(Attachment.id == number, which)
        db.session.commit()
    before = clock.now() - timedelta(days=KEPT_UPLOAD_DAYS)
    needed = exists().where(ImportRun.attachment_id == Attachment.id, or_(ImportRun.state.in_(BUSY), ImportRun.created_at >= before))
    uploads = (Attachment.purpose == "import") & (Attachment.sha256 != "") & (Attachment.uploaded_at < before) & ~needed
    for number in list(db.session.scalars(select(Attachment.id).where(uploads).order_by(Attachment.id).limit(PORTION))):
        _empty(Attachment.id == number, uploads)
        db.session.commit()


def _remove(*which: ColumnElement[bool]) -> None:
    """Remove a made file, record and content at once: where the content cannot go now, the record stays and is tried again.

    `which` says all that it is asked by, and not only the number: what has changed meanwhile is left alone.
    """
    digest = db.session.scalar(select(Attachment.sha256).where(*which))
    if digest is None or not shut(digest):
        return
    file = db.session.scalar(select(Attachment).where(*which), execution_options={"populate_existing": True})
    if file is None:  # somebody else removed it before the lock was ours
        return
    of = _made_by(file)
    if isinstance(of, ImportRun):
        of.refused_id = None
    if isinstance(of, PrintedSheet):
        of.file_id = None
    kind = {"export": "export", "refused-rows": "import"}.get(file.purpose, "print")
    audit.write(kind, REMOVED, record=of, label=file.filename, sha256=file.sha256)
    db.session.delete(file)
    db.session.flush()
    take_out(digest)


def _empty(*which: ColumnElement[bool]) -> None:
    """Take out the content of an uploaded table, and its rows that were not imported; what is still open of it is given up.

    What changed customers and entries said before stays, for taking the import back.
    """
    digest = db.session.scalar(select(Attachment.sha256).where(*which))
    if digest is None or not shut(digest):
        return
    file = db.session.scalar(select(Attachment).where(*which), execution_options={"populate_existing": True})
    if file is None:
        return
    for run in db.session.scalars(select(ImportRun).where(ImportRun.attachment_id == file.id)).all():
        if run.state in OPEN:
            transition(run, expect={"state": OPEN}, change={"state": "cancelled", "ended_at": clock.now()})
        run.samples = []
        rows = delete(ImportRow).where(ImportRow.run_id == run.id, ImportRow.outcome.not_in(("changed", "kept")))
        db.session.execute(rows, execution_options={"synchronize_session": False})
        audit.write("import", UPLOAD_REMOVED, record=run, label=file.filename, sha256=digest)
    file.sha256 = ""
    db.session.flush()
    take_out(digest)
