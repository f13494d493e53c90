"""Office registers in a browser: the customer is chosen by keyboard or pointer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.register_entry import RegisterEntry
from portal.models.search_index import index_all
from tests import factories


@pytest.mark.usefixtures("app")
def test_a_customer_is_chosen_from_what_is_found(site: str, page_as: Callable[[str], Page]) -> None:
    customer = factories.customer("rep1", full_name="深圳市明远科技有限公司")
    list(index_all())
    db.session.commit()
    number = customer.number
    page = page_as("rep1")
    page.goto(f"{site}/registers/telephone-moves/new")
    field = page.locator("#customer")
    field.press_sequentially("明远")
    expect(page.locator("#customer-hits button")).to_have_count(1)
    field.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(field).to_have_value(f"{number} 深圳市明远科技有限公司")
    expect(page.locator("#customer-hits button")).to_have_count(0)
    expect(field).to_be_focused()
    for name, value in (("applied_on", "2026-03-05"), ("number", "0755-26112233"), ("from_unit", "甲-1"), ("to_unit", "乙-1")):
        page.fill(f"#{name}", value)
    page.select_option("#kind", "inside")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_have_text("0755-26112233")
    assert db.session.query(RegisterEntry).one().customer.number == number
