"""What requests and promises ask of people, and what follows them elsewhere: inbox, hand-over, merge, disposal (SV-3, SV-4, RO-5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Date, Executable, Select, delete, exists, false, func, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import UtcDateTime, db
from portal.models import hand_over_list, history, inbox, request_search, request_tally
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.hand_over import goes_along_first
from portal.models.inbox_count import Area, moment
from portal.models.promise import OPEN as PROMISED
from portal.models.promise import Promise
from portal.models.request import FAR, FAR_DAY, ServiceRequest
from portal.models.request_clock import near
from portal.models.request_step import RequestStep
from portal.models.staff import Staff
from portal.models.standard_effects import used_in
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
_NEAR = moment("near", UtcDateTime(), lambda: near(clock.now()))
_NOW = moment("now", UtcDateTime(), clock.now)
_NEAR_DAY = moment("near_day", Date(), lambda: clock.local(near(clock.now())).date())


# --- inbox -----------------------------------------------------------------------------------------------------------------


def _mine(user: Staff) -> list[Any]:
    """Return the conditions on what is in one's hands, and near its deadline or past it."""
    request = ServiceRequest
    return [_OPEN, request.assignee_id == user.id, request.due_on <= _NEAR_DAY, request.due_at <= _NEAR]


def _come_up(user: Staff) -> list[Any]:
    """Return the conditions on what has come up to a manager, or to the supervisor of the team that has it, and is past still."""
    request = ServiceRequest
    level = _UP_TO_MANAGERS if user.is_manager else _UP
    found = [_OPEN, level, request.due_on <= clock.today(), request.assignee_id != user.id]
    if not user.is_manager and user.team_id is None:
        return [false()]  # nobody's team (RO-1)
    return found if user.is_manager else [*found, request.team_id == user.team_id]


def _to_assign(user: Staff) -> list[Any]:
    """Return the conditions on what has just come in and nobody was given, which a supervisor assigns."""
    request = ServiceRequest
    if user.is_manager or user.team_id is None:
        return [false()]
    return [_OPEN, _RECEIVED, request.team_id == user.team_id, request.assignee_id != user.id]


_WHAT: dict[str, tuple[str, Permission, Callable[[Staff], list[Any]]]] = {
    REQUEST: (N_("Deal with it before its deadline"), Permission.REQUEST_WORK, _mine),
    ESCALATED: (N_("See to it that it is dealt with"), Permission.REQUEST_ASSIGN, _come_up),
    TO_ASSIGN: (N_("Assign it"), Permission.REQUEST_ASSIGN, _to_assign),
}
"""What waits, apart from promises, by kind: what is to be done, by whom, and the conditions."""


def _lists(conditions: list[Any]) -> list[Select[Any]]:
    one = ServiceRequest
    query = select(*inbox.row(one.id, one.received_at, one.due_on)).where(*conditions)
    return [query.order_by(one.due_on, one.rank, one.due_at, one.id)]


def _queues(user: Staff) -> Iterable[inbox.Queue]:
    for kind, (_what, may, conditions) in _WHAT.items():
        if user.may(may):
            yield inbox.Queue(kind, _lists(conditions(user)), partial(_tell, kind), timed=_until)


def _until(since: datetime | None, due_on: date | None) -> tuple[datetime, date | None]:
    assert since is not None and due_on is not None  # noqa: S101, PT018 - of every request
    return since, due_on if due_on < FAR_DAY else None


