"""Two campaigns from two browsers want one customer's yearly room: the second is told who took it (GF-2); nothing for axe to find."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from portal.models import benefit, gift_composing
from tests import factories
from tests.approving import person
from tests.browser.test_axe import findings
from tests.browser.windows import fits
from tests.campaigning import campaign, gift, the_tier

NARROW = {"width": 390, "height": 800}


def put_on(page: Page, site: str, list_id: int, number: str) -> None:
    page.goto(f"{site}/gifts/lists/{list_id}/recipients")
    page.fill("#customer", number)
    page.fill("#person", "林经理")
    page.fill("#reason", "老客户")
    page.locator(".save-bar .btn-primary").click()


def test_the_second_browser_learns_who_took_the_room(app: object, page_as: Callable[[str], Page], site: str) -> None:
    whom, cup = factories.customer("rep1", full_name="甲有限公司"), gift()
    benefit.take(whom.id, Decimal(1700), on=clock.today(), source="prize", source_id=1, by=person("rep2"), title="提案一")
    other = gift_composing.begin_list(the_tier(campaign("mgr1", name="国庆馈赠")), by=person("mgr1"))
    db.session.commit()
    number, list_id, today, cup_id = whom.number, other.id, clock.today(), str(cup.id)
    desk = page_as("sup1")
    desk.goto(f"{site}/gifts/campaigns/new")
    desk.fill("#name", "中秋馈赠")
    desk.locator("[name=purpose][value=keep]").check()
    desk.fill("#budget", "3000")
    desk.fill("#first_on", today.isoformat())
    desk.fill("#last_on", today.isoformat())
    desk.fill("#vip-amount", "600")
    desk.fill("#vip-number", "5")
    desk.select_option("[name=vip-gift0]", cup_id)
    desk.fill("[name=vip-pieces0]", "2")
    desk.locator(".save-bar .btn-primary").click()
    expect(desk.locator("#vip-amount-error")).to_contain_text("500.00")
    assert findings(desk) == []
    desk.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert fits(desk)
    desk.fill("#vip-amount", "500")
    desk.locator(".save-bar .btn-primary").click()
    desk.wait_for_url("**/gifts/campaigns/*")
    assert findings(desk) == []
    desk.locator("form[action$='/lists'] button").click()
    desk.wait_for_url("**/gifts/lists/*")
    assert fits(desk)
    mine = int(desk.url.rpartition("/")[2])
    put_on(desk, site, mine, number)
    expect(desk.locator("table.list")).to_contain_text("甲有限公司")
    assert findings(desk) == []
    second = page_as("mgr1")
    put_on(second, site, list_id, number)
    refused = second.locator("#customer-error")
    for words in ("中秋馈赠", "周五行", "2,000.00"):
        expect(refused).to_contain_text(words)
    assert findings(second) == []
