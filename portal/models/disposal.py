"""Disposal 销毁 of documents and cards of past customers (AR-11): a frozen list, its chain, the destruction list 销毁清册, what goes.

Signed forms are no part of it: an approval stays with its form. What stands against a disposal is said by `disposal_check.py`; which cards
may go, and what goes with them in figures, by `disposal_cards.py`; what the destruction does to files and cards by `disposal_record.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, exists, select, union_all, update
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, history
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.attachment import Attachment
from portal.models.customer import Customer, CustomerState
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.duplicate import STAYS_AT_MERGE
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.models.standard import InForce, at_version, in_force
from portal.permissions import Permission
from portal.rules.archive_numbers import RETENTIONS
from portal.rules.disposal import CARD_YEARS, last_year_over
from portal.rules.message import N_, Refusal

NAME = "disposal"
DRAFT, PENDING, REJECTED, APPROVED, DESTROYED, GIVEN_UP = "draft", "pending", "rejected", "approved", "destroyed", "given-up"
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    REJECTED: (N_("Rejected"), "seal"),
    APPROVED: (N_("To be destroyed"), "warn"),
    DESTROYED: (N_("Destroyed"), ""),
    GIVEN_UP: (N_("Given up"), ""),
}
MOST = 500
"""So many documents and cards are on one list."""


class Disposal(Base):
    """One list of documents and cards to be destroyed: draft → pending → approved | rejected; approved → destroyed | given up."""

    __tablename__ = "disposal"

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"), index=True)
    """The customer, where all that is listed is of one: its team's supervisor signs, and the sealed form is filed there."""
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(default=DRAFT)
    approved_at: Mapped[datetime | None]
    destroyed_on: Mapped[date | None]
    witness_1: Mapped[str] = mapped_column(default="")
    witness_2: Mapped[str] = mapped_column(default="")
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"))
    """The scan of the destruction list with both witnesses' signatures."""
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    recorded_at: Mapped[datetime | None]
    given_up_because: Mapped[str] = mapped_column(default="")
    digests: Mapped[list[Any]] = mapped_column(default=list)
    """Contents of the destroyed documents that are still to be taken out of the store."""
    card_version: Mapped[int | None]
    """The version of `disposal.card_years` by which the retention of its cards counts, noted when it was submitted (ST-2)."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    recorded_by: Mapped[Staff | None] = relationship(foreign_keys=[recorded_by_id])
    scan: Mapped[Attachment | None] = relationship()
    items: Mapped[list[DisposalItem]] = relationship(
        back_populates="disposal", cascade="all, delete-orphan", order_by="DisposalItem.document_id"
    )

    cards: Mapped[list[DisposalCard]] = relationship(
        back_populates="disposal", cascade="all, delete-orphan", order_by="DisposalCard.customer_id"
    )

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "state", "id"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Disposal]:
        """Return the lists all of whose customers `user` sees."""
        query = select(cls)
        if user.is_manager:
            return query
        through = (
            (
                DisposalItem.disposal_id == cls.id,
                ArchiveDocument.id == DisposalItem.document_id,
                Customer.id == ArchiveDocument.customer_id,
            ),
            (DisposalCard.disposal_id == cls.id, Customer.id == DisposalCard.customer_id),
        )
        return query.where(*(~exists().where(*way, ~customer_scope(user)) for way in through))

    def can_be_read(self, user: Staff) -> bool:
        """Return whether `user` may open the list."""
        mine = Disposal.visible_to(user).where(Disposal.id == self.id).with_only_columns(Disposal.id)
        return user.may(Permission.DISPOSAL_READ) and db.session.scalar(mine) is not None

    @property
    def documents(self) -> list[ArchiveDocument]:
        """Return the documents on the list, in the order of their archive numbers."""
        return sorted((one.document for one in self.items), key=lambda one: one.archive_number)

    @property
    def customers(self) -> list[Customer]:
        """Return the customers whose documents or cards are on the list, by number."""
        return sorted({one.document.customer for one in self.items} | set(self.card_customers), key=lambda one: one.number)

    @property
    def card_customers(self) -> list[Customer]:
        """Return the customers whose cards are on the list, by number."""
        return sorted((one.customer for one in self.cards), key=lambda one: one.number)

    @property
    def card_years(self) -> InForce:
        """Return the standard by which the retention of its cards counts: that of its submission, before that the one in force (ST-2)."""
        noted = self.card_version if self.state != DRAFT else None
        return in_force(CARD_YEARS) if noted is None else at_version(CARD_YEARS, noted)

    @property
    def label(self) -> str:
        """Return what lists and the log call it: the customers, the first two by name."""
        names = [one.full_name for one in self.customers]
        return "、".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "")

    # --- drafting ------------------------------------------------------------------------------------------------------

    @classmethod
    def propose(cls, document_ids: Collection[int], *, reason: str, by: Staff, card_ids: Collection[int] = ()) -> Disposal:
        """Begin a list of documents, and of customers' cards, in scope and return it, flushed. Raises `Refusal`.

        With the last documents of a past customer its card comes on the list, where its own retention is over.
        """
        disposal = cls(created_by_id=by.id, reason="", state=DRAFT)
        disposal._set(document_ids, card_ids, reason, by)
        db.session.add(disposal)
        note_author(NAME, disposal, by)
        audit.write("change", "disposal-drafted", actor=by, record=disposal, label=disposal.label)
        return disposal

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user` may change the list: not while it is in approval."""
        return user.may(Permission.DISPOSAL_EDIT) and self.state == DRAFT

    def edit(self, document_ids: Collection[int], *, reason: str, by: Staff, card_ids: Collection[int] = ()) -> None:
        """Change the draft, as `propose` begins it. Raises `Refusal`."""
        if not self.can_edit(by):
            raise Refusal("The list is in approval, or decided, and cannot be changed.")
        self._set(document_ids, card_ids, reason, by)
        note_author(NAME, self, by)
        audit.write("change", "disposal-draft-changed", actor=by, record=self, label=self.label)

    def _set(self, document_ids: Collection[int], card_ids: Collection[int], reason: str, by: Staff) -> None:
        from portal.models.disposal_cards import going_along

        if not reason:
            raise Refusal("Say why they are destroyed.", field="reason")
        if len(set(document_ids)) + len(set(card_ids)) > MOST:
            raise Refusal("At most %(most)s documents and cards stand on one list.", field="documents", most=MOST)
        query = ArchiveDocument.visible_to(by).where(ArchiveDocument.id.in_(document_ids), ArchiveDocument.state == FILED)
        documents = list(db.session.scalars(query.order_by(ArchiveDocument.id)))
        chosen = Customer.visible_to(by).where(Customer.id.in_(card_ids), Customer.state == CustomerState.PAST.value)
        cards = {one.id: one for one in [*db.session.scalars(chosen), *going_along(documents)]}
        if not documents and not cards:
            raise Refusal("Choose what is destroyed.", field="documents")
        there = {one.document_id: one for one in self.items}
        self.items[:] = [there.get(one.id) or DisposalItem(document=one) for one in documents]
        carded = {one.customer_id: one for one in self.cards}
        self.cards[:] = [carded.get(number) or DisposalCard(customer=cards[number]) for number in sorted(cards)]
        self.reason = reason
        customers = {one.customer_id for one in documents} | set(cards)
        self.customer_id = customers.pop() if len(customers) == 1 else None

    def ensure_ready(self) -> None:
        """Raise `Refusal` naming the first thing that stands against the disposal."""
        from portal.models.disposal_check import blockers

        found = blockers(self)
        if found:
            raise Refusal(found[0].text, **found[0].params)

    def submit(self, *, by: Staff) -> Approval:
        """Send the list through its chain (AP-3); documents and cards are frozen. Raises `Refusal` naming what stands against it."""
        return Approval.submit(NAME, self, by=by)

    # --- after the approval ------------------------------------------------------------------------------------------------

    def can_record(self, user: Staff) -> bool:
        """Return whether `user` may record the destruction of an approved list, or give it up."""
        return user.may(Permission.DISPOSAL_RECORD) and self.state == APPROVED

    def give_up(self, *, because: str, by: Staff) -> None:
        """Let an approved list go without destroying anything. Raises `Refusal` without a reason, `StateConflict`."""
        if not because:
            raise Refusal("Say why nothing is destroyed.", field="because")
        transition(self, expect={"state": APPROVED}, change={"state": GIVEN_UP, "given_up_because": because[:500]})
        release(self)
        audit.write("change", "disposal-given-up", actor=by, record=self, label=self.label, reason=because)

    def snapshot(self) -> dict[str, Any]:
        """Return the list as plain JSON: reason; of each document customer, number, title, date, pages and retention; the cards.

        Cards tell the customer, since when dealings are over and until when the card is kept, and in figures what is erased with it.
        """
        from portal.models.disposal_cards import lines

        head = {"reason": self.reason, "count": str(len(self.items)), "customers": self.label}
        if self.cards:
            by = self.card_years
            head |= {"cards": str(len(self.cards)), "card_years": str(by.value), "card_version": str(by.version)}
        return {
            "disposal": head,
            "documents": [
                {
                    "customer_number": one.customer.number,
                    "customer": one.customer.full_name,
                    "number": one.archive_number,
                    "title": one.title,
                    "kind": one.kind,
                    "dated_on": one.dated_on.isoformat(),
                    "pages": str(one.pages or ""),
                    "retention": one.retention,
                    "medium": one.medium,
                }
                for one in self.documents
            ],
            "cards": [one.plain() for one in lines(self.card_customers, years=self.card_years.value)],
        }


