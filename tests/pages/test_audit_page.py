"""The audit log's page: filters, pages, values, export; for managers alone (RO-7)."""

from __future__ import annotations

import csv
import inspect
import io
import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.database import Base, db
from portal.filters import choice
from portal.models import audit, strengthening
from portal.models.audit import AuditEvent
from portal.models.audit_records import RECORD_LABELS
from portal.models.staff import Staff
from tests import factories


@pytest.fixture
def entries(staff: dict[str, Staff]) -> dict[str, int]:
    """Return the customer's id; four entries of two people on two days."""
    customer = factories.customer("rep1")
    begin = clock.now()
    audit.write(
        "change", "one", actor=staff["rep1"], record=customer, label="甲乙", changes=[{"field": "name", "old": "旧名", "new": "=新名"}]
    )
    audit.write("print", "two", actor=staff["rep2"], label="丙丁")
    db.session.commit()
    with time_machine.travel(begin - timedelta(days=3), tick=False):
        audit.write("change", "three", actor=staff["rep2"], label="戊己", reason="改错字")
        audit.write("sign-in", "four", actor=staff["rep1"], label="庚辛")
        db.session.commit()
    return {"customer": customer.id}


def labels(html: str) -> set[str]:
    return {label for label in ("甲乙", "丙丁", "戊己", "庚辛") if f'title="{label}"' in html}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"甲乙", "丙丁", "戊己", "庚辛"}),
        ("actor_id={rep2}", {"丙丁", "戊己"}),
        ("kind=change", {"甲乙", "戊己"}),
        ("kind=change&actor_id={rep1}", {"甲乙"}),
        ("record_type=Customer&record_id={customer}", {"甲乙"}),
        ("customer_number={number}", {"甲乙"}),
        ("from_date={today}", {"甲乙", "丙丁"}),
        ("to_date={before}", {"戊己", "庚辛"}),
        ("from_date={before}&to_date={before}", {"戊己", "庚辛"}),
    ],
)
def test_filters(as_: Any, staff: dict[str, Staff], entries: dict[str, int], query: str, found: set[str]) -> None:
    from portal.models.customer import Customer

    values = {
        "rep1": staff["rep1"].id,
        "rep2": staff["rep2"].id,
        "customer": entries["customer"],
        "number": db.session.get(Customer, entries["customer"]).number,
        "today": clock.today(),
        "before": clock.local(clock.now() - timedelta(days=3)).date(),
    }
    answer = as_("mgr1").get("/audit?" + query.format(**values))
    assert labels(answer.get_data(as_text=True)) == found


@pytest.mark.parametrize(
    "query", ["customer_number=nobody", "from_date=2026-03-05&to_date=2026-03-04", "from_date=x", "kind=x", "record_id=x", "record_type=x"]
)
def test_filters_that_cannot_be_say_so(as_: Any, query: str) -> None:
    answer = as_("mgr1").get(f"/audit?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.get_data(as_text=True)


def test_pages_follow_each_other_without_gaps(as_: Any) -> None:
    for number in range(120):
        audit.write("system", "counted", label=f"第{number:03d}")
    db.session.commit()
    browser, address, seen = as_("mgr1"), "/audit?kind=system", []
    for _ in range(3):
        html = browser.get(address).get_data(as_text=True)
        seen += [number for number in range(120) if f'title="第{number:03d}"' in html][::-1]
        address = html.split('rel="next"')[0].rsplit('href="', 1)[-1].split('"')[0].replace("&amp;", "&") if 'rel="next"' in html else ""
    assert seen == list(range(119, -1, -1))
    assert not address


def test_an_entry_shows_old_and_new_values(as_: Any, entries: dict[str, int]) -> None:
    event = db.session.scalar(select(AuditEvent).where(AuditEvent.action == "one"))
    html = as_("mgr1").get(f"/audit/{event.id}").get_data(as_text=True)
    for words in ("旧名", "=新名", "赵一鸣", event.hash, f"客户 {event.record_id}"):
        assert words in html
    assert f"/audit?record_type=Customer&amp;record_id={event.record_id}" in html, "all entries of this record"
    event = db.session.scalar(select(AuditEvent).where(AuditEvent.action == "three"))
    assert "改错字" in as_("mgr1").get(f"/audit/{event.id}").get_data(as_text=True)


def test_the_export_has_what_the_filters_leave_and_is_logged(as_: Any, entries: dict[str, int]) -> None:
    answer = as_("mgr1").get("/audit.csv?kind=change")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row[9] for row in rows[1:]] == ["甲乙", "戊己"]
    assert rows[1][11:13] == ["旧名", "'=新名"]
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    event = db.session.scalar(select(AuditEvent).where(AuditEvent.action == "audit-exported"))
    assert (event.kind, event.actor_name, event.data) == ("export", "郑七星", {"filters": {"kind": "change"}})


