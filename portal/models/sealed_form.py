"""Sealed forms: the final form of an approval, sealed and filed by the portal, or why it is not yet (AP-7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, ForeignKey, Index, Select, func, literal_column, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, JsonValue, db, transition
from portal.models import audit, history, inbox
from portal.models.approval import Approval
from portal.models.approval_kinds import KINDS
from portal.models.attachment import Attachment
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.paging import NotLeading
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.file_content import PDF, Judged
from portal.rules.message import N_, Message, revived, stored
from portal.stores import store

WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=6))
"""So long after each failure it is tried again; the last one for every further failure."""
PURPOSE = "sealed"
"""What the file of a sealed form is for (`Attachment.purpose`)."""
_FAILED = text("problem <> ''")


@dataclass(frozen=True)
class Filing:
    """A form that came out of the press and under the seal, as it is filed."""

    sheet: PrintedSheet
    content: bytes
    filename: str
    title: str
    author: str
    certificate: str
    """SHA-256 of the certificate."""


class SealedForm(Base):
    """The final form of one approval. Once it has a file it is never changed."""

    __tablename__ = "sealed_form"

    approval_id: Mapped[int] = mapped_column(ForeignKey("approval.id"), unique=True)
    sheet_id: Mapped[int | None] = mapped_column(ForeignKey("printed_sheet.id"), unique=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"), unique=True)
    document_id: Mapped[int | None] = mapped_column(ForeignKey("archive_document.id"), unique=True)
    """Where it is filed; a document that belongs to no customer is in no dossier."""
    sealed_at: Mapped[datetime | None]
    """The moment that counts for the certificate: it must have been valid then."""
    certificate: Mapped[str] = mapped_column(default="")
    """SHA-256 of the certificate that sealed it."""
    problem: Mapped[str] = mapped_column(default="")
    """Message id of why it is not sealed yet; empty once it is."""
    problem_params: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    tries: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None]
    next_try_at: Mapped[datetime | None]

    approval: Mapped[Approval] = relationship()
    sheet: Mapped[PrintedSheet | None] = relationship()
    file: Mapped[Attachment | None] = relationship()
    document: Mapped[ArchiveDocument | None] = relationship()

    __table_args__ = (Index("ix_sealed_form_failed", "id", sqlite_where=_FAILED, postgresql_where=_FAILED),)

    # --- finding -------------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[SealedForm]:
        """Return the forms of approvals that `user` may see (RO-1)."""
        return select(cls).where(cls.approval_id.in_(Approval.visible_to(user).with_only_columns(Approval.id)))

    @classmethod
    def of(cls, approval: Approval) -> SealedForm | None:
        """Return the form of an approval, or why there is none yet; None where it was not tried."""
        return db.session.scalar(select(cls).where(cls.approval_id == approval.id))

    @classmethod
    def by_content(cls, sha256: str) -> SealedForm | None:
        """Return the form whose file has this SHA-256."""
        query = select(cls).join(Attachment, Attachment.id == cls.file_id)
        return db.session.scalar(query.where(Attachment.sha256 == sha256, Attachment.purpose == PURPOSE))

    @classmethod
    def digests(cls) -> list[str]:
        """Return the SHA-256 of every form's file."""
        return list(db.session.scalars(select(Attachment.sha256).join(cls, cls.file_id == Attachment.id)))

    @classmethod
    def by_code(cls, code: str) -> SealedForm | None:
        """Return the form with this verification code, without hyphens."""
        return db.session.scalar(select(cls).join(PrintedSheet, PrintedSheet.id == cls.sheet_id).where(PrintedSheet.code == code))

    @property
    def why(self) -> Message | None:
        """Return why it is not sealed yet."""
        return Message(self.problem, revived(self.problem_params)) if self.problem else None

    # --- what happens --------------------------------------------------------------------------------------------------

    @classmethod
    def file_form(cls, approval: Approval, filing: Filing) -> SealedForm:
        """Store the sealed form for good, file it in the customer's dossier, and return it, flushed.

        Raises `StateConflict` where it was filed meanwhile, and `Refusal` where the dossier does not take it: nothing counts then.
        """
        moment = filing.sheet.printed_at
        transition(approval, expect={"state": "approved", "sealed_at": None}, change={"sealed_at": moment})
        form = cls.of(approval) or cls(approval_id=approval.id)
        db.session.add(form)
        if approval.customer_id is None:
            kept = Attachment.keep(filing.content, filename=filing.filename, media_type=PDF, purpose=PURPOSE, by=None)
        else:
            form.document = _into_the_dossier(approval, filing)
            assert form.document.current is not None  # noqa: S101 - it was filed with its file
            kept = form.document.current.file
        kept.purpose = PURPOSE
        store().protect(kept.sha256)
        form.file, form.sheet, form.sealed_at, form.certificate = kept, filing.sheet, moment, filing.certificate
        form.problem, form.problem_params, form.next_try_at = "", {}, None
        db.session.flush()
        audit.write(
            "approval",
            "sealed",
            record=approval,
            label=approval.title,
            document=approval.kind_name,
            sha256=kept.sha256,
            certificate=filing.certificate,
            code=filing.sheet.shown_code,
            archive_number=form.document.archive_number if form.document else "",
        )
        return form

    @classmethod
    def note_failure(cls, approval: Approval, why: Message) -> None:
        """Note why the form could not be sealed or filed, and when it is tried again (the caller commits)."""
        form = cls.of(approval) or cls(approval_id=approval.id, tries=0)
        db.session.add(form)
        form.problem, form.problem_params, form.tried_at = why.text, stored(why.params), clock.now()
        form.next_try_at = form.tried_at + WAITS[min(form.tries, len(WAITS) - 1)]
        form.tries += 1


