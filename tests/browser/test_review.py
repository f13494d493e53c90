"""The half-yearly review worked through by keyboard, without scripts, and a round of the shelves (AR-21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.database import db
from portal.models.customer import Customer
from portal.models.review import ReviewCampaign
from tests import factories
from tests.reviewing import binder, line_of, opened

HALF = "2026-H1"


@pytest.fixture
def customers(app: object) -> list[str]:
    """The names of four customers of rep1 in a campaign that runs."""
    names = [f"{name}有限公司" for name in "甲乙丙丁"]
    for place, name in enumerate(names):
        binder(factories.customer("rep1", full_name=name), f"1-A-0{place}", f"{name}执照")
    opened(HALF)
    return names


def states() -> dict[str, str]:
    db.session.expire_all()
    return {one.full_name: line_of(one).state for one in db.session.query(Customer)}


def address(site: str, more: str = "") -> str:
    campaign = db.session.query(ReviewCampaign).one()
    number = campaign.id
    db.session.remove()  # the test's own transaction would keep the server from writing
    return f"{site}/reviews/{number}{more}"


def test_confirm_skip_and_correct_by_keyboard(customers: list[str], page_as: Callable[[str], Page], site: str) -> None:
    page = page_as("rep1")
    page.goto(address(site, "/next"))
    expect(page.locator("h1")).to_have_text(customers[0])
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(customers[1])
    page.keyboard.press("s")
    expect(page.locator("h1")).to_have_text(customers[2])
    page.keyboard.press("e")
    page.locator("#fax").fill("0755-26001111")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_have_text(customers[3])
    page.locator("#remark").fill("see you")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(customers[1])
    page.keyboard.press("Enter")
    expect(page.locator(".figures")).to_contain_text("100%")
    assert list(states().values()) == ["confirmed", "confirmed", "corrected", "confirmed"]
    assert line_of(db.session.query(Customer).filter_by(full_name=customers[3]).one()).remark == "see you"


def test_without_scripts(chromium: Any, customers: list[str], page_as: Callable[[str], Page], site: str) -> None:
    cookies = page_as("rep1").context.cookies()
    window: BrowserContext = chromium.new_context(java_script_enabled=False)
    window.add_cookies(cookies)
    page = window.new_page()
    page.goto(address(site, "/next"))
    page.locator(".review-acts button").press("Enter")
    expect(page.locator("h1")).to_have_text(customers[1])
    window.close()
    assert states()[customers[0]] == "confirmed"


def test_enter_in_a_note_does_not_confirm_the_shelves(customers: list[str], page_as: Callable[[str], Page], site: str) -> None:
    page = page_as("rep1")
    page.goto(address(site, "/shelves"))
    page.locator("select[name^=kind]").first.select_option("missing")
    note = page.locator("input[name^=note]").first
    note.fill("执照")
    note.press("Enter")
    assert set(states().values()) == {"open"}
    db.session.remove()
    note.press("Control+Enter")
    expect(page.locator(".figures")).to_contain_text("75%")
    assert list(states().values()) == ["open", "confirmed", "confirmed", "confirmed"]
