"""The hand-over list on paper: figures, parts, three boxes that stay whole, heads on every page (PR-1, PR-3, PR-9, PR-10)."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.models.hand_over_list import PARTS
from portal.models.hand_over_record import HandOver
from portal.printing import documents, papers
from portal.printing.painting import _lay_out
from tests import factories
from tests.approving import person
from tests.handing import busy, done, prepared
from tests.printing import made
from tests.printing.test_layout import beside_their_cells

pytestmark = pytest.mark.usefixtures("app")


def sheet_of(record: HandOver) -> papers.Paper:
    return papers.paper_of(papers.PRINTABLES["hand_over_list"], record)


def test_in_every_language_filled_and_empty(app: Flask) -> None:
    busy()
    filled = sheet_of(prepared())
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            html = documents.preview(filled, language, by=person("rep1"))  # type: ignore[arg-type]
            assert "QMS-PM-31238" in html
            assert "东湖𠮷物流公司" in html
            assert "sheet-state-draft" in html
            assert ("监交人" in html) is (language != "en")
            assert ("Files borrowed" in html) is (language != "zh")
            blank = documents.preview(papers.blank_paper(papers.PRINTABLES["hand_over_list"]), language, by=person("rep1"))  # type: ignore[arg-type]
            assert "QMS-PM-31238" in blank
            assert blank.count('<section class="sheet-part s-part-whole"') == len(PARTS)


def test_its_figures_stand_beside_their_names_in_every_language(app: Flask) -> None:
    busy()
    filled = sheet_of(prepared())
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            html = documents.preview(filled, language, by=person("rep1"))  # type: ignore[arg-type]
            document, _fetcher = _lay_out(made.order(html, language))
            assert not [text for page in document.pages for text in beside_their_cells(page._page_box)]


def test_done_it_is_no_draft_and_a_copy_of_before_is_superseded() -> None:
    factories.customer("rep1")
    before = sheet_of(prepared()).version
    after = sheet_of(done())
    assert (after.state, after.version != before) == ("", True)


def test_a_long_list_has_its_head_on_every_page_and_its_boxes_on_one(app: Flask) -> None:
    for number in range(70):
        factories.customer("rep1", full_name=f"第{number}号客户有限责任公司")
    with app.test_request_context():
        printed = documents.press(lambda: sheet_of(prepared()), "zh", by=person("rep1"))
    pages = ["".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(printed.content)).pages]
    assert len(pages) >= 3
    assert all("客户编号" in page for page in pages[:-1])
    signing = [page for page in pages if "签名：" in page]
    assert len(signing) == 1
    assert signing[0].count("签名：") == 3
