"""Sheets of grading: every language, what stands on them, the ledger on A3, empty forms (RL-3, PR-1, PR-10)."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from pypdf import PdfReader

from portal.database import db
from portal.models.grading import Grading
from portal.models.standard import set_value
from portal.printing import documents
from portal.printing.catalogue import SHEETS
from portal.printing.lists import LISTS, list_paper
from portal.printing.papers import PRINTABLES, Paper, blank_paper, paper_of
from tests import factories
from tests.approving import person
from tests.grading import ALL_A, approved, meeting, opened, rated, reviewed, submitted


@pytest.fixture(autouse=True)
def march() -> Any:
    with time_machine.travel(datetime(2026, 3, 26, 2, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def graded(app: Flask) -> tuple[int, int]:
    """The ids of a grading of grade A that went through its chain, and of its list."""
    customer = factories.customer("rep1", full_name="深圳𠮷运机电有限公司", grade="B")
    campaign = opened()
    line = rated(customer, scores=ALL_A)
    line.rerate({"potential": ("90", "新厂投产")}, meeting=meeting(campaign), by=person("sup1"), version=line.version)
    line.note(support={"sales": "专人对接"}, policy_stable="", policy_note="", by=person("sup1"))
    db.session.commit()
    approval = approved(line)
    return line.id, approval.record_id


def printed(paper: Any, language: str) -> tuple[str, Any]:
    """Return the text of a printed paper, and its first page."""
    db.session.rollback()
    found = documents.press(paper, language, by=person("mgr1"))  # type: ignore[arg-type]
    db.session.commit()
    pages = PdfReader(io.BytesIO(found.content)).pages
    return "".join(page.extract_text() for page in pages).replace("\n", ""), pages[0]


def form(number: int) -> Any:
    return lambda: paper_of(PRINTABLES["grading_form"], db.session.get_one(Grading, number))


def ledger(number: int) -> Any:
    printable = PRINTABLES["grading_ledger"]
    return lambda: paper_of(printable, db.session.get_one(printable.model, number))


def grade_list() -> Paper:
    listed = LISTS["grade_list"]
    return list_paper(listed, person("mgr1"), listed.source.read({"year": "2026", "grade": "A"}))


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_every_sheet_prints_with_its_scores(graded: tuple[int, int], language: str) -> None:
    line, listed = graded
    for name, paper in (("grading_form", form(line)), ("grading_ledger", ledger(listed)), ("grade_list", grade_list)):
        text, page = printed(paper, language)
        assert SHEETS[name].form_number in text
        assert "\U00020bb7" in text
        assert "99" in text, "30 + 10 + 20 + 15 + 9 + 5 + 10"
        large = (420, 297) if SHEETS[name].large else (297, 210) if SHEETS[name].landscape else (210, 297)
        assert tuple(round(float(side) / 72 * 25.4) for side in page.mediabox[2:]) == large


def test_the_ledger_has_both_ratings_reasons_weights_and_signatures(graded: tuple[int, int]) -> None:
    text, _page = printed(ledger(graded[1]), "zh")
    for part in ("1 年销售额 30 %", "A ≥ 80", "5) 100 → 90：新厂投产", "郑七星", "董事长", "部门联席会议", "2025-01-01"):
        assert part in text, part


def test_the_form_says_figure_band_and_reason(graded: tuple[int, int]) -> None:
    text, _page = printed(form(graded[0]), "zh")
    for part in ("0 (< 1)", "新厂投产", "专人对接", "2027-03-30"):
        assert part in text, part


def test_form_and_ledger_say_by_which_version_and_clause_was_graded(app: Flask) -> None:
    limits = [{"code": "C", "from": 0, "to": 50}, {"code": "B", "from": 50, "to": 80}, {"code": "A", "from": 80, "to": 100}]
    set_value("grading.thresholds", limits, by=person("mgr1"), reason="放宽")
    customer = factories.customer("rep1")
    opened()
    line = reviewed(customer)
    listed = submitted(line).record_id
    for paper in (form(line.id), ledger(listed)):
        text, _page = printed(paper, "zh")
        for part in ("评定指标及其权重和分档，初始版本；客户质量等级评定规定", "按总分定级，第1版；客户质量等级评定规定", "B≥50"):
            assert part in text.replace(" ", ""), part


@pytest.mark.parametrize("name", ["grading_form", "grading_ledger"])
def test_empty_forms_print(app: Flask, name: str) -> None:
    text, _page = printed(lambda: blank_paper(PRINTABLES[name]), "zh")
    assert SHEETS[name].form_number in text


def test_a_grade_list_is_of_a_year(as_: Any) -> None:
    assert as_("mgr1").get("/prints/lists/grade_list").status_code == 404
    assert as_("mgr1").post("/prints/lists/grade_list").status_code == 404
