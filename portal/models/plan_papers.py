"""What is written about a running maintenance plan and signed: amendments (RL-21), and the summary at its end 客户维护总结表 (RL-23)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, Text, and_, exists, func, or_, select, true
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit, plan_task
from portal.models.approval import Approval
from portal.models.approval_authors import note_author
from portal.models.customer import Customer, CustomerAssistant, Money
from portal.models.draft import DRAFT, REJECTED, UNDECIDED, Draft, Entries
from portal.models.draft import STATES as STATES
from portal.models.hand_over import left_behind
from portal.models.plan import RUNNING, MaintenancePlan, PlanCustomer, customer_lines, measure_line
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.rules import maintenance as rules
from portal.rules.maintenance import Measure
from portal.rules.message import N_, Refusal
from portal.rules.money import figures

AMENDMENT, SUMMARY = "plan-amendment", "maintenance-summary"
VERDICTS = {"reached": N_("The goal is reached"), "partly": N_("The goal is partly reached"), "missed": N_("The goal is not reached")}


class OfPlan:
    """Mixin of papers of a plan: who sees the plan sees them."""

    plan_id: Any

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Self]:
        """Return the papers of plans that `user` sees."""
        query: Select[Self] = select(cls)
        if user.is_manager:
            return query
        return query.where(cls.plan_id.in_(MaintenancePlan.visible_to(user).with_only_columns(MaintenancePlan.id)))


class PlanAmendment(OfPlan, Draft):
    """One change of a running plan: another budget, another end, more measures; draft → pending → approved | rejected."""

    __tablename__ = "plan_amendment"
    kind_name = AMENDMENT
    permission = Permission.PLAN_EDIT
    entries = Entries("amendment-drafted", "amendment-draft-changed", "amendment-given-up")

    plan_id: Mapped[int] = mapped_column(ForeignKey("maintenance_plan.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"), index=True)
    number: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    budget: Mapped[Decimal] = mapped_column(Money)
    ends_on: Mapped[date]
    measures: Mapped[list[Any]] = mapped_column(default=list)
    """Measures that come in addition."""
    old_budget: Mapped[Decimal] = mapped_column(Money)
    old_ends_on: Mapped[date]
    approved_at: Mapped[datetime | None]

    plan: Mapped[MaintenancePlan] = relationship()

    __table_args__ = (
        Index(None, "plan_id", "number", unique=True),
        Index("uq_plan_amendment_undecided", "plan_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
    )

    @staticmethod
    def can_begin(plan: MaintenancePlan, user: Staff) -> bool:
        """Return whether `user`, who sees the plan, may amend it: while it is carried out and no amendment is undecided."""
        return user.may(Permission.PLAN_EDIT) and plan.state == RUNNING and undecided_of(plan) is None

    @classmethod
    def begin(
        cls, plan: MaintenancePlan, *, reason: str, budget: Decimal, ends_on: date | None, measures: list[Measure], by: Staff
    ) -> PlanAmendment:
        """Begin an amendment and return it, flushed. Raises `Refusal` with the field, `StateConflict` where one is undecided."""
        if not cls.can_begin(plan, by):
            raise StateConflict(f"amendment of plan {plan.id}")
        last = db.session.scalar(select(func.max(cls.number)).where(cls.plan_id == plan.id)) or 0
        found = cls(
            plan=plan, plan_id=plan.id, customer_id=plan.customer_id, number=last + 1, old_budget=plan.budget, old_ends_on=plan.ends_on,
        )  # fmt: skip
        found._set(reason, budget, ends_on, measures)
        return found.begun(by)

    def edit(self, *, reason: str, budget: Decimal, ends_on: date | None, measures: list[Measure], by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict`."""
        with self.changing(by, version):
            self._set(reason, budget, ends_on, measures)

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return f"{self.plan.title} · {self.number}"

    @property
    def measure_list(self) -> list[Measure]:
        """Return the measures that come in addition."""
        return [Measure.of(one) for one in self.measures]

    def problems(self, reason: str, budget: Decimal, ends_on: date | None, measures: list[Measure]) -> list[Refusal]:
        """Return everything that keeps it from being an amendment, each with its field."""
        return amendment_problems(self.plan, reason, budget, ends_on, measures)

    def _set(self, reason: str, budget: Decimal, ends_on: date | None, measures: list[Measure]) -> None:
        found = self.problems(reason, budget, ends_on, measures)
        if found:
            raise found[0]
        assert ends_on is not None  # noqa: S101 - judged above
        self.reason, self.budget, self.ends_on = reason, budget, ends_on
        self.measures = [one.as_data() for one in measures]

    def ensure_ready(self) -> None:
        """Raise `Refusal` where it may not be submitted: the plan is no longer carried out, or more is spent by now."""
        if self.plan.state != RUNNING:
            raise Refusal("This plan is no longer carried out.")
        found = self.problems(self.reason, self.budget, self.ends_on, self.measure_list)
        if found:
            raise found[0]

    def snapshot(self) -> dict[str, Any]:
        """Return the amendment as plain JSON, before and after."""
        plan = self.plan
        names = {one.id: one.name for one in plan.team_of_people()}
        return {
            "plan": {
                "title": plan.title,
                "goal": plan.goal,
                "team": plan.team.name if plan.team else "",
                "count": str(len(plan.customers)),
            },
            "amendment": {
                "number": str(self.number),
                "reason": self.reason,
                "old_budget": str(self.old_budget),
                "budget": str(self.budget),
                "old_ends_on": self.old_ends_on.isoformat(),
                "ends_on": self.ends_on.isoformat(),
                "planned": str(rules.planned([*plan.measure_list, *self.measure_list])),
            },
            "measures": [measure_line(one, names) for one in self.measure_list],
        }


