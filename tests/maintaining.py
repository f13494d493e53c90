"""Short ways through maintenance plans for tests. rep1 and rep2 are of team 1, rep3 of team 2."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.plan import MaintenancePlan
from portal.models.plan_papers import PlanSummary
from portal.models.plan_task import PlanTask
from portal.rules.maintenance import EACH, Measure, Outline
from tests import approving, factories
from tests.approving import person

SUMMARY = {"verdict": "reached", "reached": "续签年度合同", "cost_note": "", "learned": "春节前拜访效果最好"}


def day(ahead: int = 0) -> date:
    """Return a day so many ahead of today."""
    return clock.today() + timedelta(days=ahead)


def measure(**values: Any) -> Measure:
    """Return a visit of each customer by who is in charge, in ten days, for 500 yuan in all."""
    given: dict[str, Any] = {"kind": "visit", "text": "登门拜访", "extent": EACH, "staff_id": None, "due_on": day(10), "cost": Decimal(500)}
    return Measure(**{**given, **values})


def outline(*measures: Measure, customers: int = 1, people: tuple[str, ...] = ("rep1",), **values: Any) -> Outline:
    """Return what somebody wrote into a plan of sixty days with 1,000 yuan."""
    given: dict[str, Any] = {
        "title": "重点客户维护", "goal": "续签年度合同", "means": "定期走访", "budget": Decimal(1000),
        "starts_on": day(), "ends_on": day(60),
    }  # fmt: skip
    numbers = tuple(person(one).id for one in people)
    return Outline(**{**given, **values}, people=numbers, measures=measures or (measure(),), customers=customers)


def drafted(*customers: Customer, by: str = "sup1", measures: tuple[Measure, ...] = (), **values: Any) -> MaintenancePlan:
    """Return a committed draft; of a new customer of rep1 where none is given."""
    covered = customers or (factories.customer("rep1"),)
    plan = MaintenancePlan.begin(outline(*measures, customers=len(covered), **values), [one.id for one in covered], by=person(by))
    db.session.commit()
    return plan


def submitted(plan: MaintenancePlan, by: str = "sup1") -> Approval:
    """Return the committed running approval of a plan."""
    approval = plan.submit(by=person(by))
    db.session.commit()
    return approval


def through(approval: Approval, manager: str = "mgr1") -> Approval:
    """Bring an approval through its whole chain."""
    while approval.state == "pending":
        if approval.open_steps[0].type == "paper":
            approving.record_paper(approval, by="mgr2", name="客户总监甲", date=clock.today())
        else:
            approving.sign(approval, manager)
    return approval


def running(*customers: Customer, by: str = "sup1", **values: Any) -> MaintenancePlan:
    """Return a plan that is approved and carried out."""
    plan = drafted(*customers, by=by, **values)
    through(submitted(plan, by))
    return db.session.get_one(MaintenancePlan, plan.id)


def tasks(plan: MaintenancePlan) -> list[PlanTask]:
    """Return the tasks of a plan in their order."""
    return list(db.session.scalars(db.select(PlanTask).where(PlanTask.plan_id == plan.id).order_by(PlanTask.id)))


def done(task: PlanTask, cost: str = "0", by: str = "rep1", **values: Any) -> PlanTask:
    """Record that a task is done, and commit."""
    given: dict[str, Any] = {"result": "已拜访，客户满意", "done_on": clock.today(), "version": task.version, **values}
    task.finish(cost=Decimal(cost), by=person(by), **given)
    db.session.commit()
    return task


def summed(plan: MaintenancePlan, by: str = "sup1", **values: str) -> PlanSummary:
    """Return a committed draft of a plan's summary."""
    summary = PlanSummary.begin(plan, {**SUMMARY, **values}, by=person(by))
    db.session.commit()
    return summary


def concluded(plan: MaintenancePlan, by: str = "sup1") -> PlanSummary:
    """Do every task of a plan, and bring its summary through its review."""
    for one in tasks(plan):
        if one.state == "open":
            done(one)
    summary = summed(plan, by)
    through_summary = summary.submit(by=person(by))
    db.session.commit()
    through(through_summary)
    return db.session.get_one(PlanSummary, summary.id)
