"""Everything by keyboard: skip link, shortcuts, menus, forms; and the frame on a telephone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal.database import db
from tests import factories
from tests.approving import submitted
from tests.browser.windows import every, fits


def number_of(record: Any) -> int:
    """Return the id of a record, and let go of the database: the server writes to it."""
    number: int = record.id
    db.session.remove()
    return number


@pytest.fixture
def page(page_as: Callable[[str], Page], site: str) -> Page:
    page = page_as("mgr1")
    page.goto(f"{site}/")
    return page


def test_skip_link_is_the_first_stop(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_help_and_way_home(page: Page, site: str) -> None:
    page.goto(f"{site}/notices")
    page.locator("body").press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.type("gh")
    page.wait_for_url(f"{site}/")


def test_letters_typed_into_a_field_go_nowhere(page: Page, site: str) -> None:
    page.goto(f"{site}/profile/password")
    field = page.locator("main input[type=password]").first
    field.focus()
    page.keyboard.type("gh?/")
    expect(field).to_have_value("gh?/")
    assert page.url == f"{site}/profile/password"


def test_menu_closes_by_escape_and_keeps_the_focus(page: Page) -> None:
    summary = page.locator(".topbar details.menu summary").last
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".topbar details.menu[open]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    expect(summary).to_be_focused()


@pytest.mark.parametrize(("path", "field"), [
    ("/customers/new", "full_name"), ("/loans/new", "customer"), ("/search", "filter-q"), ("/profile/password", "current"),
])  # fmt: skip
def test_who_comes_to_write_begins_in_the_first_empty_field(page: Page, site: str, path: str, field: str) -> None:
    page.goto(f"{site}{path}")
    expect(page.locator(f"main #{field}")).to_be_focused()


def test_a_filled_field_is_passed_over_and_a_refused_form_keeps_its_summary(page: Page, site: str) -> None:
    customer = number_of(factories.customer())
    page.goto(f"{site}/requests/new?customer={customer}")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error-summary")).to_be_focused()


def test_keys_walk_through_the_rows_of_a_list_and_choose_them(page: Page, site: str) -> None:
    for n in (1, 2):
        factories.customer(full_name=f"宁波海蓝商贸{n}店")
    page.goto(f"{site}/customers?order=name")
    names = every(page.locator("table.list tbody th a"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(names[1]).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("td.pick input:checked")).to_have_count(1)
    page.keyboard.press("b")
    expect(page.locator(".bulk-bar button").first).to_be_focused()
    names[1].focus()
    page.keyboard.press("k")
    expect(names[0]).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site}/customers/*")


def test_a_page_has_its_own_keys_before_those_of_the_bar(page: Page, site: str) -> None:
    customer = number_of(factories.customer())
    page.goto(f"{site}/customers/{customer}")
    page.keyboard.press("q")
    page.wait_for_url(f"{site}/requests/new?customer={customer}")
    page.goto(f"{site}/customers/{customer}")
    page.keyboard.press("e")
    page.wait_for_url(f"{site}/customers/{customer}/edit")


def test_who_signs_comes_to_the_opinion_by_a_key(page_as: Callable[[str], Page], site: str) -> None:
    approval = number_of(submitted())
    page = page_as("sup1")
    page.goto(f"{site}/approvals/{approval}")
    page.keyboard.press("o")
    expect(page.locator("#opinion")).to_be_focused()
    expect(page.locator("#opinion")).to_have_value("")


def test_ctrl_enter_sends_and_the_summary_takes_the_focus(page: Page, site: str) -> None:
    page.goto(f"{site}/profile/password")
    for field in every(page.locator("main input[type=password]")):
        field.fill("not-my-password")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".error-summary")).to_be_focused()


def test_unsaved_form_asks_before_leaving(page: Page, site: str) -> None:
    page.goto(f"{site}/profile/password")
    page.evaluate("document.querySelector('main form').setAttribute('data-unsaved', '')")
    page.locator("main input[type=password]").first.press_sequentially("a")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(f"{site}/")
    assert asked == ["beforeunload"]


def test_telephone_has_menu_and_bottom_bar_without_script(chromium: object, app: object, site: str, page_as: Callable[[str], Page]) -> None:
    signed_in = page_as("rep1").context
    cookies = signed_in.cookies()
    window: BrowserContext = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)  # type: ignore[attr-defined]
    window.add_cookies(cookies)  # type: ignore[arg-type]
    page = window.new_page()
    page.goto(f"{site}/")
    expect(page.locator(".bottombar")).to_be_visible()
    expect(page.locator("#rail")).to_be_hidden()
    page.locator(".menu-button").click()
    expect(page.locator("#rail")).to_be_visible()
    page.locator("#rail .close").click()
    expect(page.locator("#rail")).to_be_hidden()
    window.close()


def test_nothing_is_lost_at_360_pixels_and_targets_are_big(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/profile/password", "/nowhere"):
        page.goto(f"{site}{path}")
        assert fits(page), path
        small = page.evaluate(
            """[...document.querySelectorAll('.btn, .bottombar a, .bottombar summary, .menu-button, .form-control, .topbar-tools summary')]
            .filter(node => node.checkVisibility() && node.getBoundingClientRect().height < 44).map(node => node.outerHTML.slice(0, 120))"""
        )
        assert small == [], path


def test_a_list_that_is_fetched_anew_takes_the_focus_of_what_went(page: Page, site: str) -> None:
    for _n in range(2):
        factories.customer(grade="A")
    page.goto(f"{site}/customers?grade=A")
    page.locator(".chip a").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator("#list")).to_be_focused()


UNDER_A_BAR = """() => {
  const here = document.activeElement.getBoundingClientRect();
  const bars = [...document.querySelectorAll('.save-bar, .bottombar, .topbar')].filter((bar) => bar.checkVisibility());
  const covers = (bar) => here.top >= bar.top && here.bottom <= bar.bottom;
  return here.top > innerHeight || here.bottom < 0
    || bars.filter((bar) => !bar.contains(document.activeElement)).map((bar) => bar.getBoundingClientRect()).some(covers);
}"""
"""Whether what has the focus lies under a bar that stays in view, or outside the window."""


def test_what_has_the_focus_stands_clear_of_the_bars_at_once(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 740})
    page.goto(f"{site}/customers/new")
    for _stop in range(30):
        page.keyboard.press("Tab")
        assert not page.evaluate(UNDER_A_BAR), page.evaluate("document.activeElement.outerHTML")


def test_heads_of_a_list_in_two_lines_are_seen_by_who_comes_to_them(page: Page, site: str) -> None:
    for _n in range(2):
        factories.customer()
    page.set_viewport_size({"width": 1000, "height": 768})
    page.goto(f"{site}/customers")
    link = page.locator("table.list thead a").first
    assert page.evaluate(CLIPPED)
    link.focus()
    assert not page.evaluate(CLIPPED)
    page.get_by_text("选择本页全部").click()
    expect(page.locator("td.pick input:checked")).to_have_count(2)


CLIPPED = "getComputedStyle(document.querySelector('table.list thead a').closest('th')).clipPath !== 'none'"
