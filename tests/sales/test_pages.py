"""Pages of sales: entering, changing, making void; lists with their filters in scope; the customer's page (RL-8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.payment import Payment
from portal.models.sale import Sale
from portal.models.sales_list import SalesQuery, count, months_page, page
from portal.models.sales_recount import recount
from tests import factories
from tests.sales.samples import assert_totals_hold, payment, person, product, sale


def test_a_line_is_entered_changed_and_made_void(as_: Any) -> None:
    customer, goods, browser = factories.customer("rep1", province="广东省"), product(code="A1"), as_("rep1")
    values = {"customer": customer.number, "day": "2026-01-05", "document": "n1", "product": f"A1 {goods.name}", "quantity": "3"}
    where = browser.post("/sales/new", data={**values, "price": "1.5", "state": "ordered"}).location
    one = db.session.scalars(select(Sale)).one()
    assert (one.amount, one.line, one.document, one.region) == (Decimal("4.50"), 1, "N1", "广东省")
    assert "4.50" in browser.get(where).get_data(as_text=True)
    edit = {"version": "1", "day": "2026-01-06", "amount": "9", "state": "ordered", "document": "N1", "line": "", "product": ""}
    assert browser.post(f"{where}/edit", data=edit).status_code == 422
    assert browser.post(f"{where}/edit", data={**edit, "reason": "对账"}).status_code == 303
    assert browser.post(f"{where}/edit", data={**edit, "reason": "对账"}).status_code == 409
    db.session.expire_all()
    assert (one.amount, one.line, one.product_id) == (Decimal("9.00"), 1, None)
    assert browser.post(f"{where}/void", data={"reason": ""}).status_code == 422
    assert browser.post(f"{where}/void", data={"reason": "录错"}).status_code == 303
    assert browser.get(f"{where}/edit").status_code == 422
    assert "录错" in browser.get(where).get_data(as_text=True)
    assert_totals_hold()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "1.234"}, "amount"), ({"amount": "", "quantity": "2"}, "amount"), ({"day": "2999-01-01"}, "day"), ({"day": ""}, "day"),
        ({"product": "Z9"}, "product"), ({"due_on": "2025-01-01"}, "due_on"), ({"customer": "?"}, "customer"), ({"line": "x"}, "line"),
    ],
)  # fmt: skip
def test_wrong_input_is_said_beside_its_field(as_: Any, values: dict[str, str], field: str) -> None:
    customer = factories.customer("rep1")
    answer = as_("rep1").post(
        "/sales/new", data={"customer": customer.number, "day": "2026-01-05", "amount": "9", "state": "ordered", **values}
    )
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.get_data(as_text=True)
    assert db.session.scalar(select(Sale)) is None


def test_a_payment_settles_its_document(as_: Any) -> None:
    one = sale(document="N1", amount=Decimal(40), due_on=date(2026, 1, 20))
    browser = as_("rep1")
    values = {"customer": one.customer.number, "day": "2026-02-01", "number": "Z1", "document": "N1", "amount": "40"}
    assert browser.post("/sales/payments/new", data=values).status_code == 303
    db.session.expire_all()
    assert (one.settled_on, one.settled_by) == (date(2026, 2, 1), "payments")
    assert browser.post("/sales/payments/new", data=values).status_code == 422
    number = db.session.scalars(select(Payment)).one().id
    assert browser.post(f"/sales/payments/{number}/void", data={"reason": "退票"}).status_code == 303
    db.session.expire_all()
    assert (one.settled_on, one.settled_by) == (None, "")
    assert_totals_hold()


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("depth", [1, 5000])
def test_lists_show_what_one_sees_a_page_at_a_time(monkeypatch: pytest.MonkeyPatch, depth: int) -> None:
    monkeypatch.setattr("portal.models.sales_list.DEPTH", depth)
    mine, theirs = factories.customer("rep1", province="广东省"), factories.customer("rep3")
    own = [sale(mine, day=date(2026, 1, 1 + number % 3)).id for number in range(7)]
    sale(theirs)
    every = SalesQuery.of("sales", {})
    seen, after = [], ""
    while True:
        part = page(person("rep1"), every, after=after, size=3)
        seen += [row.id for row in part.rows]
        if not (after := part.next):
            break
    assert sorted(seen) == sorted(own)
    back = page(person("rep1"), every, before=part.previous, size=3)
    assert [row.id for row in back.rows] == seen[3:6]
    assert count(person("mgr1"), every) == (8, False)
    assert len(page(person("mgr1"), every).rows) == 8
    assert [row.customer_id for row in months_page(person("rep1"), 2026)[0]] == [mine.id]
    first, after = months_page(person("mgr1"), 2026, size=1)
    assert [row.customer_id for row in (*first, *months_page(person("mgr1"), 2026, after=after)[0])] == [mine.id, theirs.id]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"a", "b", "c"}), ({"state": "cancelled"}, {"c"}), ({"state": "void"}, {"d"}), ({"region": "广东省"}, {"a"}),
        ({"region": "-"}, {"b", "c"}), ({"since": "2026-02"}, {"b"}), ({"till": "2026-01"}, {"a", "c"}), ({"document": "n1"}, {"a"}),
        ({"since": "nonsense", "customer": "x"}, {"a", "b", "c"}),
    ],
)  # fmt: skip
def test_filters(filters: dict[str, str], found: set[str]) -> None:
    customer, other = factories.customer("rep1", province="广东省"), factories.customer("rep1")
    made = {
        "a": sale(customer, document="N1"), "b": sale(other, day=date(2026, 2, 3), document="N1/2"), "c": sale(other, state="cancelled"),
        "d": sale(other),
    }  # fmt: skip
    made["d"].void(by=person(), reason="录错")
    db.session.commit()
    ids = {row.id for row in page(person("mgr1"), SalesQuery.of("sales", filters)).rows}
    assert ids == {made[name].id for name in found}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_customer_page_and_the_card(as_: Any, language: str) -> None:
    one, today = factories.customer("rep1"), clock.today()
    browser = as_("rep1")
    browser.get(f"/?language={language}")
    assert browser.get(f"/customers/{one.id}/sales").status_code == 200
    sale(one, day=date(today.year, 1, 1), amount=Decimal("1234.50"), product_id=product().id, quantity=Decimal(1))
    payment(one, day=date(today.year, 1, 1), amount=Decimal("234.50"))
    text = browser.get(f"/customers/{one.id}/sales").get_data(as_text=True)
    assert "1,234.50" in text
    assert "1,000.00" in text
    assert "1,000.00" in browser.get(f"/customers/{one.id}").get_data(as_text=True)
    assert browser.post(f"/customers/{one.id}/codes", data={"code": "k-7", "source": "ERP"}).status_code == 303
    assert browser.post(f"/customers/{one.id}/codes", data={"code": "K-7", "source": "ERP"}).status_code == 422
    assert "K-7" in browser.get(f"/customers/{one.id}/sales").get_data(as_text=True)
    for address in ("/sales", "/sales/payments", f"/sales/months?year={today.year}", "/sales/products", "/prints/lists/sales_list"):
        assert one.full_name in browser.get(address).get_data(as_text=True) or address == "/sales/products"


@pytest.mark.usefixtures("app")
def test_the_command_says_where_totals_differ(app: Any) -> None:
    sale()
    result = app.test_cli_runner().invoke(args=["sales", "recount"])
    assert "All totals say what the lines say" in result.output
    assert list(recount()) != []


def test_receivables_stand_against_the_limit(as_: Any) -> None:
    one, browser = factories.customer("rep1", credit_limit=Decimal(1000)), as_("rep1")
    pages = [f"/customers/{one.id}", f"/customers/{one.id}/sales", f"/customers/{one.id}/credit-changes"]
    for amount, percent, word in ((790, "79.0 %", ""), (10, "80.0 %", "接近额度"), (200.01, "100.0 %", "超过额度")):
        sale(one, amount=Decimal(str(amount)))
        for address in pages:
            text = browser.get(address).get_data(as_text=True)
            assert percent in text, address
            assert [one for one in ("接近额度", "超过额度") if one in text] == ([word] if word else []), address
    assert "超过额度" in as_("sup1").get(f"/customers/{one.id}/credit-changes/new").get_data(as_text=True)


def test_a_month_behind_which_there_is_none_is_left_out(as_: Any) -> None:
    """The calendar ends with the year 9999: such an address opens the list, as one with any other word that is no month."""
    browser, one = as_("rep1"), sale(document="N1")
    for address in ("/sales", "/sales/payments", "/prints/lists/sales_list"):
        assert browser.get(f"{address}?till=9999-12").status_code == 200
    assert SalesQuery.of("sales", {"since": "9999-01", "till": "9998-12"}).filters == {"till": "9998-12"}
    assert one.document in browser.get("/sales?till=9999-12").text


@pytest.mark.usefixtures("app")
def test_a_customer_of_whom_nothing_stands_is_not_in_the_list_by_months() -> None:
    line = sale(factories.customer("rep1"), day=date(2026, 1, 5))
    other = sale(factories.customer("rep1"), day=date(2026, 1, 5), state="cancelled")
    payment(paying := factories.customer("rep1"), day=date(2026, 1, 5))
    line.void(by=person(), reason="录错")
    db.session.commit()
    rows, _after = months_page(person("mgr1"), 2026)
    assert {row.customer_id for row in rows} == {other.customer_id, paying.id}
