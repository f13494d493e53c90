"""Pages of the grading: rating by keyboard, the meeting, lists, publication, the customer's page, standards (RL-1 to RL-4)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from portal.blueprints.grading import campaigns
from portal.database import db
from portal.models import grading_progress
from portal.models.customer import Customer
from portal.models.grading import Grading
from portal.models.grading_campaign import GradingCampaign
from portal.models.grading_list import GradeList
from portal.models.grading_progress import LineQuery
from portal.models.job import Job
from portal.models.sale import Sale
from portal.models.standard import set_value
from portal.models.standard import value as standard
from portal.printing.catalogue import SHEETS
from tests import factories
from tests.approving import person, sign
from tests.grading import ALL_A, WITHOUT_DATA, approved, given, line_of, opened, proposed, rated, reviewed

pytestmark = pytest.mark.usefixtures("app")
RATING = {f"score-{code}": score for code, (score, _why) in WITHOUT_DATA.items()} | {
    f"reason-{code}": why for code, (_score, why) in WITHOUT_DATA.items()
}
MEETING = {"held_on": "2026-03-26", "attendees": "销售部 周、财务部 吴"}


@pytest.fixture(autouse=True)
def march() -> Any:
    with time_machine.travel(datetime(2026, 3, 26, 2, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def two() -> tuple[int, int]:
    """The ids of two customers of rep1, in a campaign that runs."""
    ids = factories.customer("rep1", full_name="甲有限公司").id, factories.customer("rep1", full_name="乙有限公司").id
    opened()
    return ids


def line(customer_id: int) -> Grading:
    return line_of(db.session.get_one(Customer, customer_id))


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def test_rating_leads_to_the_next_and_the_last_one_to_the_campaign(as_: Any, two: tuple[int, int]) -> None:
    browser, first, second = as_("rep1"), line(two[0]).id, line(two[1]).id
    assert browser.get("/gradings/2026/next").location == f"/customer-gradings/{first}"
    page = text_of(browser.get(f"/customer-gradings/{first}"))
    assert "autofocus" in page, "Enter rates without scripts"
    assert "在档投诉与违约件数" in page
    assert 'id="score-complaints"' not in page, "what has a figure is not typed"
    answer = browser.post(f"/customer-gradings/{first}/rating", data={**RATING, "version": "1"})
    assert browser.get(answer.location).location == f"/customer-gradings/{second}"
    assert (line(two[0]).state, line(two[0]).total) == ("rated", Decimal("62"))
    answer = browser.post(f"/customer-gradings/{second}/rating", data={**RATING, "version": "1"})
    assert browser.get(answer.location).location == "/gradings/2026"


def test_an_amount_has_both_its_decimals(as_: Any, two: tuple[int, int]) -> None:
    one = line(two[0])
    one.figures = {**one.figures, "sales": "111997.6"}
    db.session.commit()
    assert "111,997.60" in text_of(as_("rep1").get(f"/customer-gradings/{one.id}"))


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(as_: Any, two: tuple[int, int]) -> None:
    answer = as_("rep1").post(f"/customer-gradings/{line(two[0]).id}/rating", data={**RATING, "reason-potential": "", "version": "1"})
    page = text_of(answer)
    assert answer.status_code == 422
    assert 'id="reason-potential-error"' in page
    assert 'href="#reason-potential"' in page
    assert 'value="配合良好"' in page
    assert line(two[0]).state == "open"


def test_somebody_else_has_rated_meanwhile(as_: Any, two: tuple[int, int]) -> None:
    rated(db.session.get_one(Customer, two[0]), by="sup1")
    assert as_("rep1").post(f"/customer-gradings/{line(two[0]).id}/rating", data={**RATING, "version": "1"}).status_code == 409


def test_the_meeting_is_noted_once_and_offered_again(as_: Any, two: tuple[int, int]) -> None:
    for one in two:
        rated(db.session.get_one(Customer, one))
    browser, first = as_("sup1"), line(two[0])
    address = browser.get("/gradings/2026/next?work=meet").location
    assert address == f"/customer-gradings/{first.id}"
    wrong = browser.post(f"{address}/meeting", data={"version": first.version, "second-potential": "90", **MEETING})
    assert wrong.status_code == 422
    assert 'id="why-potential-error"' in text_of(wrong)
    sent = {"version": first.version, "second-potential": "90", "why-potential": "新厂投产", **MEETING}
    answer = browser.post(f"{address}/meeting", data=sent)
    assert browser.get(answer.location).location == f"/customer-gradings/{line(two[1]).id}"
    assert "销售部 周、财务部 吴" in text_of(browser.get(f"/customer-gradings/{line(two[1]).id}"))
    assert line(two[0]).second["potential"] == {"score": "90", "reason": "新厂投产"}


def test_many_are_taken_as_rated_and_put_on_lists(as_: Any, two: tuple[int, int]) -> None:
    for one in two:
        rated(db.session.get_one(Customer, one))
    browser = as_("sup1")
    page = text_of(browser.get("/gradings/2026/customers?state=rated"))
    numbers = re.findall(r'name="ids" value="(\d+)"', page)
    assert len(numbers) == 2
    assert browser.post("/gradings/2026/adoption?state=rated", data={"ids": numbers, "held_on": "2026-03-26"}).status_code == 422
    assert browser.post("/gradings/2026/adoption?state=rated", data={"ids": numbers, **MEETING}).status_code == 303
    assert browser.post("/gradings/2026/lists").status_code == 303
    listed = db.session.query(GradeList).one()
    assert listed.label == "2026 客户一科 B (2)"
    page = text_of(browser.get(f"/grade-lists/{listed.id}"))
    assert "甲有限公司" in page
    answer = browser.post(f"/grade-lists/{listed.id}/submission")
    assert answer.status_code == 303
    shown = text_of(as_("mgr1").get(answer.location))
    assert "客户质量等级评定台账" in shown
    assert "年销售额" in shown, "weights in force stand on what is signed"


def test_publishing_names_the_number_and_leads_to_the_grade_list(as_: Any, two: tuple[int, int]) -> None:
    approved(reviewed(db.session.get_one(Customer, two[0]), scores=ALL_A))
    line(two[0]).note(support={"production": "优先排产"}, policy_stable="", policy_note="", by=person("sup1"))
    db.session.commit()
    browser = as_("mgr1")
    page = text_of(browser.get("/gradings/2026"))
    assert "有1个客户未评定" in page
    answer = browser.post("/gradings/2026/publication", data={"left": re.search(r'name="left" value="(\d+)"', page)[1]})  # type: ignore[index]
    page = text_of(browser.get(answer.location))
    assert "甲有限公司" in page
    assert "优先排产" in page
    assert "乙有限公司" not in page
    assert "优先排产" in text_of(browser.get("/prints/lists/grade_list?year=2026&grade=A"))
    csv = browser.get("/gradings/2026/grade-list/file?format=csv&grade=A").get_data().decode("utf-8-sig")
    assert "甲有限公司" in csv
    assert browser.post("/gradings").status_code == 422, "there is one a year"
    assert "每年只有一次" in text_of(browser.post("/gradings"))


def test_nothing_is_offered_to_publish_while_a_list_is_in_approval(as_: Any, two: tuple[int, int]) -> None:
    proposed(reviewed(db.session.get_one(Customer, two[0]))).submit(by=person("sup1"))
    db.session.commit()
    page = text_of(as_("mgr1").get("/gradings/2026"))
    assert "1个客户所在的名单正在审批" in page
    assert "/gradings/2026/publication" not in page


def test_a_customers_page_says_grade_and_how_it_came_about(as_: Any, two: tuple[int, int]) -> None:
    approved(reviewed(db.session.get_one(Customer, two[0])))
    browser = as_("rep1")
    card = text_of(browser.get(f"/customers/{two[0]}"))
    assert "2027-03-30" in card
    assert f"/customers/{two[0]}/gradings" in card
    past = text_of(browser.get(f"/customers/{two[0]}/gradings"))
    assert f"/customer-gradings/{line(two[0]).id}" in past
    assert "等级有效期至" in text_of(browser.get(f"/customers/{two[0]}/history"))


def test_the_dossier_refers_to_a_list_that_lies_elsewhere(as_: Any, two: tuple[int, int]) -> None:
    approved(*[reviewed(db.session.get_one(Customer, one)) for one in two])
    page = text_of(as_("rep1").get(f"/customers/{two[0]}/dossier"))
    assert "2026-03-26" in page
    assert f"/customer-gradings/{line(two[0]).id}" in page


def test_a_customer_in_approval_keeps_its_dealings(as_: Any, two: tuple[int, int]) -> None:
    from tests.grading import submitted

    approval = submitted(*[reviewed(db.session.get_one(Customer, one)) for one in two])
    page = text_of(as_("sup1").get(f"/customers/{two[0]}/dealings-end"))
    assert "甲有限公司的等级评定正在审批中" in page
    sign(approval, "mgr1")
    assert "的等级评定正在审批中" not in text_of(as_("sup1").get(f"/customers/{two[0]}/dealings-end"))


def test_scores_with_data_follow_from_sales(as_: Any) -> None:
    customer = factories.customer("rep1")
    from portal.models.sale import FIELDS

    blank = dict.fromkeys(FIELDS)
    for day, amount in ((date(2025, 3, 5), "120000.00"), (date(2025, 9, 5), "90000.00"), (date(2024, 9, 5), "900000.00")):
        Sale.enter(customer, {**blank, "day": day, "amount": Decimal(amount), "region": ""}, by=person("rep1"))
    db.session.commit()
    opened()
    found = line_of(customer)
    assert (found.figures["sales"], found.figures["recovery"]) == ("210000", "0")
    found.rate(given(), by=person("rep1"), version=found.version)
    assert (found.first["sales"]["score"], found.first["recovery"]["score"]) == ("80", "30")
    # 30×80 + 10×50 + 20×30 + 15×80 + 10×70 + 5×60 + 10×100, in hundredths
    assert found.total == Decimal("67")
    db.session.commit()
    page = text_of(as_("rep1").get(f"/customer-gradings/{found.id}"))
    assert f'href="/customers/{customer.id}/sales"' in page
    assert "210,000" in page


def test_weights_that_do_not_add_up_are_refused_on_the_page(as_: Any) -> None:
    browser = as_("mgr1")
    page = text_of(browser.get("/standards/grading.indicators/new-version"))
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    fields |= dict.fromkeys(re.findall(r'name="(row-[0126]-source)"', page), "data")
    fields |= dict.fromkeys(re.findall(r'name="(row-[345]-source)"', page), "judgement")
    fields = {name: unescape(value) for name, value in fields.items()} | {"reason": "调整"}
    answer = browser.post("/standards/grading.indicators/new-version", data={**fields, "row-0-weight": "29", "do": "preview"})
    assert answer.status_code == 422
    assert "99 %" in text_of(answer)
    more = text_of(browser.post("/standards/grading.indicators/new-version", data={**fields, "do": "band-add-0"}))
    assert more.count('name="row-0-band-') == page.count('name="row-0-band-') + 2
    assert standard("grading.indicators")[0]["weight"] == "30"


def test_form_numbers_are_each_ones_own() -> None:
    numbers = [sheet.form_number for sheet in SHEETS.values()]
    assert {"QMS-PM-31241", "QMS-PM-31242", "QMS-PM-31243"} <= set(numbers)
    ours = [number for number in numbers if number.startswith("QMS-PM-3124")]
    assert len(ours) == len(set(ours))


def test_provisional_grades_are_begun_from_their_list(as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    customer = factories.customer("rep1", grade="A", grade_provisional=True, registered_on=date(2025, 9, 1))
    browser = as_("rep1")
    page = text_of(browser.get("/gradings/provisional"))
    assert "一次最多显示" not in page
    monkeypatch.setattr(campaigns, "MOST", 1)
    assert "一次最多显示 1 条" in text_of(browser.get("/gradings/provisional"))
    assert f'action="/customers/{customer.id}/gradings"' in page
    assert "重新评定暂定等级" in text_of(browser.get("/inbox"))
    answer = browser.post(f"/customers/{customer.id}/gradings")
    assert "2025-03-01" in text_of(browser.get(answer.location))
    assert db.session.query(GradingCampaign).count() == 0


def test_the_forms_of_a_campaign_are_one_pdf_of_whom_the_reader_sees(as_: Any, two: tuple[int, int]) -> None:
    assert "/gradings/2026/forms" in text_of(as_("rep1").get("/gradings/2026/customers"))
    where = as_("rep1").post("/gradings/2026/forms", data={"language": "both"}).location
    job = db.session.scalars(select(Job).order_by(Job.id.desc())).first()
    assert job is not None
    assert where == f"/prints/batches/{job.id}"
    assert (job.args["ids"], job.args["language"], job.state) == ([line(one).id for one in two], "both", "done")
    assert job.result["forms"] == 2
    assert as_("rep3").post("/gradings/2026/forms").status_code == 422, "nobody they see is in it"
    assert as_("rep1").post("/gradings/2026/forms?grade=A").status_code == 422


def test_the_grade_list_goes_by_grade_and_says_credit_rating_and_terms(
    as_: Any, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (db.session.get_one(Customer, one) for one in two)
    first.credit_rating, first.payment_terms = "AA", "net60"
    db.session.commit()
    for customer, scores in ((first, None), (second, ALL_A)):
        approved(reviewed(customer, scores=scores))
    assert (first.grade, second.grade) == ("B", "A")
    browser = as_("mgr1")
    page = text_of(browser.get("/gradings/2026/grade-list"))
    assert page.index(second.full_name) < page.index(first.full_name), "grade A before grade B"
    for text in (page, text_of(browser.get("/prints/lists/grade_list?year=2026"))):
        assert "AA" in text
        assert "60天账期" in text
    rows = browser.get("/gradings/2026/grade-list/file?format=csv").get_data().decode("utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["A", "B"]
    assert ",AA,60天账期," in rows[2]
    query, read = LineQuery.read({"year": "2026", "state": "approved"}), grading_progress.graded_ids
    top, following = grading_progress.page(person("mgr1"), query, size=1, read=read)
    rest, end = grading_progress.page(person("mgr1"), query, size=1, after=following, read=read)
    assert ([one.grade for one in top], [one.grade for one in rest], end) == (["A"], ["B"], 0)


def test_what_is_collected_of_policies_stands_in_one_list(as_: Any, two: tuple[int, int]) -> None:
    first, second = (db.session.get_one(Customer, one) for one in two)
    first.dealings_policy = "年度返利百分之二"
    line(two[0]).note(support={}, policy_stable="no", policy_note="改为季度返利", by=person("rep1"))
    db.session.commit()
    browser = as_("sup1")
    page = text_of(browser.get("/gradings/2026/customers?policy=1"))
    assert all(part in page for part in (first.full_name, "年度返利百分之二", '<td data-label="政策是否稳定？">否</td>', "改为季度返利")), (
        page
    )
    assert second.full_name not in page
    line(two[1]).note(support={}, policy_stable="", policy_note="新增样品支持", by=person("rep1"))
    db.session.commit()
    page = text_of(browser.get("/gradings/2026/customers?policy=1"))
    assert second.full_name in page, "a new policy is proposed where none holds yet"
    assert "新增样品支持" in page


def test_a_grading_is_overdue_only_for_whom_it_has_customers_of(as_: Any, two: tuple[int, int], march: Any) -> None:
    march.move_to(datetime(2026, 4, 2, 2, tzinfo=UTC))
    for address in ("/gradings", "/gradings/2026"):
        assert 'state-seal">逾期' in text_of(as_("rep1").get(address)), address
        assert 'state-seal">逾期' not in text_of(as_("rep3").get(address)), address


def test_the_page_of_gradings_names_the_days_that_the_site_has_set(as_: Any) -> None:
    set_value("grading.window_first", "04-06", by=person("mgr1"), reason="改期")
    db.session.commit()
    page = text_of(as_("mgr1").get("/gradings"))
    assert "2026-04-06" in page
    assert "2026-04-11" in page


def test_who_stands_on_a_list_cannot_be_picked_for_another(as_: Any, two: tuple[int, int]) -> None:
    first, second = (reviewed(db.session.get_one(Customer, one)) for one in two)
    proposed(first)
    browser = as_("sup1")
    numbers = re.findall(r'name="ids" value="(\d+)"', text_of(browser.get("/gradings/2026/customers?state=reviewed")))
    assert numbers == [str(second.id)], "all that can be ticked can be put on a list"
    assert browser.post("/grade-lists", data={"ids": numbers}).status_code == 303


@pytest.mark.parametrize(("until", "expired"), [(date(2026, 3, 26), False), (date(2026, 3, 25), True)])
def test_a_grade_that_no_grading_has_followed_in_time_is_marked(as_: Any, until: date, expired: bool) -> None:
    customer = factories.customer("rep1", grade="A", graded_on=date(2025, 3, 28), grade_valid_until=until)
    browser = as_("rep1")
    for address in (f"/customers/{customer.id}", f"/customers/{customer.id}/gradings"):
        page = text_of(browser.get(address))
        assert until.isoformat() in page
        assert (f"{until}（已过期）" in page) is expired
