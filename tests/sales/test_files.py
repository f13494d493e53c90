"""Sales, payments and what belongs to them in from files: heads of usual systems, matching customers, twice, taking back (RL-8, AR-40)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from portal import clock, jobs
from portal.database import db
from portal.exchange.book_tables import BOOKS
from portal.exchange.columns import match_headers
from portal.exchange.register_table import table_of
from portal.exchange.taking_back import obstacles
from portal.models.callback import Callback
from portal.models.callback_due import read_sales
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.customer_code import CustomerCode
from portal.models.import_run import AS_BOOK, ImportRun
from portal.models.merge import CustomerMerge
from portal.models.payment import Payment
from portal.models.product import Product
from portal.models.sale import Sale, SaleDocument
from portal.rules.message import Refusal
from portal.rules.names import name_stem
from tests import factories
from tests.sales.samples import assert_totals_hold, payment, person, product, sale


def begun(table: str, text: str, *, source: str = "", what: str = "both", account: str = "mgr1") -> ImportRun:
    options = {"source": source} if source else None
    run = ImportRun.begin(
        text.encode(), "表.csv", by=person(account), what=what, as_state=AS_BOOK, table_name=table, options=options
    )  # fmt: skip
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    return run


def checked(table: str, text: str, *, dates: str = "", **more: Any) -> ImportRun:
    run = begun(table, text, **more)
    mapping = {int(index): name for index, name in run.mapping.items()}
    options = {"dates": dates} if dates else None
    run.match(mapping, kept_for="", reason="x", effective_on=run.effective_on, columns=table_of(table), options=options)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    db.session.refresh(run)
    return run


def done(table: str, text: str, *, mode: str = "good", **more: Any) -> ImportRun:
    run = checked(table, text, **more)
    run.start(by=run.staff, mode=mode, skip_duplicates=False)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    db.session.refresh(run)
    return run


def taken_back(run: ImportRun) -> None:
    run.take_back(by=run.staff)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    db.session.expire_all()


def said(run: ImportRun) -> dict[int, str]:
    return {row.row: str(row.messages[0][2]) for row in run.problem_rows("refused")}


def sold() -> Decimal:
    return db.session.scalar(select(func.sum(Sale.amount)).where(Sale.state == "ordered")) or Decimal(0)


@pytest.mark.usefixtures("app")
def test_orders_and_their_lines_are_two_files() -> None:
    factories.customer("rep1", full_name="东方贸易有限公司", name_key=name_stem("东方贸易有限公司"), province="广东省")
    done("customer-codes", "customerNumber,customerName\n103,东方贸易有限公司\n", source="CM")
    done("products", "productCode,productName,productLine\nS10_1,摩托车模型,摩托车\n")
    orders = "orderNumber,orderDate,status,customerNumber\n10100,2024-01-06,Shipped,103\n10101,2024-01-09,Cancelled,103\n"
    done("sale-documents", orders, source="CM")
    lines = "orderNumber,productCode,quantityOrdered,priceEach,orderLineNumber\n"
    lines += "10100,S10_1,30,136.00,3\n10100,S10_1,2,0.05,1\n10101,S10_1,1,7,1\n"
    run = done("sales", lines, source="CM")
    assert run.counts["created"] == 3
    found = db.session.scalars(select(Sale).order_by(Sale.id)).all()
    assert [(one.day, one.amount, one.state, one.region) for one in found] == [
        (date(2024, 1, 6), Decimal("4080.00"), "ordered", "广东省"),
        (date(2024, 1, 6), Decimal("0.10"), "ordered", "广东省"),
        (date(2024, 1, 9), Decimal("7.00"), "cancelled", "广东省"),
    ]
    assert_totals_hold()
    assert checked("sales", lines, source="CM").counts["unchanged"] == 3
    done("sale-documents", orders.replace("10100,2024-01-06,Shipped", "10100,2024-02-06,Cancelled"), source="CM")
    db.session.expire_all()
    assert {(one.day, one.state) for one in db.session.scalars(select(Sale).where(Sale.document == "10100"))} == {
        (date(2024, 2, 6), "cancelled")
    }
    assert_totals_hold()
    assert said(checked("sales", lines))[2].startswith("The row names no customer")


@pytest.mark.usefixtures("app")
def test_equal_rows_without_a_document_both_count_and_twice_adds_nothing() -> None:
    customer = factories.customer("rep1")
    CustomerCode.add(customer, "00004", "唱片", by=person())
    db.session.commit()
    text = "customer_master_id,date_yyyymmdd,units,amount_usd\n00004,19970101,2,29.33\n00004,19970101,2,29.33\n00004,19970118,1,5\n"
    run = done("sales", text, source="唱片")
    assert (run.counts["created"], run.counts["warnings"], sold()) == (3, 1, Decimal("63.66"))
    assert checked("sales", text, source="唱片").counts["new"] == 0
    assert_totals_hold()


@pytest.mark.usefixtures("app")
def test_amounts_and_prices_are_counted_as_their_heads_say() -> None:
    customer = factories.customer("rep1")
    number = customer.number
    done("sales", f"客户编号,日期,单据编号,金额（万元）\n{number},2026-03-05,D1,12.5\n{number},2026-03-06,D2,-1.5\n")
    done("sales", f"客户编号,日期,单据编号,数量,单价（千元）\n{number},2026-03-05,D3,2,0.75\n")
    done("payments", f"客户编号,付款日期,付款编号,收款金额/万元\n{number},2026-03-08,Z1,3\n")
    assert [one.amount for one in db.session.scalars(select(Sale).order_by(Sale.id))] == [125000, -15000, 1500]
    assert db.session.scalar(select(Payment.amount)) == 30000
    assert_totals_hold()


@pytest.mark.usefixtures("app")
def test_the_old_number_of_a_merged_record_means_the_one_that_stands_for_it() -> None:
    first, second, third, elsewhere = (factories.customer(one) for one in ("rep1", "rep1", "rep1", "rep3"))
    text = f"客户编号,日期,金额\n{first.number},2026-03-05,100\n"
    done("sales", text)
    for survivor, loser in ((second, first), (third, second)):
        CustomerMerge.carry_out(survivor, loser, by=person("mgr1"))
        db.session.commit()
    again = checked("sales", f"{text}{second.number},2026-03-06,50\n")
    assert (again.counts["new"], again.counts["unchanged"], said(again)) == (1, 1, {})
    assert chosen(person("rep1"), f"{first.number} 旧名称").id == third.id
    CustomerMerge.carry_out(elsewhere, third, by=person("mgr1"))
    db.session.commit()
    with pytest.raises(Refusal, match="No customer you see"):
        chosen(person("rep1"), first.number)


INVOICES = (
    "customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate\n"
    "AB-1,900,1/6/2012,2/5/2012,47.07,Yes,2/8/2012\nAB-1,901,1/7/2012,2/6/2012,10,No,\n"
)


@pytest.mark.usefixtures("app")
def test_invoices_with_due_dates_ask_once_what_1_6_2012_is() -> None:
    customer = factories.customer("rep1")
    CustomerCode.add(customer, "AB-1", "", by=person())
    db.session.commit()
    with pytest.raises(Refusal, match="month or the day"):
        checked("sales", INVOICES)
    db.session.rollback()
    done("sales", INVOICES, dates="mdy")
    first, second = db.session.scalars(select(Sale).order_by(Sale.id))
    assert (first.day, first.due_on, first.settled_on, first.settled_by) == (
        date(2012, 1, 6), date(2012, 2, 5), date(2012, 2, 8), "line",
    )  # fmt: skip
    assert (first.disputed, second.disputed, second.settled_on) == (True, False, None)
    assert_totals_hold()
    assert said(checked("payments", "customerID,paymentDate,amount,invoiceNumber\nAB-1,2012-02-08,47.07,900\n"))[2].endswith("count twice.")
    done("payments", "customerID,paymentDate,checkNumber,amount,invoiceNumber\nAB-1,2012-02-20,Z9,10,901\n")
    db.session.expire_all()
    assert (second.settled_on, second.settled_by) == (date(2012, 2, 20), "payments")
    assert_totals_hold()


@pytest.mark.usefixtures("app")
def test_a_file_of_payments_names_the_paid_document_as_the_books_call_it() -> None:
    number = factories.customer("rep1").number
    done("sales", f"客户编号,日期,单据编号,金额\n{number},2026-03-05,D1,12.5\n{number},2026-03-06,D2,7\n")
    done("payments", f"客户编号,日期,单据编号,金额\n{number},2026-03-08,D1,12.5\n")
    done("payments", f"客户编号,收款日期,收款编号,收款金额,销售单号\n{number},2026-03-09,Z2,7,D2\n")
    paid = db.session.execute(select(Payment.number, Payment.document).order_by(Payment.id)).all()
    assert [tuple(one) for one in paid] == [("", "D1"), ("Z2", "D2")]
    assert [one.settled_on for one in db.session.scalars(select(Sale).order_by(Sale.id))] == [date(2026, 3, 8), date(2026, 3, 9)]


def test_where_a_file_says_more_exactly_what_is_paid_its_own_number_is_not_that() -> None:
    heads = ["客户编号", "日期", "单据编号", "金额", "所付单据"]
    assert match_headers(heads, BOOKS["payments"].table())[4] == "document"


@pytest.mark.usefixtures("app")
def test_bad_rows_say_why_and_whose_customer_it_is_decides() -> None:
    mine, theirs = factories.customer("rep1"), factories.customer("rep3")
    product(code="A1")
    sale(theirs, document="X9", line=1)
    head = "客户编号,日期,单据编号,行号,产品编号,数量,单价,金额,状态"
    rows = [
        f"{theirs.number},2026-01-05,N1,1,,,,10,",
        f"{mine.number},2026-01-05,N2,1,B7,,,10,",
        f"{mine.number},2026-01-05,N3,1,A1,3,,,",
        f"{mine.number},2999-01-05,N4,1,A1,3,1,,",
        f"{mine.number},2026-01-05,X9,1,A1,3,1,,",
        f"{mine.number},2026-01-05,N5,1,A1,3,1,,Lost",
        f"{mine.number},2026-01-05,N6,1,A1,3,1,,",
        f"{mine.number},2026-01-05,N6,1,A1,4,1,,",
        f"{mine.number},2026-01-05,N6,2,A1,-1,1.005,,已取消",
    ]
    run = done("sales", head + "\n" + "\n".join(rows) + "\n", account="sup1")
    told = said(run)
    assert (run.counts["created"], set(told)) == (2, {2, 3, 4, 5, 6, 7, 9})
    assert "No customer you see" in told[2]
    assert "Import the products first" in told[3]
    assert "quantity and price" in told[4]
    assert "lies ahead" in told[5]
    assert "do not see" in told[6]
    assert "Not one of" in told[7]
    assert "row 8" in told[9]
    assert run.refused is not None
    assert db.session.scalar(select(Sale.amount).where(Sale.document == "N6", Sale.line == 2)) == Decimal("-1.01")
    assert_totals_hold()


@pytest.mark.usefixtures("app")
def test_what_is_taken_back_or_cancelled_by_a_file_is_followed_by_no_calls() -> None:
    customer, day = factories.customer("rep1", telephone="0755-88887777"), clock.today().isoformat()
    heads = "客户编号,日期,单据编号,行号,金额,状态"

    def open_calls() -> int:
        read_sales(clock.today())
        db.session.commit()
        return db.session.scalar(select(func.count()).where(Callback.state == "open")) or 0

    assert open_calls() == 0
    run = done("sales", f"{heads}\n{customer.number},{day},D1,1,100,已下单\n")
    assert open_calls() == 1
    cancelled = done("sales", f"{heads}\n{customer.number},{day},D1,1,100,已取消\n")
    assert open_calls() == 0
    taken_back(cancelled)
    assert open_calls() == 1
    with pytest.raises(Refusal):
        run.take_back(by=run.staff)
    db.session.rollback()
    other = factories.customer("rep1", telephone="0755-88887777")
    run = done("sales", f"{heads}\n{other.number},{day},D2,1,100,已下单\n")
    assert open_calls() == 2
    taken_back(run)
    assert open_calls() == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("mode", ["good", "all"])
def test_an_import_that_changes_is_taken_back_whole(mode: str) -> None:
    customer = factories.customer("rep1")
    known = sale(customer, document="N1", line=1, amount=Decimal(10))
    payment(customer, document="N1", amount=Decimal(25), number="Z1")
    text = f"客户编号,日期,单据编号,行号,金额,状态\n{customer.number},2026-01-15,N1,1,25,\n{customer.number},2026-01-16,N2,1,7,取消\n"
    text += f"{customer.number},2026-01-17,N3,,3,\n"
    run = done("sales", text, mode=mode)
    db.session.expire_all()
    assert (run.counts["created"], run.counts["changed"], known.amount, known.settled_on) == (2, 1, Decimal(25), date(2026, 2, 1))
    assert_totals_hold()
    assert obstacles(run) == []
    taken_back(run)
    assert (run.state, known.amount, known.version) == ("taken-back", Decimal(10), 3)
    assert db.session.scalar(select(func.count()).select_from(Sale)) == 1
    assert_totals_hold()


@pytest.mark.usefixtures("app")
def test_all_or_nothing_shows_nothing_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    customer = factories.customer("rep1")
    text = f"客户编号,日期,单据编号,金额\n{customer.number},2026-01-15,N1,25\n{customer.number},2026-01-16,N2,7\n"
    monkeypatch.setattr("portal.exchange.importing.WRITE_CHUNK", 1)
    run = checked("sales", text)
    run.start(by=run.staff, mode="all", skip_duplicates=False)
    db.session.commit()

    def stop(*_args: Any) -> None:
        assert db.session.scalars(Sale.visible_to(person("mgr1"))).all() == []
        assert db.session.scalar(select(func.count()).select_from(Sale)) == 2
        assert_totals_hold()
        raise Refusal("x")

    monkeypatch.setattr("portal.exchange.book_importing.show_hidden", stop)
    jobs.start(run.job)  # type: ignore[arg-type]
    db.session.expire_all()
    assert (run.state, db.session.scalar(select(func.count()).select_from(Sale))) == ("failed", 0)
    assert_totals_hold()


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("table", "text", "model"),
    [
        ("products", "产品编号,产品名称\nA1,甲\nA2,乙\n", Product),
        ("customer-codes", "客户外部编号,客户编号\nA1,{0}\nA2,{0}\n", CustomerCode),
        ("sale-documents", "单据编号,客户编号,日期\nA1,{0},2026-01-05\nA2,{0},2026-01-05\n", SaleDocument),
    ],
)
def test_all_or_nothing_of_what_has_no_hidden_state_is_one_transaction(table: str, text: str, model: Any, monkeypatch: Any) -> None:
    """What a chunk had made would be seen, and named by sales, before it was removed again."""
    run = checked(table, text.format(factories.customer("rep1").number))
    run.start(by=run.staff, mode="all", skip_duplicates=False)
    db.session.commit()
    seen = []

    def stop(_self: Any) -> None:
        seen.append(db.session.scalar(select(func.count()).select_from(model)))
        db.session.rollback()
        seen.append(db.session.scalar(select(func.count()).select_from(model)))
        raise Refusal("x")

    monkeypatch.setattr("portal.exchange.importing.WRITE_CHUNK", 1)
    with monkeypatch.context() as patch:
        patch.setattr("portal.exchange.book_importing.BookWriter.show", stop)
        jobs.start(run.job)  # type: ignore[arg-type]
    db.session.expire_all()
    assert (seen, run.state) == ([2, 0], "failed")
    again = done(table, text.format(db.session.scalar(select(Customer.number))), mode="all")
    assert (again.state, again.counts["created"]) == ("done", 2)


@pytest.mark.usefixtures("app")
def test_what_is_used_since_is_not_taken_back() -> None:
    run = done("products", "产品编号,产品名称\nA1,甲\nA2,乙\n")
    first = db.session.scalar(select(Product).where(Product.code == "A1"))
    assert first is not None
    sale(product_id=first.id)
    assert [one.name for one in obstacles(run)] == ["A1 甲"]
    lines = done("payments", f"客户编号,收款日期,金额\n{factories.customer('rep1').number},2026-01-05,9\n")
    one = db.session.scalar(select(Payment))
    assert one is not None
    one.change({"amount": Decimal(8)}, by=person(), reason="更正")
    db.session.commit()
    assert len(obstacles(lines)) == 1
    assert db.session.scalar(select(func.count()).select_from(SaleDocument)) == 0


def test_a_rep_does_not_import_sales(as_: Any) -> None:
    with pytest.raises(Refusal, match="Only supervisors"):
        begun("sales", "客户编号,日期,金额\n1,2026-01-05,9\n", account="rep1")
    db.session.rollback()
    assert as_("rep1").get("/imports?table=sales").status_code == 403


def test_what_goes_out_comes_in_unchanged(as_: Any) -> None:
    customer = factories.customer("rep1", province="广东省")
    sale(customer, document="N1", product_id=product().id, quantity=Decimal("1.5"), price=Decimal("3.3333"), amount=None)
    sale(customer, document="N2", due_on=date(2026, 2, 1), settled_on=date(2026, 2, 2), disputed=True)
    payment(customer, number="Z1", document="N1")
    for kind, rows in (("sales", 2), ("payments", 1)):
        text = as_("mgr1").get(f"/sales/export/{kind}/file?format=csv").get_data().decode("utf-8-sig")
        run = checked(kind, text)
        assert (run.counts["unchanged"], said(run)) == (rows, {})
    text = as_("mgr1").get("/sales/export/months/file?format=csv&year=2026").get_data(as_text=True)
    assert customer.number in text


@pytest.mark.usefixtures("app")
def test_what_was_typed_in_without_a_number_is_named_before_it_counts_twice() -> None:
    customer = factories.customer("rep1")
    sale(customer, day=date(2026, 3, 5), amount=Decimal(100))
    sale(customer, day=date(2026, 3, 6), amount=Decimal(70), document="D9")
    sale(customer, day=date(2026, 3, 7), amount=Decimal(60)).void(by=person(), reason="x")
    payment(customer, day=date(2026, 3, 8), amount=Decimal(30))
    db.session.commit()
    head, number = "客户编号,日期,单据编号,金额\n", customer.number
    text = f"{head}{number},2026-03-05,D1,100\n{number},2026-03-05,D2,100\n{number},2026-03-06,D3,70\n{number},2026-03-07,D4,60\n"
    run = checked("sales", text)
    (row,) = run.problem_rows("duplicate")
    assert (run.counts["new"], run.counts["duplicates"], row.row) == (4, 1, 2)
    assert "(2026-03-05). Imported as well, it counts twice" in str(row.messages[0][2])
    run.start(by=run.staff, mode="good", skip_duplicates=True)
    db.session.commit()
    jobs.start(run.job)  # type: ignore[arg-type]
    assert sold() == Decimal(400)
    paid = checked("payments", f"客户编号,付款日期,付款编号,收款金额\n{number},2026-03-08,Z1,30\n")
    assert (paid.counts["new"], paid.counts["duplicates"]) == (1, 1)
    assert_totals_hold()
