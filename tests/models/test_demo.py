"""Demonstration data: every state is there, loading twice adds nothing, removing takes all of it out and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.database import db
from portal.demo import load, remove
from portal.models import audit, disposal_cards
from portal.models.agreement import Agreement
from portal.models.approval import Approval
from portal.models.approval_step import ApprovalStep
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.greeting import GreetingLine
from portal.models.history import timeline
from portal.models.loan import Loan
from portal.models.order_request import STATES as ORDER_STATES
from portal.models.order_request import OrderRequest
from portal.models.plan import STATES as PLAN_STATES
from portal.models.plan import MaintenancePlan
from portal.models.plan_task import PlanTask
from portal.models.reception import STATES as RECEPTION_STATES
from portal.models.reception import Reception
from portal.models.register_entry import RegisterEntry
from portal.models.relation import STATES as RELATION_STATES
from portal.models.relation import RelationAssessment
from portal.models.staff import Staff
from portal.models.team import Team
from portal.registers import REGISTERS
from portal.rules.relation import ADVICE
from tests import factories


@pytest.fixture
def bare_office(app: Flask) -> None:
    """The cast out of the way of the demonstration's accounts of the same names."""
    for person in db.session.scalars(select(Staff)):
        person.account = f"own-{person.account}"
    for team in db.session.scalars(select(Team)):
        team.name = f"own {team.name}"
    db.session.commit()


def counts() -> dict[str, int]:
    return {table.name: db.session.scalar(select(func.count()).select_from(table)) or 0 for table in db.metadata.sorted_tables}


@pytest.mark.usefixtures("bare_office")
@time_machine.travel(datetime(2026, 3, 9, 4, tzinfo=UTC), tick=False)
def test_load_shows_every_state_and_remove_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "CUSTOMERS", 150)
    own = factories.customer("own-rep1")
    before = counts()
    assert load.load() == 150
    db.session.commit()
    states = {(kind, state) for kind, state in db.session.execute(select(Approval.kind_name, Approval.state))}
    for wanted in ("pending", "draft", "withdrawn", "rejected", "approved"):
        assert ("investigation", wanted) in states
    assert {"prospect", "active", "past"} <= set(db.session.scalars(select(Customer.state)))
    assert not list(audit.verify())

    assert {"pending", "granted", "out", "returned"} <= set(db.session.scalars(select(Loan.state)))
    assert {"pending", "approved"} <= set(db.session.scalars(select(Disposal.state)))
    manager = Staff.by_account("mgr1")
    assert manager is not None
    assert disposal_cards.due(manager)
    assert set(db.session.scalars(select(MaintenancePlan.state))) == set(PLAN_STATES)
    assert set(db.session.scalars(select(Reception.state))) == set(RECEPTION_STATES) - {"given-up"}
    assert {"open", "done", "dropped"} <= set(db.session.scalars(select(PlanTask.state)))
    assert {"open", "greeted", "skipped"} <= set(db.session.scalars(select(GreetingLine.state)))
    assert set(db.session.scalars(select(RelationAssessment.state))) == set(RELATION_STATES)
    assert set(db.session.scalars(select(RelationAssessment.advice))) == set(ADVICE)
    assert set(db.session.scalars(select(OrderRequest.state))) == set(ORDER_STATES)
    agreements = db.session.scalars(select(Agreement)).all()
    assert {"drafted", "revised", "running", "due", "run-out", "ended"} <= {one.standing(clock.today()) for one in agreements}
    due = [step.due_on for step in db.session.scalars(select(ApprovalStep).where(ApprovalStep.state == "open")) if step.due_on]
    late = [one for one in due if one < clock.today()]
    assert 1 <= len(late) <= len(due) / 4, "of what waits most is fresh, little overdue"
    assert len({one for one in due if one >= clock.today()}) > 1, "some is due sooner, some later"
    full = counts()
    assert set(db.session.scalars(select(RegisterEntry.register))) == set(REGISTERS)
    assert load.load() == 0
    db.session.commit()
    assert counts() == full

    assert remove.remove() > 150
    db.session.commit()
    kept = {"audit_event", "audit_head", "number_series"}
    assert {name: count for name, count in counts().items() if name not in kept} == {
        name: count for name, count in before.items() if name not in kept
    }
    assert db.session.get(Customer, own.id) is not None
    assert not list(audit.verify())
    assert timeline(factories.customer("own-rep1"))[0] == [], "who comes next has nothing of the story of those who went"
