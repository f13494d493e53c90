"""The queue of open requests, by what is due with grade A first, and the list of all requests (SV-4): filters, pages by keyset.

Pages of any length of list read along one index; no count walks further than its cap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, case, func, or_, select, union_all
from sqlalchemy.orm import aliased, joinedload

from portal.database import db
from portal.models import request_search
from portal.models.customer import Customer
from portal.models.paging import CAP, PAGE_SIZE, Count, cut, walk
from portal.models.request import ServiceRequest
from portal.models.request_query import (
    OPEN_NOW,
    RequestQuery,
    beyond,
    conditions,
    decode,
    encode,
    fits_of,
    has_words,
    in_order,
    listed_at_all,
    order_of,
    words_of,
)
from portal.models.staff import Staff
from portal.rules import requests as rules

AT_A_TIME = 500
FEW = 2000
"""Up to so many requests that words find are looked up by their numbers."""
DEPTH, DEPTH_OF_WORDS = 2000, 300
"""So many requests of the order are looked at to count what filters leave; words stand in no index of an order, and cost more."""


class Page(NamedTuple):
    """A page of the list, with the cursors of the pages around it."""

    requests: list[Any]
    """Of `Listed`, or whole `ServiceRequest`s where these were asked for."""
    next: str
    previous: str
    found: Count | None = None
    """How many there are on all pages, where that came out with the page."""


# --- reading -----------------------------------------------------------------------------------------------------------------


_WITH = (
    joinedload(ServiceRequest.customer).load_only(Customer.number, Customer.full_name, Customer.state),
    joinedload(ServiceRequest.assignee, innerjoin=True).load_only(Staff.name),
)
_customer, _assignee = aliased(Customer), aliased(Staff)
_BEGINNING = 200
"""Characters of a text that a row of the list may show the beginning of."""
_COLUMNS = (
    ServiceRequest.id, ServiceRequest.kind, ServiceRequest.channel, ServiceRequest.priority, ServiceRequest.grade, ServiceRequest.rank,
    func.substr(ServiceRequest.text, 1, _BEGINNING), ServiceRequest.state, ServiceRequest.is_open, ServiceRequest.received_at,
    ServiceRequest.received_on, ServiceRequest.due_at, ServiceRequest.due_on, ServiceRequest.closed_at, ServiceRequest.waiting_since,
    ServiceRequest.cause, ServiceRequest.customer_id, func.coalesce(_customer.full_name, ServiceRequest.customer_name), _assignee.name,
)  # fmt: skip


class Listed(NamedTuple):
    """A request as a row of the list shows it."""

    id: int
    kind: str
    channel: str
    priority: str
    grade: str
    rank: int
    text: str
    state: str
    is_open: bool
    received_at: datetime
    received_on: date
    due_at: datetime
    due_on: date
    closed_at: datetime | None
    waiting_since: datetime | None
    cause: str
    customer_id: int | None
    named: str
    assignee: str

    @property
    def number(self) -> str:
        """Return the number by which people call it."""
        return rules.number_of(self.received_on.year, self.id)

    @property
    def short_line(self) -> str:
        """Return the beginning of its text, as long as a row of the list shows: Chinese is wider."""
        return rules.first_line(self.text, 30 if self.text[:30].isascii() else 20)


def page(user: Staff, query: RequestQuery, *, after: str = "", before: str = "", size: int = PAGE_SIZE, whole: bool = False) -> Page:
    """Return the page behind `after`, or before `before`, of what `user` may see (RO-1); `whole`: with every column at once."""
    start, up = decode(query, before or after), bool(before)
    few = _few(user, query)
    if few is None and _in_parts(user, query):
        return _page_of_parts(user, query, start, up=up, size=size, whole=whole)
    order = order_of(query)
    found = _rows_of(whole)
    found = found.where(*conditions(user, query)) if few is None else found.where(ServiceRequest.id.in_(few))
    if start is not None:
        found = found.where(beyond(query, start, up))
    # What one customer has is little: it is sorted, and no order leads to it.
    chosen = found.order_by(*in_order(order, up=up, leading="customer" not in query.filters)).limit(size + 1)
    rows = list(db.session.scalars(chosen)) if whole else [Listed._make(row) for row in db.session.execute(chosen)]
    number = None if few is None else Count(min(len(few), CAP), len(few) > CAP)
    return Page(*cut(rows, size, partial(encode, query), inside=start is not None, backwards=up), number)


def _in_parts(user: Staff, query: RequestQuery) -> bool:
    """Return whether a list is read part by part: all that a reader sees, where nothing else leads to few of them."""
    return not user.is_manager and query.of(user) == "all" and query.filters.keys().isdisjoint(("customer", "assignee"))


def _page_of_parts(user: Staff, query: RequestQuery, start: tuple[Any, ...] | None, *, up: bool, size: int, whole: bool) -> Page:
    """Return a page from all parts of what a reader sees: they are looked through once, and counted by that."""
    if has_words(query):
        near, deep = _nearest(user, query, start, up=up)
        number = Count(len(near), deep) if start is None else None
        if deep and len(near) <= size:
            near = _ids(user, query, size + 1, start, up=up)
    else:
        near, number = _near(user, query, start, up=up, size=size)
    more, numbers = len(near) > size, near[:size]
    if up:
        numbers.reverse()
    found = _rows_of(whole).where(ServiceRequest.id.in_(numbers))
    read = db.session.scalars(found) if whole else (Listed._make(row) for row in db.session.execute(found))
    by_number = {one.id: one for one in read}
    rows = [by_number[one] for one in numbers if one in by_number]
    if not rows:
        return Page(rows, "", "", number)
    behind, ahead = (True, more) if up else (more, start is not None)
    return Page(rows, encode(query, rows[-1]) if behind else "", encode(query, rows[0]) if ahead else "", number)


def _near(user: Staff, query: RequestQuery, start: tuple[Any, ...] | None, *, up: bool, size: int) -> tuple[list[int], Count]:
    """Return a page's requests and one more, nearest to its beginning first, and how many the list has."""
    first = _ids(user, query, CAP + 1)
    number = Count(min(len(first), CAP), len(first) > CAP)
    place = first.index(start[-1]) if start is not None and start[-1] in first else -1
    if start is None:
        return first[: size + 1], number
    if place >= 0 and up:
        return first[max(0, place - size - 1) : place][::-1], number
    if place >= 0 and (len(first) <= CAP or place + size + 1 < len(first)):
        return first[place + 1 : place + size + 2], number
    return _ids(user, query, size + 1, start, up=up), number


