"""Rows of relation assessments and of delivered value."""

from __future__ import annotations

from typing import Any

from tests import assessing, factories
from tests.access import Row, everyone


def _bare() -> dict[str, Any]:
    return {"customer": factories.customer("rep1").id}


def _drafted() -> dict[str, Any]:
    found = assessing.drafted()
    return {"assessment": found.id, "customer": found.customer_id}


def _approved() -> dict[str, Any]:
    found = assessing.approved()
    return {"assessment": found.id, "customer": found.customer_id}


_VALUES = {
    **{f"{name}-{code}": value for code in ("dealings", "payment", "stability", "communication", "loyalty", "prospects")
       for name, value in (("score", "60"), ("reason", "平稳"))},
    **{f"{name}-{code}": value for code in assessing.POINTS for name, value in (("points", "50"), ("basis", "访谈"))},
    "assessed_on": "2026-01-05", "result": "平稳", "advice": "",
}  # fmt: skip


ROWS = [
    everyone("relations.assessments", "/relation-assessments", prepare=_approved),
    everyone("relations.assessments_file", "/relation-assessments/file?format=csv"),
    everyone("relations.assessment_choose", "/relation-assessments/new"),
    Row("relations.comparison", "/delivered-value", prepare=_approved, owner=403, colleague=403, stranger=403, other_supervisor=200),
    Row("relations.comparison_file", "/delivered-value/file?format=csv", owner=403, colleague=403, stranger=403, other_supervisor=200),
    Row("relations.of_customer", "/customers/{customer}/relation-assessments", prepare=_approved),
    Row("relations.assessment", "/relation-assessments/{assessment}", prepare=_drafted),
    Row("relations.assessment_new", "/customers/{customer}/relation-assessments/new", prepare=_bare),
    Row(
        "relations.assessment_new", "/customers/{customer}/relation-assessments/new", "POST", _VALUES, _bare,
        owner=303, supervisor=303, manager=303,
    ),
    Row(
        "relations.assessment_new", "/customers/{customer}/relation-assessments/new", "POST", {}, _bare,
        owner=422, supervisor=422, manager=422,
    ),
    Row("relations.assessment_edit", "/relation-assessments/{assessment}/edit", prepare=_drafted),
    Row(
        "relations.assessment_edit", "/relation-assessments/{assessment}/edit", "POST", {**_VALUES, "result": ""}, _drafted,
        owner=422, supervisor=422, manager=422,
    ),
    Row(
        "relations.assessment_submit", "/relation-assessments/{assessment}/submission", "POST", prepare=_drafted,
        owner=303, supervisor=303, manager=303,
    ),
    Row(
        "relations.assessment_give_up", "/relation-assessments/{assessment}/giving-up", "POST", prepare=_drafted,
        owner=303, supervisor=303, manager=303,
    ),
]  # fmt: skip
