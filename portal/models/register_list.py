"""Lists of an office register (AR-30): filters, orders and pages of a register of any length.

A page begins behind the last one shown (keyset) and is read in the order of an index. Whoever does not see everything gets what
they see among the first `DEPTH` entries of the order; only where that does not fill a page are the entries found from their customers.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.paging import CAP, PAGE_SIZE, Count, NotLeading, cut, walk
from portal.models.register_entry import KEPT, REMOVED, RegisterEntry, is_in_use
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.registers.declaring import REGISTERS, OfficeRegister
from portal.rules.dates import parse_date
from portal.rules.grams import fold
from portal.rules.message import N_, Refusal

DEPTH = 5000
"""So many entries of an order are looked at before the customers are asked; and so many are looked at to count."""
AT_A_TIME = 1000

TABS = {KEPT: N_("Entries"), REMOVED: N_("Removed entries")}
SORTS = {"dated": N_("Date"), "title": N_("Title"), "number": N_("Entry number")}
ENDING_DAYS = 30
"""What runs out within so many days is found by the filter `ending`."""


@dataclass(frozen=True)
class EntryQuery(ListQuery):
    """What a reader asks of an office register; its address says the same."""

    FILTERS = {
        "q": N_("Words of the entry"),
        "customer": N_("Customer"),
        "team": N_("Team"),
        "since": N_("Dated from"),
        "till": N_("Dated until"),
        "ending": N_("Runs out"),
    }
    NUMBERS = ("customer", "team")
    register: str = ""
    state: str = KEPT
    sort: str = "dated"
    descending: bool = True

    @classmethod
    def of(cls, register: str, args: Mapping[str, str]) -> EntryQuery:
        """Return the query of the address of a register. What is unknown or empty is left out, so that an old address still opens."""
        sort, state = args.get("sort", "-dated"), args.get("state", KEPT)
        known = sort.removeprefix("-") in SORTS
        return cls(
            cls.filters_of(args), register, state if state in TABS else KEPT, sort.removeprefix("-") if known else "dated",
            sort[:1] == "-" or not known,
        )  # fmt: skip

    @classmethod
    def filters_of(cls, args: Mapping[str, str]) -> dict[str, str]:
        """Return the filters that an address says rightly; days may be written as people write them."""
        found = super().filters_of(args)
        for name in ("since", "till"):
            if name in found:
                try:
                    found[name] = parse_date(found[name]).isoformat()
                except Refusal:
                    del found[name]
        return found

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address, without what is usual."""
        found = {"state": self.state} if self.state != KEPT else {}
        sort = ("-" if self.descending else "") + self.sort
        return {**found, **({"sort": sort} if sort != "-dated" else {}), **self.filters}

    @property
    def declared(self) -> OfficeRegister:
        """Return the register."""
        return REGISTERS[self.register]


class Page(NamedTuple):
    """A page of a register, with the cursors of the pages around it."""

    entries: list[RegisterEntry]
    next: str
    previous: str


_ORDERS: dict[str, tuple[Any, ...]] = {
    "dated": (RegisterEntry.dated_on, RegisterEntry.id),
    "title": (RegisterEntry.title, RegisterEntry.id),
    "number": (RegisterEntry.id,),
}


def _encode(query: EntryQuery, entry: RegisterEntry) -> str:
    plain = [getattr(entry, column.key) for column in _ORDERS[query.sort]]
    plain = [value.isoformat() if isinstance(value, date) else value for value in plain]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(query: EntryQuery, cursor: str) -> list[Any] | None:
    """Return the values of a cursor, None for one that was not made for this order: the list then begins at its beginning."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if query.sort == "dated":
            values[0] = date.fromisoformat(values[0])
        kinds = {"dated": [date, int], "title": [str, int], "number": [int]}[query.sort]
        fits = isinstance(values, list) and [type(value) for value in values] == kinds
    except (binascii.Error, ValueError, TypeError, IndexError, KeyError):
        return None
    return values if fits else None


def _in_register(query: EntryQuery) -> list[ColumnElement[bool]]:
    """Return the conditions that an index of the register holds."""
    found: list[ColumnElement[bool]] = [RegisterEntry.register == query.register, RegisterEntry.state == query.state]
    if "since" in query.filters:
        found.append(RegisterEntry.dated_on >= date.fromisoformat(query.filters["since"]))
    if "till" in query.filters:
        found.append(RegisterEntry.dated_on <= date.fromisoformat(query.filters["till"]))
    if "ending" in query.filters:
        found.append(RegisterEntry.ends_on.between(clock.today(), clock.today() + timedelta(days=ENDING_DAYS)))
    return found


def _words(query: EntryQuery) -> list[ColumnElement[bool]]:
    parts = [fold(part) for part in query.filters.get("q", "").split()]
    escaped = [part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in parts if part]
    return [
        or_(RegisterEntry.search_text.like(f"%{part}%", escape="\\"), RegisterEntry.number.like(f"%{part.upper()}%", escape="\\"))
        for part in escaped
    ]


def _whose(user: Staff, query: EntryQuery) -> list[ColumnElement[bool]]:
    """Return the conditions on the customer; none where all entries are meant."""
    found: list[ColumnElement[bool]] = [] if user.is_manager else [customer_scope(user)]
    if "team" in query.filters:
        found.append(Customer.team_id == int(query.filters["team"]))
    return found


def _may_read(user: Staff, query: EntryQuery) -> bool:
    return query.register in REGISTERS and (user.is_manager or is_in_use(query.register))


def page(user: Staff, query: EntryQuery, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind `after`, or before `before`, of the entries on customers that `user` may see (RO-1)."""
    if not _may_read(user, query):
        return Page([], "", "")
    start, backwards = _decode(query, before or after) if before or after else None, bool(before)
    down = query.descending != backwards
    found = _rows(user, query, start, down, size + 1)
    return Page(*cut(found, size, partial(_encode, query), inside=start is not None, backwards=backwards))


