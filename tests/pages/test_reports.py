"""Pages of the information reports: from the event to the conclusion, one report a period, lists, files and notes (AR-22)."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
import time_machine

from portal.database import db
from portal.models.dossier import ArchiveDocument
from portal.models.report import InformationReport
from portal.rules.periods import Period
from tests import factories
from tests.approving import person
from tests.reporting import PERIODIC, URGENT, added, begun, moment, old_customer, submitted, told

pytestmark = pytest.mark.usefixtures("app")


def sent(of: Any, **values: Any) -> dict[str, Any]:
    return {**URGENT, "happened_on": URGENT["happened_on"].isoformat(), "customer": of.number, **values}


def text_of(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    text: str = answer.get_data(as_text=True)
    return text


def test_from_the_event_to_the_conclusion(as_: Any) -> None:
    customer = factories.customer("rep1")
    name = customer.full_name
    rep, supervisor = as_("rep1"), as_("sup1")
    data = {**sent(customer), "file": (io.BytesIO("现场记录".encode()), "现场记录.txt")}
    assert rep.post("/reports/urgent/new", data=data).status_code == 303
    number = db.session.query(InformationReport.id).scalar()
    page = f"/reports/{number}"
    for browser in (supervisor, as_("mgr1")):
        assert page in text_of(browser, "/inbox")
    assert "现场记录" in text_of(supervisor, page)
    assert db.session.query(ArchiveDocument).one().title == "现场记录"
    assert supervisor.post(f"{page}/notes", data={"act": "instruction", "text": "当日上门"}).status_code == 303
    assert page not in text_of(supervisor, "/inbox")
    shown = text_of(rep, page)
    assert "当日上门" in shown
    assert "周五行" in shown
    assert URGENT["title"] in text_of(rep, "/notices")
    assert as_("mgr1").post(f"{page}/notes", data={"act": "conclusion", "text": "恢复发货"}).status_code == 303
    assert "恢复发货" in text_of(rep, page)
    assert name in text_of(rep, f"/customers/{db.session.query(InformationReport).one().customer_id}/timeline?only=reports")


@pytest.mark.parametrize("wrong", [{"title": ""}, {"happened_on": "2999-01-01"}, {"happened_on": "gestern"}, {"customer": "C1"}])
def test_what_is_refused_stays_in_the_form(as_: Any, wrong: dict[str, str]) -> None:
    answer = as_("rep1").post("/reports/urgent/new", data=sent(factories.customer("rep1"), **wrong))
    assert answer.status_code == 422
    assert URGENT["account"] in answer.get_data(as_text=True)
    assert db.session.query(InformationReport).count() == 0


def test_a_file_that_cannot_be_filed_refuses_the_report(as_: Any) -> None:
    data = {**sent(factories.customer("rep1")), "file": (io.BytesIO(b"MZ\x90\x00" * 40), "tool.exe")}
    assert as_("rep1").post("/reports/urgent/new", data=data).status_code == 422
    assert db.session.query(InformationReport).count() == 0


def test_the_second_try_leads_to_the_report_that_is_there(as_: Any) -> None:
    customer = factories.customer("rep1")
    report = begun(customer)
    address, browser = f"/reports/periodic/new?customer={customer.id}&period={report.period}", as_("rep1")
    assert browser.get(address).location.endswith(f"/reports/{report.id}/edit")
    data = {**PERIODIC, "sales": "另一份", "customer": customer.number, "period": report.period}
    assert browser.post("/reports/periodic/new", data=data).location.endswith(f"/reports/{report.id}/edit")
    assert db.session.query(InformationReport).one().data["sales"] == PERIODIC["sales"]
    browser.post(f"/reports/{report.id}/submission")
    assert browser.get(address).location.endswith(f"/reports/{report.id}")


def test_what_is_due_leads_from_the_inbox_to_the_report(as_: Any) -> None:
    with time_machine.travel(moment(2026, 4, 3), tick=False):
        customer = old_customer()
        browser = as_("rep1")
        assert "period=2026-Q1" in text_of(browser, "/inbox")
        assert "period=2026-Q1" in text_of(browser, f"/customers/{customer.id}/reports")
        data = {**PERIODIC, "customer": customer.number, "period": "2026-Q1", "do": "submit"}
        assert browser.post("/reports/periodic/new", data=data).status_code == 303
        assert "period=2026-Q1" not in text_of(browser, "/inbox")
        assert db.session.query(InformationReport).one().state == "submitted"


def test_a_draft_that_is_not_complete_is_not_submitted(as_: Any) -> None:
    report = begun()
    answer = as_("rep1").post(f"/reports/{report.id}/edit", data={**PERIODIC, "plans": "", "version": "1", "do": "submit"})
    assert answer.status_code == 422
    assert '<a href="#plans">下期计划</a>：必填。' in answer.get_data(as_text=True), "the summary says the field once"
    assert db.session.get_one(InformationReport, report.id).data["plans"] == PERIODIC["plans"], "nothing is half saved"


def test_who_comes_second_sees_what_changed(as_: Any) -> None:
    report = begun()
    first = {**PERIODIC, "version": "1", "base": "{}"}
    assert as_("rep1").post(f"/reports/{report.id}/edit", data={**first, "sales": "我的"}).status_code == 303
    answer = as_("sup1").post(f"/reports/{report.id}/edit", data={**first, "sales": "他的"})
    assert answer.status_code == 409
    assert "我的" in answer.get_data(as_text=True)


def test_plans_of_the_period_before_stand_above_the_next(as_: Any) -> None:
    customer = factories.customer("rep1")
    earlier = submitted(customer)
    following = Period("quarter", date(2026, 4, 1))
    report = begun(customer, period=following, plans="")
    assert PERIODIC["plans"] in text_of(as_("rep1"), f"/reports/{report.id}/edit")
    assert earlier.period == following.before.code


@pytest.mark.parametrize(
    ("account", "query", "found"),
    [
        ("rep1", "", {"urgent", "periodic"}),
        ("rep3", "", set()),
        ("sup2", "", set()),
        ("mgr1", "?kind=urgent", {"urgent"}),
        ("mgr1", "?period=2026-Q1", {"periodic"}),
        ("mgr1", "?q=仓库", {"urgent"}),
        ("mgr1", "?q=100%25", set()),
        ("sup1", "?unread=1", {"periodic"}),
        ("mgr1", "?unread=1", {"urgent", "periodic"}),
        ("mgr1", "?team=2", set()),
        ("mgr1", "?author=1", {"urgent"}),
        ("mgr1", "?kind=x&period=2026-Q9&team=x&after=2026-99-99.1", {"urgent", "periodic"}),
    ],
)
def test_the_list_and_its_file_show_what_is_asked_in_scope(as_: Any, account: str, query: str, found: set[str]) -> None:
    customer = factories.customer("rep1")
    urgent = told(customer)
    periodic = submitted(customer, by="rep2")
    added(urgent, "read", "sup1")
    pages = {"urgent": f"/reports/{urgent.id}", "periodic": f"/reports/{periodic.id}"}
    assert (person("rep1").id, person("sup2").team_id) == (1, 2)
    shown = text_of(as_(account), f"/reports{query}")
    assert {kind for kind, address in pages.items() if f'"{address}"' in shown} == found
    file = as_(account).get(f"/reports/export/file{query or '?'}&format=csv").get_data().decode("utf-8-sig")
    assert {kind for kind, word in (("urgent", "三号仓库"), ("periodic", "订单较上季度")) if word in file} == found


def test_pages_go_on_behind_the_last_row_and_back(as_: Any) -> None:
    customer = factories.customer("rep1")
    for place in range(53):
        told(customer, title=f"第{place:02d}件", happened_on=date(2026, 1, 1 + place % 28))
    browser, seen = as_("rep1"), []
    first = text_of(browser, "/reports")
    seen += _titles(first)
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = text_of(browser, following)
    seen += _titles(second)
    assert (len(seen), len(set(seen))) == (53, 53)
    back = second.split('rel="prev"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert _titles(text_of(browser, back)) == seen[:50]


def _titles(page: str) -> list[str]:
    return [part.split('"')[0] for part in page.split('title="第')[1:]]


def test_how_often_is_set_on_the_page_of_standards(as_: Any) -> None:
    with time_machine.travel(moment(2026, 3, 4), tick=False):
        manager, address = as_("mgr1"), "/standards/report.cycle.C/new-version"
        assert 'value="half"' in text_of(manager, address)
        data = {"from_date": "2026-03-04", "reason": "试行", "expect": "0"}
        assert manager.post(address, data={**data, "value": "week"}).status_code == 422
        preview = manager.post(address, data={**data, "value": "month"})
        assert "每月" in preview.get_data(as_text=True)
        assert manager.post(address, data={**data, "value_json": '"month"', "do": "save"}).status_code == 303
        assert "每月" in text_of(manager, "/standards/report.cycle.C")
