"""Maintenance plans 客户关系维护方案 (RL-21): which customers, to what end, by what measures, who, for how much, from when to when.

A plan is written by a supervisor or manager and approved by its chain; then its measures are tasks (`plan_task.py`). What changes
afterwards is an amendment with an approval of its own, and at the end stands a summary (`plan_papers.py`). The kinds of documents are in
`plan_kind.py`, the nine steps of the cycle in `plan_steps.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, exists, or_, select, text, union
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base, db
from portal.models.approval import Approval
from portal.models.customer import Customer, CustomerState, Money
from portal.models.draft import DRAFT, GIVEN_UP, PENDING, REJECTED, Draft, Entries
from portal.models.scope import HangsOnCustomer, customer_scope, listed
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import Permission
from portal.rules import maintenance as rules
from portal.rules.maintenance import Measure, Outline
from portal.rules.message import N_, Refusal

NAME = "maintenance-plan"
RUNNING, SUMMED, CLOSED = "running", "summed", "closed"
STATES = {
    DRAFT: (N_("Draft"), ""),
    PENDING: (N_("In approval"), "accent"),
    REJECTED: (N_("Rejected"), "seal"),
    GIVEN_UP: (N_("Given up"), ""),
    RUNNING: (N_("Being carried out"), "accent"),
    SUMMED: (N_("Summary in review"), "accent"),
    CLOSED: (N_("Concluded"), "ok"),
}
APPROVED = (RUNNING, SUMMED, CLOSED)
_RUNNING = text("state = 'running'")


class MaintenancePlan(Draft):
    """One plan: draft → pending → running | rejected; running → summed (its summary is in review) → closed; a draft can be given up."""

    __tablename__ = "maintenance_plan"
    kind_name = NAME
    permission = Permission.PLAN_EDIT
    entries = Entries("plan-drafted", "plan-draft-changed", "plan-given-up")

    title: Mapped[str]
    goal: Mapped[str] = mapped_column(Text)
    means: Mapped[str] = mapped_column(Text, default="")
    budget: Mapped[Decimal] = mapped_column(Money)
    spent: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """What its tasks have cost; moved by each of them, never beyond the budget (`plan_task.book`)."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    people: Mapped[list[Any]] = mapped_column(default=list)
    """Ids of those who carry it out."""
    measures: Mapped[list[Any]] = mapped_column(default=list)
    """The measures as plain data (`rules.maintenance.Measure`), those of approved amendments behind."""
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="SET NULL"), index=True)
    """The customer, where it covers one: its sealed form is filed in that dossier."""
    team_id: Mapped[int | None] = mapped_column(ForeignKey("team.id"))
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance_plan.id", ondelete="SET NULL"), index=True)
    """The plan whose lessons it was begun with (RL-23)."""
    approved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    team: Mapped[Team | None] = relationship()
    previous: Mapped[MaintenancePlan | None] = relationship(remote_side="MaintenancePlan.id")
    rows: Mapped[list[PlanCustomer]] = relationship(cascade="all, delete-orphan", order_by="PlanCustomer.id", passive_deletes=True)

    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "team_id", "id"),
        Index(None, "state", "ends_on"),
        Index("ix_maintenance_plan_to_sum_up", "created_by_id", "ends_on", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[MaintenancePlan]:
        """Return the plans all of whose customers `user` sees (RO-1): a plan names them all."""
        query = select(cls)
        if user.is_manager:
            return query
        covers = exists().where(PlanCustomer.plan_id == cls.id)
        outside = exists().where(PlanCustomer.plan_id == cls.id, Customer.id == PlanCustomer.customer_id, ~customer_scope(user))
        return query.where(~outside, or_(covers, cls.created_by_id == user.id))

    @classmethod
    def listed_for(cls, user: Staff) -> Select[MaintenancePlan]:
        """Return what `visible_to` returns, for a list: of the plans that cover somebody in scope those that cover nobody else."""
        if user.is_manager:
            return select(cls)
        covering = select(PlanCustomer.plan_id).where(listed(user, PlanCustomer.customer_id))
        mine = select(cls.id).where(cls.created_by_id == user.id)
        return cls.visible_to(user).where(cls.id.in_(union(covering, mine)))

    # --- reading ---------------------------------------------------------------------------------------------------------

    @property
    def customers(self) -> list[Customer]:
        """Return the customers covered, by number; what was merged into another record counts there."""
        query = select(Customer).join(PlanCustomer, PlanCustomer.customer_id == Customer.id)
        query = query.where(PlanCustomer.plan_id == self.id, Customer.state != CustomerState.MERGED)
        return list(db.session.scalars(query.order_by(Customer.number)))

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return self.title

    @property
    def measure_list(self) -> list[Measure]:
        """Return the measures."""
        return [Measure.of(one) for one in self.measures]

    @property
    def left(self) -> Decimal:
        """Return what is left of the budget, in yuan."""
        return self.budget - self.spent

    @property
    def outline(self) -> Outline:
        """Return the plan as it is judged by the rules."""
        return Outline(
            self.title, self.goal, self.means, self.budget, self.starts_on, self.ends_on, tuple(self.people), tuple(self.measure_list),
            len(self.customers),
        )  # fmt: skip

    def team_of_people(self) -> list[Staff]:
        """Return those who carry it out, by name."""
        return list(db.session.scalars(select(Staff).where(Staff.id.in_(self.people)).order_by(Staff.name, Staff.id)))

    # --- writing ---------------------------------------------------------------------------------------------------------

    @classmethod
    def begin(
        cls, outline: Outline, customer_ids: Collection[int], *, by: Staff, previous: MaintenancePlan | None = None
    ) -> MaintenancePlan:
        """Begin a plan and return it, flushed. Raises `Refusal` with the field (RL-21)."""
        if not by.may(Permission.PLAN_EDIT):
            raise Refusal("Supervisors and managers write maintenance plans.")
        plan = cls(previous_id=previous.id if previous else None)
        plan._set(outline, customer_ids, by)
        return plan.begun(by)

    def edit(self, outline: Outline, customer_ids: Collection[int], *, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict` where somebody else changed or submitted it."""
        with self.changing(by, version):
            self._set(outline, customer_ids, by)

    def _set(self, outline: Outline, customer_ids: Collection[int], by: Staff) -> None:
        customers = covered(customer_ids, by)
        found = [*rules.problems(outline), *people_problems(outline.people)]
        if found:
            raise found[0]
        assert outline.starts_on is not None  # noqa: S101 - judged above
        assert outline.ends_on is not None  # noqa: S101 - judged above
        self.title, self.goal, self.means = outline.title, outline.goal, outline.means
        self.budget, self.starts_on, self.ends_on = outline.budget, outline.starts_on, outline.ends_on
        self.people, self.measures = list(outline.people), [one.as_data() for one in outline.measures]
        there = {one.customer_id: one for one in self.rows}
        self.rows[:] = [there.get(one.id) or PlanCustomer(customer_id=one.id) for one in customers]
        self.customer_id = customers[0].id if len(customers) == 1 else None
        teams = {one.team_id for one in customers}
        self.team_id = teams.pop() if len(teams) == 1 else by.team_id

    def ensure_ready(self) -> None:
        """Raise `Refusal` unless the plan may be submitted: what held when it was written holds still."""
        for one in self.customers:
            if one.state != CustomerState.ACTIVE:
                raise Refusal("%(name)s is not on the register. Take it off the plan.", field="customers", name=one.full_name)
        found = [*rules.problems(self.outline), *people_problems(self.people)]
        if found:
            raise found[0]

    def submit(self, *, by: Staff) -> Approval:
        """Send the plan through its chain (AP-3). Raises `Refusal` naming what is missing."""
        if not by.may(Permission.PLAN_EDIT):
            raise Refusal("Supervisors and managers write maintenance plans.")
        return super().submit(by=by)

    # --- what is signed --------------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the plan as plain JSON: what is frozen, printed and signed."""
        people = self.team_of_people()
        names = {one.id: one.name for one in people}
        before = lessons_of(self.previous) if self.previous else None
        return {
            "plan": {
                "title": self.title,
                "goal": self.goal,
                "means": self.means,
                "budget": str(self.budget),
                "planned": str(rules.planned(self.measure_list)),
                "starts_on": self.starts_on.isoformat(),
                "ends_on": self.ends_on.isoformat(),
                "people": "、".join(one.name for one in people),
                "team": self.team.name if self.team else "",
                "count": str(len(self.customers)),
                "previous": self.previous.title if self.previous else "",
                "lessons": before.learned if before else "",
            },
            "customers": customer_lines(self.customers),
            "measures": [measure_line(one, names) for one in self.measure_list],
        }


class PlanCustomer(HangsOnCustomer, Base):
    """A customer that a plan covers."""

    __tablename__ = "plan_customer"

    plan_id: Mapped[int] = mapped_column(ForeignKey("maintenance_plan.id", ondelete="CASCADE"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))

    customer: Mapped[Customer] = relationship()

    __table_args__ = (Index(None, "plan_id", "customer_id", unique=True), Index(None, "customer_id", "plan_id"))


def covered(customer_ids: Collection[int], by: Staff) -> list[Customer]:
    """Return the customers of a plan, by number. Raises `Refusal` (field `customers`) for one outside the scope or off the register."""
    ids = set(customer_ids)
    found = list(db.session.scalars(Customer.visible_to(by).where(Customer.id.in_(ids)).order_by(Customer.number)))
    if len(found) != len(ids):
        raise Refusal("A plan covers customers that you see.", field="customers")
    for one in found:
        if one.state != CustomerState.ACTIVE:
            raise Refusal("%(name)s is not on the register. Take it off the plan.", field="customers", name=one.full_name)
    return found


def people_problems(people: Collection[int]) -> list[Refusal]:
    """Return who of a plan's people cannot carry anything out, because their account is closed (RL-21)."""
    gone = db.session.scalars(select(Staff).where(Staff.id.in_(people), Staff.active.is_(False)).order_by(Staff.id))
    found = [Refusal("The account of %(name)s is deactivated.", field="people", name=one.name) for one in gone]
    known = db.session.query(Staff.id).where(Staff.id.in_(people)).count()
    return found + ([Refusal("Choose who carries the plan out.", field="people")] if known != len(set(people)) else [])


def lessons_of(plan: MaintenancePlan | None) -> Any:
    """Return the approved summary of a plan, None where there is none yet."""
    from portal.models.plan_papers import PlanSummary

    if plan is None:
        return None
    return db.session.scalar(select(PlanSummary).where(PlanSummary.plan_id == plan.id, PlanSummary.approved_at.is_not(None)))


def customer_lines(customers: list[Customer]) -> list[dict[str, Any]]:
    """Return customers as plain data for a sheet."""
    return [
        {"number": one.number, "full_name": one.full_name, "grade": one.grade, "owner": one.owner.name if one.owner else ""}
        for one in customers
    ]


def measure_line(measure: Measure, names: dict[int, str]) -> dict[str, Any]:
    """Return a measure as plain data for a sheet; `who` is empty where it is the person in charge of each customer."""
    return {
        "kind": measure.kind,
        "text": measure.text,
        "extent": measure.extent,
        "who": names.get(measure.staff_id, "") if measure.staff_id else "",
        "due_on": measure.due_on.isoformat() if measure.due_on else "",
        "cost": str(measure.cost),
    }


def kinds_of_measures() -> list[dict[str, Any]]:
    """Return the kinds of measures in use: {code, zh, en, active}."""
    return [one for one in standard("choices.measure_kind") if one["active"]]


def of_customers(customer_ids: Collection[int], states: Collection[str]) -> list[MaintenancePlan]:
    """Return the plans in some states that cover any of these customers, the newest first."""
    covering = select(PlanCustomer.plan_id).where(PlanCustomer.customer_id.in_(customer_ids))
    query = select(MaintenancePlan).where(MaintenancePlan.id.in_(covering), MaintenancePlan.state.in_(states))
    return list(db.session.scalars(query.order_by(MaintenancePlan.id.desc())))
