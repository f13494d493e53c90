"""Rewards and sanctions that follow from an assessment, each with its reason and approval (SV-31)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, Select, Text, and_, false, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import history
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.approval_kinds import DocumentKind, declare
from portal.models.draft import APPROVED, DRAFT, PENDING, Draft, Entries
from portal.models.draft import STATES as STATES
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.models.staff_assessment import StaffAssessment
from portal.models.standard import value as standard
from portal.models.standard_effects import used_in
from portal.models.team import Team
from portal.permissions import Permission, Role
from portal.rules.assessments import KINDS, LONGEST_TEXT
from portal.rules.message import N_, Message, Refusal

NAME = "staff-reward"
IN_MONEY = ("bonus", "deduction")
"""Measures that say nothing without their amount."""
MOST = Decimal(1_000_000)
"""The highest amount, in yuan."""


@dataclass(frozen=True)
class Proposal:
    """A reward or sanction as it was written."""

    kind: str
    measure: str
    reason: str
    amount: Decimal | None = None
    """In yuan; None where no money goes."""


class StaffReward(Draft):
    """One reward or sanction: draft → pending → approved | rejected; a draft can be given up."""

    __tablename__ = "staff_reward"
    kind_name = NAME
    permission = Permission.ASSESSMENT_WRITE
    entries = Entries("reward-drafted", "reward-changed", "reward-given-up")

    assessment_id: Mapped[int] = mapped_column(ForeignKey("staff_assessment.id", ondelete="CASCADE"), index=True)
    """The approved assessment that it follows from."""
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    kind: Mapped[str]
    measure: Mapped[str]
    """A code of `choices.reward_measure`."""
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    reason: Mapped[str] = mapped_column(Text)
    approved_at: Mapped[datetime | None]

    assessment: Mapped[StaffAssessment] = relationship()
    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    team: Mapped[Team | None] = relationship()

    __table_args__ = (Index(None, "staff_id", "id"), Index(None, "created_by_id", "state", "id"))

    @classmethod
    def visible_to(cls, user: Staff) -> Select[StaffReward]:
        """Return one's own once they are approved, what one proposed, a supervisor's those of the team, a manager's all."""
        query = select(cls)
        if user.is_manager:
            return query
        own = and_(cls.staff_id == user.id, cls.state == APPROVED)
        led = user.is_supervisor and user.team_id is not None
        theirs = and_(cls.team_id == user.team_id, cls.staff_id != user.id) if led else false()
        return query.where(or_(own, cls.created_by_id == user.id, theirs))

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return f"{self.staff.name} {self.assessment.month.month}"

    @property
    def customer_id(self) -> None:
        """Return that it is of no customer: its sealed form is filed in no dossier."""
        return

    @property
    def link(self) -> str:
        """Return the path of its page, for notices."""
        return f"/staff-rewards/{self.id}"

    @staticmethod
    def can_propose(assessment: StaffAssessment, user: Staff) -> bool:
        """Return whether `user`, who sees the assessment, may propose what follows: of an approved one, never one's own (RO-3)."""
        mine = user.is_manager or (user.is_supervisor and assessment.team_id == user.team_id and assessment.role == Role.REP)
        return user.may(Permission.ASSESSMENT_WRITE) and mine and assessment.state == APPROVED and assessment.staff_id != user.id

    @classmethod
    def propose(cls, assessment: StaffAssessment, written: Proposal, *, by: Staff) -> StaffReward:
        """Begin a reward or sanction and return it, flushed. Raises `Refusal` with the field, `StateConflict`."""
        if not cls.can_propose(assessment, by):
            raise StateConflict(f"staff assessment {assessment.id}")
        _check(written)
        found = cls(
            assessment=assessment, staff_id=assessment.staff_id, team_id=assessment.team_id, kind=written.kind, measure=written.measure,
            amount=written.amount, reason=written.reason,
        )  # fmt: skip
        return found.begun(by, reason=written.reason[:200])

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may change it: a draft, never one's own (RO-3)."""
        mine = user.is_manager or self.created_by_id == user.id or (user.is_supervisor and self.team_id == user.team_id)
        return super().can_edit(user) and mine and self.staff_id != user.id

    def edit(self, written: Proposal, *, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict`."""
        with self.changing(by, version, reason=written.reason[:200]):
            _check(written, also=self.measure)
            self.kind, self.measure, self.amount, self.reason = written.kind, written.measure, written.amount, written.reason

    def submit(self, *, by: Staff) -> Approval:
        """Send it through its chain; the one whom it concerns signs nothing of it (RO-3). Raises `Refusal`, `StateConflict`."""
        if self.state != PENDING:
            self.ensure_draft(by)
        note_author(NAME, self, self.staff)
        return super().submit(by=by)

    def snapshot(self) -> dict[str, Any]:
        """Return it as plain JSON: what is frozen, printed and signed."""
        assessment = self.assessment
        return {
            "person": {
                "name": self.staff.name,
                "post": self.staff.post,
                "team": self.team.name if self.team else "",
                "department": assessment.department,
            },
            "reward": {
                "month": assessment.month.month,
                "total": "" if assessment.total is None else f"{assessment.total:f}",
                "kind": self.kind,
                "measure": self.measure,
                "amount": "" if self.amount is None else f"{self.amount:.2f}",
                "reason": self.reason,
                "proposed_by": self.created_by.name,
            },
        }


def problems(written: Proposal, also: str = "") -> Iterator[Refusal]:
    """Yield all that keeps a reward or sanction from being written so, each with its field; `also`: a measure that it has already."""
    if written.kind not in KINDS:
        yield Refusal("Say whether it is a reward or a sanction.", field="kind")
    if written.measure != also and written.measure not in {one["code"] for one in standard("choices.reward_measure") if one["active"]}:
        yield Refusal("Choose what follows.", field="measure")
    if written.amount is not None and not Decimal(0) < written.amount <= MOST:
        yield Refusal("The amount lies between 0.01 and %(most)s yuan.", field="amount", most=f"{MOST:,}")
    if written.amount is None and written.measure in IN_MONEY:
        yield Refusal("Give the amount.", field="amount")
    if not written.reason:
        yield Refusal("Say why.", field="reason")
    if len(written.reason) > LONGEST_TEXT:
        yield Refusal("At most %(most)s characters.", field="reason", most=LONGEST_TEXT)


def _check(written: Proposal, also: str = "") -> None:
    for refusal in problems(written, also):
        raise refusal


def of_assessment(assessment: StaffAssessment, user: Staff) -> list[StaffReward]:
    """Return the rewards and sanctions of an assessment that `user` sees, the newest first."""
    query = StaffReward.visible_to(user).where(StaffReward.assessment_id == assessment.id)
    return list(db.session.scalars(query.order_by(StaffReward.id.desc())))


def drafts(user: Staff) -> Select[Any]:
    """Return the ids of one's own drafts that were never submitted, as a query; those that came back wait as approvals."""
    submitted = select(Approval.id).where(Approval.kind_name == NAME, Approval.record_id == StaffReward.id).exists()
    return select(StaffReward.id).where(StaffReward.created_by_id == user.id, StaffReward.state == DRAFT, ~submitted)


def _approved(reward: StaffReward, _approval: Approval, _by: Staff | None) -> None:
    """Let it stand, and tell whom it concerns."""
    transition(reward, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})
    if reward.staff.active:
        text = N_("A decision that follows from your assessment of %(month)s is approved.")
        notify(reward.staff, Message(text, {"month": reward.assessment.month.month}), link=reward.link)


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Reward or sanction"),
        model=StaffReward,
        sheet="staff_reward",
        chain="chain.staff_reward",
        page=lambda reward: ("assessments.reward", {"reward_id": reward.id}),
        filed_as="correspondence",
        on_approved=_approved,
        labels={
            "person.name": N_("Name"),
            "person.post": N_("Post"),
            "person.team": N_("Team"),
            "person.department": N_("Department"),
            "reward.month": N_("Month"),
            "reward.total": N_("Total score"),
            "reward.kind": N_("Kind"),
            "reward.measure": N_("Measure"),
            "reward.amount": N_("Amount (yuan)"),
            "reward.reason": N_("Reason"),
            "reward.proposed_by": N_("Proposed by"),
        },
        choices={"reward.measure": "reward_measure"},
        amounts=("reward.amount",),
    )
)
used_in("choices.reward_measure", StaffReward.measure)
for _name, _title in (
    ("reward-drafted", N_("Reward or sanction begun")),
    ("reward-changed", N_("Draft of a reward or sanction changed")),
    ("reward-given-up", N_("Reward or sanction given up")),
):
    history.action("StaffReward", _name, _title)
