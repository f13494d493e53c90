"""An urgent report from the event to the conclusion, and a periodic one that comes back, in the browser (AR-22)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.report import InformationReport
from tests import factories

NAME = "东湖精密电子有限公司"


@pytest.fixture
def customer(app: object) -> str:
    """The number of a customer of rep1."""
    number = factories.customer("rep1", full_name=NAME).number
    db.session.remove()
    return number


def state_and_notes() -> tuple[str, list[str]]:
    report = db.session.query(InformationReport).one()
    found = report.state, [note.kind for note in report.notes]
    db.session.remove()  # the test's own transaction would keep the server from writing
    return found


def test_from_the_event_to_the_conclusion(customer: str, page_as: Callable[[str], Page], site: str) -> None:
    page = page_as("rep1")
    page.goto(f"{site}/reports/urgent/new")
    page.locator("#customer").fill(NAME[:4])
    page.locator("#customer-hits button").first.click()
    expect(page.locator("#customer")).to_have_value(f"{customer} {NAME}")
    for field in ("title", "source", "account", "consequence", "action"):
        page.locator(f"#{field}").fill(f"仓库失火 {field}")
    page.locator("#file").set_input_files({"name": "现场.txt", "mimeType": "text/plain", "buffer": "现场记录".encode()})
    page.locator(".save-bar .btn-primary").click()
    expect(page.locator("h1")).to_have_text("仓库失火 title")
    expect(page.locator(".steps")).to_contain_text("周五行")

    supervisor = page_as("sup1")
    supervisor.goto(f"{site}/inbox")
    supervisor.get_by_role("link", name=NAME).click()
    supervisor.locator("#text").fill("当日上门核实")
    supervisor.locator("button[value=instruction]").click()
    expect(supervisor.locator(".timeline")).to_contain_text("当日上门核实")

    manager = page_as("mgr1")
    manager.goto(f"{site}/inbox")
    manager.get_by_role("link", name=NAME).click()
    manager.locator("button[value=read]").click()
    expect(manager.locator(".steps .step-done")).to_have_count(2)
    manager.locator("#text").fill("恢复发货")
    manager.locator("button[value=conclusion]").click()
    expect(manager.locator(".page-title .state")).to_have_text("已结束")
    assert state_and_notes() == ("closed", ["note", "instruction", "read", "conclusion"])

    page = page_as("rep1")
    page.goto(f"{site}/reports")
    page.get_by_role("link", name="仓库失火").click()
    expect(page.locator(".timeline")).to_contain_text("恢复发货")


def test_a_periodic_report_comes_back_and_is_read(customer: str, page_as: Callable[[str], Page], site: str) -> None:
    page = page_as("rep1")
    page.goto(f"{site}/reports/periodic/new")
    page.locator("#customer").fill(customer)
    page.locator("#sales").fill("订单增加一成")
    page.locator(".save-bar .btn-secondary").first.click()
    page.locator(".page-title .btn-primary").click()
    page.locator("#plans").fill("走访采购部")
    page.locator("button[value=submit]").click()
    assert state_and_notes()[0] == "submitted"
    for account, act, text in (("sup1", "return", "补充竞争对手"), ("rep1", "", ""), ("sup1", "read", "")):
        page = page_as(account)
        page.goto(f"{site}/inbox")
        page.get_by_role("link", name=NAME).click()
        if act:
            page.locator("#text").fill(text)
            page.locator(f"button[value={act}]").click()
        else:
            page.locator(".page-title .btn-primary").click()
            expect(page.locator(".message-warning")).to_contain_text("补充竞争对手")
            page.locator("#competitors").fill("新到两家")
            page.locator("button[value=submit]").click()
        expect(page.locator("h1")).to_be_visible()
    assert state_and_notes() == ("read", ["return", "read"])
