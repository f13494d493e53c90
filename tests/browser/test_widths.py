"""Between a telephone and a desk: on a tablet, or half of a screen, lists and records keep what they say (look.md: A page)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from tests import calling, factories
from tests.browser.windows import fits, stands
from tests.service import requesting

LONG = "深圳市晨曦光电科技股份有限公司南山分公司（高新技术产业园区第二生产基地）"
CUT = "one => one.scrollWidth > one.clientWidth"


@pytest.mark.parametrize(("address", "width"), [("/inbox", 768), ("/requests", 1024)])
def test_lists_stay_within_the_page(app: object, page_as: Callable[[str], Page], site: str, address: str, width: int) -> None:
    one = calling.call("rep1", full_name=LONG)
    requesting.taken(one.customer, kind="complaint", text="新装设备运行两天后停机，生产线停了，要求马上派人到现场处理。")
    page = page_as("rep1")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site + address)
    expect(page.locator("table.list tbody tr").first).to_be_visible()
    assert fits(page)
    room = page.locator("#search").bounding_box()
    assert room is not None
    assert room["width"] >= 160


def test_a_name_is_whole_on_a_telephone(app: object, page_as: Callable[[str], Page], site: str) -> None:
    factories.customer("rep1", full_name=LONG)
    page = page_as("rep1")
    page.goto(f"{site}/customers")
    name = page.get_by_role("link", name=LONG)
    assert name.evaluate(CUT), "beside other columns it is cut, and its title has the whole"
    page.set_viewport_size({"width": 360, "height": 740})
    assert not name.evaluate(CUT)
    assert fits(page)


def test_an_appointed_time_leaves_the_telephone_number_free(app: object, page_as: Callable[[str], Page], site: str) -> None:
    one = calling.call("rep1")
    one.call_at = clock.now()
    db.session.commit()
    page = page_as("rep1")
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/call-backs")
    stands(page)
    appointed, number = page.locator(".call-at"), page.locator(".call-tel")
    expect(appointed).to_be_visible()
    at, beside = appointed.bounding_box(), number.bounding_box()
    assert at is not None
    assert beside is not None
    assert at["x"] + at["width"] <= beside["x"] or at["y"] >= beside["y"] + beside["height"]
