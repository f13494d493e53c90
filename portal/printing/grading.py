"""Sheets of the grading: the assessment form of one customer, the ledger that is signed, and the grade list (RL-3, PR-1, PR-5)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.models import grading_progress
from portal.models.grading import APPROVED, PENDING, SUPPORT, Grading
from portal.models.grading_list import KIND
from portal.models.grading_progress import LineQuery
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules.grading import Band, plain, shown
from portal.rules.message import N_, Message

_SHEETS = (
    catalogue.Sheet("grading_form", "QMS-PM-31241", N_("Customer quality assessment form"), "grading_form.html"),
    catalogue.Sheet("grading_ledger", "QMS-PM-31242", N_("Ledger of customer quality assessment"), "grading_ledger.html", large=True),
    catalogue.Sheet("grade_list", "QMS-PM-31243", N_("Grade list"), "grade_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _span(band: Band | None) -> str:
    """Return a band as it stands on the form: '≥ 100,000, < 500,000'."""
    if band is None:
        return ""
    ends = [f"≥ {shown(band.low)}" if band.low is not None else "", f"< {shown(band.high)}" if band.high is not None else ""]
    return ", ".join(filter(None, ends))


def _form(grading: Grading) -> dict[str, Any]:
    customer, before = grading.customer, grading.before
    return {
        "grading": {
            "number": customer.number,
            "full_name": customer.full_name,
            "owner": grading.owner.name if grading.owner else "",
            "year": str(grading.campaign.year) if grading.campaign else "",
            "period": f"{grading.period_first.isoformat()} – {grading.period_last.isoformat()}",
            "first_total": shown(grading.first_total),
            "first_grade": grading.first_grade,
            "first_by": grading.first_by.name if grading.first_by else "",
            "first_on": _day(grading.first_at),
            "total": shown(grading.total),
            "grade": grading.grade,
            "meeting": grading.meeting.label if grading.meeting else "",
            "before_grade": grading.before_grade,
            "before_total": shown(before.total) if before else "",
            "valid_until": grading.valid_until.isoformat() if grading.valid_until else "",
            "approved_on": _day(grading.approved_at),
            "limits": [[one["code"], f"{one['from']:g}"] for one in reversed(grading.thresholds)],
            "indicators_version": str(grading.indicators_version),
            "thresholds_version": str(grading.thresholds_version),
            "policy": grading.policy_note,
            **{f"support_{code}": grading.support.get(code, "") for code in SUPPORT},
        },
        "indicators": [
            {
                "zh": one.indicator.zh,
                "en": one.indicator.en,
                "weight": plain(one.indicator.weight),
                "figure": one.counted,
                "band": _span(one.band),
                "first": shown(one.first),
                "reason": one.reason,
                "second": shown(one.second),
                "second_reason": one.second_reason,
                "points": shown(one.points),
            }
            for one in grading.scored()
        ],
    }


def _day(moment: Any) -> str:
    return clock.local(moment).date().isoformat() if moment else ""


_STATES = {APPROVED: "", PENDING: "pending"}

declare(
    Printable(
        sheet="grading_form",
        model=Grading,
        content=_form,
        blank={"grading": {}, "indicators": []},
        label=lambda grading: grading.label,
        page=lambda grading: ("grading.grading", {"grading_id": grading.id}),
        permission=Permission.GRADING_WORK,
        boxes=(
            Box(Message(N_("First rating by")), "made"),
            Box(Message(N_("Departments' meeting")), "review"),
            Box(Message(N_("Customer relations supervisor")), "review"),
        ),
        state=lambda grading: _STATES.get(grading.state, "draft"),
    )
)
declare(of_kind(KIND, blank={"list": {}, "indicators": [], "customers": []}))


def _rows(gradings: list[Grading]) -> list[dict[str, Any]]:
    return [
        {
            "grade": one.grade,
            "number": one.customer.number,
            "full_name": one.customer.full_name,
            "owner": one.owner.name if one.owner else "",
            "total": shown(one.total),
            "before_grade": one.before_grade,
            "credit_rating": one.customer.credit_rating,
            "payment_terms": one.customer.payment_terms,
            "valid_until": one.valid_until.isoformat() if one.valid_until else "",
            "support": {code: one.support.get(code, "") for code in SUPPORT},
        }
        for one in gradings
    ]


def _finish(document: dict[str, Any], labels: Labels) -> None:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    for row in document["rows"]:
        said = [f"{labels(title).text}{colon}{row['support'][code]}" for code, title in SUPPORT.items() if row["support"][code]]
        row["support"] = semicolon.join(said)


def _conditions(user: Staff, query: LineQuery, labels: Labels) -> str:
    said = [str(query.year)]
    if query.grade:
        said.append(labels(N_("Grade %(grade)s"), grade=query.grade).text)
    said += [named(user, model, number) for model, number in ((Team, query.team), (Staff, query.owner)) if number]
    return ("; " if labels.language == "en" else "；").join(said)


def _read(args: Any) -> LineQuery:
    return LineQuery.read({**dict(args), "state": APPROVED})


lists.declare(
    ListSheet(
        "grade_list",
        "rows",
        _rows,
        {"rows.payment_terms": "payment_terms"},
        Source(
            read=_read,
            ids=grading_progress.graded_ids,
            records=grading_progress.records,
            conditions=_conditions,
            page=lambda query: ("grading.grade_register", {name: value for name, value in query.args().items() if name != "state"}),
            place=N_("Grade list"),
            counted=N_("%(count)s customers are on this list."),
            empty=N_("Nobody on this list is graded yet."),
            too_many=N_("A list of more than %(most)s customers is not printed. Narrow the list, or export it."),
        ),
        finish=_finish,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
