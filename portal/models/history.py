"""What happened to a customer, read from the audit log: the history of the card (AR-4) and the timeline of everything (AR-7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.orm import load_only

from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState
from portal.rules.message import N_, Refusal

_OF_THE_OFFICE = ("change", "permission", "signature", "approval", "print", "export", "import")
"""Kinds of the log that are part of a customer's story; looks and sign-ins are not."""


@dataclass(frozen=True)
class Stream:
    """One filter of the timeline: its title, and which entries of the log belong to it, by kind or by type of record."""

    name: str
    title: str
    kinds: tuple[str, ...] = _OF_THE_OFFICE
    record_types: tuple[str, ...] = ()


STREAMS: dict[str, Stream] = {}
ACTIONS: dict[tuple[str, str], str] = {}


def stream(name: str, title: str, *, kinds: tuple[str, ...] = _OF_THE_OFFICE, record_types: tuple[str, ...] = ()) -> None:
    """Add a filter to the timeline; called once by the module whose records it shows."""
    STREAMS[name] = Stream(name, title, kinds, record_types)


def action(record_type: str, name: str, title: str) -> None:
    """Say what an action on a type of record is called in the timeline ('' for any type)."""
    ACTIONS[record_type, name] = title


def title_of(event: AuditEvent) -> str:
    """Return the message id of what an entry says happened; the bare action where nobody named it."""
    return ACTIONS.get((event.record_type, event.action)) or ACTIONS.get(("", event.action)) or event.action


def timeline(customer: Customer, *, only: str = "", before: int | None = None, limit: int = 20) -> tuple[list[AuditEvent], bool]:
    """Return the customer's newest entries, from before entry `before` on, and whether there are more (AR-7)."""
    chosen = STREAMS.get(only)
    kinds, types = (chosen.kinds, chosen.record_types) if chosen else (_OF_THE_OFFICE, ())
    return _newest(customer, kinds, types, before, limit)


def changes(customer: Customer, *, before: int | None = None, limit: int = 50) -> tuple[list[AuditEvent], bool]:
    """Return the newest changes of the card, its contacts and investigations, and whether there are more (AR-4)."""
    return _newest(customer, ("change",), CARD_TYPES, before, limit)


def of_record(record_type: str, record_id: int, *, limit: int = 100) -> list[AuditEvent]:
    """Return what happened to one record, the newest first: changes, not looks."""
    query = select(AuditEvent).where(AuditEvent.record_type == record_type, AuditEvent.record_id == record_id)
    return list(db.session.scalars(query.where(AuditEvent.kind.in_(_OF_THE_OFFICE)).order_by(AuditEvent.id.desc()).limit(limit)))


CARD_TYPES: tuple[str, ...] = ("Customer", "Contact", "Investigation")


@cache
def _of(kinds: tuple[str, ...], record_types: tuple[str, ...], ending: bool, merged: bool, older: bool) -> Select[AuditEvent]:
    # The hashes are half of a row and nobody reads them here.
    columns = load_only(
        AuditEvent.at, AuditEvent.kind, AuditEvent.action, AuditEvent.actor_name, AuditEvent.on_behalf_of,
        AuditEvent.record_type, AuditEvent.record_id, AuditEvent.label, AuditEvent.data,
    )  # fmt: skip
    customer = AuditEvent.customer_id
    of_it = customer.in_(bindparam("ids", expanding=True)) if merged else customer == bindparam("id")
    query = select(AuditEvent).options(columns).where(of_it, AuditEvent.kind.in_(kinds))
    if record_types:
        of_types = AuditEvent.record_type.in_(record_types)
        query = query.where(or_(of_types, AuditEvent.action == ERASED) if ending else of_types)
    if older:
        query = query.where(AuditEvent.id < bindparam("before"))
    return query.order_by(AuditEvent.id.desc()).limit(bindparam("most"))


def _newest(
    customer: Customer, kinds: tuple[str, ...], record_types: tuple[str, ...], before: int | None, limit: int
) -> tuple[list[AuditEvent], bool]:
    # What happened to records that were merged into this one is part of its story (AR-3).
    merged = list(db.session.scalars(_MERGED, {"id": customer.id}))
    ending = False
    if customer.state in (CustomerState.PAST, CustomerState.MERGED) and is_erased(customer):
        # What the card said is gone (AR-11); the log itself cannot be changed, and managers alone read it. That it was erased is told.
        ending = not record_types or Customer.__name__ in record_types
        record_types = tuple(one for one in record_types or _AFTER_ERASURE if one in _AFTER_ERASURE) or ("",)
    elif merged:
        erased = _erased(merged)
        merged = [one for one in merged if one not in erased]
    values = {"id": customer.id, "ids": [customer.id, *merged], "before": before, "most": limit + 1}
    events = list(db.session.scalars(_of(kinds, record_types, ending, bool(merged), before is not None), values))
    return events[:limit], len(events) > limit


