"""Pages of surveys: typing answers in one after the other, the page that a customer opens, results and their drill-down (SV-30)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.database import db
from portal.models import hand_over
from portal.models.callback import Callback
from portal.models.session import SignInAttempt
from portal.models.standard import set_value
from portal.models.survey import Survey, SurveyAnswer
from tests import factories
from tests.approving import person
from tests.surveying import answered, asked, lines, linked, survey

pytestmark = pytest.mark.usefixtures("app")


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def test_a_survey_is_begun_with_what_is_wrong_beside_its_field(as_: Any) -> None:
    for _turn in range(3):
        factories.customer("rep1", grade="A")
    browser = as_("sup1")
    until = (clock.today() + timedelta(days=5)).isoformat()
    right = {"title": "季度调查", "way": "telephone", "number": "2", "source": "customers", "team": "0", "closes_on": until, "grade": "A"}
    wrong = {"title": " ", "closes_on": "2020-01-01", "number": "0", "way": "link"}
    for field, text in wrong.items():
        answer = browser.post("/surveys/new", data={**right, field: text})
        assert answer.status_code == 422, field
        assert f'id="{field}-error"' in text_of(answer)
    at_once = text_of(browser.post("/surveys/new", data={**right, **wrong, "source": "requests"}))
    for field in (*wrong, "first"):
        assert f'id="{field}-error"' in at_once, field
    assert "客户自填链接" in text_of(browser.get("/surveys/new")), "it says that links are off"
    answer = browser.post("/surveys/new", data=right)
    page = text_of(browser.get(answer.location))
    assert "待调查" in page
    assert "还没有答卷" in page
    assert db.session.query(Survey).one().drawn == 2
    assert "季度调查" in text_of(as_("rep1").get("/surveys"))


def test_who_asks_presses_the_number(as_: Any) -> None:
    line = asked(factories.customer("rep1", telephone="025-39671045"))
    assert '<a class="number" href="tel:02539671045">025-39671045</a>' in text_of(as_("rep1").get(f"/survey-answers/{line.id}"))


def test_answers_are_typed_in_one_after_the_other(as_: Any) -> None:
    for _turn in range(2):
        factories.customer("rep1")
    first, second = lines(survey(2, by="sup1"))
    browser = as_("rep1")
    page = text_of(browser.get(f"/survey-answers/{first.id}"))
    assert page.count('type="radio"') == 30
    wrong = browser.post(f"/survey-answers/{first.id}", data={"version": "1", "score-quality": "7", "text": "说了很多"})
    assert wrong.status_code == 422
    assert 'id="score-quality-error"' in text_of(wrong)
    assert "说了很多" in text_of(wrong), "what was typed stays"
    answer = browser.post(f"/survey-answers/{first.id}", data={"version": "1", "score-quality": "2", "score-attitude": "5"})
    assert answer.location == f"/survey-answers/{second.id}"
    assert "已安排回访" in text_of(browser.get(answer.location))
    assert db.session.query(Callback).count() == 1
    assert browser.post(f"/survey-answers/{first.id}", data={"version": "1", "score-quality": "5"}).status_code == 409
    answer = browser.post(f"/survey-answers/{second.id}/leaving", data={"version": "1", "state": "unreached", "why": "空号"})
    assert answer.location == f"/surveys/{first.survey_id}"
    figures = text_of(browser.get(answer.location))
    for words in ("50.0 %", "未联系上", "3.50"):
        assert words in figures
    assert "name-erased" not in figures


def test_a_supervisor_who_asks_customers_of_others_goes_on_with_the_next(as_: Any) -> None:
    for _turn in range(3):
        factories.customer("rep1")
    found = lines(survey(3, by="sup1"))
    answer = as_("sup1").post(f"/survey-answers/{found[0].id}", data={"version": "1", "score-quality": "5"})
    assert answer.location == f"/survey-answers/{found[1].id}"
    answer = as_("sup1").post(f"/survey-answers/{found[1].id}", data={"version": "1", "score-quality": "5"})
    assert answer.location == f"/survey-answers/{found[2].id}"


def test_who_keeps_a_low_score_is_told_of_the_call_that_is_due_already(as_: Any) -> None:
    customer = factories.customer("rep1", grade="A")
    first = asked(customer)
    answered(first, quality=1)
    first.survey.close(by=person("mgr1"))
    db.session.commit()
    again, browser = asked(customer), as_("rep1")
    answer = browser.post(f"/survey-answers/{again.id}", data={"version": "1", "score-quality": "1"})
    assert "已有待办的低满意度回访" in text_of(browser.get(answer.location))
    assert db.session.query(Callback).count() == 1


def test_who_sees_an_answer_and_not_its_survey_is_led_to_no_page_that_is_not_there(as_: Any) -> None:
    line = asked(by="sup1")
    hand_over.hand_over([line.customer_id or 0], to=person("rep3"), by=person("mgr1"))
    db.session.commit()
    browser, own = as_("sup2"), f"/survey-answers/{line.id}"
    assert f"/surveys/{line.survey_id}" not in text_of(browser.get(own))
    answer = browser.post(own, data={"version": str(line.version), "score-quality": "5"})
    assert (answer.location, browser.get(answer.location).status_code) == (own, 200)
    assert f"/surveys/{line.survey_id}" in text_of(as_("rep3").get(own)), "who asks sees the survey"


def test_a_customer_answers_by_a_link_without_an_account_once(client: Any, as_: Any) -> None:
    line, token = linked()
    name = line.customer.full_name if line.customer else ""
    page = text_of(client.get(f"/s/{token}"))
    for secret in (name, "rail", line.survey.title, person("rep1").name, "/sign-in"):
        assert secret not in page, "no frame, and nothing of who else"
    assert 'lang="zh-CN"' in page
    english = client.get(f"/s/{token}?language=en")
    assert "How satisfied are you with us?" in text_of(english)
    assert english.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in english.headers["Cache-Control"]
    empty = client.post(f"/s/{token}?language=en", data={"text": "hello"})
    assert empty.status_code == 422
    assert "Answer at least one question." in text_of(empty)
    answer = client.post(f"/s/{token}", data={"score-attitude": "1", "text": "太慢"})
    assert answer.status_code == 200
    assert "谢谢" in text_of(answer)
    for method in (client.get, client.post):
        assert method(f"/s/{token}").status_code == 404, "it is used up"
    found = db.session.get_one(SurveyAnswer, line.id)
    assert (found.state, found.scores, found.entered_by_id) == ("answered", {"attitude": 1}, None)
    assert db.session.query(Callback).count() == 1
    shown = text_of(as_("rep1").get(f"/survey-answers/{line.id}"))
    assert "客户本人（链接）" in shown


def test_switched_off_every_link_is_404_and_who_guesses_waits(client: Any) -> None:
    _line, token = linked()
    for turn in range(30):
        if client.get(f"/s/guess{turn}").status_code == 429:
            break
    else:
        pytest.fail("guesses are not throttled")
    assert client.get(f"/s/{token}").status_code == 200, "whoever has a link is not kept out by others"
    set_value("survey.link_open", False, by=person("mgr1"), reason="停用")
    db.session.commit()
    before = db.session.query(SignInAttempt).count()
    assert client.get(f"/s/{token}").status_code == 404
    assert client.get("/s/guess").status_code == 404
    assert db.session.query(SignInAttempt).count() == before


def test_links_are_made_for_all_and_shown_once(as_: Any) -> None:
    line, _token = linked()
    browser = as_("sup1")
    page = text_of(browser.post(f"/survey-answers/{line.id}/link"))
    (link,) = re.findall(r"https?://[^<]+/s/[\w-]{43}", page)
    assert link.split("/s/")[1] not in text_of(browser.get(f"/survey-answers/{line.id}"))
    rows = text_of(browser.post(f"/surveys/{line.survey_id}/links?format=csv")).splitlines()
    assert len(rows) == 2
    assert "/s/" in rows[1]


def test_results_show_their_mean_and_lead_to_the_answers(as_: Any) -> None:
    line = asked(factories.customer("rep1", grade="A"))
    answered(line, attitude=2, quality=5)
    browser = as_("mgr1")
    page = text_of(browser.get("/survey-results?by=month"))
    assert "3.50" in page
    assert "<svg" in page
    (address,) = set(re.findall(r'href="(/survey-answers\?[^"]+)"', page))
    assert line.customer is not None
    assert line.customer.full_name in text_of(browser.get(address.replace("&amp;", "&")))
    assert "还没有答卷" not in page
    assert "这些月份没有答卷" in text_of(browser.get("/survey-results?first=2020-01&last=2020-02"))
    for by in ("team", "kind", "grade", "question"):
        assert browser.get(f"/survey-results?by={by}").status_code == 200
    assert browser.get("/survey-results?by=x&first=x&team=x&question=x").status_code == 200
