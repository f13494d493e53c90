"""Tasks of a maintenance plan (RL-21): what a measure asks of one person, done with result and cost, moved or dropped with a reason.

What is spent stands on the plan and is moved by one guarded UPDATE, so that several bookings at once never go beyond the budget.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Select, Text, exists, func, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit
from portal.models.customer import Customer, CustomerState, Money
from portal.models.hand_over import now_of, taken_up
from portal.models.notice import notify
from portal.models.plan import RUNNING, MaintenancePlan
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import maintenance as rules
from portal.rules.maintenance import EACH, Measure
from portal.rules.message import N_, Message, Refusal
from portal.rules.money import figures

OPEN, DONE, DROPPED = "open", "done", "dropped"
STATES = {OPEN: (N_("Still to be done"), ""), DONE: (N_("Done"), "ok"), DROPPED: (N_("Dropped"), "")}


class PlanTask(Base):
    """One task: open → done | dropped; what was done by mistake is taken back."""

    __tablename__ = "plan_task"

    plan_id: Mapped[int] = mapped_column(ForeignKey("maintenance_plan.id", ondelete="CASCADE"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    """None where the measure is done once for all customers."""
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    follows_owner: Mapped[bool] = mapped_column(default=False)
    """Whether it is of whoever is in charge of the customer, and goes along when that changes (RO-5)."""
    kind: Mapped[str]
    text: Mapped[str]
    due_on: Mapped[date]
    state: Mapped[str] = mapped_column(default=OPEN)
    result: Mapped[str] = mapped_column(Text, default="")
    cost: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    done_on: Mapped[date | None]
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[str] = mapped_column(default="")
    """Why it was moved or dropped, the last time."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    plan: Mapped[MaintenancePlan] = relationship()
    customer: Mapped[Customer | None] = relationship()
    staff: Mapped[Staff | None] = relationship(foreign_keys=[staff_id])
    done_by: Mapped[Staff | None] = relationship(foreign_keys=[done_by_id])

    __table_args__ = (
        Index(None, "staff_id", "state", "due_on", "id"),
        Index(None, "plan_id", "state", "due_on", "id"),
        Index(None, "customer_id", "id"),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[PlanTask]:
        """Return one's own tasks, those of customers in scope, and those of plans in scope that are for all customers."""
        query = select(cls)
        if user.is_manager:
            return query
        of_customer = exists().where(Customer.id == cls.customer_id, customer_scope(user))
        plans = MaintenancePlan.visible_to(user).with_only_columns(MaintenancePlan.id)
        return query.where(or_(cls.staff_id == user.id, of_customer, cls.customer_id.is_(None) & cls.plan_id.in_(plans)))

    @property
    def label(self) -> str:
        """Return what inbox and log call it."""
        return " · ".join(filter(None, (self.text, self.customer.full_name if self.customer else "", self.plan.title)))

    @property
    def is_overdue(self) -> bool:
        """Return whether it is open and its day has passed."""
        return self.state == OPEN and self.due_on < clock.today()

    # --- who may -------------------------------------------------------------------------------------------------------------

    def can_work(self, user: Staff) -> bool:
        """Return whether `user`, who sees the task, may do, move or drop it: while its plan is carried out."""
        return user.may(Permission.PLAN_WORK) and self.state == OPEN and self.plan.state == RUNNING

    def can_take_back(self, user: Staff) -> bool:
        """Return whether `user`, who sees the task, may open it again."""
        return user.may(Permission.PLAN_WORK) and self.state != OPEN and self.plan.state == RUNNING

    def can_assign(self, user: Staff) -> bool:
        """Return whether `user`, who sees the task, may give it to somebody else of the plan."""
        return user.may(Permission.PLAN_EDIT) and self.can_work(user)

    # --- doing -----------------------------------------------------------------------------------------------------------------

    def finish(self, *, result: str, cost: Decimal, done_on: date | None, by: Staff, version: int) -> None:
        """Record that it is done, with result and cost. Raises `Refusal` with the field, where the cost goes beyond the budget with the
        figures (RL-21); `StateConflict` where somebody else was faster.
        """
        self._ensure(self.can_work(by), version)
        if not result:
            raise Refusal("Say what came of it.", field="result")
        if cost < 0:
            raise Refusal("A cost cannot be below 0.", field="cost")
        if done_on is None or done_on > clock.today():
            raise Refusal("Say on which day it was done; it cannot lie ahead.", field="done_on")
        values = {"state": DONE, "result": result[: rules.LONGEST_TEXT], "cost": cost, "done_on": done_on, "done_by_id": by.id}
        self._step({"state": OPEN, "version": version}, values)
        book(self.plan, cost)
        audit.write("change", "task-done", actor=by, record=self, label=self.label, cost=figures(cost), effective_on=done_on.isoformat())

    def take_back(self, *, reason: str, by: Staff, version: int) -> None:
        """Open it again, with whose it is now (RO-4); what it cost is given back to the plan.

        Raises `Refusal` without a reason, `StateConflict`.
        """
        self._ensure(self.can_take_back(by), version)
        reason = _asked(reason)
        cost, before = self.cost, self.state
        whose, changes = taken_up(self.staff, self.customer, follows_owner=self.follows_owner, by=by)
        values = {
            "state": OPEN, "result": "", "cost": Decimal(0), "done_on": None, "done_by_id": None, "reason": reason, "staff_id": whose.id,
        }  # fmt: skip
        self._step({"state": before, "version": version}, values)
        book(self.plan, -cost)
        audit.write(
            "change", "task-taken-back", actor=by, record=self, label=self.label, reason=reason, cost=figures(cost), changes=changes
        )

    def move(self, due_on: date | None, *, reason: str, by: Staff, version: int) -> None:
        """Put it on another day. Raises `Refusal` with the field: without a day or reason, or outside the plan; `StateConflict`."""
        self._ensure(self.can_work(by), version)
        if due_on is None or due_on == self.due_on:
            raise Refusal("Say to which other day.", field="due_on")
        if due_on < clock.today():
            raise Refusal("A task is not moved into the past.", field="due_on")
        if due_on > self.plan.ends_on:
            raise Refusal("The plan ends on %(day)s. Have it amended first.", field="due_on", day=self.plan.ends_on.isoformat())
        reason = _asked(reason)
        changes = [{"field": "due_on", "old": self.due_on.isoformat(), "new": due_on.isoformat()}]
        self._step({"state": OPEN, "version": version}, {"due_on": due_on, "reason": reason})
        audit.write("change", "task-moved", actor=by, record=self, label=self.label, changes=changes, reason=reason)

    def drop(self, *, reason: str, by: Staff, version: int) -> None:
        """Let it go. Raises `Refusal` without a reason, `StateConflict`."""
        self._ensure(self.can_work(by), version)
        reason = _asked(reason)
        self._step({"state": OPEN, "version": version}, {"state": DROPPED, "reason": reason})
        audit.write("change", "task-dropped", actor=by, record=self, label=self.label, reason=reason)

    def assign(self, to: Staff, *, by: Staff, version: int) -> None:
        """Give it to somebody else who is active. Raises `Refusal` (field `staff`), `StateConflict`."""
        self._ensure(self.can_assign(by), version)
        if not to.active:
            raise Refusal("The account of %(name)s is deactivated.", field="staff", name=to.name)
        changes = [{"field": "staff", "old": self.staff.name if self.staff else "", "new": to.name}]
        self._step({"state": OPEN, "version": version}, {"staff_id": to.id, "follows_owner": False})
        audit.write("change", "task-assigned", actor=by, record=self, label=self.label, changes=changes)
        if to.id != by.id:
            text = N_("%(name)s has given you a task of the plan “%(plan)s”.")
            notify(to, Message(text, {"name": by.name, "plan": self.plan.title}), link=LINK)

    def _ensure(self, allowed: bool, version: int) -> None:
        if not allowed or self.version != version:
            raise StateConflict(f"task {self.id}")

    def _step(self, expect: dict[str, object], change: dict[str, object]) -> None:
        transition(self, expect=expect, change={**change, "version": self.version + 1})


LINK = "/plan-tasks"


def _asked(reason: str) -> str:
    if not reason:
        raise Refusal("Say why.", field="reason")
    return reason[: rules.LONGEST_LINE]


def book(plan: MaintenancePlan, cost: Decimal) -> None:
    """Add a cost to what is spent of a plan, or give it back where it is below 0, in one guarded UPDATE (RL-21).

    Raises `Refusal` with the figures where it is more than is left, `StateConflict` where the plan is no longer carried out.
    """
    table = MaintenancePlan
    same = (table.id == plan.id, table.state == RUNNING)
    step = update(table).where(*same, table.spent + cost <= table.budget).values(spent=table.spent + cost)
    db.session.flush()
    done = db.session.execute(step, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    db.session.refresh(plan)
    if done != 1:
        if plan.state != RUNNING:
            raise StateConflict(f"plan {plan.id}")
        raise rules.over_budget(cost, plan.spent, plan.budget)


# --- how tasks come to be ----------------------------------------------------------------


def make_tasks(plan: MaintenancePlan, measures: Iterable[Measure], by: Staff | None) -> int:
    """Make the tasks of measures that were approved, tell whose they are, and return how many there are.

    A task of somebody who has left since the plan was written is of who took over (RO-4), or falls to who wrote the plan.
    """
    made = []
    customers = [one for one in plan.customers if one.state == CustomerState.ACTIVE]
    author = now_of(plan.created_by, None, follows_owner=False, by=by)
    for one in measures:
        named = db.session.get_one(Staff, one.staff_id) if one.staff_id is not None else None
        for customer in customers if one.extent == EACH else [None]:
            if named is not None:
                whose = now_of(named, customer, follows_owner=False, by=author)
            else:
                whose = customer.owner if customer is not None else None
            made.append(
                PlanTask(
                    plan_id=plan.id, customer_id=customer.id if customer else None, staff_id=whose.id if whose else None,
                    follows_owner=named is None, kind=one.kind, text=one.text, due_on=one.due_on,
                )
            )  # fmt: skip
    db.session.add_all(made)
    db.session.flush()
    shares: dict[int, int] = {}
    for task in made:
        if task.staff_id is not None:
            shares[task.staff_id] = shares.get(task.staff_id, 0) + 1
    text = N_("The maintenance plan “%(plan)s” is approved: %(count)s tasks are yours.")
    for person in db.session.scalars(select(Staff).where(Staff.id.in_(shares), Staff.active).order_by(Staff.id)):
        notify(person, Message(text, {"plan": plan.title, "count": shares[person.id]}), link=LINK)
    return len(made)


# --- what others ask ----------------------------------------------------------------


def counts(plan: MaintenancePlan) -> dict[str, int]:
    """Return how many tasks of a plan are open, done and dropped, and how many of the open ones are overdue."""
    query = select(PlanTask.state, func.count()).where(PlanTask.plan_id == plan.id).group_by(PlanTask.state)
    found = {OPEN: 0, DONE: 0, DROPPED: 0, **{row[0]: row[1] for row in db.session.execute(query)}}
    late = select(func.count()).where(PlanTask.plan_id == plan.id, PlanTask.state == OPEN, PlanTask.due_on < clock.today())
    return {**found, "overdue": db.session.scalar(late) or 0}


def open_for(customer_ids: Collection[int]) -> list[PlanTask]:
    """Return the open tasks on customers, of plans that are carried out."""
    query = select(PlanTask).join(MaintenancePlan, MaintenancePlan.id == PlanTask.plan_id)
    query = query.where(PlanTask.customer_id.in_(customer_ids), PlanTask.state == OPEN, MaintenancePlan.state == RUNNING)
    return list(db.session.scalars(query.order_by(PlanTask.id)))
