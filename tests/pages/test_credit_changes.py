"""Pages of changes of credit (RL-5)."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.credit import CreditChange, apply_due
from portal.models.standard import set_value
from tests import factories
from tests.approving import APPROVE, change, person, sign, submitted

pytestmark = pytest.mark.usefixtures("app")
FORM = {
    "credit_rating": "AA",
    "credit_limit": "12万",
    "payment_terms": "net60",
    "dealings_policy": "",
    "reason": "订单增加",
    "effective_on": "2026-01-01",
}


def test_from_the_form_to_the_approval(as_):
    customer_id = factories.customer("rep1").id
    browser = as_("rep1")
    answer = browser.post(f"/customers/{customer_id}/credit-changes", data=FORM)
    assert answer.status_code == 303
    draft = db.session.query(CreditChange).one()
    assert (draft.credit_limit, draft.payment_terms, draft.state) == (Decimal("120000.00"), "net60", "draft")
    edit = f"{answer.location}/edit"
    assert 'value="120000.00"' in browser.get(edit).get_data(as_text=True)
    assert browser.post(edit, data={**FORM, "credit_limit": "1,500.50"}).status_code == 303
    first = browser.post(f"{answer.location}/submission")
    again = browser.post(f"{answer.location}/submission")
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    approval = db.session.query(Approval).one()
    assert approval.current_round.content["new"]["credit_limit"] == "1500.50"
    assert approval.current_round.content["new"]["credit_rating"] == "AA"
    assert browser.post(edit, data=FORM).status_code == 422


@pytest.mark.parametrize(
    "wrong",
    [
        {"credit_limit": "much"},
        {"credit_limit": "-5"},
        {"credit_rating": "", "credit_limit": "", "payment_terms": ""},
        {"payment_terms": "whenever"},
        {"credit_rating": "A" * 21},
        {"reason": ""},
        {"effective_on": "soon"},
    ],
)
def test_wrong_input_comes_back_with_what_was_typed(as_, wrong):
    customer_id = factories.customer("rep1").id
    answer = as_("rep1").post(f"/customers/{customer_id}/credit-changes", data={**FORM, **wrong})
    assert answer.status_code == 422
    assert db.session.query(CreditChange).count() == 0


def test_amounts_have_their_unit_and_separators(as_):
    text = as_("rep1").get(f"/customers/{factories.customer('rep1').id}/credit-changes/new").get_data(as_text=True)
    assert "500,000.00 元" in text
    assert "目前未收（元）" in text


def test_the_form_tells_of_what_is_approved_for_a_day_ahead(as_):
    customer = factories.customer("rep1")
    address, words = f"/customers/{customer.id}/credit-changes/new", "在此之前生效的变更"
    assert words not in as_("rep1").get(address).get_data(as_text=True)
    ahead = submitted(APPROVE, customer=customer, effective_on=clock.today() + timedelta(days=2))
    sign(ahead, "mgr1")
    text = as_("rep1").get(address).get_data(as_text=True)
    assert words in text
    assert f"/credit-changes/{ahead.document.id}" in text
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        assert apply_due() == 1
    db.session.commit()
    assert words not in as_("rep1").get(address).get_data(as_text=True)


def test_a_change_of_another_customer_is_not_there(as_):
    draft, other = change(), factories.customer("rep1")
    assert as_("rep1").get(f"/customers/{other.id}/credit-changes/{draft.id}").status_code == 404


def test_a_second_change_is_refused_while_one_is_open(as_):
    draft = change()
    assert as_("rep1").post(f"/customers/{draft.customer_id}/credit-changes", data=FORM).status_code == 422


def test_why_answers_with_the_limit_under_which_a_change_was_submitted(as_):
    approval = submitted(APPROVE)
    draft = change()
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        set_value("credit.finance_limit", "700000.00", by=person("mgr1"), reason="放宽")
        db.session.commit()
        browser = as_("rep1")
        for one, limit in ((approval.document, "500,000.00"), (draft, "700,000.00")):
            page = browser.get(f"/customers/{one.customer_id}/credit-changes/{one.id}").get_data(as_text=True)
            assert f"<dd>{limit} " in page
            assert "<dd>80,000.00</dd>" in page, "the figure of the case"


def test_an_approved_change_for_a_day_ahead_is_cancelled_with_a_reason(as_):
    approval = submitted(APPROVE, effective_on=clock.today() + timedelta(days=2))
    sign(approval, "mgr1")
    address = f"/customers/{approval.customer_id}/credit-changes/{approval.record_id}"
    assert "取消这项变更" not in as_("rep1").get(address).get_data(as_text=True)
    manager = as_("mgr1")
    assert "取消这项变更" in manager.get(address).get_data(as_text=True)
    assert manager.post(f"{address}/cancellation", data={"reason": "客户另议"}).status_code == 303
    page = manager.get(address).get_data(as_text=True)
    assert "客户另议" in page
    assert "取消这项变更" not in page
    assert "已取消" in manager.get(address.rpartition("/")[0]).get_data(as_text=True)


def test_a_change_that_was_sent_back_says_why(as_):
    approval = submitted()
    sign(approval, "sup1", "send-back")
    db.session.commit()
    draft = approval.document
    page = as_("rep1").get(f"/customers/{draft.customer_id}/credit-changes/{draft.id}").get_data(as_text=True)
    assert re.search(r'message-warning">.*退回', page), "who sent it back, with which words"
    assert f'href="/approvals/{approval.id}"' in page
