"""Sheets of relation assessments: filled and empty, in every language; what stands on paper (RL-7, IN-5, PR-1, PR-5)."""

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
from tests.assessing import POINTS, approved, drafted

NAME = "深圳𠮷䶮精密电子有限公司"


def printed(paper: Any, language: str = "zh") -> str:
    made = documents.press(lambda: paper, language, by=person("mgr1"))  # type: ignore[arg-type]
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(made.content)).pages).split())


@pytest.mark.parametrize("sheet", ["relation_assessment", "delivered_value"])
def test_filled_and_empty_in_every_language(app: Flask, sheet: str) -> None:
    printable, declared = papers.PRINTABLES[sheet], SHEETS[sheet]
    found = approved(factories.customer("rep1", full_name=NAME))
    record = found if sheet == "relation_assessment" else found.customer
    with app.test_request_context():
        for language in ("zh", "en", "both"):
            for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                html = documents.preview(paper, language, by=person("mgr1"))
                assert declared.form_number in html
                assert language == "zh" or declared.title in html
                assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html


def test_the_form_has_scores_figures_advice_and_signatures(app: Flask) -> None:
    found = approved(factories.customer("rep1", full_name=NAME, grade="A"), score="60", advice="end", advice_reason="多次恶意拖欠")
    with app.test_request_context():
        shown = printed(papers.paper_of(papers.PRINTABLES["relation_assessment"], found))
    written = (
        "客户关系评估表",
        "QMS-PM-31263",
        NAME,
        "交易贡献",
        "15",
        "功能价值",
        "访谈",
        "1.47",
        "+45",
        "终止关系",
        "改善关系",
        "多次恶意拖欠",
    )
    for words in written:
        assert words in shown
    for words in ("周五行", "郑七星", "客户关系主管", "客户服务经理", "草稿"):
        assert (words in shown) == (words != "草稿")


def test_a_draft_says_so_and_a_customer_s_value_shows_every_approved_one(app: Flask) -> None:
    customer = factories.customer("rep1", full_name=NAME)
    approved(customer, points=dict.fromkeys(POINTS, "0"))
    approved(customer)
    with app.test_request_context():
        draft = papers.paper_of(papers.PRINTABLES["relation_assessment"], drafted(customer, score="10"))
        assert "草稿" in documents.preview(draft, "zh", by=person("mgr1"))
        shown = printed(papers.paper_of(papers.PRINTABLES["delivered_value"], customer), "both")
    for words in ("顾客让渡价值", "Customerdeliveredvalue", "QMS-PM-31264", "无定义", "notdefined", "140", "1.47"):
        assert words in shown


def test_lists_print_in_every_language(app: Flask) -> None:
    approved(factories.customer("rep1", full_name=NAME, grade="A"))
    with app.test_request_context():
        for name, words in (("relation_list", NAME), ("delivered_values", "140")):
            listed = LISTS[name]
            for language in ("zh", "en", "both"):
                html = documents.preview(lists.list_paper(listed, person("sup1"), listed.source.read({})), language, by=person("sup1"))
                assert words in html
                assert SHEETS[name].form_number in html
        assert "140" in printed(lists.list_paper(LISTS["delivered_values"], person("sup1"), LISTS["delivered_values"].source.read({})))
