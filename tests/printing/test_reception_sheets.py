"""Sheets of visits: filled and empty, in every language; what stands on them, and which do not print (SV-21, PR-1, PR-2)."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.models.reception import Reception
from portal.models.reception_list import ReceptionQuery
from portal.models.reception_pass import passes_of
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.labels import Language
from portal.printing.lists import LISTS
from tests import factories
from tests.approving import person
from tests.receiving import approved, drafted, visitors

NAME = "深圳𠮷䶮精密电子有限公司"
FORMS = ["reception", "visitor_passes", "escort_sheet"]


def visit(**values: Any) -> Reception:
    customer = factories.customer("rep1", full_name=NAME)
    given = {"class_": "major", "count": 7, "wishes": ["workshop", "photographs"], "photo_reason": "新闻稿配图"}
    return approved(drafted(customer, **{**given, **values}))


def test_filled_and_empty_in_every_language(app: Flask) -> None:
    record = visit()
    with app.test_request_context():
        for sheet in FORMS:
            printable, declared = papers.PRINTABLES[sheet], SHEETS[sheet]
            for language in ("zh", "en", "both"):
                for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                    html = documents.preview(paper, language, by=person("mgr1"))
                    assert declared.form_number in html
                    assert language == "zh" or declared.title in html
                    assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_an_empty_application_is_one_page(app: Flask, language: Language) -> None:
    with app.test_request_context():
        printed = documents.press(lambda: papers.blank_paper(papers.PRINTABLES["reception"]), language, by=person("mgr1"))
    assert len(PdfReader(io.BytesIO(printed.content)).pages) == 1


@pytest.mark.parametrize(
    ("sheet", "words"),
    [
        ("reception", (NAME, "重大客户", "考察生产线", "新闻稿配图", "秦致远", "总经理", "人民币壹仟零壹拾伍元整", "09:00–11:30", "来宾7")),
        ("visitor_passes", ("参观凭证", "来宾1", "来宾7", "产品展厅", "参观车间", "特许拍照", "第一会议室")),
        ("escort_sheet", ("第一会议室", "7 份", "来宾3", "秦致远", "未列名者无凭证", "赵一鸣")),
    ],
)  # fmt: skip
def test_what_stands_on_paper(app: Flask, sheet: str, words: tuple[str, ...]) -> None:
    record = visit()
    with app.test_request_context():
        printed = documents.press(lambda: papers.paper_of(papers.PRINTABLES[sheet], record), "zh", by=person("mgr1"))
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.content)).pages))
    for word in words:
        assert re.sub(r"\s", "", word) in text, word
    if sheet != "reception":
        for one in passes_of(record):
            assert one.number in text


def test_each_pass_has_a_code_of_its_own_that_the_gate_reads(app: Flask) -> None:
    record = visit()
    with app.test_request_context():
        html = documents.preview(papers.paper_of(papers.PRINTABLES["visitor_passes"], record), "zh", by=person("mgr1"))
    assert html.count("<svg") == 7
    assert all(one.shown_code in html for one in passes_of(record))
    with app.test_request_context():
        group = approved(drafted(pass_kind="group", count=12, visitors=visitors(12), ahead=40))
        html = documents.preview(papers.paper_of(papers.PRINTABLES["visitor_passes"], group), "en", by=person("mgr1"))
    assert html.count("<svg") == 1
    assert "来宾12" in html
    assert "not allowed" in html


def test_without_an_approval_there_are_no_passes_to_print(as_: Any) -> None:
    record = drafted()
    for sheet in ("visitor_passes", "escort_sheet"):
        assert as_("rep1").get(f"/prints/{sheet}/{record.id}").status_code == 404
    assert as_("rep1").get(f"/prints/reception/{record.id}").status_code == 200


def test_the_list_prints_with_its_conditions(app: Flask) -> None:
    visit()
    with app.test_request_context():
        query = ReceptionQuery.read({"class": "major", "state": "approved"})
        html = documents.preview(lists.list_paper(LISTS["reception_list"], person("rep1"), query), "zh", by=person("rep1"))
    for word in (NAME, "重大客户", "来宾类别：重大客户", "第一会议室"):
        assert word in html
