"""Requests about orders (RL-6): what they must say, when approval is needed, what the sales say, how long A treatment lasts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.database import StateConflict, db
from portal.models import dealings, inbox, order_desk, order_list
from portal.models.approval import Approval
from portal.models.approval_kinds import KINDS as DOCUMENTS
from portal.models.merge import CustomerMerge
from portal.models.order_list import OrderQuery
from portal.models.order_request import NAMES, OrderRequest, figures_of, open_treatments
from portal.rules import orders
from portal.rules.message import Refusal
from portal.rules.orders import A_TREATMENT, REFUSAL, Goods
from tests import approving, factories
from tests.approving import person
from tests.ordering import asked, day, submitted, through, treated, wanted
from tests.sales import samples

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (REFUSAL, {"order_number": ""}, "order_number"),
        (REFUSAL, {"ordered_on": None}, "ordered_on"),
        (REFUSAL, {"ordered_on": date(2999, 1, 1), "delivery_on": None}, "ordered_on"),
        (REFUSAL, {"goods": ()}, "goods-product-0"),
        (REFUSAL, {"goods": (Goods("轴承", "1", Decimal(1)), Goods("", "2", Decimal(1)))}, "goods-product-1"),
        (REFUSAL, {"goods": (Goods("轴承", "1", Decimal(0)),)}, "goods-amount-0"),
        (REFUSAL, {"reason": ""}, "reason"),
        (REFUSAL, {"delivery_on": date(2020, 1, 1)}, "delivery_on"),
        (A_TREATMENT, {"delivery_on": None}, "delivery_on"),
        (A_TREATMENT, {"price_note": ""}, "price_note"),
        (A_TREATMENT, {"payment_note": ""}, "payment_note"),
    ],
)
def test_what_is_missing_is_refused_with_its_field(kind: str, values: dict[str, Any], field: str) -> None:
    found = orders.problems(kind, wanted(**values), day(), without=("price_level", "recovery"))
    assert [one.field for one in found] == [field]


def test_a_refusal_needs_no_word_on_price_where_the_sales_have_one() -> None:
    assert not orders.problems(REFUSAL, wanted(delivery_on=None, price_note="", payment_note=""), day(), without=("price_level",))
    assert not orders.problems(A_TREATMENT, wanted(price_note="", payment_note=""), day())


def test_an_order_of_a_grade_a_customer_is_refused_by_supervisor_and_manager() -> None:
    request = asked()
    assert request.needs_approval
    assert not request.can_record(person("rep1"))
    with pytest.raises(Refusal, match="needs approval"):
        request.record(by=person("rep1"))
    approval = submitted(request)
    assert [step.role for step in approval.current_round.steps] == ["supervisor", "manager"]
    assert approval.current_round.content["order"]["amount"] == "1200.50"
    assert "sales" not in approval.current_round.content
    approving.sign(approval, "sup1")
    assert (request.state, request.grade) == ("pending", "A")
    approving.sign(approval, "mgr1")
    assert request.state == "approved"
    assert request.decided_at is not None
    assert not request.is_open_treatment


def test_everybody_elses_order_is_refused_without_approval_and_recorded() -> None:
    for grade in ("B", "C", ""):
        request = asked(customer=factories.customer("rep1", grade=grade))
        with pytest.raises(Refusal, match="no approval is needed"):
            request.submit(by=person("rep1"))
        db.session.rollback()
        request.record(by=person("rep1"))
        db.session.commit()
        assert (request.state, request.grade) == ("recorded", grade)
        assert Approval.latest_for(NAMES[REFUSAL], request.id) is None
        with pytest.raises(StateConflict):
            request.record(by=person("rep1"))


def test_a_grade_that_changes_meanwhile_changes_the_way() -> None:
    request = asked(customer=factories.customer("rep1", grade="B"))
    request.customer.grade = "A"
    db.session.commit()
    assert request.needs_approval
    assert request.grade_now == "A"
    approval = submitted(request)
    approving.sign(approval, "sup1", "send-back")
    request.customer.grade = "B"
    db.session.commit()
    assert not request.can_record(person("rep1"))  # its approval waits for it
    with pytest.raises(Refusal, match="no approval is needed"):
        request.submit(by=person("rep1"))


def test_only_orders_of_grade_c_customers_are_applied_for_and_a_manager_decides() -> None:
    for grade in ("A", "B", ""):
        with pytest.raises(Refusal) as refused:
            asked(A_TREATMENT, factories.customer("rep1", grade=grade))
        assert refused.value.field == "customer"
    request = asked(A_TREATMENT)
    approval = submitted(request)
    assert [step.role for step in approval.current_round.steps] == ["manager"]
    approving.sign(approval, "mgr1")
    assert request.is_open_treatment
    assert request.customer.grade == "C"  # the customer stays what it is
    assert open_treatments([request.customer_id]) == [request]


def test_the_treatment_lasts_for_that_one_order() -> None:
    request = treated(delivery_on=day(3))
    with pytest.raises(Refusal) as refused:
        request.close("", by=person("rep1"))
    assert refused.value.field == "closing_note"
    with pytest.raises(Refusal) as refused:
        request.close("已交货", by=person("rep1"), closed_on=day(1))
    assert refused.value.field == "closed_on"
    with pytest.raises(Refusal, match="before it was ordered"):
        request.close("已交货", by=person("rep1"), closed_on=request.ordered_on - timedelta(days=1))
    request.close("按期交货", by=person("rep1"))
    db.session.commit()
    assert (request.state, request.closed_on, request.closed_by) == ("done", day(), person("rep1"))
    assert not open_treatments([request.customer_id])
    with pytest.raises(StateConflict):
        request.close("再次", by=person("rep1"))


def test_price_and_payment_come_from_the_sales_and_stay_as_they_were_submitted() -> None:
    good, other = factories.customer("rep1", grade="C"), factories.customer("rep3")
    lathe = samples.product(code="P01", name="轴承")
    last_month = day().replace(day=1)
    sold = {"product_id": lathe.id, "quantity": Decimal(10), "day": last_month.replace(year=last_month.year - 1)}
    samples.sale(good, document="S1", amount=Decimal(1100), price=Decimal(110), **sold)
    samples.sale(other, document="S2", amount=Decimal(900), price=Decimal(90), **sold)
    samples.payment(good, number="Z1", amount=Decimal(1045), day=sold["day"])
    db.session.commit()
    told = figures_of(good)
    # The average price is 100: 110 is 110 %. Paid are 1,045 of 1,100: 95 %. Open are 55.
    assert (told["price_level"], told["price_level_score"]) == ("110", "100")
    assert (told["recovery"], told["recovery_score"]) == ("95", "90")
    assert (told["sales"], told["open"]) == ("1100", "55.00")
    request = asked(A_TREATMENT, good, price_note="", payment_note="")
    approval = submitted(request)
    samples.payment(good, number="Z2", amount=Decimal(55), day=sold["day"])
    db.session.commit()
    assert figures_of(good)["recovery"] == "100"
    assert request.figures_now["recovery"] == approval.current_round.content["sales"]["recovery"] == "95"
    through(approval)
    assert request.figures_now["open"] == "55.00"


def test_there_is_one_request_about_an_order() -> None:
    request = asked(A_TREATMENT)
    with pytest.raises(Refusal) as refused:
        asked(REFUSAL, request.customer)
    assert refused.value.field == "order_number"
    request.give_up(by=person("rep1"))
    db.session.commit()
    assert asked(REFUSAL, request.customer).state == "draft"


def test_a_draft_is_changed_once_and_nothing_after() -> None:
    request = asked()
    request.edit(wanted(reason="价格低于成本"), by=person("rep1"), version=1)
    db.session.commit()
    assert (request.reason, request.version) == ("价格低于成本", 2)
    with pytest.raises(StateConflict):
        request.edit(wanted(reason="另"), by=person("rep1"), version=1)
    db.session.rollback()
    approval = submitted(request)
    for act in (lambda: request.edit(wanted(), by=person("rep1"), version=3), lambda: request.give_up(by=person("rep1"))):
        with pytest.raises(StateConflict):
            act()
    approval.withdraw(by=person("rep1"))
    db.session.commit()
    with pytest.raises(Refusal, match="came back"):
        request.give_up(by=person("rep1"))
    again = submitted(request)
    assert again.id == approval.id
    approving.sign(again, "sup1", "reject")
    assert (request.state, request.can_edit(person("rep1"))) == ("rejected", False)


def test_whoever_wrote_it_signs_nothing_of_it() -> None:
    request = asked(by="sup1", customer=factories.customer("sup1", grade="A"))
    approval = submitted(request, "sup1")
    assert approval.step_for(person("sup1")) is None


def test_the_inbox_asks_how_the_order_went_from_the_wished_day_on() -> None:
    request = treated(delivery_on=day())
    treated(delivery_on=day(1), order_number="DD-2")
    asking = [one for one in inbox.entries(person("rep1")) if one.kind == order_desk.NAME]
    assert [one.page[1]["asked_id"] for one in asking] == [request.id]
    assert not [one for one in inbox.entries(person("rep2")) if one.kind == order_desk.NAME]
    assert inbox.count(person("rep1")) == len(inbox.entries(person("rep1")))
    assert any("DD-2026-001" in str(one) for one in dealings.left_open(request.customer))


def test_it_goes_along_with_a_merge_and_stays_in_scope() -> None:
    loser, survivor = factories.customer("rep1", grade="A"), factories.customer("rep1", grade="A")
    request = asked(customer=loser)
    asked(customer=factories.customer("rep3", grade="A"), by="rep3")
    assert order_list.LIST.ids(person("rep1"), OrderQuery.read({"q": "2026-001", "kind": "refusal"}), 10) == [request.id]
    assert order_list.LIST.count(person("mgr1"), OrderQuery()).number == 2
    CustomerMerge.carry_out(survivor, loser, take=set(), by=person("sup1"), reason="重复")
    db.session.commit()
    assert db.session.get_one(OrderRequest, request.id).customer_id == survivor.id


def test_each_kind_has_its_chain_and_sheet() -> None:
    assert {DOCUMENTS[name].sheet for name in NAMES.values()} == {"order_refusal", "a_treatment"}
    assert {DOCUMENTS[name].chain for name in NAMES.values()} == {"chain.order_refusal", "chain.a_treatment"}
