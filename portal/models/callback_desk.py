"""What call-backs ask of people, and what follows them elsewhere: inbox, hand-over, merge, end of dealings, requests, disposal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Executable, Select, delete, func, select, update

from portal import clock
from portal.database import db, transition
from portal.models import hand_over_list, inbox, request_events
from portal.models.callback import CALLED, CANCELLED, OPEN, Callback, CallbackEvent
from portal.models.callback_due import due, make_due, read_sales
from portal.models.callback_list import waiting
from portal.models.customer import Customer
from portal.models.hand_over import goes_along
from portal.models.inbox_count import Area
from portal.models.merge import settles
from portal.models.paging import NotLeading
from portal.models.request_step import DUPLICATE, RequestLink
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import callbacks as rules
from portal.rules.message import N_, Named

if TYPE_CHECKING:
    from portal.models.request import ServiceRequest
    from portal.models.request_step import RepairVisit

CALL = "call-back"
TITLES = {CALL: N_("Call-back")}
_QUIET: dict[str, Any] = {"synchronize_session": False}

# --- inbox ----------------------------------------------------------------


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if user.may(Permission.CALLBACK_WORK):
        one = Callback
        rows = select(*inbox.row(one.id, one.created_at, one.due_until)).order_by(one.due_until, one.id)
        yield inbox.Queue(CALL, [rows.where(arm) for arm in waiting(user, clock.today())], _tell)


def _said() -> Executable:
    its = Customer.id == NotLeading(Callback.customer_id)
    said = (Callback.id, Customer.full_name, Callback.title_zh, Callback.title_en, Callback.assignee_id)
    return select(*said).join(Customer, its).where(Callback.id.in_(inbox.NUMBERS))


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for number, name, chinese, english, assignee in inbox.records(_said, numbers):
        page = ("callbacks.day", {"open": number, "whose": "nobody" if assignee is None else None})
        yield number, inbox.Told(name, N_("Call the customer, and write down what was said"), page, Named(chinese, english))


inbox.source(_queues, lambda: dict(TITLES))


def _waiting(user: Staff) -> Iterator[Select[Any]]:
    if user.may(Permission.CALLBACK_WORK):
        for arm in waiting(user, clock.today()):
            yield select(Callback.id).where(arm)


FIGURES: tuple[Area, ...] = (
    _waiting,
    lambda user: (one.where(Callback.due_until < clock.today()) for one in _waiting(user)),
)
"""How many calls wait for somebody today, and how many of them are overdue, for the first page (IN-1)."""


# --- hand-over, merge ----------------------------------------------------------------


@goes_along
def _calls_follow(customer_ids: list[int], to: Staff, _by: Staff) -> None:
    """Give the open calls on these customers to who is in charge of them now (RO-5)."""
    here = (Callback.customer_id.in_(customer_ids), Callback.state == OPEN)
    _move(*here, Callback.follows_owner, values={"assignee_id": to.id})
    _move(*here, values={"team_id": to.team_id})


@settles
def _calls_after_merge(ids: list[int]) -> None:
    """Calls move along with a merge and its undo; those that follow who is in charge, follow (AR-3)."""
    for customer in db.session.scalars(select(Customer).where(Customer.id.in_(ids))):
        here = (Callback.customer_id == customer.id, Callback.state == OPEN)
        _move(*here, Callback.follows_owner, values={"assignee_id": customer.owner_id})
        _move(*here, values={"team_id": customer.team_id})


def take_over(gone: Staff, to: Staff) -> int:
    """Give all open calls of somebody who leaves to `to`, those by name included, and return how many (RO-4)."""
    return _move(Callback.assignee_id == gone.id, Callback.state == OPEN, values={"assignee_id": to.id})


def _move(*which: Any, values: dict[str, Any]) -> int:
    step = update(Callback).where(*which).values(**values, version=Callback.version + 1)
    db.session.flush()
    moved: int = db.session.execute(step, execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    for one in list(db.session.identity_map.values()):
        if isinstance(one, Callback):
            db.session.expire(one)
    return moved


def calls_in_hand(of: Staff) -> Any:
    """Return the open calls of somebody, as rows for the hand-over list."""
    columns = (
        Callback.id, Callback.title_zh, Callback.title_en, Callback.purpose, Customer.full_name.label("customer"), Callback.due_until,
    )  # fmt: skip
    query: Any = select(*columns)
    query = query.join(Customer, Customer.id == Callback.customer_id).where(Callback.assignee_id == of.id, Callback.state == OPEN)
    return query.order_by(Callback.due_until, Callback.id)


hand_over_list.declare(
    hand_over_list.Part(
        "call-backs",
        N_("Call-backs"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("customer", N_("Customer")),
            hand_over_list.Column("call", N_("Call"), "s-w7"),
            hand_over_list.Column("purpose", N_("Purpose of the call"), "s-w4", choices="callback_purpose"),
            hand_over_list.Column("due_until", N_("Due until"), "s-w3", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(calls_in_hand(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {
                "id": row.id,
                "customer": row.customer,
                "call": {"zh": row.title_zh, "en": row.title_en},
                "purpose": row.purpose,
                "due_until": row.due_until.isoformat(),
            }
            for row in db.session.execute(calls_in_hand(of).limit(limit))
        ],
        page=lambda number: ("callbacks.call", {"call_id": number}),
        model=Callback,
    )
)


# --- end of dealings, erased cards ----------------------------------------------------------------


def follow_state(customer: Customer) -> None:
    """Cancel the open calls on a customer with whom dealings ended (SV-10); its events are asked for again if dealings begin again."""
    if customer.state in CALLED:
        return
    now = {"state": CANCELLED, "reason": "", "done_at": clock.now()}
    _move(Callback.customer_id == customer.id, Callback.state == OPEN, values=now)


def forget(customer_ids: Collection[int]) -> None:
    """Delete the calls and events of erased cards (AR-11)."""
    for table in (Callback, CallbackEvent):
        db.session.execute(delete(table).where(table.customer_id.in_(customer_ids)), execution_options=_QUIET)


# --- requests ----------------------------------------------------------------


def _heard(kind: str, request: ServiceRequest, on: date, source: str, by: Staff | None, note: str = "") -> None:
    customer = db.session.get(Customer, request.customer_id) if request.customer_id else None
    if customer is not None:
        due(customer, kind, on=on, by=by, source=source, note=note, telephone=request.telephone)


def _day(moment: datetime | None) -> date:
    return clock.local(moment).date() if moment else clock.today()


@request_events.on(request_events.WRITTEN_COMPLAINT)
def _complained(request: ServiceRequest, _visit: RepairVisit | None, by: Staff | None) -> None:
    """A complaint came by letter or e-mail: confirm it at once, where there is a number to call."""
    _heard(rules.COMPLAINT, request, _day(request.received_at), f"request:{request.id}", by)


@request_events.on(request_events.JOINED)
def _joined(request: ServiceRequest, _visit: RepairVisit | None, _by: Staff | None) -> None:
    """A complaint repeats another one, whose own call confirms both: the customer is not called twice about the same."""
    others = select(RequestLink.other_id).where(RequestLink.request_id == request.id, RequestLink.kind == DUPLICATE)
    keys = [f"{rules.COMPLAINT}:{request.customer_id}:request:{number}" for number in db.session.scalars(others)]
    if not keys or db.session.scalar(_of_events(*keys).where(Callback.state != CANCELLED).limit(1)) is None:
        return
    own = _of_events(f"{rules.COMPLAINT}:{request.customer_id}:request:{request.id}")
    for call in db.session.scalars(own.where(Callback.state == OPEN)).all():
        change = {"state": CANCELLED, "reason": "", "done_at": clock.now(), "version": call.version + 1}
        transition(call, expect={"state": OPEN, "version": call.version}, change=change)


def _of_events(*keys: str) -> Select[Callback]:
    return select(Callback).join(CallbackEvent, CallbackEvent.id == Callback.event_id).where(CallbackEvent.key.in_(keys))


@request_events.on(request_events.REPAIR_ARRANGED)
def _arranged(request: ServiceRequest, visit: RepairVisit | None, by: Staff | None) -> None:
    """A repair visit was arranged: give the fitter's name and number at once."""
    if visit is not None:
        note = " ".join(filter(None, (visit.fitter, visit.telephone)))
        _heard(rules.REPAIR_ARRANGED, request, clock.today(), f"visit:{visit.id}", by, note)


@request_events.on(request_events.REPAIR_OVERRAN)
def _overran(request: ServiceRequest, visit: RepairVisit | None, by: Staff | None) -> None:
    """A repair visit was not done by the time that was said."""
    if visit is not None:
        _heard(rules.REPAIR_LATE, request, clock.today(), f"visit:{visit.id}", by)


@request_events.on(request_events.REPAIR_DONE)
def _repaired(request: ServiceRequest, visit: RepairVisit | None, by: Staff | None) -> None:
    """A repair was done: does it hold?"""
    if visit is not None:
        _heard(rules.REPAIR_DONE, request, _day(visit.done_at), f"visit:{visit.id}", by)


# --- the worker ----------------------------------------------------------------

WORK = (read_sales, make_due)
"""What the worker does every minute, a portion at a time: each takes today and returns how many rows it read.

Killed at any moment it goes on where it was: an event is known by its key, a call by its own, and a portion is all or nothing.
"""