def _ids(user: Staff, query: RequestQuery, most: int, edge: tuple[Any, ...] | None = None, *, up: bool = False) -> list[int]:
    """Return the first requests that a reader sees in the order of the list; `edge`: behind a place; `up`: before it, upwards."""
    if edge is None and not query.filters:
        in_team = user.is_supervisor and user.team_id is not None
        return list(db.session.scalars(_plain(in_team, query.closed, most), {"me": user.id, **({"team": user.team_id} if in_team else {})}))
    found, order = _parts(user, query, most, edge, up, words_of(query.filters.get("q", "")))
    return [row[0] for row in db.session.execute(select(found.c.id).order_by(*order).limit(most))]


class _Reader(NamedTuple):
    """Whoever reads, as a statement for all of them says it."""

    id: Any
    team_id: Any
    is_supervisor: bool


@cache
def _plain(in_team: bool, closed: bool, most: int) -> Select[Any]:
    """Return the statement of a list without filters, made once: making one costs more than asking it."""
    reader = _Reader(bindparam("me"), bindparam("team") if in_team else None, in_team)
    found, order = _parts(reader, RequestQuery(closed=closed), most, None, up=False)
    return select(found.c.id).order_by(*order).limit(most)


def _nearest(user: Staff, query: RequestQuery, edge: tuple[Any, ...] | None = None, *, up: bool = False) -> tuple[list[int], bool]:
    """Return those of the first `DEPTH_OF_WORDS` requests in the order of the list that have its words; whether there may be more."""
    found, order = _parts(user, query, DEPTH_OF_WORDS, edge, up)
    first = select(*found.c).order_by(*order).limit(DEPTH_OF_WORDS).subquery()
    fits = case((and_(*words_of(query.filters["q"])), 1))
    looked_at = select(first.c.id, fits).join(ServiceRequest, ServiceRequest.id == first.c.id)
    rows = db.session.execute(looked_at.order_by(*in_order(_of(first, query), up=up))).all()
    return [row[0] for row in rows if row[1]], len(rows) == DEPTH_OF_WORDS


def _parts(
    user: Staff | _Reader, query: RequestQuery, most: int, edge: tuple[Any, ...] | None, up: bool, words: Sequence[Any] = ()
) -> tuple[Any, list[Any]]:
    """Return the first requests of each part of what a reader sees, each read along an index of its own, and the order of the list."""
    order = order_of(query)
    said = [*listed_at_all(query), *fits_of(query, led=True), *words]
    if edge is not None:
        said.append(beyond(query, edge, up))
    *led, assisted = (select(*(column for column, _down in order)).where(*part, *said) for part in ServiceRequest.parts_seen_by(user))
    firsts = [part.order_by(*in_order(order, up=up)).limit(most).subquery() for part in led]
    found = union_all(*(select(*one.c) for one in firsts), assisted).subquery()
    return found, in_order(_of(found, query), up=up)