def _into_the_dossier(approval: Approval, filing: Filing) -> ArchiveDocument:
    customer = db.session.get_one(Customer, approval.customer_id)
    values = {
        "kind": approval.kind.filed_as,
        "title": filing.title,
        "dated_on": clock.local(approval.current_round.ended_at or filing.sheet.printed_at).date(),
        "pages": filing.sheet.pages,
        "author": filing.author,
        "reference": filing.sheet.shown_code,
    }
    upload = Upload(filing.content, filing.filename, Judged(PDF, filing.sheet.pages))
    return ArchiveDocument.file(customer, values, upload, by=None, source="approval", again=True, approval_id=approval.id)


# --- what waits --------------------------------------------------------------------------------------------------------

_WAITING = (Approval.state == literal_column("'approved'"), Approval.sealed_at.is_(None))
"""The condition of the index `ix_approval_to_seal`; the literal lets it be used."""


def due(limit: int) -> list[int]:
    """Return approved documents without a filed form that are to be tried now, the oldest first."""
    query = select(Approval.id).outerjoin(SealedForm, SealedForm.approval_id == Approval.id)
    query = query.where(*_WAITING, or_(SealedForm.next_try_at.is_(None), SealedForm.next_try_at <= clock.now()))
    return list(db.session.scalars(query.order_by(Approval.id).limit(limit)))


def waiting_count(cap: int) -> int:
    """Return how many approved documents have no filed form yet, at most `cap`."""
    return db.session.scalar(select(func.count()).select_from(select(Approval.id).where(*_WAITING).limit(cap).subquery())) or 0


def _queues(user: Staff) -> Iterable[inbox.Queue]:
    if user.may(Permission.APPROVAL_RECORD_PAPER):
        rows = select(*inbox.row(SealedForm.id, SealedForm.tried_at)).where(_FAILED)
        # Those that failed lead to their approvals; SQLite would walk all approvals where there are few forms, or none.
        rows = rows.join(Approval, Approval.id == NotLeading(SealedForm.approval_id)).order_by(SealedForm.id.desc())
        kinds = {name: Approval.kind_name == name for name in KINDS}
        yield inbox.Queue("", [rows], _tell, kinds=kinds, timed=lambda since, _day: (since or clock.now(), None))


def _said() -> Executable:
    return (
        select(SealedForm.id, Approval.id, Approval.kind_name, Approval.title)
        .join(Approval, Approval.id == SealedForm.approval_id)
        .where(SealedForm.id.in_(inbox.NUMBERS))
    )


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for number, approval_id, kind, title in inbox.records(_said, numbers):
        what = N_("Approved, but its form could not be filed: see why")
        yield number, inbox.Told(title, what, ("approvals.show", {"approval_id": approval_id}), kind=kind)


inbox.source(_queues, dict)
history.action("Approval", "sealed", N_("Final form sealed and filed"))
history.action("", "seal-made", N_("Electronic seal made"))
history.action("", "seal-replaced", N_("Certificate of the electronic seal replaced"))
