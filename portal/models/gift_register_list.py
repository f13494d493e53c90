"""The gift register as a list, its twelve-month totals, and where gifts concentrate (GF-8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.benefit import SOURCES
from portal.models.customer import Customer
from portal.models.gift_register import GiftEntry
from portal.models.list_query import ListQuery, day_of
from portal.models.newest_first import Listing, called, has
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.grading import months_after
from portal.rules.message import N_

YES = {"yes": N_("yes")}
TOP = 20
"""So many lines of each table of totals are shown."""


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
    found = one.listed_for(user)
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
        found = found.where(one.official)
    if "back" in filters:
        found = found.where(one.taken_back_on.is_not(None))
    for part in filters.get("q", "").split():
        words = (has(column, part) for column in (one.organisation, one.person, one.goods))
        found = found.where(or_(*words, called(user, one.customer_id, part)))
    return found


_WITH = (joinedload(GiftEntry.customer), joinedload(GiftEntry.giver), joinedload(GiftEntry.handed_by))


LIST = Listing(GiftEntry, _chosen, _WITH, day=GiftEntry.given_on)


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
    kept: list[Any] = [one.given_on >= first, one.given_on <= last, one.taken_back_on.is_(None)]
    if not user.is_manager:
        kept.append(one.customer_id.in_(select(Customer.id).where(customer_scope(user))))
    number, amount = func.count(), func.sum(one.amount)
    whole = db.session.execute(select(number, amount).where(*kept)).one()
    return Totals(
        first, last, whole[0], whole[1] or Decimal(0),
        _grouped(kept, (one.customer_id,), 1), _grouped(kept, (one.giver_id,), 1),
        _grouped(kept, (one.giver_id, one.customer_id), repeats),
        _grouped([*kept, one.person != ""], (one.customer_id, one.person), repeats),
    )  # fmt: skip


def _grouped(kept: list[Any], columns: tuple[Any, ...], least: int) -> list[Total]:
    number, amount = func.count(), func.sum(GiftEntry.amount)
    query: Any = select(*columns, number, amount).where(*kept).group_by(*columns).having(number >= least)
    rows_ = db.session.execute(query.order_by(amount.desc(), *columns).limit(TOP)).all()
    names = {
        "customer_id": dict(_named(Customer, Customer.full_name, columns, "customer_id", rows_)),
        "giver_id": dict(_named(Staff, Staff.name, columns, "giver_id", rows_)),
    }
    keys = [column.key for column in columns]
    return [Total(tuple(row[:-2]), tuple(map(partial(_word, names), keys, row)), row[-2], row[-1]) for row in rows_]


def _named(model: Any, name: Any, columns: tuple[Any, ...], key: str, rows_: Any) -> list[tuple[int, str]]:
    place = next((number for number, column in enumerate(columns) if column.key == key), None)
    if place is None:
        return []
    found = db.session.execute(select(model.id, name).where(model.id.in_({row[place] for row in rows_ if row[place]})))
    return [(row[0], row[1]) for row in found]


def _word(names: dict[str, dict[int, str]], key: str, value: Any) -> str:
    return names[key].get(value, "—") if key in names else str(value)
