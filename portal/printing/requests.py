"""Sheets of requests: complaint record 投诉记录, request sheet, the month's complaint report, and the list (SV-5, PR-1, PR-5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal import clock
from portal.models import request_clock, request_list, request_tally
from portal.models.customer import Customer
from portal.models.promise import STATES as PROMISE_STATES
from portal.models.promise import of_record
from portal.models.request import FAR, ServiceRequest
from portal.models.request_query import FILTERS, WHOSE, RequestQuery
from portal.models.request_step import steps_of
from portal.models.request_tally import Group
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.team import Team
from portal.permissions import Permission
from portal.printing import catalogue, counts, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.naming import choice
from portal.printing.papers import Box, Printable, declare
from portal.rules import requests as rules
from portal.rules.charts import BarRow, bars
from portal.rules.message import N_, Message

NOT_SAID = N_("not said yet")
_SHEETS = (
    catalogue.Sheet("complaint_record", "QMS-PM-31271", N_("Complaint record"), "complaint_record.html"),
    catalogue.Sheet("complaint_month", "QMS-PM-31272", N_("Complaint report of the month"), "complaint_month.html"),
    catalogue.Sheet("request_sheet", "QMS-PM-31273", N_("Service request"), "complaint_record.html"),
    catalogue.Sheet("request_list", "QMS-PM-31274", N_("Requests and complaints"), "request_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _said(moment: datetime | None) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}" if moment and moment < FAR else ""


# --- one request ---------------------------------------------------------------------------------------------------------------


def _content(request: ServiceRequest) -> dict[str, Any]:
    customer, solved = request.customer, request_clock.explain(request, request.solve_minutes)
    above = (request.answer, request.done)  # has a part of its own, and is not said again at its step
    return {
        "request": {
            "number": request.number, "kind": request.kind, "channel": request.channel, "priority": request.priority,
            "customer": request.named, "customer_number": customer.number if customer else "", "grade": request.grade,
            "caller": request.caller, "telephone": request.telephone, "text": request.text, "received_at": _said(request.received_at),
            "taken_by": request.taken_by.name, "assignee": request.assignee.name, "team": request.team.name if request.team else "",
            "first_due_at": _said(request.first_due_at), "first_answered_at": _said(request.first_answered_at),
            "solve_due_at": _said(request.solve_due_at), "answered_at": _said(request.answered_at), "closed_at": _said(request.closed_at),
            "took": [request.solve_worked, request.solve_elapsed], "answer": request.answer, "cause": request.cause, "done": request.done,
            "satisfied": {True: "yes", False: "no", None: ""}[request.satisfied], "word": request.word, "department": request.department,
            "prevention": request.prevention, "version": request.deadlines_version,
        },
        "steps": [
            {
                "at": _said(step.at), "by": step.by.name if step.by else "", "kind": step.kind,
                "word": " ".join(filter(None, (f"→ {step.to.name}" if step.to else "", step.word if step.word not in above else ""))),
            }
            for step in steps_of(request)
        ],
        "promises": [
            {"text": one.text, "due_at": _said(one.due_at), "state": one.state, "by": one.staff.name}
            for one in of_record("request", request.id)
        ],
        "count": counts.as_data(solved) if solved else {},
    }  # fmt: skip


def _finish(document: dict[str, Any], labels: Labels) -> None:
    request = document["request"]
    for name, words in (("kind", rules.KINDS), ("channel", rules.CHANNELS), ("priority", rules.PRIORITIES)):
        request[name] = labels(words[request[name]]) if request.get(name) in words else ""
    request["cause"] = choice("complaint_cause", request["cause"], labels) if request.get("cause") else ""
    request["satisfied"] = {"yes": labels(N_("Satisfied")), "no": labels(N_("Not satisfied"))}.get(str(request.get("satisfied")), "")
    worked, elapsed = request.get("took") or [None, None]
    request["took"] = took(worked, elapsed, labels)
    for step in document["steps"]:
        step["kind"] = labels(rules.STEPS[step["kind"]])
    for one in document["promises"]:
        one["state"] = labels(PROMISE_STATES[one["state"]][0])
    if document.get("count"):
        counts.in_words(document["count"], labels)


def took(worked: Any, elapsed: Any, labels: Labels) -> Any:
    """Return how long something took in the words of a sheet: working days, and days by the clock; '' for nothing."""
    if worked in (None, "") or elapsed in (None, ""):
        return ""
    text = N_("%(worked)s working days (%(elapsed)s days)")
    return labels(text, worked=f"{int(worked) / request_clock.minutes_of_a_day():.1f}", elapsed=f"{int(elapsed) / 1440:.1f}")


def _is_complaint(request: ServiceRequest) -> bool:
    return request.kind == rules.COMPLAINT


for _sheet, _boxes, _fits in (
    ("complaint_record", (N_("Handled by"), N_("Responsible department"), N_("Supervisor")), _is_complaint),
    ("request_sheet", (N_("Handled by"), N_("Supervisor")), lambda request: not _is_complaint(request)),
):
    declare(
        Printable(
            sheet=_sheet,
            model=ServiceRequest,
            content=_content,
            blank={"request": {}, "steps": [], "promises": [], "count": {}},
            label=lambda request: request.label,
            page=lambda request: ("service.request", {"request_id": request.id}),
            permission=Permission.SHEET_PRINT,
            boxes=tuple(Box(Message(title), "") for title in _boxes),
            state=lambda request: "draft" if request.is_open else "",
            finish=_finish,
            fits=_fits,
        )
    )


# --- the month's complaints ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MonthQuery:
    """The month whose complaints are reported."""

    year: int
    month: int

    @classmethod
    def read(cls, args: Mapping[str, str]) -> MonthQuery:
        """Return the month of an address; this one where it names none."""
        text, today = args.get("month", ""), clock.today()
        if len(text) == 7 and text[4] == "-" and (text[:4] + text[5:]).isdecimal() and 1 <= int(text[5:]) <= 12 and int(text[:4]) >= 2000:
            return cls(int(text[:4]), int(text[5:]))
        return cls(today.year, today.month)

    @property
    def code(self) -> str:
        """Return the month as 2026-04."""
        return f"{self.year:04d}-{self.month:02d}"

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {"month": self.code}


def _cells(group: Group) -> dict[str, Any]:
    return {
        "code": group.code, "number": str(group.number), "solved": str(group.solved), "closed": str(group.closed),
        "satisfied": str(group.satisfied), "unsatisfied": str(group.unsatisfied), "took": [group.mean_worked, group.mean_elapsed],
    }  # fmt: skip


def _more(user: Staff, query: MonthQuery) -> dict[str, Any]:
    found = request_tally.complaints_of(query.year, query.month, user)
    return {
        "month": query.code,
        "total": _cells(found.total),
        "first": [found.first_worked, found.first_elapsed],
        "departments": [_cells(one) for one in found.departments],
        "channels": [_cells(one) for one in found.channels],
    }


def _finish_month(document: dict[str, Any], labels: Labels) -> None:
    for row in document["causes"]:
        row["plain"] = labels(NOT_SAID).text if not row["code"] else choice("complaint_cause", row["code"], labels)
        row["name"] = row["plain"]
    for row in document["departments"]:
        row["name"] = row["code"] or labels(NOT_SAID)
    for row in document["channels"]:
        row["name"] = labels(rules.CHANNELS[row["code"]])
    for row in [*document["causes"], *document["departments"], *document["channels"], document["total"]]:
        row["took"] = took(row["took"][0], row["took"][1], labels)
    document["first"] = took(document["first"][0], document["first"][1], labels)
    document["chart"] = bars([BarRow(str(row["plain"]), int(row["number"]), None, row["number"]) for row in document["causes"]])
    document["words"] = {
        "title": str(labels(N_("Complaints by cause"))),
        "text": str(labels(N_("The figures stand in the table below."))),
        "now": document["month"],
        "before": "",
    }


lists.declare(
    ListSheet(
        "complaint_month",
        "causes",
        lambda groups: [_cells(one) for one in groups],
        {},
        Source(
            read=MonthQuery.read,
            ids=lambda user, query, _most: list(request_tally.complaints_of(query.year, query.month, user).causes),
            records=list,
            conditions=lambda _user, query, _labels: query.code,
            page=lambda query: ("service.complaints", query.args()),
            place=N_("Complaints of a month"),
            counted=N_("%(count)s causes are on this sheet."),
            empty=N_("No complaint you see was received in this month."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_month,
        more=_more,
    )
)


# --- the list --------------------------------------------------------------------------------------------------------------------


def _rows(requests: list[ServiceRequest]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number, "kind": one.kind, "customer": one.named, "grade": one.grade, "text": one.first_line,
            "channel": one.channel,
            "received_at": _said(one.received_at), "due_at": _said(one.due_at) if one.is_open else "", "assignee": one.assignee.name,
            "state": one.state,
        }
        for one in requests
    ]  # fmt: skip


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["requests"]:
        row["kind"], row["state"] = labels(rules.KINDS[row["kind"]]), labels(rules.STATES[row["state"]][0])
        row["channel"] = labels(rules.CHANNELS[row["channel"]])


def _conditions(user: Staff, query: RequestQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = [labels(WHOSE[query.whose]).text] if query.whose else []
    for name, value in query.filters.items():
        title = labels(FILTERS[name]).text
        said.append(title if name in ("overdue", "waiting", "unknown") else f"{title}{colon}{_value(user, name, value, labels)}")
    return semicolon.join(said)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    words: dict[str, Any] = {"kind": rules.KINDS, "channel": rules.CHANNELS, "priority": rules.PRIORITIES}
    if name in words:
        return labels(words[name][value]).text
    if name == "state":
        return labels(rules.STATES[value][0]).text
    if name == "cause":
        known = {one["code"] for one in standard("choices.complaint_cause")}
        return str(choice("complaint_cause", value, labels)) if value in known else labels(NOT_SAID).text
    if name in ("team", "assignee", "customer"):
        return named(user, {"team": Team, "assignee": Staff, "customer": Customer}[name], value)
    return value


lists.declare(
    ListSheet(
        "request_list",
        "requests",
        _rows,
        {},
        Source(
            read=RequestQuery.read,
            ids=request_list.ids,
            records=request_list.records,
            conditions=_conditions,
            page=lambda query: ("service.requests", query.args()),
            place=N_("Requests and complaints"),
            counted=N_("%(count)s requests are on this list."),
            empty=N_("There is no request on this list."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_list,
    )
)
