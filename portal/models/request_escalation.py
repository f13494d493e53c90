"""What is past its deadline goes up (SV-4): to the supervisor, some working hours later to the manager, once each for a deadline.

The worker does it in portions, each committed by itself: killed at any moment, it goes on with those that have not gone up yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import exists, insert, select, update

from portal.database import db
from portal.models.calendar import site_calendar
from portal.models.customer import Customer
from portal.models.job import Job
from portal.models.notice import notify
from portal.models.request import ServiceRequest
from portal.models.request_intake import managers, supervisors_of
from portal.models.request_step import RequestEscalation, RequestStep
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules.message import N_, Message

KIND = "request-escalation"
PORTION = 500
SUPERVISOR, MANAGER = 1, 2


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
    return ServiceRequest.escalate_at.is_not(None), ServiceRequest.escalate_at <= now


def escalate_portion(now: datetime, size: int = PORTION) -> int:
    """Let the first `size` requests that are due go up, tell whom it concerns, and return how many; the caller commits.

    Whoever is told of several at once is told once, with their number.
    """
    request = ServiceRequest
    columns = (request.id, request.escalation, request.due_at, request.escalate_at, request.team_id, request.assignee_id, Customer.team_id)
    query = select(*columns).outerjoin(Customer, Customer.id == request.customer_id).where(*_due(now))
    rows = db.session.execute(query.order_by(request.escalate_at, request.id).limit(size)).all()
    again = site_calendar().add_working_hours(now, standard("request.escalate_hours"))
    wanted = _addressees()
    told: dict[int, list[int]] = {}
    levels: list[dict[str, Any]] = []
    for number, level, due_at, moment, team_id, assignee_id, customer_team in rows:
        following = MANAGER if level >= SUPERVISOR else SUPERVISOR
        people = wanted(team_id or customer_team, following)
        if not people and following == SUPERVISOR:  # the team has no supervisor: the managers stand for them
            following, people = MANAGER, wanted(None, MANAGER)
        step = update(request).where(request.id == number, request.escalate_at == moment, request.escalation == level)
        values = {"escalation": following, "escalate_at": again if following == SUPERVISOR else None}
        if db.session.execute(step.values(**values), execution_options={"synchronize_session": False}).rowcount != 1:  # type: ignore[attr-defined]
            continue  # somebody has just worked on it
        others = [one for one in people if one != assignee_id] or people
        for person in others:
            told.setdefault(person, []).append(number)
        levels.append({"request_id": number, "level": following, "due_at": due_at, "at": now, "people": others})
    if levels:
        db.session.execute(insert(RequestEscalation), levels)
        steps = [{"request_id": one["request_id"], "kind": "escalated", "at": now, "word": ""} for one in levels]
        db.session.execute(insert(RequestStep), steps)
    _tell(told)
    db.session.expire_all()
    return len(rows)


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
