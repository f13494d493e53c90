"""What other weights, bands or thresholds of grading would touch, in figures (ST-1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import func, select

from portal.database import db
from portal.models.grading import APPROVED, PENDING, WORKED_ON, Grading
from portal.models.grading_campaign import PUBLISHED, GradingCampaign
from portal.models.grading_desk import provisional_until
from portal.models.standard import latest
from portal.models.standard_effects import touching
from portal.rules.grading import grade_of, months_after, window
from portal.rules.message import N_, Message


def _count(*which: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(Grading).where(*which)) or 0


def _kept() -> Iterator[Message]:
    running = _count(Grading.state.in_((*WORKED_ON, PENDING)))
    yield Message(N_("%(count)s gradings are under way; they keep the version they began with."), {"count": running})
    yield Message(N_("%(count)s approved grades stay as they are."), {"count": _count(Grading.state == APPROVED)})


@touching("grading.indicators")
def _indicators(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    yield from _kept()


@touching("grading.thresholds")
def _thresholds(_before: Any, value: Any, _day: date) -> Iterator[Message]:
    newest = select(GradingCampaign).where(GradingCampaign.state == PUBLISHED).order_by(GradingCampaign.year.desc()).limit(1)
    campaign = db.session.scalar(newest)
    if campaign is not None:
        rows = db.session.execute(
            select(Grading.total, Grading.grade, func.count())
            .where(Grading.campaign_id == campaign.id, Grading.state == APPROVED)
            .group_by(Grading.total, Grading.grade)
        )
        other = sum(int(count) for total, grade, count in rows if total is not None and grade_of(total, value) != grade)
        yield Message(
            N_("With them %(count)s customers would have had another grade in %(year)s."), {"count": other, "year": campaign.year}
        )
    yield from _kept()


@touching("grading.provisional_months")
def _provisional_months(before: Any, value: Any, day: date) -> Iterator[Message]:
    for text, months in (
        (N_("Provisional grades to be judged anew on that day, by the months so far: %(count)s."), before),
        (N_("By the new months: %(count)s."), value),
    ):
        due = provisional_until(months_after(day, -months)).subquery()
        yield Message(text, {"count": db.session.scalar(select(func.count()).select_from(due)) or 0})
    yield Message(N_("They hold for every provisional grade from that day on, whenever it was given."))


@touching("grading.window_first", "grading.window_days")
def _window(_before: Any, value: Any, day: date) -> Iterator[Message]:
    first_day = value if isinstance(value, str) else latest("grading.window_first").value
    days = value if isinstance(value, int) else latest("grading.window_days").value
    first, last = window(day.year, first_day, days)
    if first < day:
        first, last = window(day.year + 1, first_day, days)
    said = {"first": first.isoformat(), "last": last.isoformat()}
    yield Message(N_("The first yearly grading by it runs from %(first)s to %(last)s; one under way keeps its days."), said)
    yield Message(N_("%(count)s approved grades stay as they are."), {"count": _count(Grading.state == APPROVED)})
