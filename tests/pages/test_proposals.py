"""Pages of proposals: from a letter with a scan to its departments, in one office; likeness, lists, what is refused (PP-1 to PP-4)."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.database import db
from portal.models import proposal_intake, proposal_search
from portal.models.approval import Approval
from portal.models.audit import AuditEvent
from portal.models.proposal import Proposal
from portal.models.proposal_department import ProposalDepartment, parts_of
from portal.models.proposal_letter import ProposalLetter
from portal.models.standard import value as standard
from tests import factories
from tests.approving import person, picture, sign
from tests.client import parsed
from tests.pages.test_standards_page import fields
from tests.proposing import registered, routed, routing
from tests.service.requesting import taken


def _form(customer: Any, **values: Any) -> dict[str, Any]:
    return {
        "customer": customer.number, "kind": "quality", "channel": "letter", "contact": "林秋实", "reach": "13800001111",
        "received_on": clock.today().isoformat(), "received_time": "09:40", "summary": "来料检验增加抽检比例",
        "text": "建议对关键零件提高抽检比例，并把结果反馈给供应商。", **values,
    }  # fmt: skip


@pytest.mark.usefixtures("app")
def test_a_letter_with_its_scan_goes_its_way_to_the_departments(as_: Any) -> None:
    customer = factories.customer("rep1", full_name="深圳远山精密有限公司")
    rep, sup = as_("rep1"), as_("sup1")
    sent = _form(customer, files=(io.BytesIO(picture()), "来信.png"))
    answer = rep.post("/proposals/new", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303
    one = db.session.query(Proposal).one()
    page = rep.get(answer.headers["Location"]).text
    for word in ("来信.png", "在主管处：待分类分派", "说明此期限", "第 0 天", "09:40"):
        assert word in page, word
    bad = rep.post("/proposals/new", data=_form(customer, files=(io.BytesIO(b"MZ\x90"), "坏.exe")), content_type="multipart/form-data")
    assert bad.status_code == 422
    assert db.session.query(Proposal).count() == 1
    assert "来料检验增加抽检比例" in rep.get("/proposals/similar?summary=来料检验增加抽检").text
    assert "来料检验增加抽检比例" not in as_("rep3").get("/proposals/similar?summary=来料检验增加抽检").text
    rows = {
        "kind": "quality", "responsible": "1", "row-0-department": "quality", "row-0-way": "paper", "row-1-department": "production",
        "row-1-way": "mail", "row-1-address": "p@example.com", "do": "submit",
    }  # fmt: skip
    assert "生产部" in sup.post(f"/proposals/{one.id}/routing/new", data={"kind": "technique", "do": "table"}).text
    assert sup.post(f"/proposals/{one.id}/routing/new", data={**rows, "row-1-address": "p"}).status_code == 422
    assert sup.post(f"/proposals/{one.id}/routing/new", data=rows).status_code == 303
    assert "在经理处" in rep.get(f"/proposals/{one.id}").text
    assert rep.get(f"/proposals/{one.id}/edit").status_code == 409
    sign(db.session.query(Approval).filter_by(kind_name="proposal-routing").one(), "mgr1")
    page = rep.get(f"/proposals/{one.id}").text
    assert "归口部门" in page
    assert "在客服处：待送副本" in page
    line = db.session.scalars(parts_of(one.id, ProposalDepartment.way == "mail")).one()
    assert rep.post(f"/proposal-departments/{line.id}/copy").status_code == 422
    rep.post(f"/proposals/{one.id}/letters", data={"what": "thanks", "language": "zh_Hans_CN"})
    letter = db.session.query(ProposalLetter).one()
    sent = {
        "way": "letter", "to_name": "林秋实", "address": "", "subject": letter.subject, "body": letter.body, "version": "1", "do": "send",
    }  # fmt: skip
    assert rep.post(f"/proposal-letters/{letter.id}", data=sent).status_code == 303
    assert rep.post(f"/proposal-letters/{letter.id}", data=sent).status_code == 409
    assert "请向客户致谢" not in rep.get(f"/proposals/{one.id}").text
    file = proposal_intake.files_of(one)[0]
    assert "attachment" in rep.get(f"/proposals/{one.id}/files/{file.id}").headers["Content-Disposition"]
    looks = db.session.query(AuditEvent).filter_by(kind="access", action="downloaded", record_type="Proposal", record_id=one.id)
    assert [(look.actor_name, look.label) for look in looks] == [(person("rep1").name, file.attachment.filename)]


@pytest.mark.usefixtures("app")
def test_the_button_of_a_request_makes_a_proposal_and_goes(as_: Any) -> None:
    request = taken(factories.customer("rep1"), kind="suggestion")
    rep = as_("rep1")
    assert "转为提案" in rep.get(f"/requests/{request.id}").text
    answer = rep.post(f"/requests/{request.id}/proposal")
    page = rep.get(answer.headers["Location"]).text
    assert "来自服务请求" in page
    again = rep.get(f"/requests/{request.id}").text
    assert "已转为提案" in again
    assert f'action="/requests/{request.id}/proposal"' not in again
    assert rep.post(f"/requests/{request.id}/proposal").status_code == 409


@pytest.mark.usefixtures("app")
def test_lists_stand_by_the_last_day_find_words_and_keep_the_scope(as_: Any) -> None:
    mine = factories.customer("rep1", full_name="深圳远山精密有限公司")
    theirs = factories.customer("rep3", full_name="广州流溪商贸有限公司")
    late = registered(mine, on=clock.today() - timedelta(days=25), summary="更换包装防震材料")
    fresh = registered(mine, summary="增加夜间值班电话")
    other = registered(theirs, by="rep3", summary="更换包装颜色方案")
    routed(late)
    browser = as_("mgr1")
    page = browser.get("/proposals").text
    assert page.index(late.summary) < page.index(other.summary)
    assert "逾期 5 天" in page
    for query, found in (
        ("q=包装", {late.id, other.id}), ("q=包装 防震", {late.id}), ("q=远山", {late.id, fresh.id}), (f"q={fresh.number}", {fresh.id}),
        ("q=无此词语", set()), ("late=1", {late.id}), ("department=quality", {late.id}), ("q=装", {late.id, other.id}),
    ):  # fmt: skip
        text = browser.get(f"/proposals?state=&{query}").text
        assert {one.id for one in (late, fresh, other) if f'/proposals/{one.id}"' in text} == found, query
    assert other.summary not in as_("rep1").get("/proposals?state=").text
    assert as_("rep3").get(f"/proposals/{late.id}").status_code == 404
    assert [one.proposal.id for one in proposal_search.similar(person("mgr1"), "更换包装防震", "")] == [late.id, other.id]
    assert proposal_search.similar(person("mgr1"), "包装") == []
    rows = browser.get("/proposals/file?format=csv&state=open").get_data(as_text=True)
    assert rows.count("P20") == 3


@pytest.mark.usefixtures("app")
def test_managers_edit_days_and_departments_and_what_cannot_be_is_refused(as_: Any) -> None:
    browser, first = as_("mgr1"), "production-technology"
    for name, change, wrong in (
        ("proposal.deadlines", {"row-2-days": "25"}, {"row-2-days": "14"}),
        ("proposal.routes", {"row-0-kind": "other", "row-0-responsible": "quality", "row-8-kind": first}, {"row-0-kind": ""}),
        ("proposal.thanks_zh", {"value": "{contact}，谢谢。{promised_on}"}, {"value": "{deal_on}"}),
    ):
        form = fields(browser.get(f"/standards/{name}/new-version")) | {"reason": "调整"}
        assert browser.post(f"/standards/{name}/new-version", data={**form, **wrong, "do": "preview"}).status_code == 422, name
        preview = browser.post(f"/standards/{name}/new-version", data={**form, **change, "do": "preview"})
        assert preview.status_code == 200, name
        assert browser.post(f"/standards/{name}/new-version", data={**fields(preview), "do": "save"}).status_code == 303
        assert browser.get(f"/standards/{name}").status_code == 200
    assert standard("proposal.deadlines")["limit"] == 25
    table = {row["kind"]: row["departments"] for row in standard("proposal.routes")}
    assert (table["other"], table["production-technology"]) == (["quality", "workshops"], ["service"])


@pytest.mark.usefixtures("app")
def test_a_routing_that_was_begun_is_gone_on_with(as_: Any) -> None:
    one = registered()
    sup = as_("sup1")
    assert "继续分派" not in sup.get(f"/proposals/{one.id}").text
    draft = routing(one)
    assert re.search(f'href="/proposal-routings/{draft.id}/edit">继续分派<', sup.get(f"/proposals/{one.id}").text)
    assert "继续分派" not in as_("rep1").get(f"/proposals/{one.id}").text


def test_the_printed_list_says_late_of_what_is_late_alone(as_):
    in_time, late = registered(), registered(on=clock.today() - timedelta(days=60))
    assert (in_time.is_late, late.is_late) == (False, True)
    tree, _ = parsed(as_("rep1").get("/prints/lists/proposal_list?state=").get_data(as_text=True))
    rows = [row.text() for row in tree.select(".sheet-list tbody tr")]
    assert [["逾期" in row for row in rows if one.number in row] for one in (in_time, late)] == [[False], [True]]


def test_all_that_a_proposal_lacks_is_said_at_once_and_its_files_are_to_be_chosen_again(as_: Any) -> None:
    rep = as_("rep1")
    sent = {"customer": "", "files": (io.BytesIO(picture()), "来信.png")}
    empty = rep.post("/proposals/new", data=sent, content_type="multipart/form-data")
    assert empty.status_code == 422
    for name in ("customer", "kind", "received_on", "summary", "text"):
        assert f'id="{name}-error"' in empty.text, name
    assert "不保留所选文件" in empty.text
    assert "不保留所选文件" not in rep.post("/proposals/new", data={"customer": ""}).text
