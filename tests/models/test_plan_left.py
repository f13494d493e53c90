"""What of maintenance plans would wait for nobody: tasks on customers of nobody, plans whose author lost sight of one (RL-21, RL-23)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.hand_over import hand_over
from portal.models.plan import MaintenancePlan
from tests import approving, factories, maintaining
from tests.approving import person, sign

pytestmark = pytest.mark.usefixtures("app")


def _waits(kind: str, after: int) -> list[str]:
    """Return in whose inbox something of this kind stands so many days ahead."""
    with time_machine.travel(clock.now() + timedelta(days=after), tick=False):
        people = ("rep1", "rep3", "sup1", "sup2", "mgr1", "mgr2")
        assert all(inbox.count(person(name)) == len(inbox.entries(person(name))) for name in people)
        return [name for name in people if inbox.entries(person(name), kind=kind)]


def _by_manager(*customers: object) -> MaintenancePlan:
    """A plan over several teams that a manager wrote."""
    plan = maintaining.drafted(*customers, by="mgr2")  # type: ignore[arg-type]
    approval = maintaining.submitted(plan, by="mgr2")
    sign(approval, "mgr1")
    approving.record_paper(approval, by="mgr1", name="客户总监甲", date=clock.today())
    return plan


def test_a_task_on_a_customer_of_nobody_waits_for_the_supervisor_of_its_team() -> None:
    plan = _by_manager(factories.customer("rep3", owner_id=None), factories.customer("rep1"))
    assert plan.team_id is None
    assert _waits("plan-task", 8) == ["rep1", "sup2"]


def test_a_task_on_a_customer_of_no_team_waits_for_the_managers() -> None:
    _by_manager(factories.customer("rep3", owner_id=None, team_id=None))
    assert _waits("plan-task", 8) == ["mgr1", "mgr2"]


def test_a_plan_whose_author_lost_sight_of_a_customer_is_summed_up_by_a_manager() -> None:
    away, stays = factories.customer("rep1"), factories.customer("rep1")
    maintaining.running(away, stays)
    assert _waits("plan-summary", 90) == ["sup1"]
    hand_over([away.id], to=person("rep3"), by=person("mgr1"))
    db.session.commit()
    assert _waits("plan-summary", 90) == ["mgr1", "mgr2"]
