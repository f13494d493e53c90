"""What has a chain of its own is not changed past it: terms and policy on the register, and what a change of credit covers (RL-5, AP-5)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from portal import clock, jobs
from portal.database import StateConflict, db
from portal.models.credit import apply_due
from portal.models.customer import Customer, CustomerState
from portal.models.investigation import Investigation
from portal.models.merge import CustomerMerge
from portal.rules.message import Refusal
from tests import factories
from tests.approving import APPROVE, change, person, sign, submitted
from tests.models.test_import import checked
from tests.models.test_investigation import CARD, COMPLETE

pytestmark = pytest.mark.usefixtures("app")
PROSPECT = CustomerState.PROSPECT.value


def test_payment_terms_are_entered_for_a_prospect_and_changed_by_chain_on_the_register():
    prospect = factories.customer("rep1", state=PROSPECT)
    prospect.change({"payment_terms": "net30"}, by=person("rep1"))
    assert prospect.payment_terms == "net30"
    registered = factories.customer("rep1", payment_terms="net30")
    with pytest.raises(Refusal, match="through its chain") as caught:
        registered.change({"payment_terms": "net60"}, by=person("mgr1"), reason="约定", effective_on=clock.today())
    assert caught.value.field == "payment_terms"
    assert registered.change({"payment_terms": "net30", "short_name": "甲"}, by=person("rep1"))


def test_special_policy_is_entered_for_a_prospect_and_changed_by_chain_on_the_register():
    prospect = factories.customer("rep1", state=PROSPECT)
    assert prospect.change({"dealings_policy": "月度返利百分之二"}, by=person("rep1"))
    registered = factories.customer("rep1", dealings_policy="月度返利百分之二")
    for account in ("rep1", "mgr1"):
        with pytest.raises(Refusal, match=r"^Policy in dealings: .*through its chain") as caught:
            registered.change({"dealings_policy": "无"}, by=person(account))
        assert caught.value.field == "dealings_policy"
    approval = submitted(APPROVE, customer=registered, dealings_policy="无")
    sign(approval, "mgr1")
    assert registered.dealings_policy == "无"


def test_a_merge_takes_no_terms_and_no_policy_onto_the_register():
    survivor = factories.customer("rep1")
    loser = factories.customer("rep1", state=PROSPECT, payment_terms="net60", dealings_policy="返利", short_name="乙")
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"), take={"payment_terms", "dealings_policy", "short_name"})
    assert (survivor.payment_terms, survivor.dealings_policy, survivor.short_name) == ("", "", "乙")


def test_nothing_that_a_change_in_approval_shows_is_edited():
    approval = submitted(APPROVE, customer=factories.customer("rep1", state=PROSPECT))
    customer = approval.document.customer
    with pytest.raises(Refusal, match="in approval"):
        customer.change({"dealings_policy": "另行商定"}, by=person("rep1"))
    assert customer.change({"short_name": "甲"}, by=person("rep1"))
    sign(approval, "mgr1")
    assert customer.change({"dealings_policy": "另行商定"}, by=person("rep1"))


def test_a_submission_makes_an_edit_of_the_card_that_is_open_fail():
    customer = factories.customer("rep1")
    before = customer.version
    submitted(customer=customer)
    assert customer.version == before + 1


@pytest.mark.parametrize("state", ["past", "merged"])
def test_a_change_of_a_closed_card_is_not_submitted(state: str):
    customer = factories.customer("rep1")
    draft = change(customer)
    customer.state = state
    db.session.commit()
    with pytest.raises((Refusal, StateConflict)):
        draft.submit(by=person("rep1"))


def test_an_approved_change_waits_while_an_investigation_covers_the_card():
    customer = factories.customer("rep1", **{**CARD, "state": PROSPECT})
    approval = submitted(APPROVE, customer=customer, effective_on=clock.today() - timedelta(days=1))
    document = Investigation.begin(customer, COMPLETE, by=person("rep1"))
    document.submit(by=person("rep1"))
    db.session.commit()
    sign(approval, "mgr1")
    assert customer.credit_limit is None
    assert apply_due() == 0
    customer.frozen_by_id = None
    db.session.commit()
    assert apply_due() == 1
    assert db.session.get_one(Customer, customer.id).credit_limit == Decimal("80000.00")


def test_an_import_changes_no_policy_of_a_registered_customer():
    has = Customer.create({"full_name": "华为技术有限公司", "dealings_policy": "返利"}, by=person("rep1"), state=CustomerState.ACTIVE)
    db.session.commit()
    run = checked(f"客户名称,营业方针,简称\n{has.full_name},另议,甲\n", person("sup1"))
    run.start(by=person("sup1"), mode="good", skip_duplicates=False)
    db.session.commit()
    jobs.start(run.job)
    assert (run.counts["warnings"], has.dealings_policy, has.short_name) == (1, "返利", "甲")


def test_an_import_changes_no_payment_terms_of_a_registered_customer_and_completes_those_taken_over():
    terms: dict[str, dict[str, str]] = {"华为技术有限公司": {"payment_terms": "net30"}, "重庆银行股份有限公司": {}}
    has, lacks = (
        Customer.create({"full_name": name, **more}, by=person("rep1"), state=CustomerState.ACTIVE) for name, more in terms.items()
    )
    db.session.commit()
    rows = f"客户名称,结算方式,简称\n{has.full_name},net60,甲\n{lacks.full_name},net60,乙\n"
    run = checked(rows, person("sup1"))
    assert (run.counts["update"], run.counts["warnings"]) == (2, 2)
    run.start(by=person("sup1"), mode="good", skip_duplicates=False)
    db.session.commit()
    jobs.start(run.job)
    assert [(one.payment_terms, one.short_name) for one in (has, lacks)] == [("net30", "甲"), ("", "乙")]
    taken_over = checked(rows.replace("甲", "丙"), person("sup1"), as_state="active")
    taken_over.start(by=person("sup1"), mode="good", skip_duplicates=False)
    db.session.commit()
    jobs.start(taken_over.job)
    assert [(one.payment_terms, one.short_name) for one in (has, lacks)] == [("net30", "丙"), ("net60", "乙")]


def test_a_credit_rating_is_entered_for_a_prospect_and_taken_over_with_existing_dealings():
    prospect = factories.customer("rep1", state=PROSPECT)
    assert prospect.change({"credit_rating": "AA"}, by=person("rep1"))
    with pytest.raises(Refusal, match=r"^Credit rating: .*through its chain"):
        factories.customer("rep1", credit_rating="AA").change({"credit_rating": "AAA"}, by=person("mgr1"))
    lacks = Customer.create({"full_name": "重庆银行股份有限公司"}, by=person("rep1"), state=CustomerState.ACTIVE)
    db.session.commit()
    run = checked(f"客户名称,资信等级\n{lacks.full_name},BBB\n", person("sup1"), as_state="active")
    run.start(by=person("sup1"), mode="good", skip_duplicates=False)
    db.session.commit()
    jobs.start(run.job)
    assert (prospect.credit_rating, lacks.credit_rating) == ("AA", "BBB")
