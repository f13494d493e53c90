"""What hangs on a customer, found by following the foreign keys: what a merge moves (AR-3), and what it leaves where it is.

Tables added later are covered without a word here; only what a page calls their rows is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, Table, UniqueConstraint, literal, select

from portal.database import Base, db
from portal.models.audit_records import RECORD_LABELS
from portal.models.customer import Customer, CustomerAssistant
from portal.models.search_index import CustomerSearch
from portal.rules.message import N_, Message

_TITLES = {
    "contact": N_("Contacts"),
    "customer_tag": N_("Tags"),
    "customer_assistant": N_("Assisting reps"),
    "investigation": N_("Investigations"),
    "credit_change": N_("Changes of credit"),
    "approval": N_("Documents in approvals"),
    "attachment": N_("Files"),
    "order_request": N_("Requests about orders"),
    "agreement": N_("Long-term agreements"),
    "register_entry": N_("Entries of office registers"),
    "information_report": N_("Information reports"),
    "promise": N_("Promises"),
    "service_request": N_("Requests and complaints"),
    "callback": N_("Call-backs"),
    "callback_event": N_("Events for call-backs"),
    "reception": N_("Receptions of visitors"),
    "gift_delivery": N_("Deliveries of gifts"),
    "gift_entry": N_("Gift register"),
    "gift_recipient": N_("Gifts in campaigns"),
    "benefit": N_("What was given in the year"),
    "visit": N_("Visits to customers"),
    "thank_you_letter": N_("Letters of thanks"),
    "printed_sheet": N_("Prints"),
    "relation_assessment": N_("Relation assessments"),
    "customer": N_("Records merged before"),
}
_OTHER = N_("Other records")


class Hanging(NamedTuple):
    """Rows of one table that hang on a customer by one column."""

    table: Table
    column: Column[Any]
    moving: list[int]
    staying: list[int]
    """Rows of which the other customer has the same already."""


def title_of(table: str) -> Message:
    """Return what the rows of a table are called on the page that asks: as here, or as the log calls such a record."""
    kind = next((one.class_.__name__ for one in Base.registry.mappers if one.local_table is db.metadata.tables.get(table)), "")
    return Message(_TITLES.get(table) or RECORD_LABELS.get(kind, _OTHER))


def hanging_on(customer_id: int, other_id: int, *, taken: Collection[int | None] = ()) -> Iterator[Hanging]:
    """Yield what hangs on `customer_id` and would move to `other_id`, table by table; `taken` are staff who need not assist there."""
    left: dict[str, set[int]] = {}
    for table in db.metadata.sorted_tables:
        if table.info.get("stays_at_merge") or table is CustomerSearch.__table__:
            continue
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name):
            if key.column.table is not Customer.__table__:
                continue
            ids = list(db.session.scalars(select(table.c.id).where(key.parent == customer_id).order_by(table.c.id)))
            staying = _clashing(table, key.parent, customer_id, other_id) if ids else set()
            if table is CustomerAssistant.__table__:
                unneeded = select(table.c.id).where(key.parent == customer_id, table.c.staff_id.in_([one for one in taken if one]))
                staying |= set(db.session.scalars(unneeded))
            if ids and (follows := table.info.get("stays_with")):
                left_there = left.get(next(iter(table.c[follows].foreign_keys)).column.table.name, set())
                staying |= set(db.session.scalars(select(table.c.id).where(key.parent == customer_id, table.c[follows].in_(left_there))))
            left[table.name] = left.get(table.name, set()) | staying
            yield Hanging(table, key.parent, [one for one in ids if one not in staying], sorted(staying))


def _clashing(table: Table, column: Column[Any], customer_id: int, other_id: int) -> set[int]:
    """Return the rows of `customer_id` that a unique index would not let stand beside those of `other_id`."""
    found: set[int] = set()
    dialect = db.session.get_bind().dialect.name
    unique: list[tuple[list[Any], Any]] = []
    unique += [(list(one.columns), one.dialect_options[dialect]["where"]) for one in table.indexes if one.unique]
    unique += [(list(one.columns), None) for one in table.constraints if isinstance(one, UniqueConstraint)]
    for columns, where in unique:
        if column not in columns:
            continue
        rest = [one for one in columns if one is not column]
        only = [where] if where is not None else []
        there = {tuple(row) for row in db.session.execute(select(literal(1), *rest).where(column == other_id, *only))}
        for row in db.session.execute(select(table.c.id, literal(1), *rest).where(column == customer_id, *only)):
            if tuple(row)[1:] in there:
                found.add(row.id)
    return found
