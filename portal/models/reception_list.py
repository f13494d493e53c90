"""The list of visits (SV-21): filters, and pages by keyset, the last day first; for the page, for paper and for files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, exists, func, literal, select, tuple_
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.customer import Customer
from portal.models.paging import CAP, PAGE_SIZE, Count
from portal.models.reception import STATES, Reception
from portal.models.staff import Staff
from portal.rules.grams import fold
from portal.rules.message import N_
from portal.rules.reception import CLASSES
from portal.rules.text import clean_line

FILTERS = {
    "q": N_("Words, customer or visitor"),
    "state": N_("State"),
    "class": N_("Class of the visitors"),
    "first": N_("From the day"),
    "last": N_("Until"),
    "room": N_("Meeting room"),
    "host": N_("Host of the visitors"),
    "team": N_("Team"),
    "customer": N_("Customer"),
}
_NUMBERS = ("room", "host", "team", "customer")
_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,9})")


@dataclass(frozen=True)
class ReceptionQuery:
    """What a reader asks of the visits; its address says the same."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ReceptionQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        for name in _NUMBERS:
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > 9:
                del found[name]
        for name, known in (("state", STATES), ("class", CLASSES)):
            if name in found and found[name] not in known:
                del found[name]
        for name in ("first", "last"):
            if name in found and _day(found[name]) is None:
                del found[name]
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> ReceptionQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


class Page(NamedTuple):
    """A page of the list, with the cursors of the pages around it."""

    receptions: list[Reception]
    next: str
    previous: str


_WITH = (joinedload(Reception.customer), joinedload(Reception.room), joinedload(Reception.host))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _chosen(user: Staff, query: ReceptionQuery) -> Select[Any]:
    one, filters = Reception, query.filters
    found = one.visible_to(user)
    for name, column in (("state", one.state), ("class", one.class_)):
        if name in filters:
            found = found.where(column == filters[name])
    for name, number in (("room", one.room_id), ("host", one.host_id), ("customer", one.customer_id)):
        if name in filters:
            found = found.where(number == int(filters[name]))
    if "team" in filters:
        found = found.where(exists().where(Customer.id == one.customer_id, Customer.team_id == int(filters["team"])))
    if "first" in filters:
        found = found.where(one.last_on >= _day(filters["first"]))
    if "last" in filters:
        found = found.where(one.first_on <= _day(filters["last"]))
    for part in (fold(part) for part in filters.get("q", "").split()):
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = found.where(one.search_text.like(f"%{escaped}%", escape="\\"))
    return found


def page(user: Staff, query: ReceptionQuery, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind `after`, or before `before`, of the visits that `user` sees (RO-1): the last day first."""
    order = (Reception.first_on, Reception.id)
    start, up = _decode(before or after), bool(before)
    found = _chosen(user, query).options(*_WITH)
    if start is not None:
        edge = tuple_(*(literal(value, column.type) for value, column in zip(start, order, strict=True)))
        found = found.where(tuple_(*order) > edge if up else tuple_(*order) < edge)
    rows = list(db.session.scalars(found.order_by(*(column.asc() if up else column.desc() for column in order)).limit(size + 1)))
    more, rows = len(rows) > size, rows[:size]
    if up:
        rows.reverse()
    if not rows:
        return Page(rows, "", "")
    behind, ahead = (start is not None, more) if up else (more, start is not None)
    return Page(rows, _encode(rows[-1]) if behind else "", _encode(rows[0]) if ahead else "")


def count(user: Staff, query: ReceptionQuery) -> Count:
    """Return how many visits a query finds, counted to `CAP`."""
    some = _chosen(user, query).with_only_columns(Reception.id).limit(CAP + 1).subquery()
    number = db.session.scalar(select(func.count()).select_from(some)) or 0
    return Count(min(number, CAP), number > CAP)


def ids(user: Staff, query: ReceptionQuery, most: int) -> list[int]:
    """Return the ids of the first visits of a query, one more than `most` where there are more."""
    found = _chosen(user, query).with_only_columns(Reception.id)
    return list(db.session.scalars(found.order_by(Reception.first_on.desc(), Reception.id.desc()).limit(most + 1)))


def records(numbers: list[int]) -> list[Reception]:
    """Return the visits with these ids, in their order."""
    found = {one.id: one for one in db.session.scalars(select(Reception).where(Reception.id.in_(numbers)).options(*_WITH))}
    return [found[number] for number in numbers if number in found]


def rows(user: Staff, query: ReceptionQuery) -> Iterator[Reception]:
    """Yield every visit of a query, a portion at a time."""
    after = ""
    while True:
        part = page(user, query, after=after, size=500)
        yield from part.receptions
        if not part.next:
            return
        after = part.next


def _encode(reception: Reception) -> str:
    return f"{reception.first_on.isoformat()}.{reception.id}"


def _decode(cursor: str) -> tuple[date, int] | None:
    """Return the values of a cursor, None for what is none: the list then begins at its beginning."""
    found = _CURSOR.fullmatch(cursor)
    day = _day(found[1]) if found else None
    return (day, int(found[2])) if found and day is not None else None