def _rows(user: Staff, query: EntryQuery, start: list[Any] | None, down: bool, size: int) -> list[RegisterEntry]:
    order = _ORDERS[query.sort]
    conditions = _in_register(query)
    if start is not None:
        bounds = tuple_(*(literal(value, column.type) for value, column in zip(start, order, strict=True)))
        conditions.append(tuple_(*order) < bounds if down else tuple_(*order) > bounds)
    # What runs out soon is little, and has an index of its own.
    leading = [NotLeading(column) for column in order] if "ending" in query.filters else list(order)
    sorted_by = [column.desc() if down else column for column in leading]
    words, whose = _words(query), _whose(user, query)
    shown: Select[RegisterEntry] = select(RegisterEntry).options(
        joinedload(RegisterEntry.customer, innerjoin=True).load_only(Customer.number, Customer.full_name, Customer.state)
    )
    if "customer" in query.filters:
        of_customer = RegisterEntry.customer_id == int(query.filters["customer"])
        scoped = [exists().where(Customer.id == RegisterEntry.customer_id, *whose)] if whose else []
        return list(db.session.scalars(shown.where(of_customer, *conditions, *words, *scoped).order_by(*sorted_by).limit(size)))
    if not whose:
        return list(db.session.scalars(shown.where(*conditions, *words).order_by(*sorted_by).limit(size)))
    first = select(RegisterEntry.id).where(*conditions).order_by(*sorted_by).limit(DEPTH)
    seen = exists().where(Customer.id == RegisterEntry.customer_id, *whose)
    among = shown.where(RegisterEntry.id.in_(first.scalar_subquery()), seen, *words).order_by(*sorted_by).limit(size)
    found = list(db.session.scalars(among))
    if len(found) == size or (db.session.scalar(select(func.count()).select_from(first.subquery())) or 0) < DEPTH:
        return found
    theirs = RegisterEntry.customer_id.in_(select(Customer.id).where(*whose))
    behind = [NotLeading(column).desc() if down else NotLeading(column) for column in order]
    return list(db.session.scalars(shown.where(theirs, *conditions, *words).order_by(*behind).limit(size)))


def count(user: Staff, query: EntryQuery) -> Count:
    """Return how many entries a query finds, counted to `CAP`, and among the first `DEPTH` where something must be looked at."""
    if not _may_read(user, query):
        return Count(0, False)
    words, whose = _words(query), _whose(user, query)
    fits = [*words, *([exists().where(Customer.id == RegisterEntry.customer_id, *whose)] if whose else [])]
    conditions = _in_register(query)
    if "customer" in query.filters:
        conditions.append(RegisterEntry.customer_id == int(query.filters["customer"]))
    depth = DEPTH if fits else CAP + 1
    fitting = case((_all(fits), 1), else_=0) if fits else literal(1)
    some = select(fitting.label("fits")).select_from(RegisterEntry).where(*conditions).limit(depth).subquery()
    looked, number = db.session.execute(select(func.count(), func.coalesce(func.sum(some.c.fits), 0)).select_from(some)).one()
    return Count(min(number, CAP), looked == depth or number > CAP)


def _all(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    found = conditions[0]
    for one in conditions[1:]:
        found &= one
    return found


def rows(user: Staff, query: EntryQuery, *, most: int | None = None) -> Iterator[RegisterEntry]:
    """Return every entry of a query in the order of the list, a portion at a time: for exports and prints."""
    return walk(lambda after: page(user, query, after=after, size=AT_A_TIME), most)
