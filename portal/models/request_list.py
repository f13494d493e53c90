"""The queue of open requests, by what is due with grade A first, and the list of all requests (SV-4): filters, pages by keyset.

Pages of any length of list read along one index; no count walks further than its cap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, case, false, func, literal, or_, select, tuple_, union
from sqlalchemy import text as sql
from sqlalchemy.orm import aliased, joinedload

from portal import clock
from portal.database import db
from portal.models import request_search
from portal.models.customer import Customer
from portal.models.paging import CAP, PAGE_SIZE, Count, NotLeading
from portal.models.request import ServiceRequest
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules import requests as rules
from portal.rules.grams import fold
from portal.rules.message import N_
from portal.rules.requests import serial_of
from portal.rules.text import clean_line

AT_A_TIME = 500
FEW = 2000
"""Up to so many requests that words find are looked up by their numbers."""
DEPTH, DEPTH_OF_WORDS = 2000, 500
"""So many requests of the order are looked at to count what filters leave; words stand in no index of an order, and cost more."""
WHOSE = {"mine": N_("In my hands"), "team": N_("My team's"), "all": N_("All I see")}
FILTERS = {
    "q": N_("Number or words"),
    "kind": N_("Kind"),
    "state": N_("State"),
    "channel": N_("Channel"),
    "priority": N_("Priority"),
    "cause": N_("Cause"),
    "overdue": N_("Overdue"),
    "waiting": N_("Waits for the customer"),
    "unknown": N_("Customer not named"),
    "assignee": N_("In hand of"),
    "team": N_("Team"),
    "customer": N_("Customer"),
    "month": N_("Received in"),
}
_NUMBERS = ("assignee", "team", "customer")
_SWITCHES = ("overdue", "waiting", "unknown")
_WORDS: dict[str, Any] = {"kind": rules.KINDS, "state": rules.STATES, "channel": rules.CHANNELS, "priority": rules.PRIORITIES}
_QUEUE = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d)\.(\d{1,17})\.(\d{1,9})")
_OPEN: Any = sql("service_request.is_open")
"""In these words SQLite knows the indexes of what is open."""
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class RequestQuery:
    """What a reader asks of the requests; its address says the same. `closed`: all requests by receipt instead of the queue."""

    filters: dict[str, str] = field(default_factory=dict)
    whose: str = ""
    closed: bool = False

    @classmethod
    def read(cls, args: Mapping[str, str]) -> RequestQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        for name in _NUMBERS:
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > 9:
                del found[name]
        for name, words in _WORDS.items():
            if name in found and found[name] not in words:
                del found[name]
        if "month" in found and not re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", found["month"]):
            del found["month"]
        found.update({name: "1" for name in _SWITCHES if name in found})
        whose = args.get("whose", "")
        return cls(found, whose if whose in WHOSE else "", args.get("list") == "all")

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        more = {"whose": self.whose} if self.whose else {}
        return {**self.filters, **more, **({"list": "all"} if self.closed else {})}

    def without(self, name: str) -> RequestQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})

    def of(self, user: Staff) -> str:
        """Return whose requests are meant: where nothing is said, a rep's own, a supervisor's team's, all for managers."""
        if self.whose == "team" and user.team_id is None:
            return "all"
        if self.whose or "customer" in self.filters:
            return self.whose or "all"
        return {Role.REP: "mine", Role.SUPERVISOR: "team" if user.team_id is not None else "mine"}.get(Role(user.role), "all")


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


def _order(query: RequestQuery) -> list[tuple[Any, bool]]:
    """Return the columns of the order, each with whether it goes down."""
    request = ServiceRequest
    if query.closed:
        return [(request.received_at, True), (request.id, True)]
    return [(request.due_on, False), (request.rank, False), (request.due_at, False), (request.id, False)]


