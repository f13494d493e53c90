"""A complaint taken in by keyboard with few strokes beside its text, and worked on on a telephone (SV-1, SV-2); nothing for axe to find."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.request import ServiceRequest
from portal.models.search_index import index_all
from tests import factories
from tests.browser.test_axe import findings
from tests.browser.windows import fits

TEXT = "货物晚到三天，包装破损，要求换货。"
MOST_KEYS = 20


def test_a_complaint_by_telephone(app: object, page_as: Callable[[str], Page], site: str) -> None:
    factories.customer("rep1", full_name="深圳远航电子有限公司")
    factories.customer("rep1", full_name="广州远洋贸易有限公司")
    index_all()
    db.session.commit()
    page, keys = page_as("rep1"), 0

    def press(*names: str) -> None:
        nonlocal keys
        for name in names:
            page.keyboard.press(name)
            keys += 1

    page.goto(f"{site}/")
    press("q")
    expect(page.locator("#customer")).to_be_focused()
    page.keyboard.type("远航")
    keys += 2
    expect(page.locator("#customer-hits button")).to_have_count(1)
    press("ArrowDown", "Enter")
    assert "深圳远航电子有限公司" in page.locator("#customer").input_value()
    page.locator("#text").focus()
    keys += 4  # over kind and channel, which stand as they are wanted
    page.keyboard.type(TEXT)
    assert findings(page) == []
    press("Control+Enter")
    expect(page.locator("h1")).to_have_text(TEXT)
    assert keys < MOST_KEYS
    assert findings(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert fits(page)
    page.locator("#step-word").fill("明日补发。")
    answer = page.locator("button[value=answered]")
    assert answer.evaluate("one => one.getBoundingClientRect().height") >= 44
    answer.click()
    expect(page.locator("button[value=followed-up]")).to_be_visible()
    page.goto(f"{site}/requests")
    assert fits(page)
    assert findings(page) == []
    found = db.session.query(ServiceRequest).one()
    assert (found.state, found.text, found.kind, found.channel) == ("answered", TEXT, "complaint", "telephone")
    db.session.remove()


def test_the_customers_that_a_name_may_mean_cover_nothing(app: object, page_as: Callable[[str], Page], site: str) -> None:
    factories.customer("rep1", full_name="深圳远航电子有限公司")
    factories.customer("rep1", full_name="广州远洋贸易有限公司")
    index_all()
    db.session.commit()
    page = page_as("rep1")
    page.goto(f"{site}/requests/new")
    page.fill("#customer", "远")
    page.fill("#text", TEXT)
    page.locator(".save-bar button").click()
    expect(page.locator(".suggestions-stay button")).to_have_count(2)
    offered, keeps = page.locator(".suggestions-stay").bounding_box(), page.locator("[name=unknown]").bounding_box()
    assert offered is not None
    assert keeps is not None
    assert offered["y"] + offered["height"] <= keeps["y"]
