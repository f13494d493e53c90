"""Pages of relation assessments: refusals beside their fields, reckoning on the way, 'Why?', the card, the end of dealings, comparison."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal.database import db
from portal.models.relation import RelationAssessment
from tests import factories
from tests.approving import person, sign
from tests.assessing import POINTS, approved, drafted, sent, submitted, through

pytestmark = pytest.mark.usefixtures("app")
ENDING = {"advice": "end", "advice_reason": "多次恶意拖欠"}


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def errors(page: str) -> dict[str, str]:
    """Return what stands under the fields, by field."""
    return dict(re.findall(r'id="([\w-]+)-error"><div>([^<]+)', page))


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(as_: Any) -> None:
    person("rep1").language = "en"
    db.session.commit()
    browser, address = as_("rep1"), f"/customers/{factories.customer('rep1').id}/relation-assessments/new"
    tried: dict[str, dict[str, str]] = {
        "score-dealings": {"score-dealings": "100.5"},
        "reason-payment": {"reason-payment": ""},
        "points-money": {"points-money": "-1"},
        "basis-effort": {"basis-effort": ""},
        "result": {"result": " "},
        "advice_reason": {"advice": "end"},
        "assessed_on": {"assessed_on": "2999-01-01"},
    }
    for field, values in tried.items():
        answer = browser.post(address, data=sent(**values))
        page = text_of(answer)
        assert answer.status_code == 422, field
        assert set(errors(page)) == {field}
        assert f'href="#{field}"' in page
        assert 'value="访谈"' in page
    answer = browser.post(address, data=sent(**dict.fromkeys(tried, "")))
    assert set(tried) - {"advice_reason"} <= set(errors(text_of(answer))), "everything is named at once"
    assert db.session.query(RelationAssessment).count() == 0


def test_reckoning_shows_total_advice_and_value_and_keeps_nothing(as_: Any) -> None:
    person("rep1").language = "en"
    db.session.commit()
    address = f"/customers/{factories.customer('rep1').id}/relation-assessments/new"
    answer = as_("rep1").post(address, data=sent("75", result="", do="reckon", **{"basis-money": ""}))
    page = text_of(answer)
    assert answer.status_code == 200
    assert not errors(page)
    for words in ("maintain the relation", "+45", "1.47", "starting value"):
        assert words in page
    none = dict.fromkeys(POINTS, "0")
    assert "not defined" in text_of(as_("rep1").post(address, data=sent("60", none, do="reckon")))
    assert db.session.query(RelationAssessment).count() == 0


def test_saved_and_submitted_in_one_step_and_the_open_one_is_led_to(as_: Any) -> None:
    customer, browser = factories.customer("rep1"), as_("rep1")
    address = f"/customers/{customer.id}/relation-assessments/new"
    answer = browser.post(address, data=sent("20", do="submit"))
    assert "/approvals/" in answer.location
    found = db.session.query(RelationAssessment).one()
    assert (found.state, found.advice) == ("pending", "end")
    assert browser.get(address).location == f"/relation-assessments/{found.id}"
    assert browser.post(address, data=sent()).status_code == 409
    page = text_of(as_("sup1").get(answer.location))
    for words in ("客户关系评估表", "终止关系", "交易贡献", "功能价值"):
        assert words in page


def test_a_draft_that_somebody_else_changed_is_not_overwritten(as_: Any) -> None:
    found = drafted()
    address, version = f"/relation-assessments/{found.id}/edit", str(found.version)
    assert as_("sup1").post(address, data=sent("90", version=version)).status_code == 303
    assert as_("rep1").post(address, data=sent("10", version=version)).status_code == 409
    assert 'value="90"' in text_of(as_("rep1").get(address))


def test_the_page_says_how_it_came_about_beside_last_time(as_: Any) -> None:
    person("sup1").language = "en"
    db.session.commit()
    customer = factories.customer("rep1")
    approved(customer, score="50")
    address = f"/relation-assessments/{approved(customer, score='90').id}"
    assert "起维持关系；" in text_of(as_("mgr1").get(address)), "Chinese between Chinese"
    page = text_of(as_("sup1").get(address))
    assert "relations.css" in page, "on a telephone a name is no column of single characters"
    clause = "Rules for maintaining customer relations (RL-7, IN-5)"
    for words in ("(last time 50)", clause, "starting value", "maintain the relation from 70", "22.5"):
        assert words in page


def test_the_card_and_the_customer_s_page_show_the_latest_and_its_history(as_: Any) -> None:
    customer = factories.customer("rep1")
    assert "还没有评估过" in text_of(as_("rep1").get(f"/customers/{customer.id}/relation-assessments"))
    approved(customer, score="50", points=dict.fromkeys(POINTS, "0"))
    approved(customer, score="90", result="续签三年")
    drafted(customer, score="10", result="草稿不算")
    page = text_of(as_("rep1").get(f"/customers/{customer.id}/relation-assessments"))
    assert page.count("<circle") == 3, "the legend and two approved assessments"
    for words in ("续签三年", "无定义", "1.47", "+45"):
        assert words in page
    card = text_of(as_("rep1").get(f"/customers/{customer.id}"))
    assert "维持关系" in card
    assert "终止关系" not in card


def test_an_approved_end_leads_to_the_end_of_dealings_with_its_reason(as_: Any) -> None:
    customer = factories.customer("rep1")
    approval = submitted(drafted(customer, score="60", **ENDING))
    address = f"/relation-assessments/{approval.record_id}"
    sign(approval, "sup1")
    assert "dealings-end" not in text_of(as_("sup1").get(address))
    sign(approval, "mgr1")
    assert f"/customers/{customer.id}/dealings-end" in text_of(as_("sup1").get(address))
    assert "dealings-end" not in text_of(as_("rep1").get(address)), "reps do not end dealings"
    page = text_of(as_("sup1").get(f"/customers/{customer.id}/dealings-end"))
    assert address in page
    assert "客户关系评估：合作平稳" in page
    approved(customer, score="90")
    assert "dealings-end" not in text_of(as_("sup1").get(address)), "a newer assessment takes its place"


def test_choosing_the_customer(as_: Any) -> None:
    customer, browser = factories.customer("rep1"), as_("rep1")
    answer = browser.get(f"/relation-assessments/new?customer={customer.number}")
    assert answer.location == f"/customers/{customer.id}/relation-assessments/new"
    for text in (factories.customer("rep3").number, factories.customer("rep1", state="past").number):
        assert browser.get(f"/relation-assessments/new?customer={text}").status_code == 422


def test_list_and_comparison_lead_to_each_other_and_go_out_as_files(as_: Any) -> None:
    mine = factories.customer("rep1", grade="A", full_name="甲有限公司")
    approved(mine)
    approved(factories.customer("rep2", full_name="无等级有限公司"), "rep2", points=dict.fromkeys(POINTS, "0"))
    approved(factories.customer("rep3", grade="A", full_name="别组有限公司"), "rep3")
    browser = as_("sup1")
    page = text_of(browser.get("/delivered-value"))
    link = re.search(r'href="(/relation-assessments\?latest=1&amp;grade=A)">1<', page)
    assert link
    listed = text_of(browser.get(link[1].replace("&amp;", "&")))
    assert ("甲有限公司" in listed, "别组有限公司" in listed, "无等级有限公司" in listed) == (True, False, False)
    assert "无定义" in page
    assert "客户一科" in text_of(browser.get("/delivered-value?subject=team"))
    lines = browser.get("/delivered-value/file?format=csv").get_data().decode("utf-8-sig").splitlines()
    assert lines[1].split(",")[:4] == ["A", "1", "140", "95"] or lines[1].startswith("A,1,140.0,95.0")
    lines = browser.get("/relation-assessments/file?format=csv&grade=A").get_data().decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "甲有限公司" in lines[1]
    assert "1.47" in lines[1]
    for sheet, words in (("relation_list", "甲有限公司"), ("delivered_values", "140")):
        shown = text_of(browser.get(f"/prints/lists/{sheet}"))
        assert words in shown
        assert "别组有限公司" not in shown
    assert "140" not in text_of(as_("rep1").get("/prints/lists/delivered_values")), "reps do not compare"


def test_managers_set_the_indicators_without_bands(as_: Any) -> None:
    page = text_of(as_("mgr1").get("/standards/relation.indicators/new-version"))
    assert "交易贡献" in page
    assert "band-add" not in page
    assert 'value="judgement"' in page


def test_it_stands_in_the_timeline_of_its_own_stream(as_: Any) -> None:
    customer = factories.customer("rep1")
    through(submitted(drafted(customer)))
    page = text_of(as_("rep1").get(f"/customers/{customer.id}/timeline?only=relations"))
    assert "开始客户关系评估" in page
