"""What the assessment of staff asks of people, lists of it, and what other standards mean for it (SV-31)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Executable, false, func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models import inbox
from portal.models.newest_first import Listing
from portal.models.staff import Staff
from portal.models.staff_assessment import APPROVED, DRAFT, NAME, AssessmentMonth, StaffAssessment, pooled
from portal.models.staff_assessment_reward import NAME as REWARD
from portal.models.staff_assessment_reward import StaffReward, drafts
from portal.models.standard_effects import touching
from portal.permissions import Permission, Role
from portal.rules.assessments import Total
from portal.rules.message import N_, Message

TITLES = {NAME: N_("Assessment of staff"), REWARD: N_("Reward or sanction")}
_DRAFT = sql("staff_assessment.state = 'draft'")
MOST_MONTHS = 24
"""So many months are shown in the list of a person or of the office."""


# --- inbox ----------------------------------------------------------------


def _to_judge(user: Staff) -> list[Any]:
    """Return the conditions on assessments that wait to be judged by `user`: never their own, nor those sent back (approvals show them)."""
    if user.is_manager:
        return [_DRAFT, StaffAssessment.role == Role.SUPERVISOR.value, StaffAssessment.staff_id != user.id]
    return [_DRAFT, StaffAssessment.judged_by_supervisor(user)] if user.is_supervisor else [false()]


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if user.may(Permission.ASSESSMENT_WRITE):
        one = StaffAssessment
        judged = select(*inbox.row(one.id, one.counted_at)).where(*_to_judge(user))
        yield inbox.Queue(NAME, [judged.order_by(one.id)], _tell_to_judge)
        begun = drafts(user).with_only_columns(*inbox.row(StaffReward.id, StaffReward.created_at))
        yield inbox.Queue(REWARD, [begun.order_by(StaffReward.id.desc())], _tell_drafts)


def _said_of_assessments() -> Executable:
    return (
        select(StaffAssessment)
        .where(StaffAssessment.id.in_(inbox.NUMBERS))
        .options(joinedload(StaffAssessment.staff), joinedload(StaffAssessment.month))
    )


def _tell_to_judge(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_assessments, numbers):
        page = ("assessments.assessment", {"assessment_id": one.id})
        yield one.id, inbox.Told(one.label, N_("Judge what no record says, and submit it"), page)


def _said_of_drafts() -> Executable:
    return select(StaffReward).where(StaffReward.id.in_(inbox.NUMBERS))


def _tell_drafts(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_drafts, numbers):
        yield one.id, inbox.Told(one.label, N_("A draft: go on with it, or submit it"), ("assessments.reward", {"reward_id": one.id}))


inbox.source(_queues, lambda: dict(TITLES))


# --- lists ----------------------------------------------------------------


def months(limit: int = MOST_MONTHS) -> list[AssessmentMonth]:
    """Return the months that were opened, the newest first."""
    query = select(AssessmentMonth).options(joinedload(AssessmentMonth.opened_by)).order_by(AssessmentMonth.month.desc()).limit(limit)
    return list(db.session.scalars(query))


def progress(user: Staff, found: list[AssessmentMonth]) -> dict[int, tuple[int, int]]:
    """Return of each month how many assessments `user` sees, and how many of them are approved."""
    one = StaffAssessment
    approved = func.count().filter(one.state == APPROVED)
    query = one.visible_to(user).where(one.month_id.in_([month.id for month in found]))
    rows = db.session.execute(query.with_only_columns(one.month_id, func.count(), approved).group_by(one.month_id))
    return {row[0]: (row[1], row[2]) for row in rows}


def of_month(month: AssessmentMonth, user: Staff) -> list[StaffAssessment]:
    """Return the assessments of a month that `user` sees, by department, team and name."""
    query = StaffAssessment.visible_to(user).where(StaffAssessment.month_id == month.id)
    query = query.options(joinedload(StaffAssessment.staff), joinedload(StaffAssessment.team), joinedload(StaffAssessment.month))
    found = list(db.session.scalars(query))
    return sorted(found, key=lambda one: (one.department, one.team.name if one.team else "", one.staff.name, one.id))


class Group(NamedTuple):
    """A department in a month: its people together."""

    department: str
    people: int
    approved: int
    scores: dict[str, Decimal]
    total: Total


def departments(month: AssessmentMonth, assessments: list[StaffAssessment]) -> list[Group]:
    """Return the departments of some assessments of a month, records counted together (SV-31)."""
    groups: dict[str, list[StaffAssessment]] = {}
    for one in assessments:
        groups.setdefault(one.department, []).append(one)
    return [
        Group(name, len(some), sum(one.state == APPROVED for one in some), *pooled(some, month))
        for name, some in sorted(groups.items())
    ]  # fmt: skip


def of_person(staff_id: int, user: Staff, limit: int = 12) -> list[StaffAssessment]:
    """Return somebody's assessments that `user` sees, the newest month first: how it went over the year."""
    query = StaffAssessment.visible_to(user).join(AssessmentMonth, AssessmentMonth.id == StaffAssessment.month_id)
    query = query.where(StaffAssessment.staff_id == staff_id).options(joinedload(StaffAssessment.month))
    return list(db.session.scalars(query.order_by(AssessmentMonth.month.desc()).limit(limit)))


REWARDS = Listing(
    StaffReward,
    lambda user, _query: StaffReward.visible_to(user),
    (
        joinedload(StaffReward.staff, innerjoin=True).load_only(Staff.name),
        joinedload(StaffReward.created_by, innerjoin=True).load_only(Staff.name),
        joinedload(StaffReward.assessment, innerjoin=True).joinedload(StaffAssessment.month, innerjoin=True),
    ),
)
"""The rewards and sanctions that somebody sees; there is nothing to ask of them."""


# --- other standards ----------------------------------------------------------------


@touching("assessment.weights", "assessment.least_weight")
def _kept(_before: Any, _value: Any, _day: date) -> Iterator[Message]:
    number = db.session.scalar(select(func.count()).select_from(StaffAssessment).where(StaffAssessment.state == DRAFT)) or 0
    text = N_("%(count)s assessments of staff are still to be judged; they keep the version of their month.")
    yield Message(text, {"count": number})
