"""What visits ask of people, and what follows them elsewhere: inbox, first page, hand-over, merge, disposal (SV-21, AP-8, RO-5)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Executable,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import hand_over_list, inbox
from portal.models.customer import Customer, CustomerState
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.hand_over import goes_along
from portal.models.merge import settles
from portal.models.reception import APPROVED, OPEN, STATES, Reception
from portal.models.reception_pass import VisitorPass
from portal.models.scope import Scope, ScopeShape, scope_of
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Role
from portal.rules.message import N_, Message

VISIT = "visit"
"""Kind of entries of the inbox; the application itself stands there as what is signed."""
_TITLE = N_("Visitors to receive")
_QUIET = {"synchronize_session": False}
_APPROVED: Any = Reception.state == literal_column(f"'{APPROVED}'")
"""Written out: PostgreSQL keeps the plan of what waits, and plans it for what stands there."""


# --- inbox -----------------------------------------------------------------------------------------------------------------


def _due(user: Staff, today: date) -> list[ColumnElement[bool]]:
    """Return the conditions on approved visits that ask something of who receives them: rehearsal near, visit today, outcome missing."""
    until = today + timedelta(days=standard("reception.notice_days"))
    rehearsal = and_(Reception.rehearsed_on.is_(None), Reception.rehearsal_on <= until)
    return [Reception.host_id == user.id, _APPROVED, or_(Reception.first_on <= today, rehearsal)]


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    one, today = Reception, clock.today()
    day = case((one.first_on <= today, one.last_on), else_=one.rehearsal_on)  # it is asked for by the rehearsal alone
    rows = select(*inbox.row(one.id, func.coalesce(one.approved_at, one.created_at), day)).where(*_due(user, today))
    yield inbox.Queue(VISIT, [rows.order_by(one.first_on, one.id)], _tell)


def _asks(one: Reception, today: date) -> str:
    if one.last_on < today:
        return N_("Record what came of the reception")
    if one.first_on <= today:
        return N_("Visitors come today: receive them, and record how many came")
    return N_("Rehearse the visit, and record it")


def _said() -> Executable:
    return select(Reception).where(Reception.id.in_(inbox.NUMBERS)).options(joinedload(Reception.customer).load_only(Customer.full_name))


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        yield one.id, inbox.Told(one.label, _asks(one, clock.today()), ("reception.reception", {"reception_id": one.id}))


inbox.source(_queues, lambda: {VISIT: _TITLE})


def expected(user: Staff, day: date, *, most: int = 8, scope: Scope | None = None) -> list[Reception]:
    """Return the approved visits of a day that `user` sees, by their hours: for the first page."""
    shape, values = scope or scope_of(user)
    return list(db.session.scalars(_expected(shape), {**values, "day": day, "from_day": day - timedelta(days=31), "most": most}))


@cache
def _expected(shape: ScopeShape) -> Select[Any]:
    """Return the statement of `expected`: what `Reception.visible_to` returns, made once for each shape of a scope."""
    day, one = bindparam("day", type_=Date), Reception
    query = select(one).where(one.state == APPROVED, one.first_on.between(bindparam("from_day", type_=Date), day), one.last_on >= day)
    if shape.role != Role.MANAGER:
        seen = or_(*(and_(*arm.conditions()) for arm in shape.arms()))
        there = (Customer.id == one.customer_id, Customer.state != CustomerState.IMPORTING, seen)
        query = query.where(or_(one.host_id == bindparam("me"), exists().where(*there)))
    query = query.options(joinedload(one.customer).load_only(Customer.full_name), joinedload(one.room))
    return query.order_by(one.starts_at, one.id).limit(bindparam("most", type_=Integer))


# --- hand-over, merge --------------------------------------------------------------------------------------------------------


@goes_along
def _visits_follow(customer_ids: list[int], to: Staff, _by: Staff) -> None:
    """Let whoever is in charge of these customers now receive their visitors, where that was the one in charge before (RO-5)."""
    _give(Reception.customer_id.in_(customer_ids), Reception.follows_owner, to=to)


def take_over(gone: Staff, to: Staff) -> int:
    """Give all open visits that somebody who leaves was to receive to `to`, and return how many (RO-4)."""
    return _give(Reception.host_id == gone.id, to=to)


def _give(*which: Any, to: Staff) -> int:
    step = update(Reception).where(Reception.state.in_(OPEN), *which).values(host_id=to.id, version=Reception.version + 1)
    moved: int = db.session.execute(step, execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    for one in list(db.session.identity_map.values()):
        if isinstance(one, Reception):
            db.session.expire(one)
    return moved


@settles
def _hosts_after_merge(ids: list[int]) -> None:
    """Let whoever is in charge of the surviving record receive what the one in charge was to receive."""
    owners = select(Customer.id, Customer.owner_id).where(Customer.id.in_(ids), Customer.owner_id.is_not(None))
    for customer_id, owner_id in db.session.execute(owners).all():
        _give(Reception.customer_id == customer_id, Reception.follows_owner, to=db.session.get_one(Staff, owner_id))


def in_hand(of: Staff) -> Any:
    """Return the open visits that somebody is to receive, as rows for the hand-over list."""
    columns = (Reception.id, Customer.full_name, Reception.first_on, Reception.state, Reception.count)
    query: Any = select(*columns).join(Customer, Customer.id == Reception.customer_id)
    return query.where(Reception.host_id == of.id, Reception.state.in_(OPEN)).order_by(Reception.first_on, Reception.id)


hand_over_list.declare(
    hand_over_list.Part(
        "receptions",
        _TITLE,
        N_("They go to who takes over."),
        (
            hand_over_list.Column("customer", N_("Customer")),
            hand_over_list.Column("count", N_("Number of visitors"), "s-w3", "middle"),
            hand_over_list.Column("state", N_("State"), "s-w4", "middle", say=lambda code: Message(STATES[code][0])),
            hand_over_list.Column("first_on", N_("Day of the reception"), "s-w4", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(in_hand(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {"id": row.id, "customer": row.full_name, "count": str(row.count), "state": row.state, "first_on": row.first_on.isoformat()}
            for row in db.session.execute(in_hand(of).limit(limit))
        ],
        page=lambda number: ("reception.reception", {"reception_id": number}),
        model=Reception,
    )
)


# --- disposal ----------------------------------------------------------------------------------------------------------------


@blocker
def _open_visits(disposal: Disposal) -> Iterable[Message]:
    ids = [customer.id for customer in disposal.customers]
    query = select(Reception).where(Reception.customer_id.in_(ids), Reception.state.in_(OPEN)).options(joinedload(Reception.customer))
    for one in db.session.scalars(query.order_by(Reception.first_on, Reception.id)):
        text = N_("A visit of %(customer)s on %(day)s has not been, and is not cancelled.")
        yield Message(text, {"customer": one.customer.full_name, "day": one.first_on.isoformat()})


def forget(customer_ids: Collection[int]) -> None:
    """Take names and words out of the visits of cards that are erased; days, rooms and figures stay (AR-11)."""
    which = Reception.customer_id.in_(customer_ids)
    passes = VisitorPass.reception_id.in_(select(Reception.id).where(which))
    db.session.execute(update(VisitorPass).where(passes).values(visitors=[]), execution_options=_QUIET)
    words = ("class_reason", "purpose", "other_wishes", "photo_reason", "telephone", "rehearsal_note", "management", "reason", "remarks")
    blank: dict[str, Any] = dict.fromkeys((*words, "search_text"), "")
    db.session.execute(update(Reception).where(which).values(visitors=[], **blank), execution_options=_QUIET)
