"""Composition and ABC analysis in the browser, in both languages: choose, read the chart, follow a figure to its list (IN-2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.staff import Staff
from tests import factories
from tests.browser.test_axe import findings
from tests.browser.windows import fits
from tests.sales.samples import sale


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("language", "abc", "composition", "rule"),
    [
        ("zh_Hans_CN", "ABC 分析", "客户构成分析", "归入下一类"),
        ("en", "ABC analysis", "Composition of customers", "belongs to the lower class"),
    ],
)
def test_figures_are_chosen_read_and_followed(
    site: str, page_as: Callable[[str], Page], language: str, abc: str, composition: str, rule: str
) -> None:
    for number, (grade, amount) in enumerate((("A", 700), ("A", 200), ("B", 60), ("C", 40))):
        customer = factories.customer("rep1", full_name=f"深圳市明远科技有限公司{number}", grade=grade)
        sale(customer, day=date(2025, 3, 1), amount=Decimal(amount), region="广东省")
        sale(customer, day=date(2024, 3, 1), amount=Decimal(100 * number + 10), region="广东省")
    manager = Staff.by_account("mgr1")
    assert manager is not None
    manager.language = language
    db.session.commit()
    page = page_as("mgr1")
    page.goto(f"{site}/insights/composition?year=2025")
    expect(page.locator("h1")).to_have_text(composition)
    page.select_option("#filter-subject", "grade")
    page.locator("form.filters button").click()
    expect(page.locator("main svg[role=img]")).to_be_visible()
    expect(page.locator("main table tbody tr").first).to_contain_text("900.00")
    assert findings(page) == []
    page.goto(f"{site}/insights/abc?year=2025")
    expect(page.locator("h1")).to_have_text(abc)
    page.fill("#thresholds", "55/85")
    page.locator("form.filters button").click()
    page.locator("main details summary").first.click()
    expect(page.locator("main details").first).to_contain_text(rule)
    expect(page.locator("#items tbody tr")).to_have_count(4)
    assert findings(page) == []
    page.locator("main table").first.locator("tbody tr").first.locator("a").first.click()
    expect(page.locator("#items tbody tr")).to_have_count(1)
    page.set_viewport_size({"width": 360, "height": 740})
    assert fits(page)
