"""An import, or its taking back, and somebody who changes a record at the same moment: nothing that was saved is lost (AR-40)."""

from __future__ import annotations

from decimal import Decimal

from flask import Flask
from sqlalchemy import select

from portal import jobs
from portal.database import db
from portal.models.customer import Customer
from portal.models.import_run import ImportRun
from portal.models.register_entry import RegisterEntry
from portal.models.sale import Sale
from tests import factories
from tests.approving import person
from tests.concurrency.locks import meanwhile
from tests.models import test_import as of_customers
from tests.registers import test_files as of_entries
from tests.registers.samples import entry
from tests.sales import test_files as of_books


def _work(run: ImportRun) -> int:
    """Return the number of the import's job, which is to be done."""
    assert run.job_id is not None
    db.session.commit()
    return run.job_id


def test_a_line_that_is_being_changed_is_not_taken_back(app: Flask) -> None:
    customer = factories.customer("rep1")
    run = of_books.done("sales", f"客户编号,日期,单据编号,金额\n{customer.number},2026-03-05,D1,5\n{customer.number},2026-03-05,D2,7\n")
    run.take_back(by=run.staff)
    number, line = _work(run), db.session.scalars(select(Sale).where(Sale.document == "D1")).one()
    meanwhile(app, lambda: line.change({"amount": Decimal(9)}, by=person("mgr1"), reason="对账"), lambda: jobs.run(number))
    assert [(one.document, one.amount) for one in db.session.scalars(select(Sale))] == [("D1", Decimal(9))]


def test_a_customer_that_is_being_changed_is_not_taken_back(app: Flask) -> None:
    run = of_customers.done("客户名称\n甲公司\n乙公司\n", person("rep1"))
    run.take_back(by=run.staff)
    number, one = _work(run), db.session.scalars(select(Customer).where(Customer.full_name == "甲公司")).one()
    meanwhile(app, lambda: one.change({"short_name": "甲"}, by=person("rep1")), lambda: jobs.run(number))
    assert [(one.full_name, one.short_name) for one in db.session.scalars(select(Customer))] == [("甲公司", "甲")]


def test_an_entry_that_is_being_changed_is_not_taken_back(app: Flask) -> None:
    one, day = factories.customer("rep1"), "2026-03-05,2026-12-31"
    run = of_entries.done(f"{of_entries.HEADS}\n{one.number},P-1,月保,粤B12345,{day},赵\n{one.number},P-2,月保,粤B12346,{day},赵\n")
    run.take_back(by=run.staff)
    number, first = _work(run), of_entries.entries()[0]
    meanwhile(app, lambda: first.change({"colour": "白"}, by=person("rep1")), lambda: jobs.run(number))
    assert [(entry.title, entry.data["colour"]) for entry in of_entries.entries()] == [("P-1", "白")]


def test_an_import_overwrites_no_field_of_an_entry_that_is_being_changed(app: Flask) -> None:
    made = entry(permit_number="P-1", colour="黑")
    run = of_entries.checked(f"登记编号,备注\n{made.number},进口\n")
    run.start(by=run.staff, mode="good", skip_duplicates=False)
    number = _work(run)
    meanwhile(app, lambda: made.change({"colour": "白"}, by=person("rep1")), lambda: jobs.run(number))
    found = db.session.scalars(select(RegisterEntry)).one()
    assert (found.data["colour"], found.data["remarks"]) == ("白", "进口")
