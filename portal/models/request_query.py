"""What a reader asks of the requests (SV-4): filters that the address says, the order of the list, the conditions of both, and cursors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import literal, tuple_
from sqlalchemy import text as sql

from portal import clock
from portal.models.paging import NotLeading
from portal.models.request import ServiceRequest
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules import requests as rules
from portal.rules.grams import fold
from portal.rules.message import N_
from portal.rules.requests import serial_of
from portal.rules.text import clean_line

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
OPEN_NOW: Any = sql("service_request.is_open")
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


def order_of(query: RequestQuery) -> list[tuple[Any, bool]]:
    """Return the columns of the order, each with whether it goes down."""
    request = ServiceRequest
    if query.closed:
        return [(request.received_at, True), (request.id, True)]
    return [(request.due_on, False), (request.rank, False), (request.due_at, False), (request.id, False)]


def beyond(query: RequestQuery, edge: tuple[Any, ...], up: bool) -> Any:
    """Return the condition of what stands behind a place in the order of the list; `up`: before it."""
    order = order_of(query)
    columns = tuple_(*(column for column, _down in order))
    place = tuple_(*(literal(value, column.type) for value, (column, _down) in zip(edge, order, strict=True)))
    return columns < place if order[0][1] != up else columns > place


def in_order(order: list[tuple[Any, bool]], *, up: bool, leading: bool = True) -> list[Any]:
    """Return the columns of an order as a statement sorts by them; `up`: upwards; not `leading`: no index is chosen by the first."""
    places = [column if leading or n else NotLeading(column) for n, (column, _down) in enumerate(order)]
    return [place.desc() if down != up else place.asc() for place, (_column, down) in zip(places, order, strict=True)]


def conditions(user: Staff, query: RequestQuery, *, few: bool = False) -> list[Any]:
    """Return the conditions of a query for a reader, walked in an order or led by what it asks; `few`: of some that are known."""
    request = ServiceRequest
    found, whose = listed_at_all(query), query.of(user)
    if whose == "mine":
        found.append(request.assignee_id == user.id)
    elif whose == "team":
        found.append(request.team_id == user.team_id)
        if not (user.is_manager or user.is_supervisor):
            found.append(request.walked(user))
    elif not user.is_manager:
        found.append(request.scope(user) if few else request.walked(user))
    return [*found, *fits_of(query), *words_of(query.filters.get("q", ""))]


def listed_at_all(query: RequestQuery) -> list[Any]:
    """Return the conditions of the list itself: the queue holds what is open, the list of all what no import hides."""
    return [OPEN_NOW] if not query.closed or "overdue" in query.filters else [ServiceRequest.state != rules.IMPORTING]


def fits_of(query: RequestQuery, *, led: bool = False) -> list[Any]:
    """Return the conditions of a query's filters alone, without its words; `led`: something else leads to what is asked."""
    return [*_sayings(query), *_places(query, led)]


def _sayings(query: RequestQuery) -> list[Any]:
    """Return the conditions on what a request says: no index is led by that."""
    said = {name: query.filters[name] for name in ("kind", "state", "channel", "priority", "cause") if name in query.filters}
    return [NotLeading(getattr(ServiceRequest, name)) == ("" if code == "-" else code) for name, code in said.items()]


def _places(query: RequestQuery, led: bool) -> list[Any]:
    """Return the conditions on whose it is and when it was or is due."""
    request, filters = ServiceRequest, query.filters
    found: list[Any] = []
    team, customer, waits = (NotLeading(one) if led else one for one in (request.team_id, request.customer_id, request.waiting_since))
    for name, column in (("assignee", request.assignee_id), ("team", team), ("customer", customer)):
        if name in filters:
            found.append(column == int(filters[name]))
    if "overdue" in filters:
        found += [NotLeading(request.due_at) < clock.now(), OPEN_NOW if query.closed else request.due_on <= clock.today()]
    if "waiting" in filters:
        found.append(waits.is_not(None))
    if "unknown" in filters:
        found.append(customer.is_(None))
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


def has_words(query: RequestQuery) -> bool:
    """Return whether words are looked for: a number is none."""
    return "q" in query.filters and serial_of(query.filters["q"]) is None


def words_of(text: str) -> list[Any]:
    """Return the conditions that a request has the words, or is that of a number."""
    serial = serial_of(text) if text else None
    if serial is not None:
        return [ServiceRequest.id == serial]
    found = []
    for part in (fold(part) for part in text.split()):
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found.append(ServiceRequest.search_text.like(f"%{escaped}%", escape="\\"))
    return found


def encode(query: RequestQuery, one: Any) -> str:
    """Return the cursor of a request: its place in the order of the list."""
    if query.closed:
        return f"{_micro(one.received_at)}.{one.id}"
    return f"{one.due_on.isoformat()}.{one.rank}.{_micro(one.due_at)}.{one.id}"


def decode(query: RequestQuery, cursor: str) -> tuple[Any, ...] | None:
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