def _tell(kind: str, _user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for row in inbox.records(_said, numbers):
        title, page = f"{row.customer} · {rules.first_line(row.text)}", ("service.request", {"request_id": row.id})
        yield row.id, inbox.Told(title, _WHAT[kind][0], page, row.assignee or "" if kind == ESCALATED else "")


def _said() -> Executable:
    one = ServiceRequest
    customer = func.coalesce(Customer.full_name, one.customer_name).label("customer")
    query = select(one.id, customer, one.text, Staff.name.label("assignee")).where(one.id.in_(inbox.NUMBERS))
    return query.outerjoin(Customer, Customer.id == one.customer_id).outerjoin(Staff, Staff.id == one.assignee_id)


def _promises(user: Staff) -> list[Select[Any]]:
    one = Promise
    near_ = (one.staff_id == user.id, sql("promise.state = 'open'"), one.due_at <= _NEAR, one.source.in_(PAGES))
    return [select(*inbox.row(one.id, one.made_at, until=one.due_at)).where(*near_).order_by(one.due_at, one.id)]


def _said_of_promises() -> Executable:
    return select(Promise).where(Promise.id.in_(inbox.NUMBERS)).options(joinedload(Promise.customer).load_only(Customer.full_name))


def _tell_promises(_user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_promises, numbers):
        title = " · ".join(filter(None, (one.customer.full_name if one.customer else "", one.text)))
        yield one.id, inbox.Told(title, N_("Keep what was promised, and say so"), PAGES[one.source](one.source_id))


PAGES: dict[str, Callable[[int], tuple[str, dict[str, Any]]]] = {
    "request": lambda number: ("service.request", {"request_id": number, "_anchor": "promises"}),
}
"""Where a promise is settled, by the kind of record in which it was made. An area whose records hold promises adds its own."""


inbox.to_do(PROMISE, TITLES[PROMISE], Permission.REQUEST_WORK, _promises, _tell_promises)
inbox.source(_queues, lambda: {kind: TITLES[kind] for kind in _WHAT})


# --- the first page --------------------------------------------------------------------------------------------------------


def _due(user: Staff) -> Iterable[Select[Any]]:
    """Yield the statement of what is due until tonight: a rep's own, a supervisor's team's, all for managers."""
    request = ServiceRequest
    here = [_OPEN, request.due_on <= clock.today()]
    if user.is_supervisor and user.team_id is not None:
        here.append(request.team_id == user.team_id)
    elif not user.is_manager:
        here.append(request.assignee_id == user.id)
    if user.may(Permission.REQUEST_WORK):
        yield select(request.id).where(*here)


FIGURES: tuple[Area, ...] = (_due, lambda user: (one.where(ServiceRequest.due_at < _NOW) for one in _due(user)))
"""How many requests are due until tonight, and how many are past, for the first page (IN-1)."""


# --- hand-over -------------------------------------------------------------------------------------------------------------


def _kept() -> ColumnElement[bool]:
    """Return the condition that somebody was given a request by name, or took it in hand: it does not follow its customer."""
    step = RequestStep
    same = (step.request_id == ServiceRequest.id, step.to_id == ServiceRequest.assignee_id)
    return exists().where(*same, step.kind.in_(("passed-on", "in-hand")))


@goes_along_first
def _go_along(customer_ids: list[int], to: Staff, by: Staff) -> None:
    """Open requests that who is in charge of these customers has in hand, or that nobody was given, go along with them (RO-5).

    What was passed on or assigned to somebody else stays with them, also where who is in charge only changes teams.
    """
    request = ServiceRequest
    left = (request.assignee_id == request.in_charge_id) | (request.state == rules.RECEIVED)
    conditions = (_OPEN, request.customer_id.in_(customer_ids), request.assignee_id != to.id, left, ~_kept())
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
    _expire()


def follow_team(of: Staff) -> int:
    """Take the open requests that somebody who changed teams has in hand along into the new one; return how many (RO-1, RO-4)."""
    here = (_OPEN, ServiceRequest.assignee_id == of.id, ServiceRequest.team_id.is_distinct_from(of.team_id))
    step = update(ServiceRequest).where(*here).values(team_id=of.team_id)
    done: Any = db.session.execute(step, execution_options={"synchronize_session": False})
    _expire()
    return int(done.rowcount)


def _expire() -> None:
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
    days = db.session.scalars(select(ServiceRequest.received_on).where(ServiceRequest.customer_id.in_(customer_ids)).distinct()).all()
    request_search.INDEX.forget(list(db.session.scalars(select(ServiceRequest.id).where(ServiceRequest.customer_id.in_(customer_ids)))))
    for table in (Promise, ServiceRequest):
        db.session.execute(delete(table).where(table.customer_id.in_(customer_ids)), execution_options={"synchronize_session": False})
    request_tally.count_complaints(days)
    request_tally.count_later(sorted({(day.year, day.month) for day in days}))
    db.session.flush()


for _step, _title in rules.STEPS.items():
    history.action("ServiceRequest", f"request-{_step}", _title)
history.action("ServiceRequest", "request-linked", N_("Linked with another request"))
history.stream("requests", N_("Requests and complaints"), kinds=("change",), record_types=("ServiceRequest", "Promise"))
used_in("choices.complaint_cause", ServiceRequest.cause)
