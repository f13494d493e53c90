"""Sales from a file to the page, in both languages (RL-8)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.customer_code import CustomerCode
from portal.models.staff import Staff
from tests import factories
from tests.browser.languages import one_of
from tests.sales.samples import person

TEXT = "customerID,InvoiceDate,invoiceNumber,InvoiceAmount\nK-7,1/6/2026,F-1,1234.50\nK-7,2/3/2026,F-2,10\nK-8,1/7/2026,F-3,5\n"


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("language", "sales"), one_of([("zh_Hans_CN", "销售"), ("en", "Sales")], 1))
def test_a_file_of_sales_comes_to_the_page(site: str, page_as: Callable[[str], Page], tmp_path: Path, language: str, sales: str) -> None:
    customer = factories.customer("rep1", full_name="深圳市明远科技有限公司")
    CustomerCode.add(customer, "K-7", "ERP", by=person())
    customer_id = customer.id
    manager = Staff.by_account("mgr1")
    assert manager is not None
    manager.language = language
    db.session.commit()
    file = tmp_path / "invoices.csv"
    file.write_text(TEXT, encoding="utf-8")
    page = page_as("mgr1")
    page.goto(f"{site}/sales")
    expect(page.locator("h1")).to_have_text(sales)
    page.goto(f"{site}/imports?table=sales")
    page.set_input_files("#file", file)
    page.fill("#source", "ERP")
    page.locator("form[enctype] button").click()
    page.locator("#dates").select_option("mdy")
    page.locator("main form[data-unsaved] button.btn-primary").click()
    expect(page.locator("main")).to_contain_text("K-8")
    page.locator("main form button.btn-primary").click()
    page.locator("main a.btn-primary").click()
    expect(page.locator("h1")).to_have_text(sales)
    expect(page.locator("table.list tbody tr")).to_have_count(2)
    expect(page.locator("table.list")).to_contain_text("1,234.50")
    page.goto(f"{site}/customers/{customer_id}/sales")
    expect(page.locator("main")).to_contain_text("1,244.50")
