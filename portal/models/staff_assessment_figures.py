"""What the records of a month say of members of staff (SV-31): surveys, call-backs, requests. Each part leads to its records.

Counted when a month is opened, and again where somebody asks for it; pages read what was kept then. A record counts for who had the work:
a survey for whose service it judged, a call-back for who is in charge of the call, a request for who had it in hand.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, func, select

from portal import clock
from portal.database import db
from portal.models.callback import DONE, Callback
from portal.models.request import ServiceRequest
from portal.models.survey import SurveyAnswer
from portal.rules.assessments import CALLS, LASTING, MANNER, ON_TIME, PARTS, SURVEYS, WORK, Part, bounds
from portal.rules.requests import COMPLAINT, IMPORTING, JOINED
from portal.rules.surveys import ATTITUDE, QUALITY

Parts = dict[str, Part]


def start_of(day: date) -> datetime:
    """Return the moment at which a day begins at the site."""
    return datetime.combine(day, time.min, tzinfo=clock.SITE_ZONE)


def of_month(month: str, staff_ids: Collection[int]) -> dict[int, Parts]:
    """Return the parts of each of these people in a month such as 2026-03; a part without records has the number 0."""
    found: dict[int, Parts] = {number: {code: Part() for code in PARTS} for number in staff_ids}
    for add in (_surveys, _calls, _requests):
        for number, code, part in add(month, staff_ids):
            found[number][code] = part
    return found


def _surveys(month: str, staff_ids: Collection[int]) -> list[tuple[int, str, Part]]:
    answer = SurveyAnswer
    query = select(answer.served_by_id, answer.scores).where(answer.served_by_id.in_(staff_ids), answer.month == month)
    sums: dict[tuple[int, str], list[int]] = {}
    for number, scores in db.session.execute(query):
        for question, score in scores.items():
            code = {ATTITUDE: MANNER, QUALITY: WORK}.get(question, SURVEYS)
            one = sums.setdefault((number, code), [0, 0])
            one[0] += 1
            one[1] += score
    return [(number, code, Part(*one)) for (number, code), one in sums.items()]


def _calls(month: str, staff_ids: Collection[int]) -> list[tuple[int, str, Part]]:
    first, last = bounds(month)
    call = Callback
    query = select(call.assignee_id, func.count(), func.sum(call.satisfaction)).where(
        call.assignee_id.in_(staff_ids), call.state == DONE, call.satisfaction.is_not(None),
        call.done_at >= start_of(first), call.done_at < start_of(last + timedelta(days=1)),
    )  # fmt: skip
    rows = db.session.execute(query.group_by(call.assignee_id))
    return [(number, CALLS, Part(int(count), int(points or 0))) for number, count, points in rows if number is not None]


def _requests(month: str, staff_ids: Collection[int]) -> list[tuple[int, str, Part]]:
    """Count by the month of receipt: what was solved and stayed solved, and complaints that had hours and are solved or past them."""
    first, last = bounds(month)
    one, now = ServiceRequest, clock.now()
    here = (one.received_on.between(first, last), one.assignee_id.in_(staff_ids), one.state.not_in((IMPORTING, JOINED)))
    solved = one.answered_at.is_not(None)
    lasting: Any = select(one.assignee_id, func.count(), func.sum(case((one.reopened == 0, 1), else_=0))).where(*here)
    lasting = lasting.where(solved | (one.reopened > 0)).group_by(one.assignee_id)
    timely: Any = select(one.assignee_id, func.count(), func.sum(case((one.answered_at <= one.solve_due_at, 1), else_=0))).where(*here)
    # While the customer is waited for the clock stands: only what was late before that is late.
    late = (one.solve_due_at < now) & (one.waiting_since.is_(None) | (one.waiting_since > one.solve_due_at))
    timely = timely.where(one.kind == COMPLAINT, one.solve_due_at.is_not(None), solved | late)
    found = [(number, LASTING, Part(int(count), int(good or 0))) for number, count, good in db.session.execute(lasting)]
    rows = db.session.execute(timely.group_by(one.assignee_id))
    return found + [(number, ON_TIME, Part(int(count), int(good or 0))) for number, count, good in rows]


def records_behind(code: str, month: str, staff_id: int) -> tuple[str, dict[str, Any]]:
    """Return endpoint and values of the list of records behind a part."""
    if code in (SURVEYS, WORK, MANNER):
        return "surveys.answers", {"served": staff_id, "month": month, "state": "answered"}
    if code == CALLS:
        return "assessments.calls", {"month": month, "staff_id": staff_id}
    values: dict[str, Any] = {"list": "all", "whose": "all", "assignee": staff_id, "month": month}
    return "service.requests", {**values, "kind": COMPLAINT} if code == ON_TIME else values


def calls_of(month: str, staff_id: int, most: int = 200) -> list[Callback]:
    """Return the call-backs with a satisfaction of somebody in a month, the newest first."""
    first, last = bounds(month)
    call = Callback
    query = select(call).where(
        call.assignee_id == staff_id, call.state == DONE, call.satisfaction.is_not(None),
        call.done_at >= start_of(first), call.done_at < start_of(last + timedelta(days=1)),
    )  # fmt: skip
    return list(db.session.scalars(query.order_by(call.done_at.desc(), call.id.desc()).limit(most)))
