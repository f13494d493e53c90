"""A day of gifts: a round planned at the desk, handed over on a telephone with a drawn signature (GF-6); nothing for axe to find."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_register import GiftEntry
from tests import delivering, factories
from tests.browser.test_axe import findings
from tests.browser.windows import every, fits


def test_a_round_from_desk_to_telephone(app: object, page_as: Callable[[str], Page], site: str) -> None:
    whom = [factories.customer("rep1", full_name=name, city="上海市", street="张江路1号") for name in ("甲有限公司", "乙有限公司")]
    factories.contact(whom[0], name="林经理", telephone="13900139000")
    delivering.waiting("key", *whom)
    delivering.stock(4)
    desk = page_as("sup1")
    desk.goto(f"{site}/gifts/runs/new")
    desk.fill("#route", "城东线")
    desk.select_option("#staff", label="赵一鸣")
    desk.fill("#driver", "马师傅")
    desk.locator(".save-bar .btn-primary").click()
    assert findings(desk) == []
    for box in every(desk.locator("input[name=delivery]")):
        box.check()
    desk.locator("form[action$='/stops'] .btn-primary").click()
    expect(desk.locator(".visit-card")).to_have_count(2)
    desk.locator("form[action$='/loading'] button").click()
    expect(desk.locator(".message-ok, .message").first).to_be_visible()
    page = page_as("rep1")
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}/gifts/day")
    expect(page.locator(".visit-card")).to_have_count(2)
    assert fits(page)
    assert findings(page) == []
    for small in every(page.locator(".visit-acts .btn")):
        assert small.evaluate("one => one.getBoundingClientRect().height") >= 44
    page.locator(".visit-acts .btn-primary").first.click()
    page.locator("#receipt .btn-primary").click()
    expect(page.locator("#picture-error")).to_be_visible()
    assert fits(page)
    assert findings(page) == []
    pad = page.locator(".signature-pad canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(box["x"] + 40 + step * 30, box["y"] + (30 if step % 2 else 80))
    page.mouse.up()
    page.locator("#receipt .btn-primary").click()
    expect(page.locator(".visit-card.is-done")).to_have_count(1)
    page.locator(".visit-acts .btn-secondary").first.click()
    page.fill("#reason", "公司规定不收礼")
    page.locator("#return .btn-danger").click()
    expect(page.locator(".visit-card.is-done")).to_have_count(2)
    db.session.rollback()
    found = db.session.query(GiftDelivery).order_by(GiftDelivery.state).all()
    assert [one.state for one in found] == ["received", "returned"]
    assert found[0].signature is not None
    assert found[0].signature.content().startswith(b"\x89PNG")
    assert db.session.query(GiftEntry).one().given_on == clock.today()
    db.session.remove()
