"""A visit from the application over its refusals to the gate, on the desktop and on a telephone, in one office (SV-21)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Page, expect

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.reception import Reception
from portal.models.reception_pass import passes_of
from tests import factories
from tests.browser.windows import fits
from tests.receiving import approved, meeting_room, through

SHOTS = os.environ.get("RECEPTION_PICTURES", "")
WIDE, NARROW = {"width": 1366, "height": 768}, {"width": 390, "height": 800}


def shot(page: Page, name: str) -> None:
    """Keep a picture of the page, where somebody asks for pictures."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_from_the_application_to_the_gate(app: object, page_as: Callable[[str], Page], site: str) -> None:
    room, customer = meeting_room(), factories.customer("rep1", full_name="甲有限公司", grade="B")
    number, today = room.id, clock.today()
    address = f"{site}/receptions/new?customer={customer.id}"
    page = page_as("rep1")
    page.goto(address)
    expect(page.locator("[name=class_][value=important]")).to_be_checked()
    page.locator("#purpose").fill("考察生产线")
    page.locator("#count").fill("3")
    page.locator("#visitors").fill("张伟，华兴公司，经理\n李娜，华兴公司")
    page.locator("[name=areas]").first.check()
    page.locator("[name=wishes][value=meal]").check()
    page.locator("#first_on").fill((today + timedelta(days=1)).isoformat())
    page.locator("#starts_at").fill("09:00")
    page.locator("#ends_at").fill("11:00")
    page.locator("button[name=do][value=submit]").click()
    for field in ("visitors", "wishes", "first_on", "room"):
        expect(page.locator(f"#{field}-error")).to_be_visible()
    page.locator(".asked", has=page.locator("#first_on")).locator("summary").click()
    expect(page.locator(".why-body:visible")).to_contain_text("5")
    shot(page, "refused")
    page.keyboard.press("Escape")
    page.locator("#count").fill("2")
    page.locator("[name=wishes][value=meal]").uncheck()
    page.locator("#first_on").fill((today + timedelta(days=30)).isoformat())
    page.locator("#room").select_option(str(number))
    page.locator("button[name=do][value=submit]").click()
    page.wait_for_url("**/approvals/*")
    shot(page, "approval")
    db.session.expire_all()
    through(db.session.query(Approval).filter_by(state="pending").one())
    visit = db.session.query(Reception).one()
    code, visit_id, day = passes_of(visit)[0].code, visit.id, visit.first_on
    due = approved(class_="ordinary", count=11, ahead=0).id
    db.session.remove()
    page.goto(f"{site}/meeting-rooms?day={day}")
    expect(page.locator(".stay")).to_contain_text("甲有限公司")
    page.set_viewport_size(NARROW)
    expect(page.locator(".stay")).to_be_visible()
    assert fits(page)
    shot(page, "calendar-narrow")
    page.goto(f"{site}/v/{code}")
    expect(page.locator("main .state-seal")).to_be_visible()
    shot(page, "gate-narrow")
    page.goto(f"{site}/receptions/{due}")
    page.locator("main .page-head a[href='#arrival']").click()
    page.locator("#arrival-came").fill("12")
    page.locator("#arrival-arrived_at").fill("09:10")
    page.locator("#arrival button").click()
    expect(page.locator("#arrival-came-error")).to_be_visible()
    shot(page, "arrival-narrow")
    page.locator("#arrival-came").fill("11")
    page.locator("#arrival button").click()
    expect(page.locator("main .page-head .state-ok")).to_be_visible()
    page.set_viewport_size(WIDE)
    page.goto(f"{site}/receptions/{visit_id}")
    page.locator("#cancellation-reason").fill("客户改期")
    page.locator("#cancellation button").click()
    page.goto(f"{site}/meeting-rooms?day={day}")
    expect(page.locator(".stay")).to_have_count(0)
