"""What requests and promises ask of people, and what follows them elsewhere: inbox, hand-over, merge, disposal (SV-3, SV-4, RO-5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, exists, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import hand_over_list, history, inbox, request_search
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.hand_over import goes_along
from portal.models.inbox_count import COUNT_CAP
from portal.models.promise import OPEN as PROMISED
from portal.models.promise import Promise
from portal.models.request import FAR, ServiceRequest
from portal.models.request_clock import near
from portal.models.request_step import RequestStep
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import requests as rules
from portal.rules.message import N_, Message

REQUEST, PROMISE, ESCALATED, TO_ASSIGN = "request", "promise", "request-escalated", "request-to-assign"
TITLES = {
    REQUEST: N_("Request"),
    PROMISE: N_("Promise to a customer"),
    ESCALATED: N_("Request past its deadline"),
    TO_ASSIGN: N_("Request to assign"),
}
_OPEN: Any = sql("service_request.is_open")
_RECEIVED: Any = sql("service_request.state = 'received'")
_UP: Any = sql("service_request.escalation > 0")
_UP_TO_MANAGERS: Any = sql("service_request.escalation > 1")
"""In these words SQLite knows the indexes of what is open, to be assigned, and has come up."""
_LOADED = (joinedload(ServiceRequest.customer).load_only(Customer.full_name), joinedload(ServiceRequest.assignee).load_only(Staff.name))


# --- inbox -----------------------------------------------------------------------------------------------------------------


def _mine(user: Staff, until: datetime) -> list[Any]:
    """Return the conditions on what is in one's hands, and near its deadline or past it."""
    request = ServiceRequest
    return [_OPEN, request.assignee_id == user.id, request.due_on <= clock.local(until).date(), request.due_at <= until]


def _come_up(user: Staff) -> list[Any]:
    """Return the conditions on what has come up to a manager, or to the supervisor of the team that has it, and is past still."""
    request = ServiceRequest
    level = _UP_TO_MANAGERS if user.is_manager else _UP
    found = [_OPEN, level, request.due_on <= clock.today(), request.assignee_id != user.id]
    return found if user.is_manager else [*found, request.team_id == user.team_id]


def _to_assign(user: Staff) -> list[Any]:
    """Return the conditions on what has just come in and nobody was given, which a supervisor assigns."""
    request = ServiceRequest
    return [_OPEN, _RECEIVED, request.team_id == user.team_id, request.assignee_id != user.id]


def _groups(user: Staff) -> list[tuple[str, str, list[Any]]]:
    """Return what waits, apart from promises: kind, what is to be done, conditions."""
    found = [(REQUEST, N_("Deal with it before its deadline"), _mine(user, near(clock.now())))]
    if user.may(Permission.REQUEST_ASSIGN):
        found.append((ESCALATED, N_("See to it that it is dealt with"), _come_up(user)))
        if user.team_id is not None and not user.is_manager:
            found.append((TO_ASSIGN, N_("Assign it"), _to_assign(user)))
    return found


def _entries(user: Staff, kind: str, group: str) -> list[inbox.Entry]:
    if group == "sign" or (kind and kind not in TITLES) or not user.may(Permission.REQUEST_WORK):
        return []
    found = []
    for code, what, conditions in _groups(user):
        if kind in ("", code):
            query = select(ServiceRequest).where(*conditions).options(*_LOADED)
            order = (ServiceRequest.due_on, ServiceRequest.rank, ServiceRequest.due_at, ServiceRequest.id)
            found += [_entry(one, code, what) for one in db.session.scalars(query.order_by(*order).limit(inbox.MOST))]
    if kind in ("", PROMISE):
        found += _promises(user)
    today = clock.today()
    return [one for one in found if group != "overdue" or one.is_overdue(today)]


def _entry(request: ServiceRequest, kind: str, what: str) -> inbox.Entry:
    return inbox.Entry(
        group="do",
        kind=kind,
        kind_title=TITLES[kind],
        title=f"{request.named} · {request.first_line}",
        what=what,
        since=request.received_at,
        due_on=request.due_on if request.due_at < FAR else None,
        page=("service.request", {"request_id": request.id}),
        who=request.assignee.name if kind == ESCALATED else "",
    )


