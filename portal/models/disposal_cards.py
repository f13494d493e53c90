"""Cards of past customers on lists for disposal (AR-11, PIPL): until when one is kept, which are due, what goes with it, what stands
against it.

The card goes with the customer's last document where its own retention is over by then; else, and where there never was a document, it
is listed by itself. Records that were merged into a customer are cards of the same customer (AR-3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, exists, func, select

from portal import clock
from portal.database import db
from portal.models import card
from portal.models.approval import Approval
from portal.models.customer import Customer, CustomerState
from portal.models.dealings import DealingsEnd
from portal.models.disposal import APPROVED, DESTROYED, NAME, PENDING, Disposal, DisposalCard
from portal.models.disposal_check import blocker
from portal.models.dossier import FILED, ArchiveDocument
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.rules.disposal import CARD_YEARS, card_kept_until, last_end_over
from portal.rules.message import N_, Message

KEPT = frozenset({"full_name", "first_contact_on", "first_deal_on", "established_on"})
"""Fields of the card that outlive it; number, state and the person in charge are no fields."""
RECORDS = (
    "agreement", "callback", "gift_recipient", "grading", "greeting_line", "information_report", "order_request", "plan_task", "promise",
    "proposal", "reception", "register_entry", "relation_assessment", "review_line", "service_request", "strengthening_table",
    "survey_answer", "thank_you_letter", "visit",
)  # fmt: skip
"""Tables whose records go with a card, or lose the words that tell of its people and affairs (`disposal_record`)."""
_LEFT = (ArchiveDocument.state == FILED, func.coalesce(ArchiveDocument.approval_id, 0) == 0)
"""What is left of a dossier: signed forms stay with their approvals. Said so that no index by approval is led by all that have none."""
_STANDING = (DealingsEnd.resumed_at.is_(None), DealingsEnd.erased_at.is_(None))


class Card(NamedTuple):
    """A card on a list: since when dealings are over and until when it is kept, None where nobody noted it, and what goes in figures."""

    customer: Customer
    ended_on: date | None
    kept_until: date | None
    entries: int
    contacts: int
    records: int

    def plain(self) -> dict[str, str]:
        """Return the line as plain JSON, as it is frozen and printed."""
        return {
            "customer_number": self.customer.number,
            "customer": self.customer.full_name,
            "ended_on": self.ended_on.isoformat() if self.ended_on else "",
            "kept_until": self.kept_until.isoformat() if self.kept_until else "",
            "entries": str(self.entries),
            "contacts": str(self.contacts),
            "records": str(self.records),
        }


def families(customers: Collection[Customer]) -> dict[int, list[Customer]]:
    """Return customer id → the customer and every record that was merged into it, or into one that was."""
    found = {one.id: [one] for one in customers}
    head = {one.id: one.id for one in customers}
    level = list(head)
    while level:
        merged = select(Customer).where(Customer.merged_into_id.in_(level)).order_by(Customer.id)
        level = []
        for one in db.session.scalars(merged).all():
            if one.id not in head and one.merged_into_id is not None:
                head[one.id] = head[one.merged_into_id]
                found[head[one.id]].append(one)
                level.append(one.id)
    return found


def lines(customers: Sequence[Customer], *, years: int) -> list[Card]:
    """Return the cards of customers as they stand on a list by a retention of so many years, in the order given."""
    kin = families(customers)
    ids = [one.id for family in kin.values() for one in family]
    ended, contacts, records = _ended(kin), _counts(("contact",), ids), _counts(RECORDS, ids)
    return [
        Card(
            customer,
            ended.get(customer.id),
            card_kept_until(ended[customer.id], years) if customer.id in ended else None,
            sum(len(filled(one)) for one in kin[customer.id]),
            sum(contacts.get(one.id, 0) for one in kin[customer.id]),
            sum(records.get(one.id, 0) for one in kin[customer.id]),
        )
        for customer in customers
    ]


def filled(customer: Customer) -> list[card.Field]:
    """Return the fields of a card that say something and go when it is erased."""
    fields = [one for one in card.FIELDS if one.name not in KEPT and one.name in Customer.__table__.c]
    return [one for one in fields if getattr(customer, one.name) != one.empty]


def _counts(tables: Collection[str], ids: Collection[int]) -> dict[int, int]:
    """Return customer id → how many rows of these tables hang on it."""
    found: dict[int, int] = {}
    for name in tables if ids else ():
        column = db.metadata.tables[name].c.customer_id
        for number, count in db.session.execute(select(column, func.count()).where(column.in_(ids)).group_by(column)):
            found[number] = found.get(number, 0) + count
    return found


def _ended(kin: dict[int, list[Customer]]) -> dict[int, date]:
    """Return customer id → the day on which dealings ended, the latest of all its records; no erased card, none with whom they go on."""
    ids = {one.id for family in kin.values() for one in family}
    rows = select(DealingsEnd.customer_id, DealingsEnd.ended_on).where(DealingsEnd.customer_id.in_(ids), *_STANDING)
    days: dict[int, date] = {row[0]: row[1] for row in db.session.execute(rows)}
    return {
        number: max(days[one.id] for one in family if one.id in days)
        for number, family in kin.items()
        if number in days and family[0].state == CustomerState.PAST
    }


def kept_until(customer: Customer) -> date | None:
    """Return the last day on which the card of a past customer is kept; None where it is erased, or nobody noted the end of dealings."""
    day = _ended(families([customer])).get(customer.id)
    return card_kept_until(day, standard(CARD_YEARS)) if day else None


# --- which are due ---------------------------------------------------------------------------------------------------------


def _over(query: Select[Any], years: int, today: date) -> Select[Any]:
    """Return of a query over customers those whose card is kept no longer, of whose dossier nothing is left, and that stand on no list."""
    left = exists().where(ArchiveDocument.customer_id == Customer.id, *_LEFT)
    return query.join(DealingsEnd, DealingsEnd.customer_id == Customer.id).where(
        *_STANDING,
        DealingsEnd.ended_on <= last_end_over(years, today),
        func.coalesce(Customer.state, "") == CustomerState.PAST.value,  # led by the few ends that are long past, not by all past customers
        Customer.frozen_by_id.is_(None),
        ~left,
    )


def due(user: Staff, *, customer_id: int | None = None, limit: int = 200) -> list[Card]:
    """Return the cards in scope that are kept no longer, of customers without documents and on no list; the longest past first (AR-11)."""
    years, today = standard(CARD_YEARS), clock.today()
    query = _over(Customer.visible_to(user), years, today)
    if customer_id is not None:
        query = query.where(Customer.id == customer_id)
    found = lines(db.session.scalars(query.order_by(DealingsEnd.ended_on, DealingsEnd.customer_id).limit(limit)).all(), years=years)
    undoable = _undoable([one.customer for one in found])
    return [one for one in found if one.kept_until is not None and one.kept_until < today and one.customer.id not in undoable]


def going_along(documents: Collection[ArchiveDocument]) -> list[Customer]:
    """Return the past customers of whose dossiers these are the last documents, and whose card is kept no longer: it goes with them."""
    customers = {one.customer_id: one.customer for one in documents if one.customer.frozen_by_id is None}
    others = select(ArchiveDocument.customer_id).where(ArchiveDocument.customer_id.in_(customers), *_LEFT)
    left = set(db.session.scalars(others.where(ArchiveDocument.id.not_in([one.id for one in documents]))))
    last = last_end_over(standard(CARD_YEARS), clock.today())
    ended = _ended(families([one for number, one in customers.items() if number not in left]))
    over = [customers[number] for number, day in ended.items() if day <= last]
    undoable = _undoable(over)
    return [one for one in over if one.id not in undoable]


def _undoable(customers: Collection[Customer]) -> dict[int, list[CustomerMerge]]:
    """Return customer id → the merges into it, or into a record of it, that can still be undone, of customers with some."""
    found = {
        number: [merge for one in family for merge in CustomerMerge.open_of(one)]
        for number, family in families(customers).items()
        if len(family) > 1
    }
    return {number: merges for number, merges in found.items() if merges}


def list_of(customer: Customer) -> Disposal | None:
    """Return the list in approval, to be destroyed or destroyed on which a customer's card stands; None where there is none."""
    of_it = select(DisposalCard.disposal_id).where(DisposalCard.customer_id == customer.id)
    return db.session.scalar(select(Disposal).where(Disposal.state.in_((PENDING, APPROVED, DESTROYED)), Disposal.id.in_(of_it)))


