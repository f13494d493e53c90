"""A survey asked by keyboard on the desktop and by thumb on a telephone, and the page that a customer opens (SV-30)."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from portal.database import db
from portal.models.survey import SurveyAnswer
from tests import factories
from tests.browser.windows import fits
from tests.surveying import lines, linked, survey

NARROW = {"width": 390, "height": 800}


def test_answers_by_keyboard_by_thumb_and_by_link(app: object, page_as: Callable[[str], Page], site: str) -> None:
    for name in ("甲有限公司", "乙有限公司"):
        factories.customer("rep1", full_name=name)
    first, second = (one.id for one in lines(survey(2, by="sup1")))
    page = page_as("rep1")
    page.goto(f"{site}/survey-answers/{first}")
    # The window gives the focus when it next paints, which may be after the page has loaded.
    expect(page.locator("[data-question] input").first).to_be_focused()
    for key in "543":
        page.keyboard.press(key)
    expect(page.locator("[name=score-quality][value='3']")).to_be_checked()
    for key in "454":
        page.keyboard.press(key)
    page.keyboard.type("很好")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(f"**/survey-answers/{second}")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    assert fits(page)
    label = page.locator(".survey-score").first
    assert (label.bounding_box() or {})["height"] >= 44
    label.click()
    page.locator(".save-bar .btn-primary").click()
    page.wait_for_url("**/surveys/*")
    db.session.expire_all()
    typed = db.session.get_one(SurveyAnswer, first)
    assert list(typed.scores.values()) == [5, 4, 3, 4, 5, 4]
    assert typed.text == "很好"
    assert db.session.get_one(SurveyAnswer, second).scores == {"attitude": 5}
    line, token = linked()
    number = line.id
    db.session.rollback()  # a transaction of the test would keep the page from writing
    page.goto(f"{site}/s/{token}")
    page.locator(".survey-score").first.click()
    page.locator(".btn-primary").click()
    expect(page.locator("h1")).to_have_text("谢谢")
    db.session.expire_all()
    assert db.session.get_one(SurveyAnswer, number).state == "answered"