def test_an_export_of_nothing_that_can_be_is_refused(as_: Any) -> None:
    assert as_("mgr1").get("/audit.csv?customer_number=nobody").status_code == 422
    assert db.session.scalar(select(AuditEvent).where(AuditEvent.action == "audit-exported")) is None


def test_roles_are_shown_in_words(as_: Any, staff: dict[str, Staff]) -> None:
    staff["rep1"].change(by=staff["mgr1"], role="supervisor")
    db.session.commit()
    event = db.session.scalar(select(AuditEvent))
    html = as_("mgr1").get(f"/audit/{event.id}").get_data(as_text=True)
    assert "客户关系专员" in html
    assert "客户关系主管" in html


def test_values_are_shown_in_words_on_the_page_and_in_the_file(as_: Any, staff: dict[str, Staff]) -> None:
    customer = factories.customer("rep1", nature="special")
    customer.change({"nature": "ordinary"}, by=staff["rep1"], reason="改制", effective_on=clock.today())
    staff["rep2"].change_own(language="en", email="", telephone="")
    staff["rep2"].deactivate(by=staff["mgr1"], to=None)
    db.session.commit()
    codes = {"nature": "ordinary", "language": "en", "active": "no"}
    words = {"nature": choice("ordinary", "nature"), "language": "English", "active": "否"}
    browser, shown = as_("mgr1"), {}
    for event in db.session.scalars(select(AuditEvent).where(AuditEvent.kind.in_(("change", "permission")))).all():
        html = browser.get(f"/audit/{event.id}").get_data(as_text=True)
        shown |= {one["field"]: html for one in event.data.get("changes", []) if one["new"] == codes.get(one["field"])}
    assert shown.keys() == words.keys()
    assert not [field for field, html in shown.items() if f">{words[field]}</td>" not in html]
    rows = csv.reader(io.StringIO(browser.get("/audit.csv").data.decode("utf-8-sig")))
    assert {row[12] for row in rows} >= set(words.values())


def test_papers_of_a_loan_and_a_strengthening_table_are_told_in_words(as_: Any, staff: dict[str, Staff]) -> None:
    papers = [{"number": "0001-KH·2026-D10-KF-0128", "condition": "soiled"}]
    audit.write("change", "papers-returned", actor=staff["sup1"], papers=papers)
    customer = factories.customer("rep1")
    chief = strengthening.Person("general_manager", "曾桂英", "decides", "", staff["rep1"].id, "每月拜访", date(2026, 12, 20))
    for people in ([chief], [chief, chief._replace(post="deputy", name="倪伟", influence="")]):
        found = strengthening.of_customer(customer)
        strengthening.save(customer, people, by=staff["rep1"], version=found.version if found else 0)
    db.session.commit()
    numbers = db.session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all()
    loan, *_first, table = (as_("mgr1").get(f"/audit/{number}").get_data(as_text=True) for number in numbers)
    assert "0001-KH·2026-D10-KF-0128（污损）" in loan
    assert "总经理 曾桂英 起决定作用 每月拜访 赵一鸣 2026-12-20；副总经理 倪伟 每月拜访 赵一鸣 2026-12-20" in table
    assert "关键人物" in table


