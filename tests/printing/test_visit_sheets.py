"""Sheets of visits: daily report, extract, letter, labels, plan, who is due (SV-20, PR-1, PR-5)."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import time_machine
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.dossier import ArchiveDocument
from portal.models.promise import Promise
from portal.models.visit_due import DueQuery
from portal.models.visit_list import ReportQuery, VisitQuery
from portal.models.visit_thanks import LetterQuery
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import factories, visiting
from tests.approving import person

NAME = "深圳𠮷䶮精密电子有限公司"
THURSDAY = "2026-03-05 02:00Z"


def text_of(content: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


@time_machine.travel(THURSDAY, tick=False)
def test_the_daily_report_its_extract_and_the_empty_form(app: Flask) -> None:
    visit = visiting.done(visiting.planned("rep1", full_name=NAME))
    due_at = clock.now() + timedelta(days=1)
    Promise.make(visit.customer_id, "寄样品两份", due_at, source="visit", source_id=visit.id, staff_id=visit.staff_id, by=person("rep1"))
    visiting.done(visiting.planned("rep1", full_name="第二家有限公司"))
    missed = visiting.planned("rep1", full_name="外出有限公司")
    missed.miss("停电放假", to_day=date(2026, 3, 9), by=person("rep1"), version=missed.version)
    db.session.commit()
    report = visit.report
    whole, extract = papers.PRINTABLES["visit_report"], papers.PRINTABLES["visit_extract"]
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            for made in (papers.paper_of(whole, report), papers.paper_of(extract, visit), papers.blank_paper(whole)):
                html = documents.preview(made, language, by=person("rep1"))  # type: ignore[arg-type]
                assert SHEETS["visit_report"].form_number in html
                assert language == "zh" or SHEETS["visit_report"].title in html
        shown = text_of(documents.press(lambda: papers.paper_of(whole, report), "zh", by=person("rep1")).content)
        part = documents.preview(papers.paper_of(extract, visit), "zh", by=person("rep1"))
    for word in ("客户访问日报", NAME, "第二家有限公司", "王经理采购部", "例行拜访", "交货准时", "寄样品两份", "停电放假", "2026-03-09"):
        assert word in shown, word
    assert "停电放假" not in part
    assert "寄样品两份" in part


@time_machine.travel(THURSDAY, tick=False)
def test_the_extract_is_filed_in_the_dossier(app: Flask, as_: Any) -> None:
    visit = visiting.done(visiting.planned("rep1"))
    assert as_("rep1").post(f"/visits/{visit.id}/filing").status_code == 303
    filed = db.session.scalars(select(ArchiveDocument)).one()
    assert (filed.customer_id, filed.title, filed.dated_on) == (visit.customer_id, "2026-03-05 拜访记录", date(2026, 3, 5))


@time_machine.travel(THURSDAY, tick=False)
def test_letters_and_labels(app: Flask) -> None:
    customer = visiting.customer("rep1", full_name=NAME, province="广东省")
    factories.contact(customer, name="王芳", post="采购部经理")
    letter = visiting.letter("rep1", customer)
    for turn in range(25):
        visiting.letter("rep1", visiting.customer("rep1", full_name=f"标签{turn}有限公司"), kind="card")
    with app.test_request_context():
        both = documents.preview(papers.paper_of(papers.PRINTABLES["thanks_letter"], letter), "both", by=person("rep1"))
        paper = lists.list_paper(LISTS["address_labels"], person("rep1"), LetterQuery.read({"skip": "2"}))
        pdf = documents.press(lambda: paper, "zh", by=person("rep1")).content
    for word in ("尊敬的王芳：", f"贵公司{NAME}于2026年3月5日", "Dear 王芳,", "5 March 2026", "QMS-PM-31286"):
        assert word in both, word
    # Who sends it stands under each language, with the department and who wrote it.
    assert both.count(f'<p class="s-letter-end">{person("rep1").department}</p>\n<p class="s-letter-end">{person("rep1").name}</p>') == 2
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert len(pages) == 2
    assert "标签24有限公司" in pages[0]
    assert NAME in pages[1]
    assert "广东省深圳市科技路1号" in pages[1]
    assert "王芳采购部经理收" in "".join(pages[1].split())


@time_machine.travel(THURSDAY, tick=False)
def test_the_lists_print_with_their_conditions(app: Flask) -> None:
    visiting.planned("rep1", full_name=NAME, route_order=7)
    visiting.customer("rep1", full_name="应访有限公司", grade="A")
    visiting.report("rep1")
    with app.test_request_context():
        for sheet, query, words in (
            ("visit_list", VisitQuery.read({"tab": "week", "purpose": "regular"}), (NAME, "南山线 7", "2026-W10", "0755-26001234")),
            ("visit_due", DueQuery.read({"grade": "A"}), ("应访有限公司", "按路序", "深圳市科技路1号")),
            ("visit_report_list", ReportQuery.read({"week": "2026-W10"}), ("2026-03-05", person("rep1").name)),
        ):
            text = documents.preview(lists.list_paper(LISTS[sheet], person("rep1"), query), "both", by=person("rep1"))
            for word in (*words, SHEETS[sheet].form_number, SHEETS[sheet].title):
                assert word in text, (sheet, word)
