"""Sheets of the information reports: one for each kind, and the list (AR-22, PR-1, PR-5)."""

from __future__ import annotations

from functools import partial
from typing import Any

from portal import clock
from portal.models import report_list
from portal.models.customer import Customer
from portal.models.report import InformationReport
from portal.models.report_fields import DRAFT, KINDS, NOTES, PERIODIC, RETURNED, STATES, URGENT
from portal.models.report_list import ReportQuery
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission
from portal.printing import catalogue, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare
from portal.rules.message import N_, Message
from portal.rules.periods import Period

_SHEETS = (
    catalogue.Sheet("urgent_report", "QMS-PM-31236", N_("Urgent report on a customer"), "urgent_report.html"),
    catalogue.Sheet("periodic_report", "QMS-PM-31237", N_("Periodic report on a customer"), "periodic_report.html"),
    catalogue.Sheet("report_list", "QMS-PM-31239", N_("Information reports"), "report_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _content(report: InformationReport) -> dict[str, Any]:
    customer = report.customer
    return {
        "customer": {
            "number": customer.number,
            "full_name": customer.full_name,
            "owner": customer.owner.name if customer.owner else "",
            "team": customer.team.name if customer.team else "",
        },
        "report": {
            **{one.name: report.data.get(one.name, "") for one in report.fields},
            "period": report.period,
            "author": report.author.name,
            "submitted_at": f"{clock.local(report.submitted_at):%Y-%m-%d %H:%M}" if report.submitted_at else "",
        },
        "notes": [
            {
                "kind": note.kind,
                "at": f"{clock.local(note.at):%Y-%m-%d %H:%M}",
                "by": note.by.name,
                "text": "\n".join(filter(None, (note.text, note.document.label if note.document else ""))),
            }
            for note in report.notes
        ],
    }


def _finish(document: dict[str, Any], labels: Labels) -> None:
    period = Period.read(str(document["report"].get("period") or ""))
    if period is not None:
        document["report"]["period"] = labels(period.title.text, **period.title.params)
    for note in document["notes"]:
        note["kind"] = labels(NOTES[note["kind"]])


def _is_of(kind: str, report: InformationReport) -> bool:
    return report.kind == kind


for _kind, _boxes in ((URGENT, (N_("Supervisor"), N_("Manager"))), (PERIODIC, (N_("Reported by"), N_("Supervisor")))):
    declare(
        Printable(
            sheet=f"{_kind}_report",
            model=InformationReport,
            content=_content,
            blank={"customer": {}, "report": {}, "notes": []},
            label=lambda report: report.label,
            page=lambda report: ("reports.report", {"report_id": report.id}),
            permission=Permission.SHEET_PRINT,
            boxes=tuple(Box(Message(title), "") for title in _boxes),
            state=lambda report: {DRAFT: "draft", RETURNED: "sent-back"}.get(report.state, ""),
            finish=_finish,
            fits=partial(_is_of, _kind),
        )
    )


# --- the list ----------------------------------------------------------------------------------------------------------------


def _rows(reports: list[InformationReport]) -> list[dict[str, Any]]:
    return [
        {
            "dated_on": report.dated_on.isoformat(),
            "kind": report.kind,
            "period": report.period,
            "heading": report.title,
            "number": report.customer.number,
            "customer": report.customer.full_name,
            "author": report.author.name,
            "submitted_on": clock.local(report.submitted_at).date().isoformat() if report.submitted_at else "",
            "state": report.state,
        }
        for report in reports
    ]


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["reports"]:
        period = Period.read(str(row["period"]))
        if period is not None:
            row["heading"] = labels(period.title.text, **period.title.params)
        row["kind"], row["state"] = labels(KINDS[row["kind"]]), labels(STATES[row["state"]][0])


def _conditions(user: Staff, query: ReportQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = []
    for name, value in query.filters.items():
        title = labels(ReportQuery.FILTERS[name]).text
        said.append(title if name == "unread" else f"{title}{colon}{_value(user, name, value, labels)}")
    return semicolon.join(said)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    if name == "kind":
        return labels(KINDS[value]).text
    period = Period.read(value) if name == "period" else None
    if period is not None:
        return labels(period.title.text, **period.title.params).text
    if name in ("team", "author", "customer"):
        return named(user, {"team": Team, "author": Staff, "customer": Customer}[name], value)
    return value


lists.declare(
    ListSheet(
        "report_list",
        "reports",
        _rows,
        {},
        Source(
            read=ReportQuery.read,
            ids=report_list.ids,
            records=report_list.records,
            conditions=_conditions,
            page=lambda query: ("reports.reports", query.args()),
            place=N_("Information reports"),
            counted=N_("%(count)s reports are on this list."),
            empty=N_("There is no report on this list."),
            too_many=N_("A list of more than %(most)s reports is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_list,
    )
)