def page(
    user: Staff, query: RequestQuery, *, after: str = "", before: str = "", size: int = PAGE_SIZE, whole: bool = False
) -> Page:
    """Return the page behind `after`, or before `before`, of what `user` may see (RO-1); `whole`: with every column at once."""
    start, up = _decode(query, before or after), bool(before)
    few = _few(user, query)
    if few is None and not (user.is_manager or query.of(user) != "all" or _in_order(user)):
        return _page_of_few(user, query, start, up=up, size=size, whole=whole)
    order = _order(query)
    found = _rows_of(whole)
    found = found.where(*conditions(user, query)) if few is None else found.where(ServiceRequest.id.in_(few))
    if start is not None:
        found = found.where(_beyond(query, start, up))
    # What one customer has is little: it is sorted, and no order leads to it.
    chosen = found.order_by(*_sorted(order, up=up, leading="customer" not in query.filters)).limit(size + 1)
    rows = list(db.session.scalars(chosen)) if whole else [Listed._make(row) for row in db.session.execute(chosen)]
    more, rows = len(rows) > size, rows[:size]
    if up:
        rows.reverse()
    number = None if few is None else Count(min(len(few), CAP), len(few) > CAP)
    if not rows:
        return Page(rows, "", "", number)
    behind, ahead = (start is not None, more) if up else (more, start is not None)
    return Page(rows, _encode(query, rows[-1]) if behind else "", _encode(query, rows[0]) if ahead else "", number)


def _page_of_few(user: Staff, query: RequestQuery, start: tuple[Any, ...] | None, *, up: bool, size: int, whole: bool) -> Page:
    """Return a page of what a rep sees, which is little, from all parts of it: they are looked through once, and counted by that."""
    first = _ids(user, query, CAP + 1)
    number = Count(min(len(first), CAP), len(first) > CAP)
    place = first.index(start[-1]) if start is not None and start[-1] in first else -1
    if start is None:
        near = first[: size + 1]
    elif up:
        near = first[max(0, place - size - 1) : place][::-1] if place >= 0 else _ids(user, query, size + 1, start, up=True)
    elif place >= 0 and (len(first) <= CAP or place + size + 1 < len(first)):
        near = first[place + 1 : place + size + 2]
    else:
        near = _ids(user, query, size + 1, start)
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
    return Page(rows, _encode(query, rows[-1]) if behind else "", _encode(query, rows[0]) if ahead else "", number)


def _ids(user: Staff, query: RequestQuery, most: int, edge: tuple[Any, ...] | None = None, *, up: bool = False) -> list[int]:
    """Return the first requests that a rep sees in the order of the list, each part of them found by an index of its own.

    `edge`: behind a place; `up`: before it, from there upwards.
    """
    order = _order(query)
    said = [*_listed_at_all(query), *_places(query)]
    if edge is not None:
        said.append(_beyond(query, edge, up))
    parts = [select(*(column for column, _down in order)).where(part, *said) for part in ServiceRequest.parts_seen_by(user)]
    found = union(*parts).subquery()
    chosen = select(found.c.id).order_by(*(found.c[column.key].desc() if down != up else found.c[column.key] for column, down in order))
    # What a request says itself is read once, though most are of two parts.
    if looked_at := [*_sayings(query), *_words(query.filters.get("q", ""))]:
        chosen = chosen.join(ServiceRequest, ServiceRequest.id == found.c.id).where(*looked_at)
    return [row[0] for row in db.session.execute(chosen.limit(most))]


def _rows_of(whole: bool) -> Any:
    return select(ServiceRequest).options(*_WITH) if whole else _listed()


def _beyond(query: RequestQuery, edge: tuple[Any, ...], up: bool) -> Any:
    """Return the condition of what stands behind a place in the order of the list; `up`: before it."""
    order = _order(query)
    columns = tuple_(*(column for column, _down in order))
    place = tuple_(*(literal(value, column.type) for value, (column, _down) in zip(edge, order, strict=True)))
    return columns < place if order[0][1] != up else columns > place


def _sorted(order: list[tuple[Any, bool]], *, up: bool, leading: bool = True) -> list[Any]:
    places = [column if leading or n else NotLeading(column) for n, (column, _down) in enumerate(order)]
    return [place.desc() if down != up else place.asc() for place, (_column, down) in zip(places, order, strict=True)]


