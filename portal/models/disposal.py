"""Disposal 销毁 of documents of past customers (AR-11): a frozen list, its chain, the destruction list 销毁清册, and what is destroyed.

Signed forms are no part of it: an approval stays with its form. What stands against a disposal is said by `disposal_check.py`; what the
destruction does to files and cards by `disposal_record.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, exists, select, update
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
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.archive_numbers import RETENTIONS
from portal.rules.disposal import last_year_over
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
"""So many documents are on one list."""


class Disposal(Base):
    """One list of documents to be destroyed: draft → pending → approved | rejected; approved → destroyed | given up."""

    __tablename__ = "disposal"

    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"), index=True)
    """The customer, where all documents are of one: its team's supervisor signs, and the sealed form is filed there."""
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
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    recorded_by: Mapped[Staff | None] = relationship(foreign_keys=[recorded_by_id])
    scan: Mapped[Attachment | None] = relationship()
    items: Mapped[list[DisposalItem]] = relationship(
        back_populates="disposal", cascade="all, delete-orphan", order_by="DisposalItem.document_id"
    )

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "state", "id"),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Disposal]:
        """Return the lists all of whose customers `user` sees."""
        query = select(cls)
        if user.is_manager:
            return query
        outside = (
            exists()
            .where(
                DisposalItem.disposal_id == cls.id,
                ArchiveDocument.id == DisposalItem.document_id,
                Customer.id == ArchiveDocument.customer_id,
            )
            .where(~customer_scope(user))
        )
        return query.where(~outside)

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
        """Return the customers whose documents are on the list, by number."""
        return sorted({one.document.customer for one in self.items}, key=lambda one: one.number)

    @property
    def label(self) -> str:
        """Return what lists and the log call it: the customers, the first two by name."""
        names = [one.full_name for one in self.customers]
        return "、".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "")

    # --- drafting ------------------------------------------------------------------------------------------------------

    @classmethod
    def propose(cls, document_ids: Collection[int], *, reason: str, by: Staff) -> Disposal:
        """Begin a list of documents in scope and return it, flushed. Raises `Refusal`."""
        disposal = cls(created_by_id=by.id, reason="")
        disposal._set(document_ids, reason, by)
        db.session.add(disposal)
        note_author(NAME, disposal, by)
        audit.write("change", "disposal-drafted", actor=by, record=disposal, label=disposal.label)
        return disposal

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user` may change the list: not while it is in approval."""
        return user.may(Permission.DISPOSAL_EDIT) and self.state == DRAFT

    def edit(self, document_ids: Collection[int], *, reason: str, by: Staff) -> None:
        """Change the draft. Raises `Refusal`."""
        if not self.can_edit(by):
            raise Refusal("The list is in approval, or decided, and cannot be changed.")
        self._set(document_ids, reason, by)
        note_author(NAME, self, by)
        audit.write("change", "disposal-draft-changed", actor=by, record=self, label=self.label)

    def _set(self, document_ids: Collection[int], reason: str, by: Staff) -> None:
        if not reason:
            raise Refusal("Say why the documents are destroyed.", field="reason")
        if len(set(document_ids)) > MOST:
            raise Refusal("At most %(most)s documents stand on one list.", field="documents", most=MOST)
        query = ArchiveDocument.visible_to(by).where(ArchiveDocument.id.in_(document_ids), ArchiveDocument.state == FILED)
        documents = list(db.session.scalars(query.order_by(ArchiveDocument.id)))
        if not documents:
            raise Refusal("Choose the documents.", field="documents")
        there = {one.document_id: one for one in self.items}
        self.items[:] = [there.get(one.id) or DisposalItem(document=one) for one in documents]
        self.reason = reason
        customers = {one.customer_id for one in documents}
        self.customer_id = customers.pop() if len(customers) == 1 else None

    def ensure_ready(self) -> None:
        """Raise `Refusal` naming the first thing that stands against the disposal."""
        from portal.models.disposal_check import blockers

        found = blockers(self)
        if found:
            raise Refusal(found[0].text, **found[0].params)

    def submit(self, *, by: Staff) -> Approval:
        """Send the list through its chain (AP-3); its documents are frozen. Raises `Refusal` naming what stands against it."""
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
        """Return the list as plain JSON: reason, and of each document customer, number, title, date, pages and retention."""
        return {
            "disposal": {"reason": self.reason, "count": str(len(self.items)), "customers": self.label},
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
        }


class DisposalItem(Base):
    """A document on a list for disposal."""

    __tablename__ = "disposal_item"

    disposal_id: Mapped[int] = mapped_column(ForeignKey("disposal.id", ondelete="CASCADE"))
    document_id: Mapped[int] = mapped_column(ForeignKey("archive_document.id"))

    disposal: Mapped[Disposal] = relationship(back_populates="items")
    document: Mapped[ArchiveDocument] = relationship()

    __table_args__ = (Index(None, "disposal_id", "document_id", unique=True), Index(None, "document_id"))


def running_for(customer_ids: Collection[int], *, besides: int | None = None) -> list[Disposal]:
    """Return the lists in approval, or approved and not yet destroyed, on which documents of these customers stand."""
    items = select(DisposalItem.disposal_id).join(ArchiveDocument, ArchiveDocument.id == DisposalItem.document_id)
    mine = items.where(ArchiveDocument.customer_id.in_(customer_ids))
    query = select(Disposal).where(Disposal.state.in_((PENDING, APPROVED)), Disposal.id.in_(mine), Disposal.id != (besides or 0))
    return list(db.session.scalars(query.order_by(Disposal.id)))


def destruction_of(document: ArchiveDocument) -> Disposal | None:
    """Return the list by which a document was destroyed, None where it was not."""
    of_it = select(DisposalItem.disposal_id).where(DisposalItem.document_id == document.id)
    return db.session.scalar(select(Disposal).where(Disposal.state == DESTROYED, Disposal.id.in_(of_it)))


def due(user: Staff, *, customer_id: int | None = None, limit: int = 200) -> list[ArchiveDocument]:
    """Return documents of past customers in scope whose retention is over and that stand on no list, by archive number."""
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
    """Let the documents of a list go: they can be changed, lent and listed again."""
    _freeze(disposal, before=ArchiveDocument.frozen_by_id.is_not(None), number=None)


def _freeze(disposal: Disposal, *, before: Any, number: int | None) -> int:
    ids = [one.document_id for one in disposal.items]
    change = {"frozen_by_id": number, "version": ArchiveDocument.version + 1}
    held = update(ArchiveDocument).where(ArchiveDocument.id.in_(ids), ArchiveDocument.state == FILED, before)
    frozen: int = db.session.execute(held.values(**change), execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    for one in disposal.items:
        db.session.expire(one.document)
    return frozen


def _submitted(disposal: Disposal, approval: Approval, _by: Staff | None) -> None:
    into_approval(disposal)
    if _freeze(disposal, before=ArchiveDocument.frozen_by_id.is_(None), number=approval.id) != len(disposal.items):
        raise StateConflict(f"documents of disposal {disposal.id}")


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
        covers=select(DisposalItem.disposal_id, ArchiveDocument.customer_id).join(
            ArchiveDocument, ArchiveDocument.id == DisposalItem.document_id
        ),
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
history.action("Customer", "erased", N_("Card erased after the disposal of the dossier"))