# --- what stands against it --------------------------------------------------------------------------------------------------


@blocker
def _cards(disposal: Disposal) -> Iterator[Message]:
    today, own = clock.today(), Approval.latest_for(NAME, disposal.id) if disposal.id else None
    customers = [one for one in disposal.card_customers if one.state == CustomerState.PAST]  # of others it is said that they are none
    kin = families(customers)
    undoable = _undoable(customers)
    ended, listed = _ended(kin), [one.document_id for one in disposal.items]
    left = select(ArchiveDocument.customer_id, func.count()).where(ArchiveDocument.customer_id.in_(kin), *_LEFT)
    left = left.where(ArchiveDocument.id.not_in(listed)).group_by(ArchiveDocument.customer_id)
    counts = {row[0]: row[1] for row in db.session.execute(left)}
    for customer in customers:
        named = {"customer": customer.full_name}
        day = ended.get(customer.id)
        until = card_kept_until(day, disposal.card_years.value) if day else None
        if until is None:
            yield Message(N_("The card of %(customer)s was erased before, or nobody noted when dealings ended."), named)
        elif today <= until:
            yield Message(N_("The card of %(customer)s is kept until %(day)s."), {**named, "day": until.isoformat()})
        if customer.frozen_by_id is not None and (own is None or customer.frozen_by_id != own.id):
            yield Message(N_("The card of %(customer)s stands on another list for disposal."), named)
        if customer.id in counts:
            text = N_("%(count)s documents of %(customer)s are in the dossier and do not stand on this list; its card goes with the last.")
            yield Message(text, {**named, "count": counts[customer.id]})
        for merge in undoable.get(customer.id, ()):
            figures = {**named, "number": merge.loser.number, "day": clock.local(merge.undo_until).date().isoformat()}
            yield Message(N_("That %(number)s was merged into %(customer)s can be undone until %(day)s."), figures)


# --- what a change of the standard touches -----------------------------------------------------------------------------------


@touching(CARD_YEARS)
def _years(before: Any, value: Any, day: date) -> Iterator[Message]:
    for text, years in (
        (N_("Cards of past customers without documents that can be listed for disposal on that day: %(count)s."), before),
        (N_("With the new value: %(count)s."), value),
    ):
        query = _over(select(func.count()).select_from(Customer), years, day)
        yield Message(text, {"count": db.session.scalar(query) or 0})
    yield Message(N_("Lists that are submitted keep the value they were submitted by."))
