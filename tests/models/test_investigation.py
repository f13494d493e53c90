"""The new customer investigation: from prospect to register, and back where it is not approved (AR-2, AP-5, AP-10)."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.database import StateConflict, db
from portal.models import card, history
from portal.models.customer import Customer, CustomerState
from portal.models.investigation import KIND, Investigation
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests import factories
from tests.approving import record_paper, sign

Cast = dict[str, Staff]

COMPLETE: dict[str, Any] = {
    "found_by": "老客户介绍",
    "purpose": "长期供货",
    "expected_products": "电动工具",
    "expected_monthly_amount": Decimal("60000"),
    "proposed_payment_terms": "net30",
    "proposed_credit_limit": Decimal("0"),
    "credit_findings": "未见失信记录",
    "risks": "客户集中",
    "opinion": "建议开始交易",
    "proposed_grade": "B",
    "investigated_on": clock.today(),
}
CARD: dict[str, Any] = {
    "state": CustomerState.PROSPECT.value,
    "credit_code": "91110000100000000A",
    "nature": "ordinary",
    "province": "广东省",
    "city": "深圳市",
    "street": "高新中三道 9 号",
    "telephone": "0755-23456789",
    "legal_representative": "张晓东",
    "main_business": "机电设备批发",
}


def draft(staff: Cast, customer: Customer | None = None, **values: Any) -> Investigation:
    document = Investigation.begin(customer or factories.customer(**CARD), {**COMPLETE, **values}, by=staff["rep1"])
    db.session.commit()
    return document


def test_one_is_open_at_a_time_and_only_for_prospects(staff: Cast) -> None:
    document = draft(staff)
    with pytest.raises(Refusal):
        Investigation.begin(document.customer, {}, by=staff["rep1"])
    with pytest.raises(Refusal):
        Investigation.begin(factories.customer(), {}, by=staff["rep1"])


def test_a_draft_may_be_half_done_a_submission_not(staff: Cast) -> None:
    document = draft(staff, risks="", proposed_credit_limit=None)
    assert [field.name for field in document.missing()[1]] == ["proposed_credit_limit", "risks"]
    with pytest.raises(Refusal):
        KIND.check(document)
    document.save({"risks": "客户集中", "proposed_credit_limit": Decimal(0)}, by=staff["rep1"])
    KIND.check(document)


def test_the_card_must_say_enough_and_an_individual_has_no_licence(staff: Cast) -> None:
    bare = draft(staff, factories.customer(state="prospect"))
    assert {field.name for field in bare.missing()[0]} == set(card.REQUIRED_OF_CUSTOMER)
    person = draft(staff, factories.customer(**{**CARD, "nature": "individual", "credit_code": "", "legal_representative": ""}))
    assert person.missing() == ([], [])


def test_what_cannot_be_in_an_investigation(staff: Cast) -> None:
    document = draft(staff)
    for values in ({"proposed_grade": "D"}, {"proposed_payment_terms": "barter"}, {"investigated_on": clock.today() + timedelta(days=1)}):
        with pytest.raises(Refusal) as caught:
            document.save(values, by=staff["rep1"])
        assert caught.value.field == next(iter(values))


def test_the_snapshot_is_plain_and_whole(staff: Cast) -> None:
    document = draft(staff, proposed_credit_limit=Decimal("300000"))
    factories.contact(document.customer, name="𠮷田䶮", decides=True)
    content = KIND.snapshot(document)
    assert json.loads(json.dumps(content)) == content
    assert set(content) == {"customer", "contacts", "investigation"}
    assert content["investigation"]["proposed_credit_limit"] == "300000.00"
    assert content["investigation"]["investigated_on"] == clock.today().isoformat()
    assert set(content["investigation"]) == set(card.INVESTIGATION)
    assert {"number", "owner", "team", *card.CARD} <= set(content["customer"])
    assert (content["customer"]["owner"], content["contacts"][0]["name"], content["contacts"][0]["decides"]) == ("赵一鸣", "𠮷田䶮", True)


def test_submitted_freezes_the_card_and_an_edit_under_way_fails(staff: Cast) -> None:
    document = draft(staff)
    version = document.customer.version
    KIND.on_submitted(document, SimpleNamespace(id=7), staff["rep1"])
    assert (document.customer.frozen_by_id, document.customer.version) == (7, version + 1)
    for call in (
        lambda: document.save({"risks": "无"}, by=staff["rep1"]),
        lambda: document.customer.change({"fax": "1"}, by=staff["rep1"]),
    ):
        with pytest.raises(Refusal):
            call()
    with pytest.raises(StateConflict):
        KIND.on_submitted(document, SimpleNamespace(id=8), staff["rep1"])


@pytest.mark.parametrize("event", ["on_returned", "on_rejected", "on_given_up"])
def test_not_approved_restores_the_prospect(event: str, staff: Cast) -> None:
    document = draft(staff)
    approval = SimpleNamespace(id=7)
    KIND.on_submitted(document, approval, staff["rep1"])
    if event == "on_given_up":
        KIND.on_returned(document, approval, staff["sup1"])
    getattr(KIND, event)(document, approval, staff["sup1"])
    db.session.commit()
    customer = document.customer
    assert (customer.frozen_by_id, customer.state, customer.grade, customer.registered_on) == (None, "prospect", "", None)
    assert document.outcome == {"on_returned": "", "on_rejected": "rejected", "on_given_up": "given-up"}[event]
    assert (Investigation.open_for(customer) is None) == (event != "on_returned")


def test_approved_puts_the_customer_on_the_register(staff: Cast) -> None:
    document = draft(staff, proposed_credit_limit=Decimal("300000"))
    approval = SimpleNamespace(id=7)
    KIND.on_submitted(document, approval, staff["rep1"])
    KIND.on_approved(document, approval, staff["mgr1"])
    db.session.commit()
    customer = document.customer
    assert (customer.state, customer.registered_on, customer.frozen_by_id) == ("active", clock.today(), None)
    assert (customer.grade, customer.grade_provisional, customer.payment_terms) == ("B", True, "net30")
    assert customer.credit_limit == Decimal("300000")
    event = history.changes(customer)[0][0]
    assert (event.action, event.actor_name, event.data["approval"]) == ("registered", "郑七星", 7)
    assert {change["field"] for change in event.data["changes"]} == {"state", "grade", "credit_limit", "payment_terms"}
    assert customer.can_edit(staff["rep1"])


def test_after_a_rejection_a_new_one_can_be_begun(staff: Cast) -> None:
    document = draft(staff)
    document.outcome = "rejected"
    db.session.commit()
    again = Investigation.begin(document.customer, COMPLETE, by=staff["rep1"])
    assert Investigation.last_for(document.customer) == again


def test_it_is_seen_by_who_sees_the_customer(app: Flask, staff: Cast) -> None:
    document = draft(staff)
    seen = {
        account for account in staff if db.session.scalar(Investigation.visible_to(staff[account]).where(Investigation.id == document.id))
    }
    assert seen == {"rep1", "sup1", "mgr1", "mgr2"}


def test_through_the_real_chain_to_the_register(staff: Cast) -> None:
    document = draft(staff)
    approval = document.submit(by=staff["rep1"])
    db.session.commit()
    assert document.customer.frozen_by_id == approval.id
    sign(approval, "sup1")
    sign(approval, "mgr1")
    assert document.customer.state == "prospect"
    record_paper(approval, "mgr2", date=clock.today())
    assert (approval.state, document.outcome, document.customer.state) == ("approved", "approved", "active")
    assert document.approval() == approval


def test_sent_back_it_is_a_draft_again_and_its_next_submission_a_new_round(staff: Cast) -> None:
    document = draft(staff)
    approval = document.submit(by=staff["rep1"])
    db.session.commit()
    sign(approval, "sup1", "send-back", "请补充风险")
    assert document.can_edit(staff["rep1"])
    document.save({"risks": "客户集中于电子加工业"}, by=staff["rep1"])
    assert document.submit(by=staff["rep1"]) == approval
    assert (approval.state, approval.round) == ("pending", 2)