def _few(user: Staff, query: RequestQuery) -> list[int] | None:
    """Return the ids of the requests in scope that words find; None where none are asked for, or many requests have them.

    Words that many have are met soon in any order.
    """
    if not _has_words(query):
        return None
    having = request_search.few(query.filters["q"], FEW)
    if having is None:
        return None
    request = ServiceRequest
    return list(db.session.scalars(select(request.id).where(request.id.in_(having), *conditions(user, query, few=True))))


def _listed() -> Any:
    """Return the query of rows; joined to the left, so that the requests lead in the order of their index."""
    request = ServiceRequest
    joined = select(*_COLUMNS).select_from(request).outerjoin(_customer, _customer.id == request.customer_id)
    return joined.outerjoin(_assignee, _assignee.id == request.assignee_id)


def conditions(user: Staff, query: RequestQuery, *, in_order: bool = True, few: bool = False) -> list[Any]:
    """Return the conditions of a query for a reader: for reading `in_order` of the list, for counting all, or of a `few` that are known."""
    request = ServiceRequest
    found, fits, words = _listed_at_all(query), _fits(query), _words(query.filters.get("q", ""))
    whose = query.of(user)
    if whose == "mine":
        found.append(request.assignee_id == user.id)
    elif whose == "team":
        found.append(request.team_id == user.team_id)
        if not (user.is_manager or user.is_supervisor):
            found.append(request.walked(user))
    elif not user.is_manager:
        # A team's requests are many: they are found soon where all are read in order. One person's are few: they are looked up.
        if few:
            found.append(request.scope(user))
        elif in_order and _in_order(user):
            seen = request.walked(user)
            # Words are read of what the reader sees, not of every request on the way.
            return [*found, *fits, case((seen, and_(*words)), else_=false()) if _has_words(query) else and_(seen, *words)]
        else:
            found.append(or_(*request.parts_seen_by(user)))
    return [*found, *fits, *words]


def _listed_at_all(query: RequestQuery) -> list[Any]:
    return [_OPEN] if not query.closed or "overdue" in query.filters else [ServiceRequest.state != rules.IMPORTING]


def _fits(query: RequestQuery) -> list[Any]:
    """Return the conditions of a query's filters alone, without its words."""
    return [*_sayings(query), *_places(query)]


def _sayings(query: RequestQuery) -> list[Any]:
    """Return the conditions on what a request says: no index is led by that."""
    said = {name: query.filters[name] for name in ("kind", "state", "channel", "priority", "cause") if name in query.filters}
    return [NotLeading(getattr(ServiceRequest, name)) == ("" if code == "-" else code) for name, code in said.items()]


def _places(query: RequestQuery) -> list[Any]:
    """Return the conditions on whose it is and when it was or is due."""
    request, filters = ServiceRequest, query.filters
    found: list[Any] = []
    for name, column in (("assignee", request.assignee_id), ("team", request.team_id), ("customer", request.customer_id)):
        if name in filters:
            found.append(column == int(filters[name]))
    if "overdue" in filters:
        found += [NotLeading(request.due_at) < clock.now(), _OPEN if query.closed else request.due_on <= clock.today()]
    if "waiting" in filters:
        found.append(request.waiting_since.is_not(None))
    if "unknown" in filters:
        found.append(request.customer_id.is_(None))
    if "month" in filters:
        found += _received_in(filters["month"], query.closed)
    return found


def _received_in(month: str, closed: bool) -> list[Any]:
    """Return the conditions of a month on the column that the list is ordered by, or on one that no index is chosen by."""
    first = date.fromisoformat(f"{month}-01")
    behind = (first + timedelta(days=31)).replace(day=1)
    if closed:
        begin, end = (datetime.combine(day, time(), tzinfo=clock.SITE_ZONE) for day in (first, behind))
        return [ServiceRequest.received_at >= begin, ServiceRequest.received_at < end]
    received_on = NotLeading(ServiceRequest.received_on)
    return [received_on >= first, received_on < behind]


def _in_order(user: Staff) -> bool:
    return user.is_manager or (user.is_supervisor and user.team_id is not None)


def _has_words(query: RequestQuery) -> bool:
    return "q" in query.filters and serial_of(query.filters["q"]) is None