class DisposalItem(Base):
    """A document on a list for disposal."""

    __tablename__ = "disposal_item"

    disposal_id: Mapped[int] = mapped_column(ForeignKey("disposal.id", ondelete="CASCADE"))
    document_id: Mapped[int] = mapped_column(ForeignKey("archive_document.id"))

    disposal: Mapped[Disposal] = relationship(back_populates="items")
    document: Mapped[ArchiveDocument] = relationship()

    __table_args__ = (Index(None, "disposal_id", "document_id", unique=True), Index(None, "document_id"))


class DisposalCard(Base):
    """The card of a past customer on a list for disposal."""

    __tablename__ = "disposal_card"

    disposal_id: Mapped[int] = mapped_column(ForeignKey("disposal.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))

    disposal: Mapped[Disposal] = relationship(back_populates="cards")
    customer: Mapped[Customer] = relationship()

    __table_args__ = (Index(None, "disposal_id", "customer_id", unique=True), Index(None, "customer_id"), {"info": STAYS_AT_MERGE})


_OF_DOCUMENTS = select(DisposalItem.disposal_id, ArchiveDocument.customer_id).join(
    ArchiveDocument, ArchiveDocument.id == DisposalItem.document_id
)
_COVERED = union_all(_OF_DOCUMENTS, select(DisposalCard.disposal_id, DisposalCard.customer_id)).subquery()


def running_for(customer_ids: Collection[int]) -> list[Disposal]:
    """Return the lists in approval, or approved and not yet destroyed, on which documents or cards of these customers stand."""
    documents = _OF_DOCUMENTS.with_only_columns(DisposalItem.disposal_id).where(ArchiveDocument.customer_id.in_(customer_ids))
    cards = select(DisposalCard.disposal_id).where(DisposalCard.customer_id.in_(customer_ids))
    query = select(Disposal).where(Disposal.state.in_((PENDING, APPROVED)), Disposal.id.in_(union_all(documents, cards)))
    return list(db.session.scalars(query.order_by(Disposal.id)))


def destruction_of(document: ArchiveDocument) -> Disposal | None:
    """Return the list by which a document was destroyed, None where it was not."""
    of_it = select(DisposalItem.disposal_id).where(DisposalItem.document_id == document.id)
    return db.session.scalar(select(Disposal).where(Disposal.state == DESTROYED, Disposal.id.in_(of_it)))


def due(user: Staff, *, customer_id: int | None = None, limit: int = 200) -> list[ArchiveDocument]:
    """Return documents of past customers in scope whose retention is over and that stand on no list, by archive number.

    The cards of those without documents are `disposal_cards.due`.
    """
    today, past = clock.today(), aliased(Customer)
    found: list[ArchiveDocument] = []
    for retention in RETENTIONS:
        last = last_year_over(retention, today)
        if last is None:
            continue
        query = ArchiveDocument.visible_to(user).where(
            ArchiveDocument.state == FILED,
            ArchiveDocument.retention == retention,
            ArchiveDocument.year <= last,
            ArchiveDocument.frozen_by_id.is_(None),
            ArchiveDocument.approval_id.is_(None),
            exists().where(past.id == ArchiveDocument.customer_id, past.state == CustomerState.PAST.value),
        )
        if customer_id is not None:
            query = query.where(ArchiveDocument.customer_id == customer_id)
        found += db.session.scalars(query.order_by(ArchiveDocument.archive_number).limit(limit))
    return sorted(found, key=lambda one: one.archive_number)[:limit]


def release(disposal: Disposal) -> None:
    """Let the documents and cards of a list go: they can be changed, lent, merged and listed again."""
    _freeze(disposal, None)


def _freeze(disposal: Disposal, number: int | None) -> int:
    """Set what covers all that is listed, where nothing did, or with None take it away, and return of how many."""
    frozen = 0
    for model, state, ids in (
        (ArchiveDocument, FILED, [one.document_id for one in disposal.items]),
        (Customer, CustomerState.PAST.value, [one.customer_id for one in disposal.cards]),
    ):
        before = model.frozen_by_id.is_not(None) if number is None else model.frozen_by_id.is_(None)
        held = update(model).where(model.id.in_(ids), model.state == state, before)
        change = {"frozen_by_id": number, "version": model.version + 1}
        frozen += db.session.execute(held.values(**change), execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    for one in [*(item.document for item in disposal.items), *disposal.card_customers]:
        db.session.expire(one)
    return frozen


def _submitted(disposal: Disposal, approval: Approval, _by: Staff | None) -> None:
    into_approval(disposal, card_version=in_force(CARD_YEARS).version if disposal.cards else None)
    if _freeze(disposal, approval.id) != len(disposal.items) + len(disposal.cards):
        raise StateConflict(f"what is on disposal {disposal.id}")


def _back_to(state: str) -> Any:
    def move(disposal: Disposal, _approval: Approval, _by: Staff | None) -> None:
        transition(disposal, expect={"state": PENDING}, change={"state": state})
        release(disposal)

    return move


def _approved(disposal: Disposal, _approval: Approval, _by: Staff | None) -> None:
    disposal.ensure_ready()  # what was lent or submitted meanwhile stands against it
    transition(disposal, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Disposal of documents"),
        model=Disposal,
        sheet="disposal",
        chain="chain.disposal",
        page=lambda disposal: ("custody.disposal", {"disposal_id": disposal.id}),
        filed_as="correspondence",
        covers=select(_COVERED.c.disposal_id, _COVERED.c.customer_id),
        on_submitted=_submitted,
        on_returned=_back_to(DRAFT),
        on_rejected=_back_to(REJECTED),
        on_approved=_approved,
        labels={
            "disposal.reason": N_("Reason"),
            "disposal.count": N_("Number of documents"),
            "disposal.customers": N_("Customers"),
            "documents": N_("Documents on the list"),
            "documents.customer_number": N_("Customer number"),
            "documents.customer": N_("Customer"),
            "documents.number": N_("Archive number"),
            "documents.title": N_("Document title"),
            "documents.kind": N_("Kind of document"),
            "documents.dated_on": N_("Date of the document"),
            "documents.pages": N_("Page count"),
            "documents.retention": N_("Retention period"),
            "documents.medium": N_("Kept as"),
            "disposal.cards": N_("Number of cards"),
            "disposal.card_years": N_("Years for which the card of a past customer is kept after dealings have ended"),
            "disposal.card_version": N_("Version"),
            "cards": N_("Cards on the list"),
            "cards.customer_number": N_("Customer number"),
            "cards.customer": N_("Customer"),
            "cards.ended_on": N_("Dealings ended on"),
            "cards.kept_until": N_("Card kept until"),
            "cards.entries": N_("Entries of the card"),
            "cards.contacts": N_("Contacts"),
            "cards.records": N_("Related records"),
        },
        choices={"documents.kind": "document_kind"},
    )
)

for _name, _title in (
    ("disposal-drafted", N_("List for disposal begun")),
    ("disposal-draft-changed", N_("List for disposal changed")),
    ("disposal-given-up", N_("Approved disposal given up")),
    ("destroyed", N_("Documents destroyed")),
):
    history.action("Disposal", _name, _title)
history.action("ArchiveDocument", "disposed", N_("Document disposed of"))
history.action("Customer", history.ERASED, N_("Card erased by a list for disposal"))
