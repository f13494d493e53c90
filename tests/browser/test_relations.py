"""A relation assessed and ended in Chinese on a desk; lists and charts read in English on a telephone (RL-7, IN-5)."""

from __future__ import annotations

import os
from collections.abc import Callable

from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.approval import Approval
from portal.models.staff import Staff
from tests import factories
from tests.assessing import POINTS, approved, through
from tests.browser.test_axe import findings
from tests.browser.windows import every, fits

SHOTS = os.environ.get("RELATION_PICTURES", "")


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page at both widths, where somebody asks for pictures."""
    if SHOTS:
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1366, "height": 768})


def test_from_the_customer_to_the_end_of_dealings(app: object, page_as: Callable[[str], Page], site: str) -> None:
    customer = factories.customer("rep1", full_name="深圳市明远科技有限公司", grade="B")
    for points in (dict.fromkeys(POINTS, "0"), {**POINTS, "money": "90"}, POINTS):
        approved(customer, score="55", points=points)
    approved(factories.customer("rep2", full_name="广州市立信贸易有限公司", grade="A"), "rep2", score="85")
    db.session.remove()
    page = page_as("rep1")
    page.goto(f"{site}/customers/1/relation-assessments")
    expect(page.locator("main svg[role=img]")).to_be_visible()
    shot(page, "customer-zh")
    page.locator(".page-head .btn-primary").click()
    for row in every(page.locator(".judge")):
        row.locator("input").nth(0).fill("20")
        row.locator("input").nth(1).fill("走访了解")
    page.locator("button[value=reckon]").click()
    expect(page.locator(".reckoned").first).to_contain_text("终止关系")
    shot(page, "form-zh")
    page.locator("[name=advice][value=maintain]").check()
    page.locator("#result").fill("长期拖欠，多次违约")
    page.locator(".save-bar .btn-primary").click()
    expect(page.locator("#advice_reason-error")).to_contain_text("终止关系")
    page.locator("[name=advice][value='']").check()
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/relation-assessments/5")
    shot(page, "assessment-zh")
    assert findings(page) == []
    page.locator("main .page-head button.btn-primary").click()
    page.wait_for_url("**/approvals/*")
    shot(page, "approval-zh")
    db.session.expire_all()
    through(db.session.query(Approval).filter_by(state="pending").one())
    db.session.query(Staff).update({"language": "en"})
    db.session.commit()
    db.session.remove()
    page = page_as("sup1")
    page.goto(f"{site}/delivered-value")
    expect(page.locator("main svg[role=img]")).to_be_visible()
    shot(page, "comparison-en")
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("main table tbody a").first.click()
    expect(page.locator("#list")).to_contain_text("广州市立信贸易有限公司")
    assert findings(page) == []
    page.goto(f"{site}/relation-assessments")
    shot(page, "list-en")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}/customers/1/relation-assessments")
    assert fits(page)
    shot(page, "customer-en")
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("main .btn-danger").click()
    expect(page.locator("#reason")).to_contain_text("长期拖欠")
    page.locator("[name=kind]").first.check()
    page.locator("main form .btn-danger").click()
    page.wait_for_url("**/customers/1")
    shot(page, "card-en")