def _words(text: str) -> list[Any]:
    serial = serial_of(text) if text else None
    if serial is not None:
        return [ServiceRequest.id == serial]
    found = []
    for part in (fold(part) for part in text.split()):
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found.append(ServiceRequest.search_text.like(f"%{escaped}%", escape="\\"))
    return found


def count(user: Staff, query: RequestQuery) -> Count:
    """Return how many requests a query finds, counted to `CAP`; with filters among the first `DEPTH` of the order only."""
    request = ServiceRequest
    if not (user.is_manager or query.of(user) != "all" or _in_order(user)):
        number = len(_ids(user, query, CAP + 1))
        return Count(min(number, CAP), number > CAP)
    plain = replace(query, filters={name: value for name, value in query.filters.items() if name in ("customer", "assignee", "team")})
    order: list[Any] = [column.desc() if down else column for column, down in _order(query)]
    if query.of(user) == "all" and not user.is_manager:
        order = []
        if _in_order(user):
            team = replace(query, whose="team")
            least = count(user, team)
            # Where the team has many, those of its customers that others have are not looked for: there may be more.
            if least.more or _many(user, team):
                return Count(least.number, True)
    if plain.filters == query.filters:
        some = select(request.id).where(*conditions(user, query, in_order=False)).limit(CAP + 1)
        number = db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
        return Count(min(number, CAP), number > CAP)
    among, fits = conditions(user, plain, in_order=False), case((and_(*_fits(query), *_words(query.filters.get("q", ""))), 1)).label("fits")
    if query.closed and not {"overdue", "waiting"}.isdisjoint(query.filters):
        among.append(or_(_OPEN, request.waiting_since.is_not(None)))
    most = DEPTH_OF_WORDS if _has_words(query) else DEPTH
    first = select(fits).where(*among).order_by(*order).limit(most).subquery()
    depth, number = db.session.execute(select(func.count(), func.count(first.c.fits))).one()
    return Count(min(number, CAP), number > CAP or depth == most)


def _many(user: Staff, query: RequestQuery) -> bool:
    bare = replace(query, filters={})
    some = select(ServiceRequest.id).where(*conditions(user, bare)).limit(CAP + 1).subquery()
    return (db.session.scalar(select(func.count()).select_from(some)) or 0) > CAP


def rows(user: Staff, query: RequestQuery, *, most: int | None = None, whole: bool = False) -> Iterator[Any]:
    """Yield every request of a query in the order of the list, a portion at a time: for exports and prints."""
    after, given = "", 0
    while True:
        part = page(user, query, after=after, size=AT_A_TIME, whole=whole)
        for request in part.requests:
            yield request
            given += 1
            if given == most:
                return
        if not part.next:
            return
        after = part.next


def ids(user: Staff, query: RequestQuery, most: int) -> list[int]:
    """Return the ids of the first requests of a query, one more than `most` where there are more."""
    return [one.id for one in rows(user, query, most=most + 1)]


def records(numbers: list[int]) -> list[ServiceRequest]:
    """Return the requests with these ids, in their order."""
    query = select(ServiceRequest).where(ServiceRequest.id.in_(numbers)).options(*_WITH)
    found = {one.id: one for one in db.session.scalars(query)}
    return [found[number] for number in numbers if number in found]


# --- cursors -----------------------------------------------------------------------------------------------------------------


def _encode(query: RequestQuery, one: Any) -> str:
    if query.closed:
        return f"{_micro(one.received_at)}.{one.id}"
    return f"{one.due_on.isoformat()}.{one.rank}.{_micro(one.due_at)}.{one.id}"


def _decode(query: RequestQuery, cursor: str) -> tuple[Any, ...] | None:
    """Return the values of a cursor, None for what is none: the list then begins at its beginning."""
    try:
        if query.closed:
            moment, _dot, number = cursor.partition(".")
            return (_moment(moment), int(number)) if moment.isdecimal() and number.isdecimal() and len(number) < 10 else None
        found = _QUEUE.fullmatch(cursor)
        return (date.fromisoformat(found[1]), int(found[2]), _moment(found[3]), int(found[4])) if found else None
    except (ValueError, OverflowError):
        return None


def _micro(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _moment(text: str) -> datetime:
    return _EPOCH + timedelta(microseconds=int(text))


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
