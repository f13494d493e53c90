"""What approvals do every minute (AP-10, RL-5)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.blueprints.approvals import jobs
from tests.approving import APPROVE, delegate, person, sign, submitted

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


def test_steps_follow_a_delegation_that_begins_and_ends_by_itself():
    jobs._seen.clear()
    with time_machine.travel(NOON, tick=False) as traveller:
        delegate("sup1", "sup2", date(2026, 3, 5), date(2026, 3, 5))
        person("sup1").active = False
        approval = submitted()
        jobs.reroute()
        assert approval.open_steps[0].pool == "manager"
        traveller.shift(timedelta(days=1))
        jobs.reroute()
        assert approval.can_sign(person("sup2"))
        assert not approval.can_sign(person("mgr1"))
        traveller.shift(timedelta(days=1))
        jobs.reroute()
        assert approval.can_sign(person("mgr1"))


def test_an_approved_change_takes_effect_on_its_day():
    with time_machine.travel(NOON, tick=False) as traveller:
        approval = submitted(APPROVE, effective_on=date(2026, 3, 5))
        sign(approval, "mgr1")
        jobs.take_effect()
        assert approval.document.customer.credit_limit is None
        traveller.shift(timedelta(days=1))
        jobs.take_effect()
        assert approval.document.customer.credit_limit == Decimal("80000.00")
