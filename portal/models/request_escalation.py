"""What is past its deadline goes up (SV-4): to the supervisor, some working hours later to the manager, once each for a deadline.

The worker does it in portions, each committed by itself: killed at any moment, it goes on with those that have not gone up yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

import structlog
from sqlalchemy import exists, insert, select, update

from portal import outage
from portal.database import db
from portal.models.customer import Customer
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.request import ServiceRequest
from portal.models.request_clock import following
from portal.models.request_intake import managers, supervisors_of
from portal.models.request_step import MANAGER, SUPERVISOR, RequestEscalation, RequestStep
from portal.models.staff import Staff
from portal.rules.message import N_, Message

log = structlog.get_logger()

KIND = "request-escalation"
PORTION = 500


def is_due(now: datetime) -> bool:
    """Return whether anything has to go up."""
    return db.session.scalar(select(ServiceRequest.id).where(*_due(now)).limit(1)) is not None


def queue(now: datetime) -> Job | None:
    """Return a new job, to be started after the commit, where something has to go up and no job does it already."""
    under_way = select(exists().where(Job.kind == KIND, Job.state.in_(("queued", "running"))))
    if not is_due(now) or db.session.scalar(under_way):
        return None
    return Job.queue(KIND, by=None)


def _due(now: datetime) -> tuple[Any, ...]:
    return ServiceRequest.escalate_at.is_not(None), ServiceRequest.escalate_at <= now, ServiceRequest.is_open


def escalate_portion(now: datetime, size: int = PORTION) -> int:
    """Let the first `size` requests that are due go up, tell whom it concerns, and return how many were due; the caller commits.

    Whoever is told of several at once is told once, with their number. Where a request fails, the others go up without it, and it is tried
    again later, so that it does not stand in the way of the others every minute.
    """
    ids = list(
        db.session.scalars(select(ServiceRequest.id).where(*_due(now)).order_by(ServiceRequest.escalate_at, ServiceRequest.id).limit(size))
    )
    if not _try(now, ids):
        able = [number for number in ids if _try(now, [number], for_good=False)]
        if len(able) == len(ids) or not _try(now, able):  # each goes up, and not together
            able = [number for number in able if _try(now, [number])]
        for number in set(ids) - set(able):
            _set([ServiceRequest.id == number, *_due(now)], {"escalate_at": following(now)})
    db.session.expire_all()
    return len(ids)


def _try(now: datetime, ids: list[int], *, for_good: bool = True) -> bool:
    """Let these requests go up, or none of them, and return whether they did, or could where it is not `for_good`.

    What passes by itself, such as a lock, is raised.
    """
    try:
        with db.session.begin_nested() as step:
            _go_up(now, ids)
            if not for_good:
                step.rollback()
    except Exception as error:
        if outage.passes(error):
            raise
        log.error("requests did not go up", requests=ids, exc_info=True)
        return False
    return True


def _set(conditions: list[Any], values: dict[str, Any]) -> bool:
    """Change a request where it is as it was read, and return whether it was."""
    step = update(ServiceRequest).where(*conditions).values(**values)
    done: Any = db.session.execute(step, execution_options={"synchronize_session": False})
    return bool(done.rowcount == 1)


def _go_up(now: datetime, ids: list[int]) -> None:
    request = ServiceRequest
    columns = (request.id, request.escalation, request.due_at, request.escalate_at, request.team_id, request.assignee_id, Customer.team_id)
    query = select(*columns).outerjoin(Customer, Customer.id == request.customer_id).where(request.id.in_(ids), *_due(now))
    again, wanted = following(now), _addressees()
    levels: list[dict[str, Any]] = []
    for number, level, due_at, moment, team_id, assignee_id, customer_team in db.session.execute(query.order_by(request.id)).all():
        up = MANAGER if level >= SUPERVISOR else SUPERVISOR
        people = wanted(team_id or customer_team, up)
        if not people and up == SUPERVISOR:  # the team has no supervisor: the managers stand for them
            up, people = MANAGER, wanted(None, MANAGER)
        unchanged = [request.id == number, request.is_open, request.escalate_at == moment, request.escalation == level]
        if not _set(unchanged, {"escalation": up, "escalate_at": again if up == SUPERVISOR else None}):
            continue  # somebody has just worked on it
        others = [one for one in people if one != assignee_id] or people
        levels.append({"request_id": number, "level": up, "due_at": due_at, "at": now, "people": others})
    # A deadline that went up before is told to nobody a second time.
    row = RequestEscalation
    before = {tuple(one) for one in db.session.execute(select(row.request_id, row.level, row.due_at).where(row.request_id.in_(ids)))}
    levels = [one for one in levels if (one["request_id"], one["level"], one["due_at"]) not in before]
    if levels:
        db.session.execute(insert(RequestEscalation), levels)
        steps = [{"request_id": one["request_id"], "kind": "escalated", "at": now, "word": ""} for one in levels]
        db.session.execute(insert(RequestStep), steps)
    told: dict[int, list[int]] = {}
    for one in levels:
        for person in one["people"]:
            told.setdefault(person, []).append(one["request_id"])
    _tell(told)


def _addressees() -> Callable[[int | None, int], list[int]]:
    """Return who is told for a team and level, each asked for once."""

    @cache
    def found(team_id: int | None, level: int) -> tuple[int, ...]:
        people: Iterable[Staff] = managers() if level == MANAGER else supervisors_of(team_id)
        return tuple(one.id for one in people)

    return lambda team_id, level: list(found(None if level == MANAGER else team_id, level))


def _tell(told: dict[int, list[int]]) -> None:
    people = {one.id: one for one in db.session.scalars(select(Staff).where(Staff.id.in_(told)))}
    for number, requests in told.items():
        if len(requests) > 1:
            text = N_("%(count)s requests are past their deadline and have come up to you.")
            notify(people[number], Message(text, {"count": len(requests)}), link="/requests?overdue=1&whose=all")
            continue
        request = db.session.get_one(ServiceRequest, requests[0])
        figures = {"customer": request.named, "text": request.first_line, "name": request.assignee.name}
        text = N_("Past its deadline, in hand of %(name)s: the request of %(customer)s: %(text)s")
        notify(people[number], Message(text, figures), link=request.link)