def undecided_of(plan: MaintenancePlan) -> PlanAmendment | None:
    """Return the amendment of a plan that is a draft or in approval."""
    return PlanAmendment.undecided(plan_id=plan.id)


def amendments_of(plan: MaintenancePlan) -> list[PlanAmendment]:
    """Return the amendments of a plan in their order."""
    return list(db.session.scalars(select(PlanAmendment).where(PlanAmendment.plan_id == plan.id).order_by(PlanAmendment.number)))


def amendment_problems(plan: MaintenancePlan, reason: str, budget: Decimal, ends_on: date | None, measures: list[Measure]) -> list[Refusal]:
    """Return everything that keeps such a change of a plan from being an amendment, each with its field."""
    found = []
    if not reason:
        found.append(Refusal("Say why the plan is changed.", field="reason"))
    if ends_on is None:
        found.append(Refusal("Say when the plan ends.", field="ends_on"))
    elif ends_on < plan.starts_on:
        found.append(Refusal("The plan ends before it begins.", field="ends_on"))
    if measures:
        found += rules.measure_problems(measures, plan.starts_on, ends_on, plan.people, len(plan.customers))
    if budget < plan.spent:
        found.append(Refusal("%(spent)s yuan are spent already.", field="budget", spent=figures(plan.spent)))
    else:
        found += rules.budget_problems(budget, [*plan.measure_list, *measures])
    if not found and not measures and budget == plan.budget and ends_on == plan.ends_on:
        found.append(Refusal("Nothing is changed by this.", field="budget"))
    return found


