"""When the value of a standard is read, and so what a change of it touches, of those that no area says more of (ST-1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import func, select

from portal.database import db
from portal.models.proposal import Proposal
from portal.models.request import ServiceRequest
from portal.models.standard_effects import touching
from portal.rules.message import N_, Message
from portal.rules.proposals import UNDECIDED
from portal.rules.standards import STANDARDS


def _all(*beginnings: str, kind: str = "") -> tuple[str, ...]:
    return tuple(name for name, one in STANDARDS.items() if name.startswith(beginnings) and kind in ("", one.kind))


SAID: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        N_("From that day on it holds for what is there already, too: it is asked each time. No stored record changes."),
        (
            "customer.merge_undo_days",
            "loan.remind_days",
            "review.remind_days",
            "report.due_days",
            "insights.abc_thresholds",
            "signin.attempts",
            "signin.wait_minutes",
            "approval.reminders_per_day",
            "proposal.measure_notice_days",
            "gift.split_days",
            "gift.repeats",
            "reception.notice_days",
            "request.near_hours",
            "visit.ahead_days",
            "visit.late_days",
        ),
    ),
    (
        N_("It is what forms propose from that day on; whoever fills one in can enter something else."),
        ("loan.default_days", "visit.per_day", "visit.deal_amount"),
    ),
    (
        N_("Applications are judged by it when they are saved and submitted; what is approved stays as it is."),
        (
            "loan.most_days",
            "reception.refused_up_to",
            "reception.most_days",
            *_all("reception.class.", "reception.from.", "reception.days.", "reception.cost."),
        ),
    ),
    (
        N_("Campaigns that are opened from that day on follow it; those that are open keep their days."),
        ("review.by_calendar", "review.ends_on_working_day", "grading.by_calendar"),
    ),
    (N_("Files that are uploaded from that day on are judged by it; what is stored stays."), ("upload.size_limit_mb",)),
    (
        N_("It sets the last day of what begins from that day on; days that are set already stay."),
        ("proposal.answer_days", "visit.report_days", "survey.link_days", "callback.grace_days"),
    ),
    (
        N_("Routings that are drafted from that day on propose these departments; those that are written or signed stay."),
        ("proposal.routes",),
    ),
    (
        N_("It applies to prizes and souvenirs that are earned from that day on; those that are owed or handed over stay as they are."),
        (*_all("proposal.prize.", kind="integer"), *_all("proposal.", kind="amount")),
    ),
    (
        N_("It is the text of letters that are drafted from that day on; drafts and letters that were sent stay as they are."),
        _all("proposal.", "visit.", kind="letter"),
    ),
    (N_("What happened before keeps the table by which it was recorded, also for its calls that are still to come."), ("callback.rules",)),
    (
        N_("Answers that come in from that day on are judged by it; surveys that are running keep the score they began with."),
        ("callback.low_score",),
    ),
    (
        N_("Call-backs that are drawn from that day on follow it; those that are drawn stay."),
        ("callback.low_months", "callback.long_months", "callback.extra_tag"),
    ),
    (
        N_("A request is counted by it when something next happens with it; until then the moment that is set stays."),
        ("request.escalate_hours",),
    ),
)
"""What is said, and of which standards."""


def _declare(text: str, names: tuple[str, ...]) -> None:
    @touching(*names)
    def said(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
        yield Message(text)


for _text, _names in SAID:
    _declare(_text, _names)


@touching("request.deadlines", "request.follow_up_days")
def _requests(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    count = db.session.scalar(select(func.count()).where(ServiceRequest.is_open)) or 0
    yield Message(N_("%(count)s requests are open; they keep the deadlines they began with."), {"count": count})


@touching("proposal.deadlines")
def _proposals(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    count = db.session.scalar(select(func.count()).where(Proposal.state.in_(UNDECIDED))) or 0
    yield Message(N_("%(count)s proposals are not decided; they keep the days they began with."), {"count": count})