def _near_promises(user: Staff) -> list[Any]:
    return [Promise.staff_id == user.id, sql("promise.state = 'open'"), Promise.due_at <= near(clock.now())]


def _promises(user: Staff) -> list[inbox.Entry]:
    query = select(Promise).where(*_near_promises(user)).options(joinedload(Promise.customer).load_only(Customer.full_name))
    return [
        inbox.Entry(
            group="do",
            kind=PROMISE,
            kind_title=TITLES[PROMISE],
            title=" · ".join(filter(None, (one.customer.full_name if one.customer else "", one.text))),
            what=N_("Keep what was promised, and say so"),
            since=one.made_at,
            due_on=clock.local(one.due_at).date(),
            page=PAGES[one.source](one.source_id),
        )
        for one in db.session.scalars(query.order_by(Promise.due_at, Promise.id).limit(inbox.MOST))
        if one.source in PAGES
    ]


PAGES: dict[str, Callable[[int], tuple[str, dict[str, Any]]]] = {
    "request": lambda number: ("service.request", {"request_id": number, "_anchor": "promises"}),
}
"""Where a promise is settled, by the kind of record in which it was made. An area whose records hold promises adds its own."""


def _waiting(user: Staff) -> Iterator[Select[Any]]:
    if user.may(Permission.REQUEST_WORK):
        yield select(Promise.id).where(*_near_promises(user))
        for _code, _what, conditions in _groups(user):
            yield select(ServiceRequest.id).where(*conditions)


inbox.source(inbox.Source(_entries, _waiting, lambda: dict(TITLES)))


# --- the first page --------------------------------------------------------------------------------------------------------


def figures(user: Staff) -> tuple[int, int]:
    """Return how many requests are due until tonight, and how many are past: a rep's own, a supervisor's team's, all for managers."""
    whose = "" if user.is_manager else "team_id" if user.is_supervisor and user.team_id is not None else "assignee_id"
    mine = user.team_id if whose == "team_id" else user.id
    due, past = db.session.execute(_figures(whose), {"mine": mine, "today": clock.today(), "now": clock.now()}).one()
    return due, past


@cache
def _figures(whose: str) -> Select[Any]:
    request = ServiceRequest
    here = [_OPEN, request.due_on <= bindparam("today"), *([getattr(request, whose) == bindparam("mine")] if whose else [])]
    parts = (select(request.id).where(*here, *more).limit(COUNT_CAP) for more in ((), (request.due_at < bindparam("now"),)))
    return select(*(select(func.count()).select_from(one.subquery()).scalar_subquery() for one in parts))


# --- hand-over -------------------------------------------------------------------------------------------------------------


def _kept() -> ColumnElement[bool]:
    """Return the condition that somebody was given a request by name, or took it in hand: it does not follow its customer."""
    step = RequestStep
    same = (step.request_id == ServiceRequest.id, step.to_id == ServiceRequest.assignee_id)
    return exists().where(*same, step.kind.in_(("passed-on", "in-hand")))


@goes_along
def _go_along(customer_ids: list[int], to: Staff, by: Staff) -> None:
    """Open requests go along with their customers, unless they were passed on to somebody by name (RO-5)."""
    conditions = (_OPEN, ServiceRequest.customer_id.in_(customer_ids), ServiceRequest.assignee_id != to.id, ~_kept())
    _give(list(db.session.scalars(select(ServiceRequest.id).where(*conditions))), to, by)


def take_over(gone: Staff, to: Staff, by: Staff | None) -> int:
    """Give all that somebody who leaves has in hand to `to`: open requests and promises; return how many (RO-4)."""
    ids = list(db.session.scalars(select(ServiceRequest.id).where(_OPEN, ServiceRequest.assignee_id == gone.id)))
    _give(ids, to, by)
    step = update(Promise).where(Promise.staff_id == gone.id, Promise.state == PROMISED).values(staff_id=to.id)
    db.session.execute(step, execution_options={"synchronize_session": False})
    return len(ids)