ERASED = "erased"
"""The entry of the log that a card was erased."""
_AFTER_ERASURE = ("Approval", "ArchiveDocument", "Disposal")
"""Types of records whose entries tell no content of a card."""


def is_erased(customer: Customer) -> bool:
    """Return whether the card was erased by a list for disposal (AR-11)."""
    return bool(_erased([customer.id]))


def ensure_not_erased(customer: Customer) -> None:
    """Raise `Refusal` (field `customer`) for an erased card: what is recorded on it now would never be disposed of (AR-11)."""
    if customer.state == CustomerState.PAST and is_erased(customer):
        raise Refusal("The dossier of this customer was disposed of and the card erased. Record a new prospect.", field="customer")


def removed_contacts(events: Iterable[AuditEvent]) -> set[int]:
    """Return the contacts of these entries that are on no card any more: of them the history tells the name, and no more (PIPL)."""
    numbers = {event.record_id for event in events if event.record_type == "Contact" and event.record_id is not None}
    return numbers - set(db.session.scalars(select(Contact.id).where(Contact.id.in_(numbers)))) if numbers else set()


def _erased(customer_ids: list[int]) -> set[int]:
    from portal.models.dealings import DealingsEnd

    query = select(DealingsEnd.customer_id).where(DealingsEnd.customer_id.in_(customer_ids))
    return set(db.session.scalars(query.where(DealingsEnd.resumed_at.is_(None), DealingsEnd.erased_at.is_not(None))))


_MERGED = select(Customer.__table__.c.id).where(Customer.__table__.c.merged_into_id == bindparam("id"))


def _declare(entries: Iterable[tuple[str, str, str]]) -> None:
    for record_type, name, title in entries:
        action(record_type, name, title)


stream("card", N_("Card"), kinds=("change", "import"), record_types=CARD_TYPES)
stream("approvals", N_("Approvals"), kinds=("approval", "signature"))
stream("prints", N_("Prints"), kinds=("print", "export"))
_declare(
    (
        ("Customer", "created", N_("Customer recorded")),
        ("Customer", "changed", N_("Card changed")),
        ("Customer", "registered", N_("Put on the register")),
        ("Contact", "added", N_("Contact added")),
        ("Contact", "changed", N_("Contact changed")),
        ("Contact", "removed", N_("Contact removed")),
        ("Investigation", "begun", N_("Investigation begun")),
        ("Investigation", "changed", N_("Investigation changed")),
        ("Customer", "handed-over", N_("Handed over")),
        ("Customer", "assistant-named", N_("Assisting rep named")),
        ("Customer", "assistant-ended", N_("Assisting rep released")),
        ("Customer", "tagged", N_("Tag added")),
        ("Customer", "untagged", N_("Tag removed")),
        ("Customer", "credit-changed", N_("Credit or terms changed")),
        ("CreditChange", "credit-drafted", N_("Change of credit drafted")),
        ("CreditChange", "credit-given-up", N_("Change of credit given up")),
        ("CreditChange", "credit-cancelled", N_("Approved change of credit cancelled")),
        ("CreditChange", "credit-draft-changed", N_("Draft of a change of credit changed")),
        ("Approval", "submitted", N_("Submitted for approval")),
        ("Approval", "withdrawn", N_("Withdrawn from approval")),
        ("Approval", "given-up", N_("Given up after it came back")),
        ("Approval", "reminded", N_("Signatories reminded")),
        ("Approval", "opinion-asked", N_("Opinion asked")),
        ("Approval", "approve", N_("Signed: agreed")),
        ("Approval", "send-back", N_("Signed: sent back")),
        ("Approval", "reject", N_("Signed: rejected")),
        ("Approval", "opinion", N_("Opinion given")),
        ("Approval", "sent-back", N_("Sent back for correction")),
        ("Approval", "approved", N_("Approval complete")),
        ("Approval", "rejected", N_("Rejected in approval")),
        ("PrintedSheet", "printed", N_("Printed")),
        ("", "backup-restored", N_("Backup restored, all sessions ended")),
    )
)
