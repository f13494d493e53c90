"""The clocks of requests (SV-4): deadlines of first answer and solution in working hours, stopped while it waits for the customer.

A request keeps the versions of the hours and of the office hours with which it began, and is followed up by what held then (ST-2).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.calendar import site_calendar
from portal.models.request import FAR, FAR_DAY, ServiceRequest
from portal.models.request_step import MANAGER, RequestEscalation
from portal.models.standard import Why, at_version, held_at, in_force, why
from portal.models.standard import value as standard
from portal.rules import request_standards  # noqa: F401 - adds the standards
from portal.rules.grading import grade_rank
from portal.rules.message import N_, Message
from portal.rules.request_deadlines import Hours, due, hours_for, minutes_between
from portal.rules.requests import ANSWERED, FOLLOWED, KINDS, PRIORITIES, UNSOLVED
from portal.rules.working_time import ZONE, Calendar, Count

DEADLINES = "request.deadlines"


def begin(request: ServiceRequest, start: datetime) -> None:
    """Start the clocks of a request at a moment, with the standards in force now and the grade of its customer now."""
    held = in_force(DEADLINES)
    request.deadlines_version, request.hours_version = held.version, site_calendar().version
    request.clock_from, request.waits, request.waiting_since = start, [], None
    set_hours(request)


def set_hours(request: ServiceRequest) -> None:
    """Find the hours allowed by kind, priority and grade in the version that the request keeps, and count anew."""
    request.grade = request.customer.grade if request.customer is not None else ""
    request.rank = grade_rank(request.grade)
    hours = hours_of(request)
    request.first_minutes, request.solve_minutes = round(hours.first * 60), round(hours.solve * 60)
    count(request)


def hours_of(request: ServiceRequest) -> Hours:
    """Return the hours that the request's version of the standard allows it."""
    rows = at_version(DEADLINES, request.deadlines_version).value
    return hours_for(rows, kind=request.kind, priority=request.priority, grade=request.grade)


def count(request: ServiceRequest) -> None:
    """Set what is due when from how the request stands, and when it goes up if nothing happens."""
    calendar, before = calendar_of(request), request.due_at
    if request.first_minutes is not None and request.solve_minutes is not None:
        spans = waits(request)
        request.first_due_at = due(calendar, request.clock_from, request.first_minutes, spans)
        request.solve_due_at = due(calendar, request.clock_from, request.solve_minutes, spans)
    request.due_at = _next(request, calendar)
    request.due_on = FAR_DAY if request.due_at >= FAR else clock.local(request.due_at).date()
    if request.due_at != before:
        request.escalation, request.escalate_at = _gone_up(request)
    elif request.due_at >= FAR:
        request.escalate_at = None
    elif request.escalation == 0:
        request.escalate_at = request.due_at


def _gone_up(request: ServiceRequest) -> tuple[int, datetime | None]:
    """Return how far up the request went for what is due now, and when it goes up next.

    What was due before may be due again, after waiting for the customer or a change that was taken back: it goes on from where it was.
    """
    if request.due_at >= FAR:
        return 0, None
    row = RequestEscalation
    last = select(row.level, row.at).where(row.request_id == request.id, row.due_at == request.due_at).order_by(row.level.desc()).limit(1)
    found = db.session.execute(last).first() if request.id is not None else None
    if found is None:
        return 0, request.due_at
    return found.level, None if found.level >= MANAGER else following(found.at, waits(request))


def following(moment: datetime, pauses: Sequence[tuple[datetime, datetime]] = ()) -> datetime:
    """Return when what went up to the supervisor at a moment goes up to the managers (standard `request.escalate_hours`)."""
    return site_calendar().add_working_hours(moment, standard("request.escalate_hours"), pauses)


