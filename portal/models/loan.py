"""Loans 借阅 of a dossier, whole or chosen documents, to read in the portal or on paper (AR-20, RO-2).

Whoever sees a customer needs no loan to read: the one in charge, assisting reps, their supervisor, managers. Papers that such a person
takes from the shelf are handed out without an approval, so that the shelf knows where they are.

A loan opens documents for reading (`loan_reading.py`), nothing else: who borrows does not see the card. Until it is granted, its reader
is told of the customer only that it exists and who is in charge; they find again what they typed. Papers: `loan_papers.py`;
what is signed: `loan_kind.py`;
reminders and what waits for people: `loan_desk.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, exists, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.customer import Customer, CustomerState
from portal.models.customer_choice import Chosen
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.notice import notify
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.loans import DIGITAL, FORMS, PAPER, check_until
from portal.rules.message import N_, Message, Refusal

NAME = "loan"
DRAFT, PENDING, REJECTED, GRANTED, OUT, RETURNED, ENDED, GIVEN_UP = (
    "draft", "pending", "rejected", "granted", "out", "returned", "ended", "given-up",
)  # fmt: skip
OPEN = (PENDING, GRANTED, OUT)
"""States in which a loan holds on to what it lends: such documents are not disposed of (AR-11)."""
WHOLE, CHOSEN = "whole", "chosen"
EXTENTS = {WHOLE: N_("The whole dossier"), CHOSEN: N_("Chosen documents")}
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    REJECTED: (N_("Rejected"), "seal"),
    GRANTED: (N_("Granted"), "ok"),
    OUT: (N_("Handed out"), "accent"),
    RETURNED: (N_("Returned"), ""),
    ENDED: (N_("Ended"), ""),
    GIVEN_UP: (N_("Given up"), ""),
}
"""Words and tones of the states of a loan."""

_ASKED = text("state IN ('draft', 'pending')")
_RUNNING = text("state IN ('granted', 'out')")


class Loan(Base):
    """One loan: draft → pending → granted | rejected; a digital one ends, a paper one is handed out and returned.

    A merge of the customer leaves it where it is: it must not open the other record's dossier as well (RO-2), neither that of the
    merged record nor what came from it into this one (`loan_reading`).
    """

    __tablename__ = "loan"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    asked_for: Mapped[str]
    """How the customer was named by who asked: all that they find again until the loan is granted."""
    reader_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    form: Mapped[str]
    """digital | paper"""
    extent: Mapped[str] = mapped_column(default=WHOLE)
    purpose: Mapped[str] = mapped_column(Text)
    until_on: Mapped[date]
    """The last day of reading, or the day on which papers are back."""
    extends_id: Mapped[int | None] = mapped_column(ForeignKey("loan.id"), index=True)
    """The paper loan that this one carries on, without the papers coming back in between."""
    state: Mapped[str] = mapped_column(default=DRAFT)
    granted_at: Mapped[datetime | None]
    handed_out_at: Mapped[datetime | None]
    handed_out_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    handed_out_note: Mapped[str] = mapped_column(default="")
    returned_at: Mapped[datetime | None]
    received_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    returned_note: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    ended_because: Mapped[str] = mapped_column(default="")
    reminded_on: Mapped[date | None]
    """The day on which its reader was last reminded to bring the papers back."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    reader: Mapped[Staff] = relationship(foreign_keys=[reader_id])
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    handed_out_by: Mapped[Staff | None] = relationship(foreign_keys=[handed_out_by_id])
    received_by: Mapped[Staff | None] = relationship(foreign_keys=[received_by_id])
    ended_by: Mapped[Staff | None] = relationship(foreign_keys=[ended_by_id])
    extends: Mapped[Loan | None] = relationship(remote_side="Loan.id")
    documents: Mapped[list[LoanDocument]] = relationship(
        back_populates="loan", order_by="LoanDocument.document_id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("uq_loan_asked", "customer_id", "reader_id", "form", unique=True, sqlite_where=_ASKED, postgresql_where=_ASKED),
        Index("ix_loan_running", "until_on", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index(None, "reader_id", "state"),
        Index(None, "state", "id"),
        {"info": STAYS_AT_MERGE},
    )

    # --- who sees it ---------------------------------------------------------------------------------------------------

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Loan]:
        """Return the loans on customers in scope, and those that the reader borrows or has asked for."""
        if user.is_manager:
            return select(cls)
        in_scope = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        return select(cls).where(or_(cls.reader_id == user.id, cls.created_by_id == user.id, in_scope))

    def lends(self, user: Staff) -> bool:
        """Return whether `user` is on the lending side: sees the customer, not only the loan."""
        return sees(user, self.customer_id)

    def shown_name(self, user: Staff) -> str:
        """Return how the loan's page calls the customer: by name once it is granted or to who sees it anyway, else as it was asked for."""
        return self.customer.full_name if self.granted_at is not None or self.lends(user) else self.asked_for

    @property
    def link(self) -> str:
        """Return the path of the loan's page, for notices."""
        return f"/loans/{self.id}"

    @property
    def is_open_for_reading(self) -> bool:
        """Return whether it opens documents today: digital, granted, not over."""
        return self.form == DIGITAL and self.state == GRANTED and clock.today() <= self.until_on

    @property
    def is_overdue(self) -> bool:
        """Return whether its papers should be back."""
        return self.state == OUT and clock.today() > self.until_on

    # --- asking --------------------------------------------------------------------------------------------------------

    @classmethod
    def asked(cls, customer: Customer, reader: Staff, form: str) -> Loan | None:
        """Return what the reader has asked for of this customer already and that is not decided."""
        same = (cls.customer_id == customer.id, cls.reader_id == reader.id, cls.form == form)
        return db.session.scalar(select(cls).where(*same, cls.state.in_((DRAFT, PENDING))))

    @classmethod
    def ask(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff, extends: Loan | None = None) -> Loan:
        """Ask for a loan and return it as a draft, flushed; `submit` sends it on its way.

        `values`: asked_for, reader (a `Staff`), form, numbers (archive numbers; none for the whole dossier), purpose, until_on.
        Raises `Refusal` with the field; where no loan is needed it says so.
        """
        reader: Staff = values["reader"]
        if reader.id != by.id and not by.may(Permission.LOAN_HAND_OUT):
            raise Refusal("You can borrow for yourself only.", field="reader_id")
        if cls.asked(customer, reader, values["form"]) is not None:
            raise Refusal("This loan has been asked for already and is not decided yet. Change that one.")
        loan = cls(
            customer=customer, reader=reader, asked_for=values["asked_for"], form=values["form"], created_by_id=by.id, extends=extends
        )
        if extends is not None:
            extends.ensure_extends(loan)
        loan._set(values)
        try:
            with db.session.begin_nested():
                db.session.add(loan)
        except IntegrityError as error:
            raise StateConflict(f"loan of customer {customer.id}") from error
        note_author(NAME, loan, by)
        note_author(NAME, loan, reader)
        audit.write("change", "loan-drafted", actor=by, record=loan, label=loan.label)
        return loan

    def ensure_extends(self, loan: Loan) -> None:
        """Raise `Refusal` unless `loan` can carry this one on: as papers too, which are out with the same reader."""
        if self.form != PAPER or self.state != OUT or (self.reader, self.lies_with) != (loan.reader, loan.customer):
            raise Refusal("Only papers that are out with the same reader can be kept longer.")
        if loan.form != PAPER:
            raise Refusal("Papers that are out are kept longer as papers. Ask for digital reading by itself.", field="form")

    @property
    def lies_with(self) -> Customer:
        """Return in whose dossier the papers that are out belong now: a merge or its undo may have moved them since."""
        belong = {one.document.customer_id: one.document.customer for one in self.documents if one.is_out}
        return belong.get(self.customer_id) or next(iter(belong.values()), self.customer)

    def ensure_out(self, documents: list[ArchiveDocument]) -> None:
        """Raise `Refusal` (field `numbers`) where one of the documents is not out on this loan: nothing else is kept longer."""
        out = {one.document_id for one in self.documents if one.is_out}
        other = next((one for one in documents if one.id not in out), None)
        if other is not None:
            raise Refusal(
                "%(number)s is not among the papers that are out. Ask for it by itself.", field="numbers", number=other.archive_number
            )

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user` may change the draft."""
        return self.state == DRAFT and user.id in (self.reader_id, self.created_by_id)

    def edit(self, values: Mapping[str, Any], *, by: Staff) -> None:
        """Change the draft: purpose, documents, end. Raises `Refusal` with the field."""
        if not self.can_edit(by):
            raise Refusal("A loan that is asked for stays as it is. Withdraw it to change it.")
        self._set({**values, "form": self.form})
        note_author(NAME, self, by)
        audit.write("change", "loan-draft-changed", actor=by, record=self, label=self.label)

    def _set(self, values: Mapping[str, Any]) -> None:
        if not self.reader.active:
            raise Refusal("%(name)s is no longer here.", field="reader_id", name=self.reader.name)
        if self.form == DIGITAL and self.needs_none:
            text_ = N_("%(name)s is in charge of this customer, assists with it or supervises it, and reads its dossier without a loan.")
            raise Refusal(text_, field="reader_id", name=self.reader.name)
        for refusal in problems(self.customer, values):
            raise refusal
        wanted = documents_asked_for(self.customer, self.form, values.get("numbers") or [])
        if self.extends is not None and self.extends.state == OUT:
            self.extends.ensure_out(wanted)
        self.purpose, self.until_on = values["purpose"], values["until_on"]
        self.extent = CHOSEN if wanted else WHOLE
        there = {one.document_id: one for one in self.documents}
        self.documents[:] = [there.get(one.id) or LoanDocument(document=one) for one in wanted]

    @property
    def needs_none(self) -> bool:
        """Return whether its reader sees the customer anyway and needs no approval."""
        return sees(self.reader, self.customer.id)

    def submit(self, *, by: Staff) -> Approval | None:
        """Send the loan through its chain and return the approval; papers for who sees the customer anyway are granted at once: None."""
        if not self.needs_none:
            return Approval.submit(NAME, self, by=by)
        self.ensure_ready()
        transition(self, expect={"state": DRAFT}, change={"state": GRANTED, "granted_at": clock.now()})
        audit.write("change", "loan-needs-none", actor=by, record=self, label=self.label)
        self.carry_on(by)
        return None

    def ensure_ready(self) -> None:
        """Raise `Refusal` where it cannot be submitted as it is: reader, customer or a document is gone, or its end is past."""
        if not self.reader.active:
            raise Refusal("%(name)s is no longer here.", field="reader_id", name=self.reader.name)
        if self.customer.state == CustomerState.MERGED:
            raise Refusal("The record that was asked for was merged into another one since. Give this loan up and ask for a new one.")
        check_until(self.until_on, clock.today(), standard("loan.most_days"))
        gone = next((one.document for one in self.documents if not self.is_of(one.document)), None)
        if gone is not None:
            raise Refusal("%(number)s is no longer in the dossier.", field="numbers", number=gone.archive_number)

    def is_of(self, document: ArchiveDocument) -> bool:
        """Return whether a document is filed in the dossier that is lent: a merge or its undo may have moved it into another one."""
        return document.state == FILED and document.customer_id == self.customer_id

    # --- ending --------------------------------------------------------------------------------------------------------

    def can_end(self, user: Staff) -> bool:
        """Return whether `user` may end the loan early: either side, while it is granted and its papers are not out."""
        return self.state == GRANTED and (user.id == self.reader_id or self.lends(user))

    def end(self, *, by: Staff | None, because: str = "") -> None:
        """End a loan that is granted; the next click of its reader is refused. Raises `StateConflict` where it is not any more."""
        change = {"state": ENDED, "ended_at": clock.now(), "ended_by_id": by.id if by else None, "ended_because": because[:500]}
        transition(self, expect={"state": GRANTED}, change=change)
        audit.write("change", "loan-ended", actor=by, record=self, label=self.label, reason=because)
        if by is None or by.id != self.reader_id:
            ended = Message(N_("Your loan “%(title)s” has ended."), {"title": self.customer.full_name})
            notify(self.reader, ended, link=self.link)

    def carry_on(self, by: Staff | None) -> None:
        """Take the papers over from the loan that this one extends, if they are still out."""
        before = self.extends
        if before is None or before.state != OUT or self.form != PAPER:
            return
        from portal.models.loan_papers import take_over

        take_over(self, before, by=by)

    # --- what is signed ------------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Return what the log and the inbox call it: the customer as it was asked for, and who borrows."""
        return f"{self.asked_for} · {self.reader.name}"

    def snapshot(self) -> dict[str, Any]:
        """Return the loan as plain JSON. Of the customer it says what its reader may know: how they named it, and who is in charge."""
        customer = self.customer
        return {
            "loan": {
                "asked_for": self.asked_for,
                "owner": customer.owner.name if customer.owner else "",
                "team": customer.team.name if customer.team else "",
                "reader": self.reader.name,
                "reader_team": self.reader.team.name if self.reader.team else self.reader.department,
                "form": self.form,
                "extent": self.extent,
                "numbers": "\n".join(one.document.archive_number for one in self.documents) if self.extent == CHOSEN else "",
                "purpose": self.purpose,
                "until_on": self.until_on.isoformat(),
                "most_days": str(standard("loan.most_days")),
                "extends": str(self.extends_id or ""),
            }
        }


class LoanDocument(Base):
    """A document of a loan: chosen when it was asked for, or handed out with the whole dossier."""

    __tablename__ = "loan_document"

    loan_id: Mapped[int] = mapped_column(ForeignKey("loan.id", ondelete="CASCADE"))
    document_id: Mapped[int] = mapped_column(ForeignKey("archive_document.id"))
    is_out: Mapped[bool] = mapped_column(default=False)
    """Whether its paper is with the reader now: with one reader at a time."""
    condition_out: Mapped[str] = mapped_column(default="")
    condition_back: Mapped[str] = mapped_column(default="")

    loan: Mapped[Loan] = relationship(back_populates="documents")
    document: Mapped[ArchiveDocument] = relationship()

    __table_args__ = (
        Index(None, "loan_id", "document_id", unique=True),
        Index("uq_loan_document_out", "document_id", unique=True, sqlite_where=text("is_out = 1"), postgresql_where=text("is_out")),
        Index(None, "document_id"),
    )


# --- what is asked for ---------------------------------------------------------------------------------------------------


def problems(customer: Customer | None, values: Mapping[str, Any]) -> Iterator[Refusal]:
    """Yield all that keeps a loan from being asked for as it is, each with its field.

    `values` as in `Loan.ask`, without its reader; of its documents nothing is said where the customer is not known.
    """
    if values["form"] not in FORMS:
        yield Refusal("Choose how the dossier is read.", field="form")
    if not values.get("purpose"):
        yield Refusal("Say what the dossier is needed for.", field="purpose")
    try:
        check_until(values.get("until_on"), clock.today(), standard("loan.most_days"))
    except Refusal as refusal:
        yield refusal
    try:
        if customer is not None:
            documents_asked_for(customer, values["form"], values.get("numbers") or [])
    except Refusal as refusal:
        yield refusal


def documents_asked_for(customer: Customer, form: str, numbers: list[str]) -> list[ArchiveDocument]:
    """Return the documents of a dossier with these numbers, none for the whole of it. Raises `Refusal` with the field."""
    query = select(ArchiveDocument).where(ArchiveDocument.customer_id == customer.id, ArchiveDocument.state == FILED)
    found = {one.archive_number: one for one in db.session.scalars(query.where(ArchiveDocument.archive_number.in_(numbers)))}
    if form == PAPER and not numbers and not db.session.scalar(select(query.where(ArchiveDocument.on_paper).exists())):
        raise Refusal("Nothing of this dossier is kept on paper.", field="form")  # else it is found out once two people have agreed
    wanted = list(dict.fromkeys(numbers))
    missing = next((number for number in wanted if number not in found), None)
    if missing is not None:
        raise Refusal("%(number)s is not the number of a document in this dossier.", field="numbers", number=missing[:60])
    listed = next((number for number in wanted if found[number].frozen_by_id is not None), None)
    if listed is not None:
        raise Refusal("%(number)s stands on a list for disposal.", field="numbers", number=listed)
    electronic = next((number for number in wanted if form == PAPER and not found[number].on_paper), None)
    if electronic is not None:
        raise Refusal("%(number)s is not kept on paper.", field="numbers", number=electronic)
    return [found[number] for number in wanted]


# --- asking from outside ------------------------------------------------------------------------------------------------


def sees(user: Staff, customer_id: int) -> bool:
    """Return whether a customer is in the scope of `user`, so that its dossier is read without a loan."""
    return db.session.scalar(Customer.visible_to(user).where(Customer.id == customer_id).with_only_columns(Customer.id)) is not None


@dataclass(frozen=True)
class Found:
    """A customer that was asked for: whoever asks may know that it exists and who is in charge; `seen` if it is in their scope."""

    customer: Customer
    seen: bool
    ask: str


def whose_dossier(text_: str, *, by: Staff) -> Found:
    """Return the customer with this number, credit code or whole name, in scope or not. Raises `Refusal` (field `customer`)."""
    if not text_:
        raise Refusal("Choose the customer.", field="customer")
    customer = Chosen(None, [text_]).find(text_)
    if customer is None:
        raise Refusal("No customer has exactly this number, credit code or name.", field="customer")
    owner = customer.owner
    in_charge = owner.name if owner and owner.active else customer.team.name if customer.team else ""
    return Found(customer, sees(by, customer.id), in_charge)
