"""Assessment of service staff and departments per month 考核 (SV-31).

A manager opens a month that is over: everybody with an account as representative or supervisor gets an assessment, its figures counted
from the records of the month. A supervisor (of a supervisor: a manager) judges what no record says, and submits it; it is signed by its
chain, never by the one assessed (RO-3). A department's figures are those of its people together.

What follows from an assessment is in `staff_assessment_reward.py`; what waits for people, in `staff_assessment_desk.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Numeric, Select, Text, UniqueConstraint, and_, false, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

import portal.rules.survey_standards as _standards  # noqa: F401 - adds its standards to the table
from portal import clock
from portal.database import Base, JsonValue, StateConflict, db, transition
from portal.models import audit, history
from portal.models import staff_assessment_figures as figures
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.customer import NumberSeries
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.models.team import Team
from portal.permissions import Permission, Role
from portal.rules import assessments as rules
from portal.rules.assessments import INDICATORS, MAY_BE_JUDGED, PARTS, Judged, Part, Total
from portal.rules.message import N_, Message, Refusal

NAME = "staff-assessment"
DRAFT, PENDING, REJECTED, APPROVED = "draft", "pending", "rejected", "approved"
STATES = {
    DRAFT: (N_("To be judged"), ""),
    PENDING: (N_("In approval"), "accent"),
    REJECTED: (N_("Rejected"), "seal"),
    APPROVED: (N_("Approved"), "ok"),
}
Points = Numeric(7, 2)
_DRAFT = sql("state = 'draft'")


class AssessmentMonth(Base):
    """One month of assessments, with the versions of the standards that hold for all of them (ST-2)."""

    __tablename__ = "assessment_month"

    month: Mapped[str] = mapped_column(unique=True)
    """Such as 2026-03."""
    weights_version: Mapped[int]
    least_version: Mapped[int]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime] = mapped_column(default=clock.now)

    opened_by: Mapped[Staff] = relationship()

    @classmethod
    def visible_to(cls, user: Staff) -> Select[AssessmentMonth]:
        """Return the months: which there are is no secret; whose assessments somebody sees is `StaffAssessment.visible_to`."""
        return select(cls)

    @property
    def label(self) -> str:
        """Return what lists and log call it."""
        return self.month

    @property
    def weights(self) -> dict[str, float]:
        """Return the weights of the indicators in per cent."""
        found: dict[str, float] = at_version("assessment.weights", self.weights_version).value
        return found

    @property
    def least(self) -> float:
        """Return how much weight must have records, or there is no total."""
        return float(at_version("assessment.least_weight", self.least_version).value)

    @classmethod
    def of(cls, month: str) -> AssessmentMonth | None:
        """Return the month where it is open."""
        return db.session.scalar(select(cls).where(cls.month == month))

    @classmethod
    def open(cls, month: str, *, by: Staff) -> AssessmentMonth:
        """Open a month that is over and begin the assessment of everybody who served in it; return it, flushed.

        Raises `Refusal` (field `month`) where it is not over, has been opened, or nobody served in it.
        """
        if not by.may(Permission.ASSESSMENT_OPEN):
            raise Refusal("Managers open the months of assessment.", field="month")
        first, last = rules.bounds(month)
        if last >= clock.today():
            raise Refusal("This month is not over: its records are not complete.", field="month")
        NumberSeries.take("assessment-month")  # one after the other, so that a month is opened once
        if cls.of(month) is not None:
            raise Refusal("%(month)s is open already.", field="month", month=month)
        begun, ended = figures.start_of(first), figures.start_of(last + timedelta(days=1))
        people = list(
            db.session.scalars(
                select(Staff)
                .where(Staff.role.in_((Role.REP.value, Role.SUPERVISOR.value)), Staff.created_at < ended)
                .where(or_(Staff.active, Staff.deactivated_at >= begun))
                .order_by(Staff.id)
            )
        )
        if not people:
            raise Refusal("Nobody served in this month.", field="month")
        weights, least = (in_force(f"assessment.{name}").version for name in ("weights", "least_weight"))
        found = cls(month=month, weights_version=weights, least_version=least, opened_by_id=by.id)
        db.session.add(found)
        db.session.flush()
        counted = figures.of_month(month, [one.id for one in people])
        for one in people:
            assessment = StaffAssessment(
                month=found, staff=one, role=one.role, team_id=one.team_id,
                department=one.department or (one.team.department if one.team else ""),
            )  # fmt: skip
            assessment.set_parts(counted[one.id])
            db.session.add(assessment)
        db.session.flush()
        audit.write("change", "assessment-opened", actor=by, record=found, label=found.label, people=len(people))
        return found


class StaffAssessment(Base):
    """The assessment of one person in one month: draft → pending → approved | rejected; a rejected one is judged again."""

    __tablename__ = "staff_assessment"

    month_id: Mapped[int] = mapped_column(ForeignKey("assessment_month.id", ondelete="CASCADE"))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    role: Mapped[str]
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    department: Mapped[str] = mapped_column(default="")
    """Role, team and department when the month was opened."""
    parts: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Part → [number of records, sum of their ratings, or how many are good]."""
    judged: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)
    """Indicator → {score, reason}: what somebody judged."""
    total: Mapped[Decimal | None] = mapped_column(Points)
    covered: Mapped[Decimal] = mapped_column(Points, default=Decimal(0))
    """The weight in per cent that the total rests on."""
    comment: Mapped[str] = mapped_column(Text, default="")
    judged_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    state: Mapped[str] = mapped_column(default=DRAFT)
    counted_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    month: Mapped[AssessmentMonth] = relationship()
    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    judged_by: Mapped[Staff | None] = relationship(foreign_keys=[judged_by_id])
    team: Mapped[Team | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        UniqueConstraint("month_id", "staff_id"),
        Index(None, "staff_id", "id"),
        Index(None, "team_id", "id"),
        Index("ix_staff_assessment_draft", "team_id", "role", "id", sqlite_where=_DRAFT, postgresql_where=_DRAFT),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[StaffAssessment]:
        """Return one's own once they are submitted, a supervisor's those of the team's representatives, a manager's all (SV-31)."""
        query = select(cls)
        if user.is_manager:
            return query
        own = and_(cls.staff_id == user.id, cls.state != DRAFT)
        return query.where(or_(own, cls.judged_by_supervisor(user)))

    @classmethod
    def judged_by_supervisor(cls, user: Staff) -> Any:
        """Return the condition on assessments that `user` judges as supervisor of the team."""
        if not user.is_supervisor or user.team_id is None:
            return false()
        return and_(cls.team_id == user.team_id, cls.role == Role.REP.value, cls.staff_id != user.id)

    # --- reading ---------------------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return f"{self.staff.name} {self.month.month}"

    @property
    def customer_id(self) -> None:
        """Return that it is of no customer: its sealed form is filed in no dossier."""
        return

    @property
    def counted(self) -> dict[str, Part]:
        """Return the parts that are counted from records."""
        return {code: Part(*self.parts.get(code, (0, 0))) for code in PARTS}

    @property
    def records(self) -> dict[str, Decimal]:
        """Return the scores that come from records, by indicator."""
        return rules.counted(self.counted)

    @property
    def open_to_judgement(self) -> list[str]:
        """Return the indicators that somebody judges: those of which the portal has no records."""
        records = self.records
        return [code for code in MAY_BE_JUDGED if code not in records]

    @property
    def scores(self) -> dict[str, Decimal]:
        """Return the score of each indicator that has one: from records, else judged."""
        judged = {code: Decimal(said["score"]) for code, said in self.judged.items()}
        return {**judged, **self.records}

    @property
    def shares(self) -> dict[str, Decimal]:
        """Return the weight with which each score counts once what is missing is shared out."""
        return rules.shared(self.month.weights, self.scores)

    # --- writing ---------------------------------------------------------------------------------------------------------

    def set_parts(self, parts: Mapping[str, Part]) -> None:
        """Keep what was counted; a judgement of what has records now is let go."""
        self.parts = {code: list(part) for code, part in parts.items()}
        there = rules.counted(parts)
        self.judged = {code: said for code, said in (self.judged or {}).items() if code not in there}
        self.counted_at = clock.now()
        self._reckon()

    def _reckon(self) -> Total:
        found = rules.total(self.month.weights, self.scores, self.month.least)
        self.total, self.covered = found
        return found

    def can_judge(self, user: Staff) -> bool:
        """Return whether `user` may judge it: not one's own; a supervisor those of the team's representatives, a manager all (RO-3)."""
        mine = user.is_supervisor and user.team_id is not None and self.team_id == user.team_id and self.role == Role.REP
        allowed = user.may(Permission.ASSESSMENT_WRITE) and (user.is_manager or mine)
        return allowed and self.staff_id != user.id and self.state in (DRAFT, REJECTED)

    def judge(self, judged: Mapping[str, Judged], *, comment: str, by: Staff, version: int) -> None:
        """Keep what `by` judged. Raises `Refusal` with the field, `StateConflict` where somebody else changed or submitted it."""
        if not self.can_judge(by) or self.version != version:
            raise StateConflict(f"staff assessment {self.id}")
        if set(judged) - set(self.open_to_judgement):
            raise Refusal("Records say this already; it is not judged.")
        if len(comment) > rules.LONGEST_TEXT:
            raise Refusal("At most %(most)s characters.", field="comment", most=rules.LONGEST_TEXT)
        self.judged = {code: {"score": f"{one.score:f}", "reason": one.reason} for code, one in judged.items()}
        self.comment, self.judged_by, self.state = comment, by, DRAFT
        self._reckon()
        note_author(NAME, self, by)
        audit.write("change", "assessment-judged", actor=by, record=self, label=self.label, total=_plain(self.total))

    def count_again(self, *, by: Staff) -> None:
        """Count its figures anew: records that were added or put right since. Raises `StateConflict`."""
        if not self.can_judge(by):
            raise StateConflict(f"staff assessment {self.id}")
        before = _plain(self.total)
        self.set_parts(figures.of_month(self.month.month, [self.staff_id])[self.staff_id])
        changes = [{"field": "total", "old": before, "new": _plain(self.total)}]
        audit.write("change", "assessment-counted", actor=by, record=self, label=self.label, changes=changes)

    def ensure_ready(self) -> None:
        """Raise `Refusal` where it says nothing at all: without a score and without a word."""
        if not self.scores and not self.comment:
            raise Refusal("There are no records and nothing is judged. Write at least a comment.", field="comment")

    def submit(self, *, by: Staff) -> Approval:
        """Send it through its chain; the one assessed signs nothing of it (RO-3). Raises `Refusal`, `StateConflict`."""
        if not self.can_judge(by) and not (self.state == PENDING and by.may(Permission.ASSESSMENT_WRITE)):
            raise StateConflict(f"staff assessment {self.id}")
        note_author(NAME, self, self.staff)
        return Approval.submit(NAME, self, by=by)

    # --- what is signed --------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the assessment as plain JSON: what is frozen, printed and signed."""
        month, scores, shares = self.month, self.scores, self.shares
        return {
            "person": {
                "name": self.staff.name,
                "post": self.staff.post,
                "team": self.team.name if self.team else "",
                "department": self.department,
            },
            "assessment": {
                "month": month.month,
                "total": _plain(self.total),
                "covered": f"{self.covered:g}",
                "least": f"{month.least:g}",
                "comment": self.comment,
                "judged_by": self.judged_by.name if self.judged_by else "",
                "weights_version": str(month.weights_version),
            },
            "indicators": [
                {
                    "code": code,
                    "weight": f"{weight:g}",
                    "share": _plain(shares.get(code)),
                    "score": _plain(scores.get(code)),
                    "judged": "yes" if code in self.judged else "",
                    "reason": self.judged.get(code, {}).get("reason", ""),
                }
                for code, weight in month.weights.items()
            ],
            "parts": [
                {"code": code, "number": str(part.number), "points": str(part.points), "score": _plain(part.score(code))}
                for code, part in self.counted.items()
            ],
        }


def _plain(figure: Decimal | None) -> str:
    return "" if figure is None else f"{figure:f}"


def pooled(assessments: list[StaffAssessment], month: AssessmentMonth) -> tuple[dict[str, Decimal], Total]:
    """Return the scores of several people together and what they come to: a department's (SV-31).

    Records are counted together, so that who had more of them counts more; what was judged is the plain mean of those judged.
    """
    parts = {code: Part() for code in PARTS}
    judged: dict[str, list[Decimal]] = {}
    for one in assessments:
        parts = {code: part.with_(one.counted[code]) for code, part in parts.items()}
        for code, said in one.judged.items():
            judged.setdefault(code, []).append(Decimal(said["score"]))
    means = {code: (sum(some, Decimal(0)) / len(some)).quantize(Decimal("0.01"), ROUND_HALF_UP) for code, some in judged.items()}
    scores = {**means, **rules.counted(parts)}
    return scores, rules.total(month.weights, scores, month.least)


# --- its approval ----------------------------------------------------------------------------------------------------------------


def _submitted(assessment: StaffAssessment, _approval: Approval, _by: Staff | None) -> None:
    into_approval(assessment, before=(DRAFT, REJECTED))


def _approved(assessment: StaffAssessment, _approval: Approval, _by: Staff | None) -> None:
    """Let it stand, and tell the one assessed."""
    from portal.models.notice import notify

    transition(assessment, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})
    if assessment.staff.active:
        text = N_("Your assessment of %(month)s is approved.")
        notify(assessment.staff, Message(text, {"month": assessment.month.month}), link=f"/assessments/{assessment.id}")


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Assessment of staff"),
        model=StaffAssessment,
        sheet="staff_assessment",
        chain="chain.assessment",
        page=lambda assessment: ("assessments.assessment", {"assessment_id": assessment.id}),
        filed_as="correspondence",
        on_submitted=_submitted,
        on_approved=_approved,
        on_given_up=None,
        labels={
            "person.name": N_("Name"),
            "person.post": N_("Post"),
            "person.team": N_("Team"),
            "person.department": N_("Department"),
            "assessment.month": N_("Month"),
            "assessment.total": N_("Total score"),
            "assessment.covered": N_("Weight with records in per cent"),
            "assessment.comment": N_("Comment"),
            "assessment.judged_by": N_("Judged by"),
            "indicators": N_("Indicators"),
            "indicators.score": N_("Score"),
            "indicators.reason": N_("Reason"),
            "parts": N_("Records"),
            "parts.number": N_("Number"),
            "parts.score": N_("Score"),
        },
    )
)

history.stream("assessments", N_("Assessments of staff"), record_types=("StaffAssessment", "AssessmentMonth", "StaffReward"))
for _record, _name, _title in (
    ("AssessmentMonth", "assessment-opened", N_("Month of assessment opened")),
    ("StaffAssessment", "assessment-judged", N_("Assessment of staff judged")),
    ("StaffAssessment", "assessment-counted", N_("Assessment of staff counted again")),
):
    history.action(_record, _name, _title)
assert set(INDICATORS) == {indicator for indicator, _title, _rated in PARTS.values()} | {rules.KNOWLEDGE}  # noqa: S101 - none without a source
