"""Sheets of surveys and of the assessment of staff: filled and empty, what stands on paper, lists (SV-30, SV-31, PR-1, PR-4)."""

from __future__ import annotations

import io
from typing import Any

import pytest
from pypdf import PdfReader

from portal.database import db
from portal.models.survey_list import AnswerQuery, ResultQuery, SurveyQuery
from portal.printing import documents, papers
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS, list_paper
from tests import factories
from tests.approving import person
from tests.surveying import answered, asked, judged, opened, reward

pytestmark = pytest.mark.usefixtures("app")
NAME = "深圳𠮷䶮精密电子有限公司"


def printed(paper: Any, language: str = "zh") -> str:
    made = documents.press(lambda: paper, language, by=person("mgr1"))  # type: ignore[arg-type]
    db.session.commit()
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(made.content)).pages).split())


def test_filled_and_empty_forms() -> None:
    line = asked(factories.customer("rep1", full_name=NAME))
    found = judged(month=opened())
    filled = {"survey_questionnaire": line.survey, "staff_assessment": found, "assessment_month": found.month}
    said: dict[str, tuple[str, ...]] = {
        "survey_questionnaire": ("服务态度", "季度调查", "非常满意"),
        "staff_assessment": ("赵一鸣", "80", "考试", "无记录", "分摊"),
        "assessment_month": ("客户关系部", "赵一鸣", "无记录", "(30%)"),
    }
    for sheet, record in filled.items():
        text = printed(papers.paper_of(papers.PRINTABLES[sheet], record))
        for words in (SHEETS[sheet].form_number, *said[sheet]):
            assert words in text, (sheet, words)
        assert SHEETS[sheet].title.replace(" ", "") in printed(papers.blank_paper(papers.PRINTABLES[sheet]), "en")


def test_the_amount_of_a_reward_stands_in_capitals() -> None:
    found = reward()
    text = printed(papers.paper_of(papers.PRINTABLES["staff_reward"], found), "both")
    for words in ("QMS-PM-31299", "1,409.50", "人民币壹仟肆佰零玖元伍角", "奖金", "成绩突出", "Reward"):
        assert words in text
    assert "QMS-PM-31299" in printed(papers.blank_paper(papers.PRINTABLES["staff_reward"]))
    listed = list_paper(LISTS["reward_list"], person("mgr1"), LISTS["reward_list"].source.read({}))
    assert "1,409.50" in printed(listed)


def test_lists_and_results() -> None:
    answered(asked(factories.customer("rep1", full_name=NAME)), attitude=2, text="太慢")
    lists: dict[str, tuple[Any, tuple[str, ...]]] = {
        "survey_list": (SurveyQuery(), ("季度调查", "电话", "进行中")),
        "survey_answers": (AnswerQuery.read({"low": "1"}), (NAME, "太慢", "满意度低")),
        "survey_results": (ResultQuery.read({"by": "question"}), ("服务态度", "2.00")),
    }
    for sheet, (query, words) in lists.items():
        text = printed(list_paper(LISTS[sheet], person("mgr1"), query))
        for word in (SHEETS[sheet].form_number, *words):
            assert word in text, (sheet, word)