def _next(request: ServiceRequest, calendar: Calendar) -> datetime:
    if not request.is_open or request.waiting_since is not None:
        return FAR
    if request.state in UNSOLVED:
        due_at = request.solve_due_at or FAR
        return due_at if request.first_answered_at or request.first_due_at is None else min(request.first_due_at, due_at)
    if request.state in (ANSWERED, FOLLOWED) and request.answered_at is not None and request.first_minutes is not None:
        days = held_at("request.follow_up_days", request.clock_from).value
        day = calendar.add_working_days(clock.local(request.answered_at).date(), days)
        return datetime.combine(day, calendar.office_hours[-1][1], tzinfo=ZONE)
    return FAR


# --- waiting for the customer --------------------------------------------------------------------------------------------


def waits(request: ServiceRequest) -> list[tuple[datetime, datetime]]:
    """Return the spans in which the request waited for the customer and which are over."""
    return [(datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in request.waits]


def stop(request: ServiceRequest, moment: datetime) -> None:
    """Stop the clocks: it waits for the customer."""
    request.waiting_since = moment
    count(request)


def go_on(request: ServiceRequest, moment: datetime) -> None:
    """Let the clocks go on."""
    if request.waiting_since is not None:
        request.waits = [*request.waits, [request.waiting_since.isoformat(), moment.isoformat()]]
        request.waiting_since = None
    count(request)


# --- what it took --------------------------------------------------------------------------------------------------------


def note_first_answer(request: ServiceRequest, moment: datetime) -> None:
    """Note the first answer, where there was none, with what it took."""
    if request.first_answered_at is None:
        request.first_answered_at = moment
        request.first_worked, request.first_elapsed = took(request, moment)


def note_solution(request: ServiceRequest, moment: datetime) -> None:
    """Note the answer that solves it, with what it took."""
    note_first_answer(request, moment)
    request.answered_at = moment
    request.solve_worked, request.solve_elapsed = took(request, moment)


def took(request: ServiceRequest, moment: datetime) -> tuple[int, int]:
    """Return how long it took until a moment, in minutes of working time and by the clock, waiting for the customer left out."""
    return minutes_between(calendar_of(request), request.clock_from, moment, waits(request))


# --- for readers ---------------------------------------------------------------------------------------------------------


def calendar_of(request: ServiceRequest) -> Calendar:
    """Return the calendar by which the request's hours count."""
    return site_calendar(request.hours_version)


def explain(request: ServiceRequest, minutes: int | None) -> Count | None:
    """Return how a deadline of the request is counted, day by day; None where nothing is counted."""
    if minutes is None:
        return None
    return calendar_of(request).explain_hours(request.clock_from, minutes / 60, waits(request))


def reasons(request: ServiceRequest) -> Why | None:
    """Return why the request has its hours: rule, clause, version and the figures of the case (ST-2)."""
    if request.first_minutes is None:
        return None
    hours = hours_of(request)
    figures: dict[str, Any] = {
        N_("Kind"): Message(KINDS[request.kind]),
        N_("Priority"): Message(PRIORITIES[request.priority]),
        N_("Grade"): request.grade or "–",
        N_("Row of the table"): str(hours.row),
        N_("First answer (hours)"): f"{hours.first:g}",
        N_("Solution (hours)"): f"{hours.solve:g}",
    }
    return why(DEADLINES, version=request.deadlines_version, **figures)


def left(request: ServiceRequest, now: datetime) -> timedelta | None:
    """Return the working time left until what is due, None where nothing is due or it is past."""
    if not request.has_deadline or request.due_at <= now:
        return None
    return calendar_of(request).working_time_between(now, request.due_at)


def near(now: datetime) -> datetime:
    """Return the moment up to which a deadline is near (standard `request.near_hours`)."""
    return site_calendar().add_working_hours(now, standard("request.near_hours"))


def minutes_of_a_day() -> int:
    """Return the minutes of office time in a working day, by the hours in force: what working days are counted in."""
    spans = site_calendar().office_hours
    return sum((closing.hour * 60 + closing.minute) - (opening.hour * 60 + opening.minute) for opening, closing in spans)