def test_figures_and_lists_are_told_in_words(as_: Any, staff: dict[str, Staff]) -> None:
    audit.write("change", "hand-over-done", actor=staff["mgr1"], figures={"customers": 3, "requests": 1}, witnesses=["甲", "乙"])
    audit.write("system", "backup-restored", label="a.tar", taken_at="2026-03-05", sessions_ended=2)
    db.session.commit()
    browser, numbers = as_("mgr1"), db.session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)).all()
    first, second = (browser.get(f"/audit/{number}").get_data(as_text=True) for number in numbers)
    assert "负责的客户：3；" in first
    assert "甲、乙" in first
    assert "{" not in first.partition("<main")[2].partition("</main>")[0]
    assert "sessions_ended" not in second
    assert "结束的会话数" in second


PARTS = {
    "ApprovalRound", "ApprovalStep", "AuditEvent", "AuditHead", "BenefitYear", "CalendarWarning", "CallbackAttempt", "CallbackMark",
    "ComplaintTally", "CountedVersion", "CustomerAssistant", "CustomerMonth", "CustomerProductYear", "CustomerSearch",
    "CustomerTag", "CustomerYear", "DeclaredDifferent", "DisposalCard", "DisposalItem", "DocumentAuthor", "DocumentVersion",
    "DuplicatePair", "GiftMovement", "GiftOrderLine", "GiftRefusal", "GiftTier", "GradingTotal", "HandOverItem", "ImportMapping",
    "ImportRow", "InsightCount", "LoanDocument", "Notice", "NumberSeries", "PlanCustomer", "PrizeYear", "ProductMonth", "ProposalCounted",
    "ProposalCustomerTotal", "ProposalFile", "ProposalMeasure", "ProposalTotal", "ProposalWork", "RegionMonth", "RegisterColumns",
    "RequestEscalation", "RequestLink", "RequestStep", "RequestTally", "ReviewTotal", "SavedFilter", "SignInAttempt", "Signature",
    "StaffSession", "SurveyTotal", "TierGift", "VisitAttempt", "VisitReportWord",
}  # fmt: skip
"""No entry of the log is about one of these: they are parts of other records, kept sums, or the portal's own."""


def test_every_record_has_a_name(app: Any) -> None:
    records = {mapper.class_.__name__ for mapper in Base.registry.mappers}
    assert records - PARTS == set(RECORD_LABELS)
    assert records >= PARTS


@pytest.mark.parametrize("number", [0, 2**31, 10**25])
def test_a_number_that_no_record_has_is_said_beside_its_field(as_: Any, number: int) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        answer = as_("mgr1").get(f"/audit?record_id={number}", headers=headers)
        assert (answer.status_code, "没有这个编号的记录" in answer.get_data(as_text=True)) == (422, True)
    assert 'id="record_id-error"' in as_("mgr1").get(f"/audit?record_id={number}").get_data(as_text=True)
    file = as_("mgr1").get(f"/audit.csv?record_id={number}")
    assert (file.status_code, file.location) == (302, f"/audit?record_id={number}"), "where it is said"


@pytest.mark.parametrize("query", ["from_date=0001-01-01", "to_date=9999-12-31"])
def test_what_no_database_holds_is_refused_before_the_file_begins(as_: Any, entries: dict[str, int], query: str) -> None:
    """Nothing is said to have been exported, and nothing breaks off in the middle."""
    assert as_("mgr1").get(f"/audit.csv?{query}").status_code == 400
    assert not db.session.query(AuditEvent).filter_by(action="audit-exported").count()


def test_every_route_that_hands_a_file_out_writes_into_the_log(app: Flask) -> None:
    """Whoever adds a download is told here (RO-7)."""
    views = {name: inspect.getsource(inspect.unwrap(view)) for name, view in app.view_functions.items() if name != "static"}
    handing = {name: source for name, source in views.items() if re.search(r"return download\(", source)}
    assert {"proposals.file", "gifts.delivery_picture", "archive.document_file"} <= set(handing)
    assert [name for name, source in handing.items() if not re.search(r"audit\.write(_view)?\(", source)] == []
