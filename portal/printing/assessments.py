"""Sheets of the assessment of staff: of one person, of a month by department, reward or sanction, list of these (SV-31, PR-1, PR-4)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models import staff_assessment_desk
from portal.models.staff_assessment import KIND, STATES, AssessmentMonth, StaffAssessment
from portal.models.staff_assessment_reward import KIND as REWARD
from portal.models.staff_assessment_reward import STATES as REWARD_STATES
from portal.models.staff_assessment_reward import StaffReward
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules.assessments import INDICATORS, KINDS, Total
from portal.rules.message import N_, Message

_SHEETS = (
    catalogue.Sheet("staff_assessment", "QMS-PM-31297", N_("Assessment of staff"), "staff_assessment.html"),
    catalogue.Sheet("assessment_month", "QMS-PM-31298", N_("Assessment of departments"), "assessment_month.html", landscape=True),
    catalogue.Sheet("staff_reward", "QMS-PM-31299", N_("Reward or sanction"), "staff_reward.html"),
    catalogue.Sheet("reward_list", "QMS-PM-31269", N_("List of rewards and sanctions"), "reward_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})

declare(of_kind(KIND, blank={"person": {}, "assessment": {}, "indicators": [{"code": code} for code in INDICATORS], "parts": []}))
declare(of_kind(REWARD, blank={"person": {}, "reward": {}}))


# --- a month by department ----------------------------------------------------------------


def _figures(scores: dict[str, Decimal], total: Total) -> dict[str, str]:
    found = {code: f"{scores[code]:f}" if code in scores else "" for code in INDICATORS}
    return {**found, "total": "" if total.points is None else f"{total.points:f}", "covered": f"{total.covered:g}"}


def _month(month: AssessmentMonth) -> dict[str, Any]:
    query = select(StaffAssessment).where(StaffAssessment.month_id == month.id)
    query = query.options(joinedload(StaffAssessment.staff), joinedload(StaffAssessment.team), joinedload(StaffAssessment.month))
    people = sorted(db.session.scalars(query), key=lambda one: (one.department, one.team.name if one.team else "", one.staff.name, one.id))
    return {
        "month": {"month": month.month, "version": str(month.weights_version), "least": f"{month.least:g}"},
        "weights": {code: f"{weight:g}" for code, weight in month.weights.items()},
        "departments": [
            {"name": one.department, "people": str(one.people), "approved": str(one.approved), **_figures(one.scores, one.total)}
            for one in staff_assessment_desk.departments(month, people)
        ],
        "people": [
            {
                "name": one.staff.name, "department": one.department, "team": one.team.name if one.team else "", "state": one.state,
                **_figures(one.scores, Total(one.total, one.covered)),
            }
            for one in people
        ],
    }  # fmt: skip


def _finish_month(document: dict[str, Any], labels: Labels) -> None:
    none = labels(N_("no records"))
    for row in [*document["departments"], *document["people"]]:
        row.update({name: none for name in (*INDICATORS, "total") if not row[name]})
        if "state" in row:
            row["state"] = labels(STATES[row["state"]][0])


declare(
    Printable(
        sheet="assessment_month",
        model=AssessmentMonth,
        content=_month,
        blank={"month": {}, "weights": {}, "departments": [], "people": []},
        label=lambda month: month.month,
        page=lambda month: ("assessments.month", {"month_id": month.id}),
        permission=Permission.ASSESSMENT_OPEN,
        boxes=(Box(Message(N_("Customer service manager")), "made"), Box({"zh": "总经理", "en": "General manager"}, "approve")),
        customer_id=lambda month: None,
        finish=_finish_month,
    )
)


# --- rewards and sanctions ----------------------------------------------------------------


@dataclass(frozen=True)
class _All:
    """The list of rewards and sanctions has no filters."""

    @classmethod
    def read(cls, _args: Any) -> _All:
        """Return the one query there is."""
        return cls()

    def args(self) -> dict[str, str]:
        """Return no arguments."""
        return {}


def _rows(found: list[StaffReward]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.staff.name,
            "month": one.assessment.month.month,
            "kind": one.kind,
            "measure": one.measure,
            "amount": "" if one.amount is None else f"{one.amount:.2f}",
            "state": one.state,
            "by": one.created_by.name,
            "reason": one.reason,
        }
        for one in found
    ]


def _finish_rows(document: dict[str, Any], labels: Labels) -> None:
    for row in document["rows"]:
        row["kind"], row["state"] = labels(KINDS[row["kind"]][0]), labels(REWARD_STATES[row["state"]][0])


lists.declare(
    ListSheet(
        "reward_list",
        "rows",
        _rows,
        {"rows.measure": "reward_measure"},
        Source(
            read=_All.read,
            ids=staff_assessment_desk.REWARDS.ids,
            records=staff_assessment_desk.REWARDS.records,
            conditions=lambda _user, _query, _labels: "",
            page=lambda query: ("assessments.rewards", {}),
            place=N_("Rewards and sanctions"),
            counted=N_("%(count)s rewards and sanctions are on this list."),
            empty=N_("There is nothing on this sheet yet."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        amounts=("rows.amount",),
        finish=_finish_rows,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
