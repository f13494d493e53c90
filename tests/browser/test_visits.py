"""A day of visits on a telephone, from arriving to the report that is submitted (SV-20); nothing for axe to find."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.calendar import site_calendar
from portal.models.visit import Visit
from portal.models.visit_report import VisitReport
from tests import factories, visiting
from tests.browser.test_axe import findings
from tests.browser.windows import every, fits


def test_a_day_on_a_telephone(app: object, page_as: Callable[[str], Page], site: str) -> None:
    visit = visiting.planned("rep1", site_calendar().add_working_days(clock.today(), 0), full_name="甲有限公司")
    visit.day = clock.today()
    db.session.commit()
    factories.contact(visit.customer, name="王经理", telephone="13900139000")
    visiting.customer("rep1", full_name="乙有限公司", grade="A")
    page = page_as("rep1")
    page.goto(f"{site}/visits/due")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    assert findings(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site}/visits")
    expect(page.locator(".visit-card")).to_have_count(1)
    assert fits(page)
    assert findings(page) == []
    for small in every(page.locator(".visit-acts .btn, .visit-tel")):
        assert small.evaluate("one => one.getBoundingClientRect().height") >= 44
    page.locator(".visit-acts form .btn").click()
    expect(page.locator("#sheet")).to_be_visible()
    assert fits(page)
    assert findings(page) == []
    page.locator("#sheet .btn-primary").click()
    expect(page.locator("#sheet-review-error")).to_be_visible()
    page.locator("#sheet-needs").fill("备件两套")
    page.locator("#sheet .btn-primary").click()
    expect(page.locator(".visit-card.is-done")).to_have_count(1)
    page.locator(".message a[href^='/visits/reports/']").click()
    page.locator("button[value=submit]").click()
    expect(page.locator("button[value=withdraw]")).to_be_visible()
    assert findings(page) == []
    found = db.session.execute(select(Visit.state, Visit.met, VisitReport.state).join(VisitReport, VisitReport.id == Visit.report_id)).one()
    assert tuple(found) == ("done", "王经理", "submitted")
    db.session.remove()
