"""A hand-over from the menu 'New' to the list of what moved, by a supervisor with a mouse (RO-4, RO-5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.hand_over_record import DONE, HandOver
from tests.browser.test_axe import findings
from tests.browser.windows import fits
from tests.handing import busy

pytestmark = pytest.mark.usefixtures("app")


@pytest.mark.parametrize("width", [1366, 390])
def test_listed_handed_over_and_kept(page_as: Callable[[str], Page], site: str, width: int) -> None:
    busy()
    db.session.remove()  # the test's own transaction would keep the server from writing
    page = page_as("sup1")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{site}/hand-overs")
    assert not findings(page)
    page.get_by_label("移交人").select_option(label="赵一鸣 · 客户一科")
    page.get_by_role("button", name="列出手头工作").click()
    expect(page.locator("h1")).to_contain_text("赵一鸣")
    assert not findings(page)
    page.get_by_label("接收人").select_option(label="钱二宝 · 客户一科")
    page.get_by_label("监交人").fill("周五行")
    page.get_by_role("button", name="移交 2 个客户").click()
    expect(page.locator("h1")).to_contain_text("赵一鸣 → 钱二宝")
    expect(page.locator(".state").first).to_have_text("已移交")
    expect(page.locator("#part-loans")).to_contain_text("东湖𠮷物流公司")
    assert not findings(page)
    assert fits(page)
    if width == 390:  # label and value of a cell on one line, the first cell on one of its own
        assert page.locator("td[data-label] > .cut").first.evaluate("one => getComputedStyle(one).display") == "inline"
        number = page.locator("#part-customers tbody tr").first.locator("th")
        assert number.bounding_box()["width"] > 300  # type: ignore[index]
    assert db.session.query(HandOver).one().state == DONE
