"""Change of credit limit, terms and policy (RL-5, AP-3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.database import StateConflict, db
from portal.models.audit import AuditEvent
from portal.models.credit import CreditChange, apply_due
from portal.rules.message import Refusal
from tests import factories
from tests.approving import APPROVE, change, person, sign, submitted, told

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


def test_approval_sets_the_card_and_its_history_with_reason_and_day():
    customer = factories.customer("rep1", credit_limit=Decimal("1000.00"), payment_terms="net30")
    approval = submitted(APPROVE, customer=customer, credit_rating="AAA", dealings_policy="月度返利百分之二")
    sign(approval, "mgr1")
    assert (customer.credit_limit, customer.payment_terms, customer.dealings_policy) == (Decimal("80000.00"), "net30", "月度返利百分之二")
    assert customer.credit_rating == "AAA"
    entry = db.session.query(AuditEvent).filter_by(action="credit-changed", customer_id=customer.id).one()
    assert entry.data["changes"] == [
        {"field": "credit_rating", "old": "", "new": "AAA"},
        {"field": "credit_limit", "old": "1000.00", "new": "80000.00"},
        {"field": "dealings_policy", "old": "", "new": "月度返利百分之二"},
    ]
    assert (entry.data["reason"], entry.data["effective_on"]) == ("采购量增加", "2026-01-01")


def test_nothing_changes_before_the_last_signature_nor_before_its_day():
    with time_machine.travel(NOON, tick=False):
        approval = submitted(APPROVE, effective_on=date(2026, 3, 6))
        customer = approval.document.customer
        sign(approval, "mgr1")
        assert approval.document.state == "approved"
        assert apply_due() == 0
        assert customer.credit_limit is None
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        assert apply_due() == 1
        assert customer.credit_limit == Decimal("80000.00")
        assert apply_due() == 0


def test_one_open_change_a_customer():
    draft = change()
    assert not CreditChange.can_propose(draft.customer, person("rep1"))
    with pytest.raises(Refusal, match="open already"):
        change(draft.customer)


@pytest.mark.parametrize(
    "values",
    [
        {"credit_limit": None, "payment_terms": ""},
        {"credit_limit": Decimal("500.00"), "payment_terms": ""},
        {"credit_limit": Decimal("-1")},
        {"reason": ""},
    ],
)
def test_refused(values):
    customer = factories.customer("rep1", credit_limit=Decimal("500.00"))
    with pytest.raises(Refusal):
        change(customer, **values)


def test_a_customer_that_is_gone_gets_no_credit():
    with pytest.raises(Refusal):
        change(factories.customer("rep1", state="past"))


def test_terms_of_a_customer_above_the_limit_need_finance_too():
    customer = factories.customer("rep1", credit_limit=Decimal("600000.00"))
    assert len(submitted(customer=customer, credit_limit=None).current_round.steps) == 3


def test_snapshot_keeps_old_and_new():
    customer = factories.customer("rep1", credit_limit=Decimal("1000.00"))
    approval = submitted(customer=customer)
    content = approval.current_round.content
    assert content["old"] == {"credit_rating": "", "credit_limit": "1000.00", "payment_terms": "", "dealings_policy": ""}
    assert content["new"] == {"credit_rating": "", "credit_limit": "80000.00", "payment_terms": "net30", "dealings_policy": ""}
    assert content["customer"]["owner"] == "赵一鸣"
    assert content["change"]["limit_of_finance"] == "500000.00"


def test_changes_that_fall_due_together_are_set_in_the_order_of_their_days():
    customer = factories.customer("rep1")
    with time_machine.travel(NOON, tick=False):
        for day, limit in ((20, "200.00"), (10, "100.00"), (10, "150.00")):
            approval = submitted(
                *([APPROVE] if day == 20 else []), customer=customer, credit_limit=Decimal(limit), effective_on=date(2026, 3, day)
            )
            sign(approval, "mgr1")
    with time_machine.travel(NOON + timedelta(days=30), tick=False):
        assert apply_due() == 3
        db.session.commit()
        assert customer.credit_limit == Decimal("200.00"), "the limit that holds from the latest day on"
    old_and_new = [
        entry.data["changes"][0] for entry in db.session.query(AuditEvent).filter_by(action="credit-changed").order_by(AuditEvent.id)
    ]
    assert [one["new"] for one in old_and_new] == ["100.00", "150.00", "200.00"]


def test_a_manager_cancels_what_is_approved_and_not_set_yet():
    with time_machine.travel(NOON, tick=False):
        approval = submitted(APPROVE, effective_on=date(2026, 3, 6))
        found, customer = approval.document, approval.document.customer
        assert not found.can_cancel(person("mgr1")), "it is in approval"
        sign(approval, "mgr1")
        assert [found.can_cancel(person(one)) for one in ("rep1", "sup1", "mgr2")] == [False, False, True]
        with pytest.raises(Refusal):
            found.cancel(reason="", by=person("mgr2"))
        found.cancel(reason="客户另议", by=person("mgr2"))
        db.session.commit()
        assert told("rep1")[-1].endswith(f"{customer.full_name} for 2026-03-06: 客户另议")
        assert (found.state, approval.state, found.cancelled().data["reason"]) == ("cancelled", "approved", "客户另议")
        with pytest.raises(StateConflict):
            found.cancel(reason="客户另议", by=person("mgr2"))
        db.session.rollback()
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        assert apply_due() == 0
    assert (customer.credit_limit, CreditChange.ahead_for(customer)) == (None, [])


def test_what_is_set_on_the_card_is_not_cancelled():
    approval = submitted(APPROVE)
    found = approval.document
    sign(approval, "mgr1")
    with pytest.raises(StateConflict):
        found.cancel(reason="客户另议", by=person("mgr2"))
