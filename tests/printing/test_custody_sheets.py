"""The sheets of loans and disposals: each prints in every language, filled and empty, and says what an office needs on it (PR-1, PR-10)."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader

from portal.models.loan_list import LoanQuery
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from tests import factories
from tests.approving import person
from tests.disposing import approved, listed, old, past
from tests.lending import asked, document, out

pytestmark = pytest.mark.usefixtures("app")
NAME = "深圳市𠮷䶮智能装备股份有限公司"


def papers_of(sheet: str) -> list[papers.Paper]:
    """Return the sheet filled in as it is used, and empty."""
    printable = papers.PRINTABLES[sheet]
    customer = factories.customer("rep1", full_name=NAME)
    record = {
        "loan": lambda: asked(customer),
        "placeholder_card": lambda: out(document(customer).customer),
        "disposal": lambda: listed(old(past(customer))),
        "destruction_list": lambda: approved(old(past(customer)), old(customer, title="往来函件")),
    }[sheet]()
    return [papers.paper_of(printable, record), papers.blank_paper(printable)]


@pytest.mark.parametrize("sheet", ["loan", "placeholder_card", "disposal", "destruction_list"])
def test_previews_in_every_language(app: Flask, sheet: str) -> None:
    filled, blank = papers_of(sheet)
    declared = SHEETS[sheet]
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            for paper in (filled, blank):
                html = documents.preview(paper, language, by=person("mgr1"))  # type: ignore[arg-type]
                assert declared.form_number in html
                assert language == "zh" or declared.title in html
                assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


@pytest.mark.parametrize(
    ("sheet", "words"),
    [("placeholder_card", ("完好", "孙三省")), ("destruction_list", ("监销人", "往来函件", "清单内的资料卡", "保管10年"))],
)
def test_a_sheet_is_a_page_of_pdf(app: Flask, sheet: str, words: tuple[str, ...]) -> None:
    with app.test_request_context():
        printed = documents.press(lambda: made, "zh", by=person("mgr1")) if (made := papers_of(sheet)[0]) else None
        assert printed is not None
        pages = PdfReader(io.BytesIO(printed.content)).pages
        shown = "".join(page.extract_text() for page in pages)
    assert len(pages) == 1
    for word in (*words, NAME[:3]):
        assert word in "".join(shown.split())


def test_the_list_of_loans_says_until_when(app: Flask) -> None:
    loan = out(document().customer)
    with app.test_request_context():
        paper = lists.list_paper(lists.LISTS["loan_list"], person("sup1"), LoanQuery("out"))
        html = documents.preview(paper, "zh", by=person("sup1"))
    assert loan.until_on.isoformat() in html
    assert loan.customer.full_name in html


def test_papers_handed_out_early_in_the_morning_are_handed_out_that_day(app: Flask) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 23, 30, tzinfo=UTC), tick=False):
        card = papers.paper_of(papers.PRINTABLES["placeholder_card"], out(document().customer))
        listed_ = lists.list_paper(lists.LISTS["loan_list"], person("sup1"), LoanQuery("out"))
    assert card.content["loan"]["handed_out_on"] == "2026-11-24"
    assert listed_.content["loans"][0]["handed_out_on"] == "2026-11-24"


def test_to_its_reader_an_ungranted_loan_is_listed_as_it_was_asked_for(app: Flask) -> None:
    loan = asked(factories.customer("rep1"))
    with app.test_request_context():
        paper = lists.list_paper(lists.LISTS["loan_list"], person("rep3"), LoanQuery("mine"))
        html = documents.preview(paper, "zh", by=person("rep3"))
    assert loan.customer.number in html
    assert loan.customer.full_name not in html
