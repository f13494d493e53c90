"""Sheets of requests: complaint record and request sheet filled and empty, the month's report, the list (SV-5, PR-1, PR-5)."""

from __future__ import annotations

import io

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader

from portal import clock
from portal.database import db
from portal.models import request_flow
from portal.models.request import ServiceRequest
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from portal.printing.painting import _lay_out
from tests import factories
from tests.approving import person
from tests.printing import made
from tests.printing.test_layout import beside_their_cells, of_class
from tests.service.requesting import COMPLETE, at, taken

NAME = "深圳𠮷䶮精密电子有限公司"


def closed() -> ServiceRequest:
    with time_machine.travel(at("2026-04-30 16:00"), tick=False) as now:
        request = taken(factories.customer("rep1", full_name=NAME))
        now.move_to(at("2026-05-07 10:00"))
        request_flow.answer(request, "已补发", by=person("rep1"), version=request.version)
        request_flow.close(request, COMPLETE, by=person("rep1"), version=request.version)
        db.session.commit()
    return request


@pytest.mark.parametrize("sheet", ["complaint_record", "request_sheet"])
def test_filled_and_empty_in_every_language(app: Flask, sheet: str) -> None:
    printable, declared = papers.PRINTABLES[sheet], SHEETS[sheet]
    record = closed() if sheet == "complaint_record" else taken(kind="inquiry")
    assert papers.PRINTABLES["request_sheet"].fits(record) == (sheet == "request_sheet")
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                html = documents.preview(paper, language, by=person("mgr1"))
                assert declared.form_number in html
                assert language == "zh" or declared.title in html
                assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


def test_a_complaint_record_says_everything_and_how_its_deadline_was_counted(app: Flask) -> None:
    made = papers.paper_of(papers.PRINTABLES["complaint_record"], closed())
    with app.test_request_context():
        printed = documents.press(lambda: made, "zh", by=person("mgr1"))
    shown = "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages).split())
    for words in (NAME, "交货延误", "改用两家承运商", "物流部", "客户是否满意？满意", "2026-05-0916:00", "劳动节", "已补发"):
        assert words in shown


def test_long_words_of_the_course_go_on_over_pages_and_what_was_done_stands_once(app: Flask) -> None:
    request, long = closed(), "客户来电详述经过，门锁与铰链均有损伤，现场照片已存档。" * 60
    for _turn in range(3):
        request_flow.add_note(request, long, by=person("rep1"))
        request_flow.add_note(request, "已告知客户。", by=person("rep1"))
    with app.test_request_context():
        html = documents.preview(papers.paper_of(papers.PRINTABLES["complaint_record"], request), "zh", by=person("mgr1"))
    assert html.count(COMPLETE["done"]) == 1
    document, _fetcher = _lay_out(made.order(html, "zh"))
    *before, _last = [page._page_box for page in document.pages]
    for page in before:
        assert max(band.position_y + band.height for band in of_class(page, "s-band")) > page.height * 0.8


def test_the_month_counts_causes_and_the_list_has_every_row(app: Flask) -> None:
    request, today = closed(), clock.today()
    waiting = taken(kind="inquiry", text="问价格")
    for sheet, args, words in (
        ("complaint_month", {"month": "2026-04"}, ("QMS-PM-31272", "交货延误", "物流部", "2026-04")),
        ("request_list", {"list": "all"}, ("QMS-PM-31274", request.number, waiting.number, NAME)),
    ):
        listed = LISTS[sheet]
        query = listed.source.read(args)
        with app.test_request_context():
            for language in ("zh", "en", "both"):
                html = documents.preview(lists.list_paper(listed, person("mgr1"), query, beginning=True), language, by=person("mgr1"))
                assert all(word in html for word in words) or language == "en"
                assert language == "zh" or SHEETS[sheet].title in html
                document, _fetcher = _lay_out(made.order(html, language))
                assert not [text for page in document.pages for text in beside_their_cells(page._page_box)]
    assert LISTS["complaint_month"].source.read({"month": "x"}).code == f"{today:%Y-%m}"
