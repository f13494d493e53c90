"""The yearly grading from opening to the published list, in both languages: by keyboard, without scripts (RL-1 to RL-4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.grading import Grading
from portal.models.staff import Staff
from tests import factories
from tests.approving import sign
from tests.browser.languages import one_of
from tests.grading import WITHOUT_DATA, line_of, opened

NAMES = [f"{name}有限公司" for name in "甲乙"]


@pytest.fixture
def customers(app: object) -> list[str]:
    """The names of two customers of rep1."""
    for name in NAMES:
        factories.customer("rep1", full_name=name)
    return NAMES


def by_name(name: str) -> Grading:
    db.session.expire_all()
    return line_of(db.session.query(Customer).filter_by(full_name=name).one())


def fill(page: Page) -> None:
    for code, (score, reason) in WITHOUT_DATA.items():
        page.locator(f"#score-{code}").fill(score)
        page.locator(f"#reason-{code}").fill(reason)


@pytest.mark.parametrize("language", one_of(["zh_Hans_CN", "en"], 0))
def test_from_opening_to_the_grade_list(customers: list[str], page_as: Callable[[str], Page], site: str, language: str) -> None:
    db.session.query(Staff).update({"language": language})
    db.session.commit()
    year = clock.today().year
    page = page_as("mgr1")
    page.goto(f"{site}/gradings")
    page.locator("main .page-head button").first.click()
    page.wait_for_url(f"**/gradings/{year}")
    page = page_as("rep1")
    page.goto(f"{site}/gradings/{year}/next")
    expect(page.locator("h1")).to_have_text(customers[0])
    expect(page.locator("#score-sales")).to_be_focused()
    page.locator("a[data-key=s]").click()
    expect(page.locator("h1")).to_have_text(customers[1])
    for name in reversed(customers):
        expect(page.locator("h1")).to_have_text(name)
        fill(page)
        page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(str(year))
    page = page_as("sup1")
    page.goto(f"{site}/gradings/{year}/next?work=meet")
    page.locator("#second-potential").fill("90")
    page.locator("#attendees").fill("销售部 周")
    page.locator("#re-rating button.btn-primary").click()
    expect(page.locator("#why-potential-error")).to_be_visible()
    page.locator("#why-potential").fill("新厂投产")
    page.locator("#why-potential").press("Enter")
    expect(page.locator("h1")).to_have_text(customers[1])
    page.locator("#re-rating button.btn-primary").press("Enter")
    expect(page.locator("h1")).to_contain_text(str(year))
    page.goto(f"{site}/gradings/{year}/lists")
    page.locator("main .page-head button").first.click()
    page.locator("table.list th a").first.click()
    page.locator("main .page-head button.btn-primary").click()
    page.wait_for_url("**/approvals/*")
    sign(db.session.query(Approval).one(), "mgr1")
    assert {by_name(name).customer.grade for name in customers} == {"B"}
    db.session.remove()
    page = page_as("mgr1")
    page.goto(f"{site}/gradings/{year}")
    page.locator("#standing form button").last.click()
    page.wait_for_url("**/grade-list")
    expect(page.locator("table.list")).to_contain_text(customers[0])


def test_without_scripts(chromium: Any, customers: list[str], page_as: Callable[[str], Page], site: str) -> None:
    year = opened(clock.today().year).year
    cookies = page_as("rep1").context.cookies()
    window: BrowserContext = chromium.new_context(java_script_enabled=False)
    window.add_cookies(cookies)
    page = window.new_page()
    page.goto(f"{site}/gradings/{year}/next")
    fill(page)
    page.locator("#score-potential").press("Enter")
    expect(page.locator("h1")).to_have_text(customers[1])
    window.close()
    assert by_name(customers[0]).state == "rated"
