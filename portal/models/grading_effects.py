"""What other weights, bands or thresholds of grading would touch, in figures (ST-1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import func, select

from portal.database import db
from portal.models.grading import APPROVED, PENDING, WORKED_ON, Grading
from portal.models.grading_campaign import PUBLISHED, GradingCampaign
from portal.models.standard_effects import touching
from portal.rules.grading import grade_of
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
