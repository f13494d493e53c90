"""An order refused with approval, one treated like grade A, and an agreement from draft to renewal, in both languages (RL-4, RL-6)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.staff import Staff
from tests import factories
from tests.browser.languages import one_of
from tests.grading import opened
from tests.ordering import through

SHOTS = os.environ.get("ORDER_PICTURES", "")


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page at both widths, where somebody asks for pictures."""
    if SHOTS:
        for width in (1366, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{SHOTS}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1366, "height": 768})


def decided() -> None:
    """Bring the running approval through its chain."""
    db.session.expire_all()
    through(db.session.query(Approval).filter_by(state="pending").one())
    db.session.remove()


@pytest.mark.parametrize("language", one_of(["zh_Hans_CN", "en"], 0))
def test_from_the_card_to_the_list(app: object, page_as: Callable[[str], Page], site: str, tmp_path: Path, language: str) -> None:
    best = factories.customer("rep1", full_name="甲级客户有限公司", grade="A")
    plain = factories.customer("rep1", full_name="丙级客户有限公司", grade="C")
    today, ids, number = clock.today(), (best.id, plain.id), best.number
    db.session.query(Staff).update({"language": language})
    db.session.commit()
    opened(today.year)
    db.session.remove()
    page = page_as("rep1")
    # An order of the A customer is refused: what is missing is said with links, also to a cell.
    page.goto(f"{site}/customers/{ids[0]}/orders")
    page.locator("a[href*='kind=refusal']").first.click()
    expect(page.locator("#customer")).to_have_value(f"{number} 甲级客户有限公司")
    page.locator("#goods-product-0").fill("轴承")
    page.locator("#goods-amount-0").fill("many")
    page.locator("#reason").fill("原料停供")
    page.locator(".save-bar .btn-primary").click()
    page.locator(".error-summary a[href='#goods-amount-0']").click()
    expect(page.locator("#goods-amount-0")).to_be_focused()
    shot(page, f"refusal-form-{language}")
    page.locator("#goods-amount-0").fill("1,200.50")
    page.locator("#order_number").fill("DD-1")
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/order-requests/1")
    shot(page, f"refusal-{language}")
    page.locator(".page-head button.btn-primary").click()
    page.wait_for_url("**/approvals/*")
    decided()
    # An order of the C customer is treated like grade A until it is concluded.
    page.goto(f"{site}/order-requests/new?kind=a_treatment&customer={ids[1]}")
    page.locator("#order_number").fill("DD-2")
    page.locator("#delivery_on").fill((today + timedelta(days=9)).isoformat())
    page.locator("#goods-product-0").fill("齿轮")
    page.locator("#goods-amount-0").fill("900")
    for field in ("reason", "price_note", "payment_note"):
        page.locator(f"#{field}").fill("预付全款，目录价")
    shot(page, f"treatment-form-{language}")
    page.locator(".save-bar .btn-primary").click()
    page.locator(".page-head button.btn-primary").click()
    page.wait_for_url("**/approvals/*")
    decided()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/customers/{ids[1]}")
    page.locator("aside a[href='/order-requests/2']").first.click()
    shot(page, f"treatment-{language}")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#closing_note").fill("按期交货")
    page.locator("form[action$='/conclusion'] button").click()
    expect(page.locator("#closing_note")).to_have_count(0)
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{site}/order-requests")
    expect(page.locator("table.list tbody tr")).to_have_count(2)
    shot(page, f"requests-{language}")
    # An agreement is drafted by the rep and filed by the supervisor, who is led on from the grading.
    paper = tmp_path / "协议.txt"
    paper.write_text("协议正文")
    page.goto(f"{site}/agreements/new?customer={ids[0]}")
    page.locator("#title").fill("年度供货协议")
    page.locator("#starts_on").fill(today.isoformat())
    page.locator("#ends_on").fill((today + timedelta(days=40)).isoformat())
    page.locator("#terms").fill("全年 2000 套，下浮 3%")
    page.locator("#file").set_input_files(paper)
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/agreements/1")
    page = page_as("sup1")
    page.goto(f"{site}/gradings/{today.year}/agreements")
    shot(page, f"collected-{language}")
    page.locator("td a[href='/agreements/1']").click()
    shot(page, f"agreement-draft-{language}")
    page.locator("#on_paper").check()
    page.locator("form[action$='/filing'] button").click()
    expect(page.locator("a[href='/agreements/new?previous=1']")).to_be_visible()
    shot(page, f"agreement-{language}")
    page.goto(f"{site}/agreements?standing=due")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    shot(page, f"agreements-{language}")
