"""Sheets of what comes of proposals, filled and empty, in every language; the slip with its amount in capitals (PP-9, PR-1, PR-4)."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from pypdf import PdfReader

from portal.database import db
from portal.models import proposal_assessment, proposal_figures, proposal_notice
from portal.models.award_list import AwardQuery
from portal.models.proposal_figures import OverviewQuery
from portal.printing import documents, lists, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS
from tests import factories
from tests.approving import person
from tests.deciding import assessed, awards, decided, registered

NAME = "深圳𠮷䶮精密电子有限公司"


def test_what_stands_on_paper(app: Flask) -> None:
    """Every form has its number and title in every language; the words that matter are on the pressed sheets."""
    customer = factories.customer("rep1", full_name=NAME)
    proposal = assessed(registered(customer))
    decision = decided(proposal, amount="1409.50")
    records = {
        "proposal_assessment": proposal_assessment.of_proposal(proposal)[0], "proposal_decision": decision,
        "reward_slip": awards(customer)[0], "decision_notice": proposal_notice.draft(proposal, "decision", by=person("rep1")),
    }  # fmt: skip
    db.session.commit()
    expected = {
        "decision_notice": ("提案审定结果通知", "予以采纳", "经评估，依据充分", "人民币壹仟肆佰零玖元伍角"),
        "proposal_assessment": (NAME, "现有工装可以实现", "归口部门", "质量部", "部门负责人", "建议采纳", "秦致远"),
        "proposal_decision": (NAME, "采纳", "经评估，依据充分", "人民币壹仟肆佰零玖元伍角", "客户服务经理"),
        "reward_slip": (NAME, "1,409.50", "人民币壹仟肆佰零玖元伍角", "今收到上述款项", "领取人", "确认人", proposal.number),
    }
    with app.test_request_context():
        for sheet, record in records.items():
            printable, declared = papers.PRINTABLES[sheet], SHEETS[sheet]
            for language in ("zh", "en", "both"):
                for paper in (papers.paper_of(printable, record), papers.blank_paper(printable)):
                    html = documents.preview(paper, language, by=person("mgr1"))
                    assert declared.form_number in html
                    assert language == "zh" or declared.title in html
                    assert language == "en" or documents.translate(declared.title, "zh_Hans_CN") in html
            db.session.rollback()
            printed = documents.press(lambda one=printable, of=record: papers.paper_of(one, of), "zh", by=person("mgr1"))
            pages = PdfReader(io.BytesIO(printed.content)).pages
            text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
            assert not [word for word in expected[sheet] if re.sub(r"\s", "", word) not in text], sheet
            assert len(pages) == 1, sheet


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_yearly_list_and_the_overview_have_their_sums(app: Flask, language: str) -> None:
    customer = factories.customer("rep1", full_name=NAME)
    decided(assessed(registered(customer)), amount="1000")
    decided(assessed(registered(customer)), amount="3000", grade="A")
    year = str(awards(customer)[0].year)
    with app.test_request_context():
        listed = LISTS["award_list"]
        paper = lists.list_paper(listed, person("mgr1"), AwardQuery.read({"year": year, "kind": "reward"}))
        html = documents.preview(paper, language, by=person("mgr1"))
        while proposal_figures.count_changed():
            pass
        overview = lists.list_paper(LISTS["proposal_overview"], person("mgr1"), OverviewQuery.read({"year": year}))
        figures = documents.preview(overview, language, by=person("mgr1"))
    for words in ("4,000.00", "3,000.00", NAME, year):
        assert words in html
    for words in ("4,000.00", "2 / 2", "2 (100 %)", NAME, {"zh": "质量检验", "en": "Quality inspection"}[language]):
        assert words in figures
    assert not LISTS["proposal_overview"].source.ids(person("mgr1"), OverviewQuery(int(year) - 3), 10)