class PlanSummary(OfPlan, Base):
    """The summary of a plan: what was reached against its goal, the cost against its budget, what was learned (RL-23)."""

    __tablename__ = "plan_summary"

    plan_id: Mapped[int] = mapped_column(ForeignKey("maintenance_plan.id", ondelete="CASCADE"), unique=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"), index=True)
    verdict: Mapped[str]
    reached: Mapped[str] = mapped_column(Text)
    cost_note: Mapped[str] = mapped_column(Text, default="")
    learned: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(default=DRAFT)
    written_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    written_at: Mapped[datetime] = mapped_column(default=clock.now)
    submitted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    plan: Mapped[MaintenancePlan] = relationship()
    written_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}

    @staticmethod
    def can_begin(plan: MaintenancePlan, user: Staff) -> bool:
        """Return whether `user`, who sees the plan, may write its summary: while it is carried out and there is none."""
        return user.may(Permission.PLAN_EDIT) and plan.state == RUNNING and summary_of(plan) is None

    @classmethod
    def begin(cls, plan: MaintenancePlan, values: dict[str, str], *, by: Staff) -> PlanSummary:
        """Begin the summary of a plan and return it, flushed. Raises `Refusal` with the field, `StateConflict` where there is one."""
        if not cls.can_begin(plan, by):
            raise StateConflict(f"summary of plan {plan.id}")
        ensure_summary(values)
        found = cls(plan_id=plan.id, customer_id=plan.customer_id, written_by_id=by.id, **values)
        try:
            with db.session.begin_nested():
                db.session.add(found)
        except IntegrityError as error:
            raise StateConflict(f"summary of plan {plan.id}") from error
        note_author(SUMMARY, found, by)
        audit.write("change", "summary-drafted", actor=by, record=found, label=found.label)
        return found

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees the plan, may change it: a draft, or what was rejected."""
        return user.may(Permission.PLAN_EDIT) and self.state in (DRAFT, REJECTED)

    def edit(self, values: dict[str, str], *, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_edit(by) or self.version != version:
            raise StateConflict(f"summary {self.id}")
        ensure_summary(values)
        for name, value in values.items():
            setattr(self, name, value)
        self.state = DRAFT
        note_author(SUMMARY, self, by)
        audit.write("change", "summary-changed", actor=by, record=self, label=self.label)

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return self.plan.title

    def ensure_ready(self) -> None:
        """Raise `Refusal` where it may not be submitted: tasks are open, or an amendment is undecided."""
        plan = self.plan
        if plan.state != RUNNING:
            raise Refusal("This plan is no longer carried out.")
        left = plan_task.counts(plan)[plan_task.OPEN]
        if left:
            raise Refusal("%(count)s tasks of this plan are open. Do them or drop them with a reason first.", count=left)
        if undecided_of(plan) is not None:
            raise Refusal("An amendment of this plan is not decided yet.")
        ensure_summary({name: getattr(self, name) for name in ("verdict", "reached", "cost_note", "learned")})

    def submit(self, *, by: Staff) -> Approval:
        """Send the summary to its review. Raises `Refusal` naming what is open."""
        return Approval.submit(SUMMARY, self, by=by)

    def snapshot(self) -> dict[str, Any]:
        """Return the summary as plain JSON: goal and result, budget and cost, and what became of every task."""
        plan, numbers = self.plan, plan_task.counts(self.plan)
        tasks = (
            select(plan_task.PlanTask)
            .where(plan_task.PlanTask.plan_id == plan.id)
            .order_by(plan_task.PlanTask.due_on, plan_task.PlanTask.id)
        )
        return {
            "plan": {
                "title": plan.title,
                "goal": plan.goal,
                "starts_on": plan.starts_on.isoformat(),
                "ends_on": plan.ends_on.isoformat(),
                "budget": str(plan.budget),
                "spent": str(plan.spent),
                "left": str(plan.left),
                "team": plan.team.name if plan.team else "",
                "count": str(len(plan.customers)),
                "people": "、".join(one.name for one in plan.team_of_people()),
                "done": str(numbers[plan_task.DONE]),
                "dropped": str(numbers[plan_task.DROPPED]),
            },
            "summary": {"verdict": self.verdict, "reached": self.reached, "cost_note": self.cost_note, "learned": self.learned},
            "customers": customer_lines(plan.customers),
            "tasks": [
                {
                    "kind": one.kind,
                    "text": one.text,
                    "customer": one.customer.full_name if one.customer else "",
                    "who": one.staff.name if one.staff else "",
                    "done_on": one.done_on.isoformat() if one.done_on else "",
                    "result": one.result if one.state == plan_task.DONE else one.reason,
                    "state": one.state,
                    "cost": str(one.cost),
                }
                for one in db.session.scalars(tasks)
            ],
        }


def summary_of(plan: MaintenancePlan) -> PlanSummary | None:
    """Return the summary of a plan, whatever its state."""
    return db.session.scalar(select(PlanSummary).where(PlanSummary.plan_id == plan.id))


def summary_problems(values: dict[str, str]) -> list[Refusal]:
    """Return what a summary lacks, each with its field (RL-23)."""
    found = []
    if values["verdict"] not in VERDICTS:
        found.append(Refusal("Say whether the goal is reached.", field="verdict"))
    if not values["reached"]:
        found.append(Refusal("Say what was reached against the goal.", field="reached"))
    if not values["learned"]:
        found.append(Refusal("Say what was learned for the next plan.", field="learned"))
    return found


def ensure_summary(values: dict[str, str]) -> None:
    """Raise the first of `summary_problems`."""
    for one in summary_problems(values):
        raise one


def due_summaries(user: Staff) -> Select[MaintenancePlan]:
    """Return the query for the plans that `user` sees and wrote whose last day has passed and that have no summary in review.

    Those of somebody who has left wait for who took over from them; where nobody did, for the supervisor of the team and for managers.
    Those whose author does not see every customer any more, because one changed team, wait for managers.
    """
    plan = MaintenancePlan
    mine, nobodys = left_behind(user)
    theirs: list[ColumnElement[bool]] = [plan.created_by_id.in_([user.id, *mine])]
    if nobodys and user.role != Role.REP:
        theirs.append(and_(plan.created_by_id.in_(nobodys), true() if user.is_manager else plan.team_id == user.team_id))
    if user.is_manager:
        theirs.append(_out_of_sight())
    ended = (sql("maintenance_plan.state = 'running'"), plan.ends_on < clock.today())
    return plan.visible_to(user).where(*ended, or_(*theirs))


def _out_of_sight() -> ColumnElement[bool]:
    """Return the condition on plans one of whose customers their author does not see: who wrote them cannot open them any more."""
    author, plan = aliased(Staff), MaintenancePlan
    helps = exists().where(CustomerAssistant.customer_id == Customer.id, CustomerAssistant.staff_id == author.id)
    unseen = (Customer.team_id.is_distinct_from(author.team_id), Customer.owner_id.is_distinct_from(author.id), ~helps)
    covered = (PlanCustomer.plan_id == plan.id, Customer.id == PlanCustomer.customer_id)
    return exists().where(author.id == plan.created_by_id, author.role != Role.MANAGER, *covered, *unseen).correlate(plan)
