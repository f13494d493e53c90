"""The gift register as a list, its twelve-month totals, and where gifts concentrate (GF-8)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, cast, func, literal, null, select, union_all
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.benefit import SOURCES
from portal.models.customer import Customer
from portal.models.gift_register import SEARCH, GiftEntry
from portal.models.list_query import ListQuery, day_of
from portal.models.newest_first import Listing, found_by, lines
from portal.models.staff import Staff
from portal.rules.grading import months_after
from portal.rules.message import N_

YES = {"yes": N_("yes")}
TOP = 20
"""So many lines of each table of totals are shown."""
_KEPT, _OFFICIAL = sql("gift_entry.taken_back_on IS NULL"), sql("gift_entry.official")
"""In these words SQLite knows the indexes of what was kept, and of what officials were given."""
_KEYS = ("customer_id", "giver_id", "person")
_SHOWN = {
    "whole": (), "customers": ("customer_id",), "givers": ("giver_id",), "pairs": ("giver_id", "customer_id"),
    "people": ("customer_id", "person"),
}  # fmt: skip
"""The tables of totals and by what their lines go, in the order in which it is shown."""


@dataclass(frozen=True)
class EntryQuery(ListQuery):
    """What a reader asks of the register."""

    FILTERS = {
        "q": N_("Customer, person or gift"), "source": N_("What it was"), "first": N_("From the day"), "last": N_("Until"),
        "giver": N_("Given by"), "customer": N_("Customer"), "person": N_("Who took it"), "official": N_("Holds a public office"),
        "back": N_("Sent back later"),
    }  # fmt: skip
    KNOWN = {"source": SOURCES, "official": YES, "back": YES}
    NUMBERS = ("giver", "customer")
    DAYS = ("first", "last")


def _chosen(user: Staff, query: EntryQuery) -> Select[GiftEntry]:
    one, filters = GiftEntry, query.filters
    found = select(one)
    if "source" in filters:
        found = found.where(one.source == filters["source"])
    for name, column in (("giver", one.giver_id), ("customer", one.customer_id)):
        if name in filters:
            found = found.where(column == query.number(name))
    if "first" in filters:
        found = found.where(one.given_on >= day_of(filters["first"]))
    if "last" in filters:
        found = found.where(one.given_on <= day_of(filters["last"]))
    if "person" in filters:
        found = found.where(one.person == filters["person"])
    if "official" in filters:
        found = found.where(_OFFICIAL)
    if "back" in filters:
        found = found.where(one.taken_back_on.is_not(None))
    for part in filters.get("q", "").split():
        found = found.where(found_by(user, SEARCH, one.customer_id, part))
    return found


_WITH = (joinedload(GiftEntry.customer), joinedload(GiftEntry.giver), joinedload(GiftEntry.handed_by))


_LINES = lines(
    GiftEntry, "id", "customer_id", "organisation", "taken_back_on", "source", "given_on", "person", "post", "official", "goods", "title",
    "voucher", "amount", giver=("name",),
)  # fmt: skip
LIST = Listing(GiftEntry, _chosen, _WITH, day=GiftEntry.given_on, shown=_LINES, parts=GiftEntry.parts_for)


# --- totals ------------------------------------------------------------------------------------------------------------------


class Total(NamedTuple):
    """What one customer, giver, person or pair of them had in twelve months."""

    key: tuple[Any, ...]
    names: tuple[str, ...]
    number: int
    amount: Decimal


class Totals(NamedTuple):
    """Twelve months up to a day: by recipient, by giver, and where the same are met again and again."""

    first: date
    last: date
    number: int
    amount: Decimal
    customers: list[Total]
    givers: list[Total]
    pairs: list[Total]
    people: list[Total]


def totals(user: Staff, last: date, repeats: int) -> Totals:
    """Return the totals of the twelve months that end on `last`, of customers in scope; what was sent back does not count.

    `pairs`: same rep and customer, `people`: same person of a customer, `repeats` times or more (the standard `gift.repeats`).
    """
    first = months_after(last, -12) + timedelta(days=1)
    one = GiftEntry
    given: Any = select(one.customer_id, one.giver_id, one.person, one.amount).where(one.given_on.between(first, last), _KEPT)
    each = given.where(one.in_scope(user)).cte("given").c  # what is in scope is read once
    least = {"pairs": repeats, "people": repeats}
    rows = db.session.execute(union_all(*(_part(each, part, least.get(part, 1)) for part in _SHOWN))).all()
    names = {
        "customer_id": _named(Customer, Customer.full_name, {row.customer_id for row in rows}),
        "giver_id": _named(Staff, Staff.name, {row.giver_id for row in rows}),
    }
    found: dict[str, list[Total]] = {part: [] for part in _SHOWN}
    for row in sorted(rows, key=lambda row: row.place):
        keys = _SHOWN[row.part]
        said = tuple(getattr(row, key) for key in keys)
        words = tuple(names[key].get(value, "—") if key in names else str(value) for key, value in zip(keys, said, strict=True))
        found[row.part].append(Total(said, words, row.number, row.amount or Decimal(0)))
    whole = found.pop("whole")[0]
    return Totals(first, last, whole.number, whole.amount, **found)


def _part(each: Any, part: str, least: int) -> Select[Any]:
    """Return the query of a table's first lines, those with the largest amounts first."""
    number, amount, keys = func.count(), func.sum(each.amount), _SHOWN[part]
    columns = [each[key] for key in keys]
    order = [amount.desc(), *columns]
    shown = [each[key] if key in keys else cast(null(), each[key].type).label(key) for key in _KEYS]
    query: Any = select(literal(part).label("part"), *shown, number.label("number"), amount.label("amount"))
    query = query.add_columns(func.row_number().over(order_by=order).label("place") if keys else literal(1).label("place"))
    if keys:
        people = [each.person != ""] if "person" in keys else []
        query = query.where(*people).group_by(*columns).having(number >= least).order_by(*order)
    return select(query.limit(TOP).subquery())


def _named(model: Any, name: Any, numbers: Collection[int | None]) -> dict[int, str]:
    return {row[0]: row[1] for row in db.session.execute(select(model.id, name).where(model.id.in_([one for one in numbers if one])))}
