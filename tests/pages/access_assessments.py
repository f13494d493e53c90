"""Rows of the assessment of staff, of rewards and sanctions."""

from __future__ import annotations

from typing import Any

from tests import surveying
from tests.access import Row, everyone, managers
from tests.approving import sign


def _month() -> dict[str, Any]:
    return {"month": surveying.opened().id}


def _draft() -> dict[str, Any]:
    return {"assessment": surveying.of("rep1").id}


def _judged() -> dict[str, Any]:
    found = surveying.judged()
    surveying.submitted(found)
    return {"assessment": found.id, "name": found.month.month, "staff": found.staff_id}


def _approved() -> dict[str, Any]:
    return {"assessment": surveying.approved().id}


def _reward() -> dict[str, Any]:
    return {"reward": surveying.reward().id}


def _decided() -> dict[str, Any]:
    found = surveying.reward()
    sign(surveying.submitted(found), "mgr1")
    return {"reward": found.id}


_PROPOSED = {"kind": "reward", "measure": "commendation", "amount": "", "reason": "成绩突出"}

ROWS = [
    everyone("assessments.months", "/assessments", prepare=_month),
    managers("assessments.month_open", "/assessments", "POST", 422, data={"month": "2999-01"}),
    everyone("assessments.month", "/assessments/months/{month}", prepare=_month),
    everyone("assessments.month_file", "/assessments/months/{month}/file?format=csv", prepare=_month),
    Row("assessments.assessment", "/assessments/{assessment}", prepare=_draft, owner=404),
    Row("assessments.assessment", "/assessments/{assessment}", prepare=_judged),
    Row(
        "assessments.assessment_save", "/assessments/{assessment}", "POST", {"score-knowledge": "101", "reason-knowledge": "x"}, _draft,
        owner=404, supervisor=422, manager=422,
    ),
    Row(
        "assessments.assessment_count", "/assessments/{assessment}/counting", "POST", prepare=_draft,
        owner=404, supervisor=303, manager=303,
    ),
    Row("assessments.calls", "/assessments/calls/{name}/{staff}", prepare=_judged),
    Row("assessments.reward_new", "/assessments/{assessment}/rewards/new", prepare=_approved, owner=403),
    Row(
        "assessments.reward_new", "/assessments/{assessment}/rewards/new", "POST", _PROPOSED, _approved,
        owner=403, supervisor=303, manager=303,
    ),
    everyone("assessments.rewards", "/staff-rewards", prepare=_decided),
    everyone("assessments.rewards_file", "/staff-rewards/file?format=csv"),
    Row("assessments.reward", "/staff-rewards/{reward}", prepare=_reward, owner=404),
    Row("assessments.reward", "/staff-rewards/{reward}", prepare=_decided),
    Row("assessments.reward_edit", "/staff-rewards/{reward}/edit", prepare=_reward, owner=404),
    Row(
        "assessments.reward_edit", "/staff-rewards/{reward}/edit", "POST", {**_PROPOSED, "reason": "", "version": "1"}, _reward,
        owner=404, supervisor=422, manager=422,
    ),
    Row("assessments.reward_submit", "/staff-rewards/{reward}/submission", "POST", prepare=_reward, owner=404, supervisor=303, manager=303),
    Row("assessments.reward_give_up", "/staff-rewards/{reward}/giving-up", "POST", prepare=_reward, owner=404, supervisor=303, manager=303),
]  # fmt: skip
