"""What stands against a disposal, each in words (AR-11). Areas add their own with `@blocker`, such as open requests of a customer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.customer import Customer, CustomerState
from portal.models.disposal import NAME, Disposal
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.loan import OPEN, WHOLE, Loan
from portal.models.loan_papers import out_now
from portal.rules.disposal import why_retained
from portal.rules.message import N_, Message

Blocker = Callable[[Disposal], Iterable[Message]]
_blockers: list[Blocker] = []


def blocker(found: Blocker) -> Blocker:
    """Add what names the things that stand against a disposal; called once by the module that knows of them."""
    _blockers.append(found)
    return found


def blockers(disposal: Disposal) -> list[Message]:
    """Return all that stands against a disposal, empty where nothing does. Asked at submission, at approval and at the destruction."""
    return [message for one in _blockers for message in one(disposal)]


@blocker
def _customers(disposal: Disposal) -> Iterator[Message]:
    for customer in disposal.customers:
        if customer.state != CustomerState.PAST:
            yield Message(N_("%(customer)s is no past customer."), {"customer": customer.full_name})


@blocker
def _documents(disposal: Disposal) -> Iterator[Message]:
    today, own = clock.today(), Approval.latest_for(NAME, disposal.id) if disposal.id else None
    for document in disposal.documents:
        named = {"number": document.archive_number}
        if document.state != FILED:
            yield Message(N_("%(number)s is no longer in the dossier."), named)
        if document.approval_id is not None:
            yield Message(N_("%(number)s is a signed form and stays with its approval."), named)
        if document.frozen_by_id is not None and (own is None or document.frozen_by_id != own.id):
            yield Message(N_("%(number)s stands on another list for disposal."), named)
        kept = why_retained(document.retention, document.year, today)
        if kept is not None:
            yield Message(N_("%(number)s %(why)s."), {**named, "why": kept})


@blocker
def _loans(disposal: Disposal) -> Iterator[Message]:
    ids = {one.document_id for one in disposal.items}
    customers = [one.id for one in disposal.customers]
    cards = {one.customer_id for one in disposal.cards}  # with a card go the binders, in which signed forms lie
    query = select(Loan).where(Loan.state.in_(OPEN), Loan.customer_id.in_(customers)).order_by(Loan.id)
    for loan in db.session.scalars(query):
        if loan.extent == WHOLE or loan.customer_id in cards or ids & {one.document_id for one in loan.documents}:
            figures = {"customer": loan.customer.full_name, "name": loan.reader.name, "day": loan.until_on.isoformat()}
            yield Message(N_("The dossier of %(customer)s is lent to %(name)s until %(day)s, or such a loan is asked for."), figures)
    # A merge and its undo move documents, not loans: a paper may be out on a loan of the other record.
    forms = select(ArchiveDocument).where(ArchiveDocument.customer_id.in_(cards), ArchiveDocument.approval_id.is_not(None))
    documents = [*disposal.documents, *db.session.scalars(forms.order_by(ArchiveDocument.archive_number))]
    elsewhere = out_now({one.id for one in documents})
    for document in documents:
        lent = elsewhere.get(document.id)
        if lent is not None and lent.customer_id not in customers:
            figures = {"number": document.archive_number, "name": lent.reader.name, "day": lent.until_on.isoformat()}
            yield Message(N_("%(number)s is out with %(name)s until %(day)s."), figures)


@blocker
def _approvals(disposal: Disposal) -> Iterator[Message]:
    customers = {one.id: one for one in disposal.customers}
    query = select(Approval).where(Approval.state == "pending", Approval.customer_id.in_(customers)).order_by(Approval.id)
    for approval in db.session.scalars(query):
        if (approval.kind_name, approval.record_id) != (NAME, disposal.id) and approval.kind_name != "loan":
            customer: Customer = customers[approval.customer_id]  # type: ignore[index]
            figures = {"document": Message(approval.kind.title), "customer": customer.full_name}
            yield Message(N_("%(document)s of %(customer)s is in approval."), figures)
