"""A maintenance plan from the register to its summary and the next plan, and greetings by keyboard, in both languages (RL-20 to RL-24)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.plan import MaintenancePlan
from portal.models.staff import Staff
from tests import factories
from tests.browser.languages import one_of
from tests.browser.windows import every
from tests.maintaining import through

SHOTS = os.environ.get("MAINTENANCE_PICTURES", "")


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page at both widths, where somebody asks for pictures."""
    if SHOTS:
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1366, "height": 768})


def approved() -> None:
    """Bring the running approval through its chain."""
    db.session.expire_all()
    through(db.session.query(Approval).filter_by(state="pending").one())
    db.session.remove()


@pytest.mark.parametrize("language", one_of(["zh_Hans_CN", "en"], 1))
def test_from_the_register_to_the_next_plan(app: object, page_as: Callable[[str], Page], site: str, language: str) -> None:
    for name in "甲乙":
        factories.customer("rep1", full_name=f"{name}有限公司", grade="A", telephone="0755-26001234")
    db.session.query(Staff).update({"language": language})
    db.session.commit()
    today = clock.today()
    page = page_as("sup1")
    page.goto(f"{site}/customers")
    for box in every(page.locator("td.pick input")):
        box.check()
    page.locator("button[formaction$='/maintenance-plans/selection']").click()
    expect(page.locator("#customers")).to_have_value("T" + page.locator("#customers").input_value()[1:])
    assert len(page.locator("#customers").input_value().splitlines()) == 2
    page.locator("#title").fill("重点客户维护")
    page.locator("#goal").fill("续签年度合同")
    page.locator("#ends_on").fill((today - timedelta(days=1)).isoformat())
    page.locator("#budget").fill("500")
    page.locator("#people input").first.check()
    page.locator("#measure-kind-0").select_option("visit")
    page.locator("#measure-text-0").fill("登门拜访")
    page.locator("#measure-due-0").fill(today.isoformat())
    page.locator("#measure-cost-0").fill("600")
    page.locator(".save-bar .btn-primary").click()
    expect(page.locator("#budget-error")).to_contain_text("100.00")
    expect(page.locator("#ends_on-error")).to_be_visible()
    shot(page, f"form-{language}")
    page.locator("#ends_on").fill((today + timedelta(days=60)).isoformat())
    page.locator("#measure-cost-0").fill("500")
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/maintenance-plans/1")
    page.locator("main .page-head button.btn-primary").click()
    page.wait_for_url("**/approvals/*")
    shot(page, f"approval-{language}")
    approved()
    page = page_as("rep1")
    page.goto(f"{site}/plan-tasks")
    first = page.locator(".tasks > li").first
    first.locator("summary").first.click()
    first.locator("[name=result]").fill("客户满意")
    first.locator("[name=cost]").fill("500.01")
    shot(page, f"tasks-{language}")
    first.locator("form").first.locator("button").click()
    expect(page.locator(".tasks .error").first).to_contain_text("500.00")
    page.locator(".tasks [name=cost]").first.fill("450")
    page.locator(".tasks form").first.locator("button").click()
    expect(page.locator(".tasks > li")).to_have_count(1)
    assert page.url.endswith("/plan-tasks")
    second = page.locator(".tasks > li").first
    second.locator("summary").nth(2).click()
    second.locator("form").nth(2).locator("[name=reason]").fill("客户谢绝")
    second.locator("form").nth(2).locator("button").click()
    expect(page.locator(".tasks > li")).to_have_count(0)
    page = page_as("sup1")
    page.goto(f"{site}/maintenance-plans/1")
    shot(page, f"plan-{language}")
    page.goto(f"{site}/maintenance-plans/1/summary")
    page.locator("[name=verdict]").first.check()
    page.locator("#reached").fill("已续签")
    page.locator("#learned").fill("早约时间")
    shot(page, f"summary-{language}")
    page.locator("button[name=do][value=submit]").click()
    page.wait_for_url("**/approvals/*")
    approved()
    page = page_as("sup1")
    page.goto(f"{site}/maintenance-plans/1/summary")
    page.locator("main .page-head a.btn-primary").click()
    expect(page.locator("main")).to_contain_text("早约时间")
    assert db.session.get_one(MaintenancePlan, 1).state == "closed"
    db.session.remove()


def test_greetings_by_keyboard_and_the_strengthening_table(app: object, page_as: Callable[[str], Page], site: str) -> None:
    for name in "甲乙丙":
        factories.customer("rep1", full_name=f"{name}有限公司", grade="A", province="广东省", city="深圳市", street="科技路 1 号")
    page = page_as("sup1")
    page.goto(f"{site}/greetings/new")
    page.locator("#holiday").select_option("National Day")
    page.locator("#day").fill("2026-10-02")
    page.locator("#grade").select_option("A")
    page.locator("button[value=grade]").click()
    assert len(page.locator("#customers").input_value().splitlines()) == 3
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/greetings/1")
    shot(page, "greeting-list")
    page = page_as("rep1")
    page.goto(f"{site}/greetings/1/next")
    expect(page.locator("h1")).to_have_text("甲有限公司")
    shot(page, "greeting")
    page.locator("#way").select_option("card")
    page.locator("button[autofocus]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("乙有限公司")
    expect(page.locator("#way")).to_have_value("card")
    page.keyboard.press("s")
    expect(page.locator("h1")).to_have_text("丙有限公司")
    page.locator("#note").fill("已拜访")
    page.locator("#note").blur()
    page.keyboard.press("x")
    expect(page.locator("h1")).to_have_text("乙有限公司")
    page.goto(f"{site}/customers/1/strengthening/edit")
    page.locator("#name-0").fill("秦总")
    page.locator("#measures-0").fill("每季拜访")
    page.locator(".save-bar .btn-primary").click()
    expect(page.locator("#until-0-error")).to_be_visible()
    shot(page, "strengthening-form")
    page.locator("#until-0").fill("2027-03-01")
    page.locator("#staff-0").select_option(index=1)
    page.locator(".save-bar .btn-primary").click()
    expect(page.locator("table.list")).to_contain_text("秦总")
    page.goto(f"{site}/customers/1/maintenance")
    shot(page, "customer")
