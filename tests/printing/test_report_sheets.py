"""Sheets of the information reports: filled and empty, in every language; one page of PDF; the list (AR-22, PR-1)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import factories
from tests.approving import person
from tests.reporting import PERIODIC, added, begun, submitted, told

NAME = "深圳𠮷䶮精密电子有限公司"


def record_of(sheet: str) -> Any:
    customer = factories.customer("rep1", full_name=NAME)
    if sheet == "periodic_report":
        return submitted(customer)
    report = told(customer)
    added(report, "instruction", "sup1", "当日上门，次日书面回复")
    return report


@pytest.mark.parametrize("sheet", ["urgent_report", "periodic_report"])
def test_filled_and_empty_in_every_language(app: Flask, sheet: str) -> None:
    printable, record, declared = papers.PRINTABLES[sheet], record_of(sheet), SHEETS[sheet]
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                html = documents.preview(paper, language, by=person("mgr1"))
                assert declared.form_number in html
                assert language == "zh" or declared.title in html
                assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("urgent_report", ("主要仓库失火", "批示", "当日上门", "周五行")),
        ("periodic_report", ("2026年第1季度", PERIODIC["plans"], "赵一鸣")),
    ],
)
def test_one_page_of_pdf(app: Flask, sheet: str, words: tuple[str, ...]) -> None:
    made = papers.paper_of(papers.PRINTABLES[sheet], record_of(sheet))
    with app.test_request_context():
        printed = documents.press(lambda: made, "zh", by=person("mgr1"))
    pages = PdfReader(io.BytesIO(printed.content)).pages
    shown = "".join("".join(page.extract_text() for page in pages).split())
    assert len(pages) == 1
    for word in (*words, NAME):
        assert word in shown


def test_a_draft_says_so_and_the_other_kind_has_another_sheet(app: Flask) -> None:
    draft = begun()
    assert papers.paper_of(papers.PRINTABLES["periodic_report"], draft).state == "draft"
    assert not papers.PRINTABLES["urgent_report"].fits(draft)


def test_the_list_says_what_was_asked_for(app: Flask) -> None:
    record_of("urgent_report")
    listed = LISTS["report_list"]
    with app.test_request_context():
        paper = lists.list_paper(listed, person("mgr1"), listed.source.read({"kind": "urgent", "unread": "1"}))
        html = documents.preview(paper, "zh", by=person("mgr1"))
    for word in ("主要仓库失火", NAME, "紧急报告", "未阅"):
        assert word in html
