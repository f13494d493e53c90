"""The day's calls worked through by keyboard and on a telephone without leaving the list (SV-12); nothing for axe to find."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.callback import Callback
from tests import calling
from tests.browser.test_axe import findings
from tests.browser.windows import fits


def test_calls_one_after_the_other(app: object, page_as: Callable[[str], Page], site: str) -> None:
    for name in "甲乙丙":
        calling.call("rep1", full_name=f"{name}有限公司")
    page = page_as("rep1")
    page.goto(f"{site}/call-backs")
    expect(page.locator(".calls > li")).to_have_count(3)
    assert findings(page) == []
    page.locator(".calls .main a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#call-answer-0")).to_be_focused()
    assert findings(page, "#day") == []
    page.keyboard.type("满意")
    page.locator("#call-result").fill("运行正常")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#day .message")).to_contain_text("甲有限公司")
    expect(page.locator(".is-open .main")).to_contain_text("乙有限公司")
    expect(page.locator("#call-answer-0")).to_be_focused()
    assert page.url.startswith(f"{site}/call-backs?open=")
    page.locator("#call-answer-0").blur()
    page.keyboard.press("o")
    expect(page.locator(".is-open .main")).to_contain_text("丙有限公司")
    page.set_viewport_size({"width": 390, "height": 800})
    assert fits(page)
    assert findings(page, "#day") == []
    later = page.locator("button[value=later]")
    assert later.evaluate("one => one.getBoundingClientRect().height") >= 44
    later.click()
    expect(page.locator("#call-later_on-error")).to_be_visible()
    page.locator("#call-later_on").fill(clock.today().replace(year=clock.today().year + 1).isoformat())
    later.click()
    expect(page.locator(".calls")).to_have_count(0)
    found = db.session.execute(select(Callback.state, Callback.attempts).order_by(Callback.id)).all()
    assert [tuple(row) for row in found] == [("done", 0), ("open", 1), ("open", 1)]
    db.session.remove()
