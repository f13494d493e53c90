"""Printed sheets: every print with its code, its copy number and what it showed, so that a paper can be judged (PR-1, PR-2, PR-9)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, and_, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit, history
from portal.models.approval import Approval
from portal.models.attachment import Attachment
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.message import N_, Message, Refusal
from portal.rules.numbering import grouped_verification_code, normalise_verification_code

BLANK = "blank"
"""The record type of an empty form, to be filled by hand."""
LIST = "list"
"""The record type of a list: the register, the contact list."""


class PrintedSheet(Base):
    """One copy of a sheet on paper. Never changed; a new print is a new copy."""

    __tablename__ = "printed_sheet"

    code: Mapped[str] = mapped_column(unique=True)
    """Verification code without hyphens; it stands on the sheet and in its QR code."""
    sheet: Mapped[str]
    """Name in `printing.catalogue.SHEETS`."""
    form_number: Mapped[str]
    form_version: Mapped[str]
    subject: Mapped[str]
    """What is counted together: `investigation:12`; for lists the hash of what they show, so that another list begins at copy 1."""
    copy_number: Mapped[int]
    record_type: Mapped[str]
    """The document's own name, `blank` or `list`."""
    record_id: Mapped[int | None]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    approval_id: Mapped[int | None] = mapped_column(ForeignKey("approval.id"), index=True)
    round: Mapped[int | None]
    content_hash: Mapped[str]
    """SHA-256 of the content that was printed, in no language; of an approval's round the one that was signed."""
    state: Mapped[str] = mapped_column(default="")
    """What stood across the page: draft | pending | sent-back | withdrawn | rejected; approved and '' print nothing across."""
    signatures: Mapped[int] = mapped_column(default=0)
    """How many signatures it showed."""
    language: Mapped[str]
    label: Mapped[str] = mapped_column(default="")
    """What it is about, such as the customer's name; the conditions of a list."""
    pages: Mapped[int]
    printed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Nobody where the portal itself made the final form of an approval (AP-7)."""
    printed_at: Mapped[datetime] = mapped_column(default=clock.now)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))
    """The file of a sheet that was made in the background."""

    printed_by: Mapped[Staff | None] = relationship(foreign_keys=[printed_by_id])
    file: Mapped[Attachment | None] = relationship(foreign_keys=[file_id])

    __table_args__ = (Index(None, "subject", "copy_number", unique=True), Index(None, "printed_by_id", "id"))

    @classmethod
    def visible_to(cls, user: Staff) -> Select[PrintedSheet]:
        """Return sheets of what is in scope: customers, approvals, hand-overs; empty forms, and the lists one has printed (RO-1).

        Managers see all.
        """
        from portal.models.customer import Customer
        from portal.models.hand_over_record import HandOver

        query = select(cls)
        if user.is_manager:
            return query
        of_customer = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        of_approval = cls.approval_id.in_(Approval.visible_to(user).with_only_columns(Approval.id))
        seen = HandOver.visible_to(user).with_only_columns(HandOver.id)
        of_hand_over = and_(cls.record_type == "hand_over_list", cls.record_id.in_(seen))
        own_list = and_(cls.record_type == LIST, cls.printed_by_id == user.id)
        return query.where(or_(of_customer, of_approval, of_hand_over, own_list, cls.record_type == BLANK))

    @classmethod
    def next_copy(cls, subject: str) -> int:
        """Return the number that the next copy would have. It is taken by `give`, which refuses when somebody else took it meanwhile."""
        return (db.session.scalar(select(func.max(cls.copy_number)).where(cls.subject == subject)) or 0) + 1

    @classmethod
    def give(cls, *, by: Staff | None, **values: object) -> PrintedSheet:
        """Count a sheet that was printed, with the code and copy number that stand on it, and write it into the log (PR-9).

        `values` are the columns. Raises `StateConflict` where the copy number or the code was taken since the sheet was made.
        """
        printed = cls(printed_by_id=by.id if by else None, **values)
        try:
            with db.session.begin_nested():
                db.session.add(printed)
        except IntegrityError as error:
            raise StateConflict(f"copy {printed.copy_number} of {printed.subject}") from error
        audit.write(
            "print",
            "printed",
            actor=by,
            record=printed,
            label=printed.label,
            sheet=printed.sheet,
            form=f"{printed.form_number} {printed.form_version}",
            subject=printed.subject,
            copy=printed.copy_number,
            code=printed.shown_code,
            content_hash=printed.content_hash,
            state=printed.state,
            language=printed.language,
            pages=printed.pages,
        )
        return printed

    @classmethod
    def by_code(cls, typed: str, user: Staff) -> PrintedSheet | None:
        """Return the sheet with this code, typed in any way, if `user` may see it. Raises `Refusal` (field `code`) for what is no code."""
        try:
            code = normalise_verification_code(typed)
        except Refusal as refusal:
            raise refusal.at("code") from None
        return db.session.scalar(cls.visible_to(user).where(cls.code == code))

    @property
    def printer(self) -> str | Message:
        """Return the name of who printed it."""
        return self.printed_by.name if self.printed_by else Message(N_("Customer portal"))

    @property
    def shown_code(self) -> str:
        """Return the code as it stands on the sheet."""
        return grouped_verification_code(self.code)

    @property
    def version(self) -> tuple[str, int | None, str, str, int]:
        """Return what makes two copies the same: subject, round, content, state, signatures."""
        return self.subject, self.round, self.content_hash, self.state, self.signatures

    @classmethod
    def last_of(cls, version: tuple[str, int | None, str, str, int]) -> PrintedSheet | None:
        """Return the newest copy of a version, or None where it was not printed yet."""
        subject, round_, content_hash, state, signatures = version
        query = select(cls).where(
            cls.subject == subject,
            cls.round == round_,
            cls.content_hash == content_hash,
            cls.state == state,
            cls.signatures == signatures,
        )
        return db.session.scalar(query.order_by(cls.copy_number.desc()).limit(1))


history.action("PrintedSheet", "printed", N_("Sheet printed"))
