"""Pages of orders and agreements: what is refused stands in its place, who approves is said, papers go into the dossier (RL-4, RL-6)."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from portal.database import db
from portal.models.agreement import Agreement
from portal.models.customer import Customer
from portal.models.order_request import OrderRequest
from portal.models.standard import set_value
from tests import factories, ordering
from tests import grading as graded
from tests.approving import person
from tests.ordering import day
from tests.sales import samples


@pytest.fixture
def customers(app: Any) -> dict[str, Customer]:
    """A customer of each grade in the charge of rep1, who reads English."""
    for account in ("rep1", "sup1", "mgr1"):
        person(account).language = "en"
    db.session.commit()
    return {grade: factories.customer("rep1", grade=grade, full_name=f"{grade}级客户有限公司") for grade in "ABC"}


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def order(customer: Customer, /, **values: str) -> dict[str, str]:
    given = {
        "customer": customer.number, "order_number": "DD-7", "ordered_on": str(day(-1)), "delivery_on": str(day(9)), "reason": "无原料",
        "goods-product-0": "轴承", "goods-quantity-0": "3", "goods-amount-0": "1,200.50", "price_note": "目录价", "payment_note": "预付",
    }  # fmt: skip
    return {**given, **values}


def test_what_is_refused_stands_beside_its_field_or_cell_and_the_summary_leads_there(as_: Any, customers: dict[str, Customer]) -> None:
    browser, address = as_("rep1"), "/order-requests/new?kind=a_treatment"
    for values, field in (
        ({"customer": ""}, "customer"),
        ({"customer": customers["A"].number}, "customer"),
        ({"customer": "C9999"}, "customer"),
        ({"order_number": ""}, "order_number"),
        ({"delivery_on": ""}, "delivery_on"),
        ({"reason": ""}, "reason"),
        ({"price_note": ""}, "price_note"),
        ({"goods-product-0": "", "goods-quantity-0": "", "goods-amount-0": ""}, "goods-product-0"),
        ({"goods-amount-0": "many"}, "goods-amount-0"),
        ({"goods-product-1": "齿轮", "goods-amount-1": "0"}, "goods-amount-1"),
    ):
        answer = browser.post(address, data=order(customers["C"], **values))
        page = text_of(answer)
        assert answer.status_code == 422, values
        assert f'id="{field}-error"' in page, values
        assert re.search(rf'class="entry"><a href="#{field}"', page), values
        assert 'value="DD-7"' in page or field == "order_number", "what was typed stays"
    assert "Amount, line 2" in page
    assert not db.session.query(OrderRequest).count()


def test_everything_that_is_missing_is_said_at_once(as_: Any, customers: dict[str, Customer]) -> None:
    page = text_of(as_("rep1").post("/order-requests/new", data={"customer": customers["A"].number}))
    assert {"order_number", "ordered_on", "reason", "goods-product-0"} <= set(re.findall(r'id="([\w-]+)-error"', page))


def test_an_amount_that_cannot_be_read_hides_nothing_else(as_: Any, customers: dict[str, Customer]) -> None:
    sent = {"customer": customers["A"].number, "ordered_on": "2026-03-04", "delivery_on": "2026-03-01", "goods-amount-0": "viel"}
    page = text_of(as_("rep1").post("/order-requests/new?kind=refusal", data=sent))
    for field in ("goods-amount-0", "order_number", "delivery_on", "reason"):
        assert f'id="{field}-error"' in page, field


def test_all_that_an_agreement_lacks_stands_beside_its_field_at_once(as_: Any, customers: dict[str, Customer]) -> None:
    sent = {"customer": "谁", "title": "", "starts_on": "2026-03-01", "ends_on": "2026-02-01", "terms": ""}
    page = text_of(as_("rep1").post("/agreements/new", data=sent))
    for field in ("customer", "title", "ends_on", "terms"):
        assert f'id="{field}-error"' in page, field


def test_the_page_says_whether_approval_is_needed(as_: Any, customers: dict[str, Customer]) -> None:
    browser = as_("rep1")
    assert "goes to the supervisor and a manager" in text_of(browser.get(f"/order-requests/new?customer={customers['A'].id}"))
    first = browser.post("/order-requests/new", data=order(customers["A"])).location
    page = text_of(browser.get(first))
    assert "goes to the supervisor and a manager" in page
    assert "Submit for approval" in page
    assert "Record the refusal" not in page
    assert browser.post(f"{first}/submission").status_code == 303
    assert "Until they have approved it" in text_of(browser.get(first))
    second = browser.post("/order-requests/new", data=order(customers["B"], **{"goods-product-0": "未知产品"})).location
    page = text_of(browser.get(second))
    assert "no approval is needed" in page
    assert "Submit for approval" not in page
    assert browser.post(f"{second}/submission").status_code == 422
    assert browser.post(f"{second}/recording").status_code == 303
    assert "The refusal is recorded. It needs no approval" in text_of(browser.get(second))


def test_a_product_is_found_by_its_code_and_sales_show_price_and_payment(as_: Any, customers: dict[str, Customer]) -> None:
    samples.product(code="Z01", name="精密轴承")
    samples.sale(customers["C"], day=day(-40), amount=1000)
    samples.payment(customers["C"], day=day(-35), amount=1000)
    browser = as_("rep1")
    assert "100 %" in text_of(browser.get(f"/order-requests/new?kind=a_treatment&customer={customers['C'].id}"))
    made = browser.post("/order-requests/new?kind=a_treatment", data=order(customers["C"], **{"goods-product-0": "z01"})).location
    page = text_of(browser.get(made))
    assert "Z01 精密轴承" in page
    assert "1,200.50" in page
    assert "points by the bands of grading" in page


def test_a_change_meanwhile_is_told_and_a_draft_is_given_up(as_: Any, customers: dict[str, Customer]) -> None:
    request = ordering.asked(customer=customers["A"])
    browser, address = as_("rep1"), f"/order-requests/{request.id}"
    page = text_of(browser.get(f"{address}/edit"))
    assert 'value="P01 轴承"' in page
    assert browser.post(f"{address}/edit", data=order(customers["A"], version="1")).status_code == 303
    assert browser.post(f"{address}/edit", data=order(customers["A"], version="1")).status_code == 409
    assert browser.post(f"{address}/giving-up").status_code == 303
    assert "Given up" in text_of(browser.get(address))
    assert browser.post(f"{address}/submission").status_code in (409, 422)


def test_the_card_shows_an_order_treated_like_grade_a_until_it_is_concluded(as_: Any, customers: dict[str, Customer]) -> None:
    request, browser = ordering.treated(customers["C"]), as_("rep1")
    card = f"/customers/{customers['C'].id}"
    assert "Treated like grade A" in text_of(browser.get(card))
    answer = browser.post(f"/order-requests/{request.id}/conclusion", data={"closed_on": str(day()), "closing_note": ""})
    assert answer.status_code == 422
    assert 'id="closing_note-error"' in text_of(answer)
    browser.post(f"/order-requests/{request.id}/conclusion", data={"closed_on": str(day()), "closing_note": "按期交货"})
    assert "Treated like grade A" not in text_of(browser.get(card))
    assert "按期交货" in text_of(browser.get(f"/order-requests/{request.id}"))


def test_lists_filter_show_their_chips_and_go_out_as_files(as_: Any, customers: dict[str, Customer]) -> None:
    ordering.asked(customer=customers["A"])
    ordering.treated(customers["C"], order_number="XX-9")
    ordering.asked(customer=factories.customer("rep3", grade="A"), by="rep3", order_number="别组-1")
    browser = as_("rep1")
    page = text_of(browser.get("/order-requests?kind=a_treatment&state=approved&q=XX"))
    assert "XX-9" in page
    assert "DD-2026-001" not in page
    assert page.count('class="chip"') == 3
    assert "别组-1" not in text_of(browser.get("/order-requests"))
    assert "XX-9" in text_of(browser.get("/order-requests/file?format=csv&kind=a_treatment"))
    assert "No request about an order that you see" in text_of(browser.get("/order-requests?q=nothing"))
    ordering.filed(customers["A"])
    assert "年度供货协议" in text_of(browser.get("/agreements?standing=running&q=供货"))
    assert "In effect" in text_of(browser.get("/agreements/file?format=csv"))
    page = text_of(browser.get(f"/customers/{customers['A'].id}/orders"))
    assert "年度供货协议" in page
    assert "DD-2026-001" in page


def test_an_agreement_is_drafted_revised_filed_and_renewed(as_: Any, customers: dict[str, Customer]) -> None:
    rep, supervisor = as_("rep1"), as_("sup1")
    said = {"customer": customers["A"].number, "title": "年度协议", "starts_on": str(day()), "ends_on": str(day(50)), "terms": "下浮 3%"}
    wrong = (({"customer": customers["B"].number}, "customer"), ({"title": ""}, "title"), ({"ends_on": str(day(-3))}, "ends_on"))
    for values, field in wrong:
        answer = rep.post("/agreements/new", data={**said, **values})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in text_of(answer), values
    made = rep.post("/agreements/new", data={**said, "file": (io.BytesIO("初稿".encode()), "初稿.txt")}).location
    answer = rep.post(f"{made}/revision", data={**said, "version": "1", "note": ""})
    assert 'id="note-error"' in text_of(answer)
    assert rep.post(f"{made}/revision", data={**said, "version": "1", "note": "客户要求"}).status_code == 303
    page = text_of(rep.get(made))
    assert "客户要求" in page
    assert "File it as signed" not in page
    answer = supervisor.post(f"{made}/filing", data={"filed_on": str(day()), "kind": "company"})
    assert answer.status_code == 422
    assert 'id="file-error"' in text_of(answer)
    signed = {"filed_on": str(day()), "kind": "company", "file": (io.BytesIO("已签".encode()), "已签.txt")}
    assert supervisor.post(f"{made}/filing", data=signed).status_code == 303
    page = text_of(rep.get(made))
    assert "It runs out on" in page, "within sixty days"
    assert "Versions: 2" in page
    assert "It runs out: draft its renewal" in text_of(rep.get("/inbox"))
    number = db.session.query(Agreement.id).scalar()
    page = text_of(rep.get(f"/agreements/new?previous={number}"))
    assert f'value="{day(51)}"' in page, "it begins the day after"
    answer = supervisor.post(f"{made}/ending", data={"ended_on": str(day()), "reason": ""})
    assert 'id="reason-error"' in text_of(answer)
    assert supervisor.post(f"{made}/ending", data={"ended_on": str(day()), "reason": "停产"}).status_code == 303
    assert "It runs out: draft its renewal" not in text_of(rep.get("/inbox"))


def test_a_grading_shows_which_a_customers_have_an_agreement(as_: Any, customers: dict[str, Customer]) -> None:
    agreement = ordering.filed(customers["A"])
    campaign = graded.opened(day().year)
    address = f"/gradings/{campaign.year}/agreements"
    page = text_of(as_("sup1").get(address))
    assert f"/agreements/{agreement.id}" in page
    assert str(agreement.ends_on) in page
    assert "B级客户有限公司" not in page
    assert "A级客户有限公司" not in text_of(as_("sup1").get(f"{address}?which=without"))
    assert "runs until" in text_of(as_("rep1").get(f"/customer-gradings/{graded.line_of(customers['A']).id}"))


def test_how_long_before_the_end_is_a_standard(as_: Any, customers: dict[str, Customer]) -> None:
    ordering.filed(customers["A"], ends_on=day(50))
    set_value("agreement.notice_days", 30, by=person("mgr1"), reason="提前一月即可")
    db.session.commit()
    assert "It runs out" not in text_of(as_("rep1").get("/inbox"))


def test_why_answers_with_the_chain_that_a_request_goes_through(as_: Any, customers: dict[str, Customer]) -> None:
    running = ordering.asked(customer=customers["A"])
    ordering.submitted(running)
    draft = ordering.asked(customer=customers["A"], order_number="DD-8")
    steps = [{"type": "portal", "role": "manager", "meaning": "approve"}]
    set_value("chain.order_refusal", [{"case": "always", "when": {}, "steps": steps}], by=person("mgr1"), reason="简化")
    db.session.commit()
    browser = as_("rep1")
    for request, words in ((running, "cases: 1, steps: 2"), (draft, "cases: 1, steps: 1")):
        assert words in text_of(browser.get(f"/order-requests/{request.id}"))
