"""From an approved document to its sealed form in the dossier: the job, and what the worker does every minute about the rest (AP-7)."""

from __future__ import annotations

from typing import Any

import structlog
from flask import current_app
from sqlalchemy import select

from portal import clock, jobs, outage
from portal.database import StateConflict, db
from portal.models.approval import Approval
from portal.models.job import Job
from portal.models.sealed_form import Filing, SealedForm, due, waiting_count
from portal.printing import documents
from portal.printing.catalogue import SHEETS
from portal.printing.labels import CHINESE, ENGLISH
from portal.printing.order import Pdf
from portal.printing.papers import Paper, paper_of_round
from portal.printing.press import LONG_SECONDS, POOL
from portal.printing.seal import seal, seal_line
from portal.printing.seal_keys import NO_SEAL, Place
from portal.rules.message import N_, Message, Refusal
from portal.stores import StoreFailed

log = structlog.get_logger()

KIND = "seal-form"
A_MINUTE = 20
"""So many forms are queued a minute: each takes up to a second, and short work must not wait behind them."""
MANY = 10_000
_said: dict[str, int] = {}
MISTAKE = N_("The form could not be made because of a mistake of the portal; it is in the log.")
FILES_AWAY = N_("The place where files are stored cannot be reached.")


def place() -> Place:
    """Return where the site's seal lies."""
    return Place(current_app.config["SEAL_FOLDER"], current_app.config["SEAL_PASSPHRASE"])


def begin(approval: Approval) -> None:
    """Start the sealing of a document that has just been approved; commits. Without a seal it waits for one."""
    if approval.state == "approved" and approval.sealed_at is None and place().exists:
        job = Job.queue(KIND, by=None, approval=approval.id)
        db.session.commit()
        jobs.start(job)


@jobs.every_minute
def queue_due() -> None:
    """Queue approved documents without a filed form: those that were there before the seal was, and those whose time has come again."""
    _warn()
    if not place().exists:
        return
    under_way = select(Job.args).where(Job.kind == KIND, Job.state.in_(("queued", "running")))
    busy = {args["approval"] for args in db.session.scalars(under_way)}
    queued = [Job.queue(KIND, by=None, approval=number) for number in due(A_MINUTE) if number not in busy] if len(busy) < A_MINUTE else []
    db.session.commit()
    for job in queued:
        jobs.start(job)


def _warn() -> None:
    """Say in the log, when the worker starts and every hour, what is wrong with the seal of a real site."""
    problem = place().problem() if current_app.config["PORTAL_ENV"] == "production" else None
    if problem is not None and _said.get("hour") != clock.now().hour:
        _said["hour"] = clock.now().hour
        log.error("seal", why=str(problem), forms_waiting=waiting_count(MANY))


@jobs.kind(
    KIND,
    title=N_("Sealing of an approved form"),
    page=lambda job: ("approvals.show", {"approval_id": job.args["approval"]}),
    short=True,
)
def seal_form(job: Job) -> None:
    """Seal and file the final form of an approved document, once. What keeps it from being filed stands on the document's page."""
    number = job.args["approval"]
    try:
        file_form(number)
    except StateConflict:
        db.session.rollback()  # another one was faster: it is filed
    except Refusal as refusal:
        _note(number, refusal.message)
        raise
    except StoreFailed as failed:
        _note(number, Message(FILES_AWAY))
        raise Refusal(FILES_AWAY) from failed
    except Exception as error:
        if not outage.passes(error):
            _note(number, Message(MISTAKE))
        raise


def file_form(approval_id: int) -> SealedForm | None:
    """Print, seal and file the final form of an approved document in one transaction, which the caller commits; None where it is done.

    Raises `NoSealError`, `MissingGlyph`, `PrintingFailed`, `Refusal` where a signature or what was signed has been altered and what the
    dossier refuses, `StoreFailed`, and `StateConflict` where it was filed meanwhile.
    """
    approval = db.session.get(Approval, approval_id)
    if approval is None or approval.state != "approved" or approval.sealed_at is not None:
        return None
    language, key = documents.site_language(), place().key()
    owner = key.certificate.subject

    def make() -> Paper:
        found = db.session.get_one(Approval, approval_id)
        found.current_round.ensure_signed()
        return paper_of_round(found, found.current_round)

    def finish(pdf: Pdf, values: dict[str, Any]) -> bytes:
        line = POOL.print(seal_line(language, documents.translate, owner=owner, code=values["code"], moment=values["printed_at"]))
        words = documents.translate(N_("Electronic seal of %(owner)s"), ENGLISH if language == "en" else CHINESE)
        return seal(pdf.content, line.content, sheet=values["sheet"], code=values["code"], key=key, description=words % {"owner": owner})

    printed = documents.press(make, language, by=None, finish=finish, seconds=LONG_SECONDS)
    approval = db.session.get_one(Approval, approval_id)
    title = documents.translate(SHEETS[printed.sheet.sheet].title, ENGLISH if language == "en" else CHINESE)
    author = documents.office(language)
    filing = Filing(printed.sheet, printed.content, printed.filename, title, author, key.certificate.fingerprint)
    return SealedForm.file_form(approval, filing)


def _note(approval_id: int, why: Message) -> None:
    db.session.rollback()
    SealedForm.note_failure(db.session.get_one(Approval, approval_id), why)
    db.session.commit()
    log.warning("form not filed", approval=approval_id, why=str(why))


def not_yet(approval: Approval) -> Message | None:
    """Return why an approved document's form is not filed yet, None where it is or nothing is known against it."""
    if approval.state != "approved" or approval.sealed_at is not None:
        return None
    if not place().exists:
        return Message(NO_SEAL)
    form = SealedForm.of(approval)
    return form.why if form else None


def trouble(cap: int) -> tuple[Message, int] | None:
    """Return what managers must know of the seal itself, and how many documents wait for it (up to `cap`); None where all is well."""
    problem = place().problem()
    return None if problem is None else (problem, waiting_count(cap))
