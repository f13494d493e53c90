"""The totals of sales always say what the lines say (RL-8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from portal.database import db
from portal.models import sales_totals
from portal.models.merge import CustomerMerge
from portal.models.payment import Payment
from portal.models.sale import Sale
from portal.models.sales_book import KEYS, CustomerMonth, ProductMonth, RegionMonth
from portal.models.sales_recount import recount
from portal.rules.message import Refusal
from tests import factories
from tests.sales.samples import assert_totals_hold, payment, person, product, sale

DAYS = st.dates(date(2025, 11, 1), date(2026, 2, 27))
AMOUNTS = st.integers(-500_000, 9_000_000).map(lambda fen: Decimal(fen).scaleb(-2))
DOCUMENTS = st.sampled_from(["", "", "D-1", "D-2", "D-1/7"])
WHAT = ["sale", "sale", "sale", "payment", "payment", "change sale", "change payment", "void sale", "void payment", "merge"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(WHAT),
        st.integers(0, 7),
        DAYS,
        AMOUNTS,
        DOCUMENTS,
        st.booleans(),
    ),
    min_size=1,
    max_size=14,
)  # fmt: skip


@pytest.mark.usefixtures("app")
@given(steps=STEPS)
@settings(max_examples=25)
def test_totals_are_the_sums_of_the_lines_whatever_happens(steps: list[Any]) -> None:
    for model in (CustomerMerge, Sale, Payment, *KEYS):
        db.session.execute(delete(model))
    db.session.commit()
    customers = [factories.customer("rep1", province=province) for province in ("广东省", "")]
    products = [product(), None]
    merge: CustomerMerge | None = None
    for step in steps:
        try:
            merge = take(step, customers, products, merge)
            db.session.commit()
        except Refusal:
            db.session.rollback()
        assert_totals_hold()


def take(step: Any, customers: list[Any], products: list[Any], merge: CustomerMerge | None) -> CustomerMerge | None:
    what, which, day, amount, document, flag = step
    customer, by = customers[which % 2], person("mgr1")
    if what == "sale":
        values = {"day": day, "amount": amount, "document": document, "product_id": products[which // 4 % 2] and products[0].id}
        values |= {"quantity": Decimal(which), "state": "cancelled" if which == 7 else "ordered"}
        values |= {"due_on": date(2026, 3, 1) if flag else None, "settled_on": date(2026, 2, 28) if flag and which % 3 == 0 else None}
        Sale.enter(customer, values, by=by)
    elif what == "payment":
        Payment.enter(customer, {"day": day, "amount": amount, "document": document, "number": "" if flag else f"Z{which}"}, by=by)
    elif what == "merge" and merge is not None:
        merge.undo(by=by)
        return None
    elif what == "merge":
        return CustomerMerge.carry_out(customers[0], customers[1], by=by)
    else:
        model: Any = Sale if what.endswith("sale") else Payment
        rows = db.session.scalars(select(model).order_by(model.id)).all()
        if rows and what.startswith("void"):
            rows[which % len(rows)].void(by=by, reason="录错")
        elif rows:
            values = {"day": day, "amount": amount, "document": document}
            rows[which % len(rows)].change(values, by=by, reason="更正")
    return merge


def recounted() -> list[Any]:
    found = []
    for part in recount():
        db.session.commit()
        found += part
    return found


@pytest.mark.usefixtures("app")
def test_a_recount_finds_what_does_not_hold_and_puts_it_right() -> None:
    customer = factories.customer("rep1", province="广东省")
    sale(customer, product_id=product().id, quantity=Decimal(2))
    payment(customer)
    assert recounted() == []
    db.session.execute(update(CustomerMonth).where(CustomerMonth.sold > 0).values(sold=Decimal("7.00"), lines=9))
    db.session.execute(update(RegionMonth).values(sold=Decimal(1)))
    db.session.execute(delete(ProductMonth))
    db.session.commit()
    found = recounted()
    assert {(one.table, one.figure) for one in found} == {
        ("customer_month", "sold"), ("customer_month", "lines"), ("region_month", "sold"),
        ("product_month", "sold"), ("product_month", "lines"), ("product_month", "quantity"),
    }  # fmt: skip
    assert "sold was 7.00, the lines give 100.00" in "\n".join(map(str, found))
    assert_totals_hold()
    assert recounted() == []


@pytest.mark.usefixtures("app")
def test_what_others_read() -> None:
    one, other, goods = factories.customer("rep1", province="广东省"), factories.customer("rep1"), product()
    sale(one, day=date(2025, 12, 31), amount=Decimal("10.10"), product_id=goods.id, quantity=Decimal("1.5"))
    sale(one, day=date(2026, 1, 1), amount=Decimal("20.20"), product_id=goods.id, quantity=Decimal(1))
    sale(one, day=date(2026, 1, 2), amount=Decimal("5.00"), state="cancelled")
    sale(one, day=date(2026, 2, 2), amount=Decimal("-0.30"))
    sale(other, day=date(2026, 1, 5), amount=Decimal("1000.00"), region="德国")
    payment(one, day=date(2026, 1, 9), amount=Decimal("12.00"))
    first, last = date(2026, 1, 1), date(2026, 2, 28)
    assert sales_totals.of_customer(one.id, first, last) == (Decimal("19.90"), Decimal("5.00"), Decimal("12.00"), 3)
    assert list(sales_totals.by_month(first, last, customer_id=one.id)) == [202601, 202602]
    assert sales_totals.by_month(first, last)[202601].sold == Decimal("1020.20")
    assert sales_totals.by_product(first, last) == [(goods.id, Decimal("20.20"), Decimal(1))]
    assert sales_totals.by_product(date(2025, 1, 1), last, customer_id=one.id) == [(goods.id, Decimal("30.30"), Decimal("2.5"))]
    assert [(region, figures.sold) for region, figures in sales_totals.by_region(first, last).items()] == [
        ("德国", Decimal("1000.00")), ("广东省", Decimal("19.90")),
    ]  # fmt: skip
    assert list(sales_totals.by_customer(2026)) == [(other.id, Decimal("1000.00")), (one.id, Decimal("19.90"))]
    assert sales_totals.years() == [2026, 2025]
    assert sales_totals.open_balances([one.id, other.id]) == {one.id: Decimal("18.00"), other.id: Decimal("1000.00")}


@pytest.mark.usefixtures("app")
def test_receivables_and_recovery() -> None:
    one = factories.customer("rep1")
    sale(one, day=date(2026, 1, 5), document="F-1", amount=Decimal("100.00"), due_on=date(2026, 1, 20))
    sale(one, day=date(2026, 1, 6), document="F-2", amount=Decimal("50.00"), due_on=date(2026, 1, 31))
    late = sale(one, day=date(2026, 1, 7), document="F-3", amount=Decimal("30.00"), due_on=date(2026, 2, 10))
    assert sales_totals.receivables(one.id, date(2026, 1, 6)) == (Decimal("150.00"), Decimal("0.00"), None)
    assert sales_totals.receivables(one.id, date(2026, 1, 25)) == (Decimal("180.00"), Decimal("100.00"), date(2026, 1, 20))
    payment(one, document="F-1", day=date(2026, 1, 24), amount=Decimal("60.00"))
    assert sales_totals.receivables(one.id, date(2026, 1, 25)) == (Decimal("120.00"), Decimal("40.00"), date(2026, 1, 20))
    payment(one, document="F-1", day=date(2026, 1, 25), amount=Decimal("40.00"))
    assert sales_totals.receivables(one.id, date(2026, 2, 1)) == (Decimal("80.00"), Decimal("50.00"), date(2026, 1, 31))
    payment(one, day=date(2026, 2, 1), amount=Decimal("45.00"))
    assert sales_totals.receivables(one.id, date(2026, 2, 1)) == (Decimal("35.00"), Decimal("5.00"), date(2026, 1, 31))
    found = sales_totals.recovery(one.id, date(2026, 1, 1), date(2026, 1, 31))
    assert (found.due, found.settled, found.days_late) == (Decimal("150.00"), Decimal("100.00"), 5)
    assert (found.settled_share, found.average_days_late) == (Decimal("0.6667"), Decimal("5.00"))
    late.change({"settled_on": date(2026, 2, 9)}, by=person(), reason="对账")
    db.session.commit()
    found = sales_totals.recovery(one.id, date(2026, 2, 1), date(2026, 2, 28))
    assert (found.settled_share, found.average_days_late, found.paid) == (Decimal("1.0000"), Decimal("0.00"), Decimal("75.00"))
    with pytest.raises(Refusal, match="count twice"):
        payment(one, document="F-3")
    db.session.rollback()
    with pytest.raises(Refusal, match="Payments name this document"):
        sale(one, document="F-1", settled_on=date(2026, 2, 1))


@pytest.mark.usefixtures("app")
def test_a_year_whose_lines_were_dated_anew_is_not_offered() -> None:
    line = sale(day=date(2003, 5, 1))
    payment(line.customer, day=date(2004, 5, 1))
    line.change({"day": date(2025, 5, 1)}, reason="日期录错", by=person())
    db.session.commit()
    assert sales_totals.years() == [2025, 2004]
    assert sales_totals.years(line.customer_id) == [2025, 2004]