def _of(found: Any, query: RequestQuery) -> list[tuple[Any, bool]]:
    """Return the order of the list over the columns of what was found."""
    return [(found.c[column.key], down) for column, down in order_of(query)]


def _rows_of(whole: bool) -> Any:
    return select(ServiceRequest).options(*_WITH) if whole else _listed()


def _few(user: Staff, query: RequestQuery) -> list[int] | None:
    """Return the ids of the requests in scope that words find; None where none are asked for, or many requests have them.

    Words that many have are met soon in any order.
    """
    if not has_words(query):
        return None
    having = request_search.INDEX.few(query.filters["q"], FEW)
    if having is None:
        return None
    request = ServiceRequest
    return list(db.session.scalars(select(request.id).where(request.id.in_(having), *conditions(user, query, few=True))))


def _listed() -> Any:
    """Return the query of rows; joined to the left, so that the requests lead in the order of their index."""
    request = ServiceRequest
    joined = select(*_COLUMNS).select_from(request).outerjoin(_customer, _customer.id == request.customer_id)
    return joined.outerjoin(_assignee, _assignee.id == request.assignee_id)


def count(user: Staff, query: RequestQuery) -> Count:
    """Return how many requests a query finds, counted to `CAP`; with filters among the first `DEPTH` of the order only."""
    request, words = ServiceRequest, words_of(query.filters.get("q", ""))
    if _in_parts(user, query) and not has_words(query):
        number = len(_ids(user, query, CAP + 1))
        return Count(min(number, CAP), number > CAP)
    if _in_parts(user, query):
        nearest, deep = _nearest(user, query)
        return Count(len(nearest), deep)
    plain = replace(query, filters={name: value for name, value in query.filters.items() if name in ("customer", "assignee", "team")})
    if plain.filters == query.filters:
        some = select(request.id).where(*conditions(user, query)).limit(CAP + 1)
        number = db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
        return Count(min(number, CAP), number > CAP)
    among, fits = conditions(user, plain), case((and_(*fits_of(query), *words), 1)).label("fits")
    if query.closed and not {"overdue", "waiting"}.isdisjoint(query.filters):
        among.append(or_(OPEN_NOW, request.waiting_since.is_not(None)))
    order: list[Any] = [column.desc() if down else column for column, down in order_of(query)]
    most = DEPTH_OF_WORDS if has_words(query) else DEPTH
    first = select(fits).where(*among).order_by(*order).limit(most).subquery()
    depth, number = db.session.execute(select(func.count(), func.count(first.c.fits))).one()
    return Count(min(number, CAP), number > CAP or depth == most)


def rows(user: Staff, query: RequestQuery, *, most: int | None = None, whole: bool = False) -> Iterator[Any]:
    """Return every request of a query in the order of the list, a portion at a time: for exports and prints."""
    return walk(lambda after: page(user, query, after=after, size=AT_A_TIME, whole=whole), most)


def ids(user: Staff, query: RequestQuery, most: int) -> list[int]:
    """Return the ids of the first requests of a query, one more than `most` where there are more."""
    return [one.id for one in rows(user, query, most=most + 1)]


def records(numbers: list[int]) -> list[ServiceRequest]:
    """Return the requests with these ids, in their order."""
    query = select(ServiceRequest).where(ServiceRequest.id.in_(numbers)).options(*_WITH)
    found = {one.id: one for one in db.session.scalars(query)}
    return [found[number] for number in numbers if number in found]


# --- what the filters offer --------------------------------------------------------------------------------------------------


def people(user: Staff, most: int) -> list[tuple[int, str]]:
    """Return those whose requests `user` may filter by; none where they are more than `most`."""
    query = select(Staff.id, Staff.name).where(Staff.in_office).order_by(Staff.name, Staff.id).limit(most + 1)
    if not user.is_manager:
        query = query.where(Staff.team_id == user.team_id) if user.team_id is not None else query.where(Staff.id == user.id)
    found = [(number, name) for number, name in db.session.execute(query)]
    return found if len(found) <= most else []


def of_customer(customer: Customer, user: Staff, most: int = 20) -> list[Listed]:
    """Return the newest requests of a customer, for the customer's page."""
    return page(user, RequestQuery({"customer": str(customer.id)}, closed=True), size=most).requests
