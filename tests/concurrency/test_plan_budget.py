"""Several costs booked at once never go beyond a plan's budget, and what is spent is what the tasks cost (RL-21)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.database import StateConflict, db
from portal.models.plan import MaintenancePlan
from portal.models.plan_papers import PlanAmendment
from portal.models.plan_task import PlanTask
from tests import factories
from tests.approving import person, record_paper, sign
from tests.concurrency.test_signatures import at_once
from tests.maintaining import done, measure, running, submitted, tasks


def _finishing(task_id: int, cost: str) -> None:
    task = db.session.get_one(PlanTask, task_id)
    task.finish(result="已办", cost=Decimal(cost), done_on=clock.today(), by=person("rep1"), version=task.version)


def test_of_eight_bookings_only_what_fits_the_budget_counts(app: Flask) -> None:
    plan = running(*(factories.customer("rep1") for _one in range(8)), measures=(measure(cost=Decimal(1000)),), budget=Decimal(1000))
    ids = [one.id for one in tasks(plan)]
    ended = at_once(app, *(lambda number=number: _finishing(number, "300") for number in ids))  # type: ignore[misc]
    assert sorted(ended) == ["Refusal"] * 5 + ["done"] * 3, ended
    plan = db.session.get_one(MaintenancePlan, plan.id)
    assert plan.spent == Decimal(900)
    assert sum(one.cost for one in tasks(plan)) == plan.spent
    assert sorted(one.state for one in tasks(plan)) == ["done"] * 3 + ["open"] * 5


def test_a_task_finished_twice_at_once_costs_once(app: Flask) -> None:
    plan = running()
    number = tasks(plan)[0].id
    ended = at_once(app, *[lambda: _finishing(number, "400")] * 4)
    assert ended.count("done") == 1, ended
    assert db.session.get_one(MaintenancePlan, plan.id).spent == Decimal(400)


def test_two_amendments_begun_at_once_are_one(app: Flask) -> None:
    plan = running()
    done(tasks(plan)[0], "900")
    plan_id = plan.id

    def amending() -> None:
        plan = db.session.get_one(MaintenancePlan, plan_id)
        PlanAmendment.begin(plan, reason="追加", budget=Decimal(2000), ends_on=plan.ends_on, measures=[], by=person("sup1"))

    ended = at_once(app, amending, amending)
    assert ended.count("done") == 1, ended
    assert db.session.query(PlanAmendment).count() == 1


def test_a_cost_booked_while_a_smaller_budget_is_approved_is_not_left_above_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = running(budget=Decimal(1000))
    amendment = PlanAmendment.begin(plan, reason="压缩", budget=Decimal(500), ends_on=plan.ends_on, measures=[], by=person("sup1"))
    db.session.commit()
    approval = submitted(amendment)  # type: ignore[arg-type]
    sign(approval, "mgr1")
    judged = PlanAmendment.ensure_ready

    def overtaken(document: PlanAmendment) -> None:
        judged(document)
        step = update(MaintenancePlan).where(MaintenancePlan.id == document.plan_id).values(spent=Decimal(900))
        db.session.execute(step, execution_options={"synchronize_session": False})

    monkeypatch.setattr(PlanAmendment, "ensure_ready", overtaken)
    with pytest.raises(StateConflict):
        record_paper(approval, by="mgr2", name="客户总监甲", date=clock.today())
    db.session.rollback()
    assert db.session.get_one(MaintenancePlan, plan.id).budget == Decimal(1000)