def _give(ids: list[int], to: Staff, by: Staff | None) -> None:
    moment = clock.now()
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        state = func.replace(ServiceRequest.state, rules.RECEIVED, rules.ASSIGNED)
        values = {"assignee_id": to.id, "team_id": to.team_id, "version": ServiceRequest.version + 1, "state": state}
        step = update(ServiceRequest).where(ServiceRequest.id.in_(some)).values(values)
        db.session.execute(step, execution_options={"synchronize_session": False})
        promised = update(Promise).where(Promise.source == "request", Promise.source_id.in_(some), Promise.state == PROMISED)
        db.session.execute(promised.values(staff_id=to.id), execution_options={"synchronize_session": False})
        db.session.add_all(
            RequestStep(request_id=one, kind="assigned", by_id=by.id if by else None, at=moment, to_id=to.id) for one in some
        )
    for one in list(db.session.identity_map.values()):
        if isinstance(one, ServiceRequest | Promise):
            db.session.expire(one)


def in_hand(of: Staff) -> Select[Any]:
    """Return the open requests of somebody, as rows for the hand-over list."""
    request = ServiceRequest
    name = func.coalesce(Customer.full_name, request.customer_name).label("customer")
    query: Any = select(request.id, request.received_on, request.kind, name, request.text, request.state, request.due_on)
    query = query.outerjoin(Customer, Customer.id == request.customer_id).where(_OPEN, request.assignee_id == of.id)
    return query.order_by(request.due_on, request.rank, request.due_at, request.id)  # type: ignore[no-any-return]


def _rows(of: Staff, limit: int | None) -> list[dict[str, Any]]:
    return [
        {
            "id": row.id,
            "number": rules.number_of(row.received_on.year, row.id),
            "kind": row.kind,
            "customer": row.customer,
            "text": rules.first_line(row.text),
            "state": row.state,
            "due_on": "" if row.due_on >= FAR.date() else row.due_on.isoformat(),
        }
        for row in db.session.execute(in_hand(of).limit(limit))
    ]


def _number_in_hand(of: Staff) -> int:
    query = select(ServiceRequest.id).where(_OPEN, ServiceRequest.assignee_id == of.id)
    return db.session.scalar(select(func.count()).select_from(query.subquery())) or 0


hand_over_list.declare(
    hand_over_list.Part(
        "requests",
        N_("Open requests and complaints"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("number", N_("Request number"), "s-w4"),
            hand_over_list.Column("kind", N_("Kind"), "s-w3", "middle", say=lambda code: Message(rules.KINDS[code])),
            hand_over_list.Column("customer", N_("Customer"), "s-w6"),
            hand_over_list.Column("text", N_("Concerning")),
            hand_over_list.Column("state", N_("State"), "s-w3", "middle", say=lambda code: Message(rules.STATES[code][0])),
            hand_over_list.Column("due_on", N_("Due on"), "s-w3", "middle"),
        ),
        count=_number_in_hand,
        rows=_rows,
        page=lambda number: ("service.request", {"request_id": number}),
        model=ServiceRequest,
    )
)


# --- disposal ----------------------------------------------------------------------------------------------------------------


@blocker
def _open_requests(disposal: Disposal) -> Iterable[Message]:
    names = {one.id: one.full_name for one in disposal.customers}
    query = select(ServiceRequest).where(_OPEN, ServiceRequest.customer_id.in_(names)).order_by(ServiceRequest.id)
    for request in db.session.scalars(query):
        assert request.customer_id is not None  # noqa: S101 - chosen by it
        figures = {"customer": names[request.customer_id], "number": request.number}
        yield Message(N_("The request %(number)s of %(customer)s is open."), figures)


def forget(customer_ids: list[int]) -> None:
    """Delete what was asked for and promised to customers whose cards are erased (AR-11)."""
    request_search.forget(list(db.session.scalars(select(ServiceRequest.id).where(ServiceRequest.customer_id.in_(customer_ids)))))
    for table in (Promise, ServiceRequest):
        db.session.execute(delete(table).where(table.customer_id.in_(customer_ids)), execution_options={"synchronize_session": False})
    db.session.flush()


for _step, _title in rules.STEPS.items():
    history.action("ServiceRequest", f"request-{_step}", _title)
history.action("ServiceRequest", "request-linked", N_("Linked with another request"))
history.stream("requests", N_("Requests and complaints"), kinds=("change",), record_types=("ServiceRequest", "Promise"))
