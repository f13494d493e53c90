"""The pages of requests: taken in with few keys, worked on, closed, filtered, exported, and what they refuse (SV-1 to SV-8)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portal import clock
from portal.blueprints.service.jobs import look_after_requests
from portal.database import db
from portal.models import channel_desk, request_flow, request_list, request_tally
from portal.models.paging import Count
from portal.models.request import ServiceRequest
from portal.models.request_query import RequestQuery
from tests import factories
from tests.approving import person
from tests.service.requesting import COMPLETE, taken

pytestmark = pytest.mark.usefixtures("app")
CLOSING = {**{name: str(value) for name, value in COMPLETE.items()}, "satisfied": "yes"}


def only() -> ServiceRequest:
    return db.session.query(ServiceRequest).one()


def test_the_number_to_call_back_dials(as_: Any) -> None:
    request = taken(telephone="0755-26001888")
    assert '<a class="number" href="tel:075526001888">0755-26001888</a>' in as_("rep1").get(f"/requests/{request.id}").get_data(
        as_text=True
    )


def test_a_complaint_by_telephone_goes_its_whole_way_over_the_pages(as_: Any) -> None:
    customer = factories.customer("rep1")
    rep, at = as_("rep1"), "/requests/1"
    page = rep.get("/").text
    assert 'data-key="q"' in page
    given = {"customer": f"{customer.number} {customer.full_name}", "kind": "complaint", "channel": "telephone", "text": "货物晚到三天"}
    assert rep.post("/requests/new", data=given).status_code == 303
    request = only()
    assert (request.customer_id, request.assignee.account, request.state) == (customer.id, "rep1", "assigned")
    assert "最近期限" in rep.get(at).text
    for act, word in (("in-hand", ""), ("first-answer", "已收到"), ("waiting", "请发照片"), ("resumed", ""), ("answered", "明日补发")):
        data = {"act": act, "step-word": word, "step-version": str(only().version)}
        assert rep.post(f"{at}/steps", data=data).status_code == 303
        db.session.expire_all()
    assert rep.post(f"{at}/promises", data={"promise-promise": "回电", "promise-promised_at": "2099-01-01T10:00"}).status_code == 303
    assert "跟进并结案期限" in rep.get(at).text
    page = rep.get(f"{at}/closing").text
    assert "明日补发" in page  # what was answered stands in the form
    assert f'href="{at}#promises">回电</a>' in page  # said before anything is typed
    refused = rep.post(f"{at}/closing", data={"version": str(only().version)})
    assert refused.status_code == 422
    for words in ("cause", "satisfied", "word", "department", "prevention"):
        assert f'id="{words}-error"' in refused.text
    assert rep.post(f"{at}/closing", data={**CLOSING, "version": str(only().version)}).status_code == 422  # the promise is open
    assert rep.post(f"{at}/promises/1", data={"kept": "yes"}).status_code == 303
    assert rep.post(f"{at}/closing", data={**CLOSING, "version": str(only().version)}).status_code == 303
    db.session.expire_all()
    assert only().state == "closed"
    for address in (at, f"/customers/{customer.id}/requests", f"/customers/{customer.id}/timeline?only=requests"):
        assert rep.get(address).status_code == 200


def test_the_timeline_says_to_whom_a_request_went(as_: Any) -> None:
    request = taken(customer := factories.customer("rep1"))
    given = {"pass-to": f"person:{person('rep3').id}", "pass-word": "请看图纸", "pass-version": str(request.version)}
    assert as_("rep1").post(f"/requests/{request.id}/assignment", data=given).status_code == 303
    page = as_("mgr1").get(f"/customers/{customer.id}/timeline?only=requests").text
    assert f"→ {person('rep3').name} · 请看图纸" in page
    assert "负责人 (" not in page  # who is in charge of the customer did not change


def test_who_is_no_customer_is_asked_about_once_and_then_kept(as_: Any) -> None:
    rep, customer = as_("rep1"), factories.customer("rep1")
    given = {"customer": "远航", "kind": "inquiry", "channel": "front-desk", "text": "问价格"}
    asked = rep.post("/requests/new", data=given)
    assert asked.status_code == 422
    assert 'name="unknown"' in asked.text
    assert db.session.query(ServiceRequest).count() == 0
    assert rep.post("/requests/new", data={**given, "unknown": "1"}).status_code == 303
    request = only()
    assert (request.customer_name, request.customer_id) == ("远航", None)
    page = as_("sup1").get(f"/requests/{request.id}").text
    assert "远航" in page
    assert as_("rep2").get(f"/requests/{request.id}").status_code == 404
    version = {"customer-version": str(request.version)}
    assert rep.post(f"/requests/{request.id}/customer", data={**version, "customer-customer": "没有这家"}).status_code == 422
    assert rep.post(f"/requests/{request.id}/customer", data={**version, "customer-customer": customer.number}).status_code == 303


def test_all_that_a_call_lacks_is_said_at_once(as_: Any) -> None:
    rep = as_("rep1")
    empty = rep.post("/requests/new", data={"kind": "complaint", "channel": "telephone"})
    assert (empty.status_code, "customer-error" in empty.text, "text-error" in empty.text) == (422, True, True)
    assert not re.search("<details[^>]*more-fields[^>]* open", empty.text)
    wrong = rep.post(
        "/requests/new", data={"kind": "complaint", "channel": "telephone", "customer": "远航", "received_at": "2999-01-01T10:00"}
    )
    assert ("text-error" in wrong.text, "received_at-error" in wrong.text, 'name="unknown"' in wrong.text) == (True, True, False)
    assert re.search("<details[^>]*more-fields[^>]* open", wrong.text)
    assert '<a href="#text">内容</a>：' in wrong.text  # the summary is punctuated as its language is


def test_what_pages_refuse_stays_as_it_was_typed(as_: Any) -> None:
    request, rep = taken(kind="repair"), as_("rep1")
    at, version = f"/requests/{request.id}", str(request.version)
    other = taken(factories.customer("rep3"), by="rep3")
    for path, data, says in (
        ("steps", {"act": "waiting", "step-version": version}, "step-word-error"),
        ("assignment", {"pass-to": f"person:{person('rep2').id}", "pass-version": version}, "pass-word-error"),
        ("links", {"link-other": other.number, "link-link": "related", "link-version": version}, "link-other-error"),
        ("promises", {"promise-promise": "回电"}, "promise-promised_at-error"),
        ("visits", {"visit-fitter": "老周", "visit-starts_at": "2026-05-01T10:00"}, "visit-ends_at-error"),
    ):
        refused = rep.post(f"{at}/{path}", data=data)
        assert (refused.status_code, says in refused.text) == (422, True), path
    assert rep.post(f"{at}/steps", data={"act": "dance"}).status_code == 404
    assert rep.post(f"{at}/steps", data={"act": "answered", "step-word": "好", "step-version": "99"}).status_code == 409
    assert rep.get(f"{at}/closing").status_code == 409
    assert rep.post(f"{at}/edit", data={"kind": "repair", "channel": "telephone", "priority": "high", "text": ""}).status_code == 422
    gone = rep.post(f"{at}/assignment", data={"pass-to": f"person:{person('rep3').id}", "pass-word": "请看", "pass-version": version})
    assert gone.status_code == 303


def test_nobody_is_chosen_to_whom_a_request_is_passed_on(as_: Any) -> None:
    one, rep = taken(), as_("rep1")
    shown = rep.get(f"/requests/{one.id}").get_data(as_text=True)
    found = re.search(r'<select[^>]* name="pass-to">(.*?)</select>', shown, re.S)
    assert found is not None
    assert found[1].strip().startswith('<option value="">请选择…</option>')
    assert ("selected" in found[1], found[1].count("<optgroup")) == (False, 3 if "部门" in found[1] else 2)
    answer = rep.post(f"/requests/{one.id}/assignment", data={"pass-to": "", "pass-word": "请看", "pass-version": f"{one.version}"})
    assert (answer.status_code, 'id="pass-to-error"' in answer.get_data(as_text=True)) == (422, True)


def test_lists_filter_by_what_they_offer_and_set_causes_in_bulk(as_: Any) -> None:
    mine, inquiry = taken(text="包装破损"), taken(kind="inquiry", text="问价格")
    strange = taken(factories.customer("rep3"), by="rep3", text="噪音")
    manager = as_("mgr1")
    for args, found in (
        ("", {mine, inquiry, strange}), ("kind=complaint", {mine, strange}), ("q=包装", {mine}), (f"q={inquiry.number}", {inquiry}),
        ("channel=letter", set()), (f"assignee={mine.assignee_id}", {mine, inquiry}), ("state=answered", set()), ("overdue=1", set()),
        (f"customer={mine.customer_id}", {mine}), ("cause=-", {mine, inquiry, strange}), ("list=all", {mine, inquiry, strange}),
        ("whose=mine", set()), ("kind=nonsense&team=x&month=9999", {mine, inquiry, strange}), ("after=rubbish", {mine, inquiry, strange}),
    ):  # fmt: skip
        page = manager.get(f"/requests?{args}")
        assert page.status_code == 200
        assert {one for one in (mine, inquiry, strange) if f'/requests/{one.id}"' in page.text} == found, args
    assert f'/requests/{strange.id}"' not in as_("rep1").get("/requests?whose=all").text
    assert as_("rep1").get(f"/requests?customer={strange.customer_id}").status_code == 404
    data = {"ids": [str(mine.id), str(inquiry.id), str(strange.id)], "new_cause": "quality", "kind": "complaint"}
    assert as_("rep1").post("/requests/causes", data=data).status_code == 303
    db.session.expire_all()
    assert [one.cause for one in (mine, inquiry, strange)] == ["quality", "", ""]
    assert manager.post("/requests/causes", data={**data, "new_cause": "weather"}).status_code == 422
    exported = manager.get("/requests/export/file?format=csv&list=all").data.decode("utf-8-sig")
    assert all(one.number in exported for one in (mine, inquiry, strange))


def test_the_month_and_the_channels_count_what_there_is(as_: Any) -> None:
    done, open_, letter = taken(), taken(), taken(channel="letter")
    request_flow.answer(done, "好", by=person("rep1"), version=done.version)
    request_flow.close(done, COMPLETE, by=person("rep1"), version=done.version)
    request_flow.link(open_, letter, "duplicate", by=person("rep1"), version=open_.version)
    db.session.commit()
    look_after_requests()
    today = clock.today()
    found = request_tally.complaints_of(today.year, today.month, person("rep1"))
    assert (found.total.number, found.total.closed, found.total.satisfied) == (2, 1, 1)
    assert [(one.code, one.number) for one in found.causes] == [("delivery", 1), ("", 1)]
    assert request_tally.complaints_of(today.year, today.month, person("rep3")).total.number == 0
    figures = request_tally.by_channel(f"{today:%Y-%m}", f"{today:%Y-%m}")
    assert {code: one.received for code, one in figures.items()} == {"telephone": 1, "letter": 1}
    assert (figures["telephone"].satisfaction, figures["letter"].satisfaction) == (100, None)
    manager = as_("mgr1")
    assert manager.get(f"/complaints/month?month={today:%Y-%m}").status_code == 200
    said = {"staff": str(person("rep1").id), "hours": "工作日", "first_hours": "1.5", "version": "0"}
    assert manager.post("/requests/channels/telephone", data={**said, "first_hours": "many"}).status_code == 422
    assert manager.post("/requests/channels/telephone", data=said).status_code == 303
    assert manager.post("/requests/channels/telephone", data=said).status_code == 409
    assert channel_desk.channels()["telephone"].first_minutes == 90
    at = f"/requests/channels/telephone/evaluations/{today.year}"
    assert manager.post(at, data={"verdict": "", "version": "0"}).status_code == 422
    assert manager.post(at, data={"verdict": "接通率高", "version": "0"}).status_code == 303
    page = manager.get(f"/requests/channels?year={today.year}").text
    assert "接通率高" in page
    written = channel_desk.evaluation("telephone", today.year)
    assert written is not None
    assert written.figures["received"] == 1


def test_shares_of_a_channel_are_rounded_as_a_reader_does() -> None:
    two_of_three = request_tally.Figures(satisfied=2, unsatisfied=1, first_answered=3, first_on_time=2)
    assert (two_of_three.satisfaction, two_of_three.punctual) == (67, 67)
    assert request_tally.Figures().punctual is None


def test_a_full_page_of_the_queue_is_light_and_words_are_found_in_scope(as_: Any) -> None:
    mine, other = factories.customer("rep1", grade="A"), factories.customer("rep3", grade="B")
    for number in range(51):
        taken(other if number % 2 else mine, text=f"第{number}号" + "货物晚到三天包装破损设备运行异常请派人检查" * 3)
    for account in ("mgr1", "rep1"):
        assert len(as_(account).get("/requests?whose=all&kind=complaint&list=all").data) < 60_000
        assert len(as_(account).get("/requests?whose=all").data) < 60_000
    for account, found in (("rep1", 1), ("sup1", 1), ("rep3", 0), ("mgr1", 1)):
        page = as_(account).get("/requests?whose=all&q=第50号").text
        assert page.count('<tr><th scope="row">') == found, account
        assert f"{found} 件请求" in page


def test_words_that_are_in_many_requests_are_read_in_order(as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_list, "FEW", 1)
    mine = factories.customer("rep1")
    first, second = taken(mine, text="包装破损"), taken(mine, text="包装潮湿")
    for words, number in (("包装", 2), ("破损", 1)):
        query = RequestQuery({"q": words})
        found = request_list.page(person("rep1"), query)
        assert [one.id for one in found.requests] == [first.id, second.id][:number]
        assert found.found == (Count(1, False) if number == 1 else None)


def test_an_answer_is_called_as_it_is_asked_for(as_: Any) -> None:
    rep, customer = as_("rep1"), factories.customer("rep1")
    given = {"customer": customer.number, "kind": "inquiry", "channel": "telephone", "text": "问价格", "answer": "已报价"}
    page = rep.get(rep.post("/requests/new", data=given).headers["Location"]).text
    assert "答复内容" in page
    assert "回答" not in page
