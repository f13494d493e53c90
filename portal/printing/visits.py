"""Sheets of visits: daily report 客户访问日报 and a customer's extract of it, letter of thanks, address labels, lists (SV-20)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.models import visit_desk, visit_due, visit_list, visit_thanks
from portal.models.customer import NEVER
from portal.models.greeting import contacts_of
from portal.models.promise import STATES as PROMISE_STATES
from portal.models.promise import of_record
from portal.models.report_fields import DRAFT, NOTES, RETURNED
from portal.models.staff import Staff
from portal.models.team import Team
from portal.models.visit import Visit, VisitAttempt
from portal.models.visit_due import Due, DueQuery
from portal.models.visit_list import ReportQuery, VisitQuery
from portal.models.visit_report import STATES as REPORT_STATES
from portal.models.visit_report import VisitReport, WholeReport, lines
from portal.models.visit_thanks import LetterQuery, ThankYouLetter
from portal.permissions import Permission
from portal.printing import address_labels, catalogue, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare
from portal.rules.message import N_, Message
from portal.rules.regions import address_of
from portal.rules.visits import OUTCOMES, PROSPECT, SHEET, STATES

_SHEETS = (
    catalogue.Sheet("visit_report", "QMS-PM-31285", N_("Visit daily report"), "visit_report.html"),
    catalogue.Sheet("visit_extract", "QMS-PM-31285-1", N_("Visit daily report, extract for a customer"), "visit_report.html"),
    catalogue.Sheet("thanks_letter", "QMS-PM-31286", N_("Letter of thanks"), "thanks_letter.html"),
    catalogue.Sheet("address_labels", "QMS-PM-31287", N_("Address labels"), address_labels.TEMPLATE, cut=True),
    catalogue.Sheet("visit_list", "QMS-PM-31288", N_("Visit plan"), "visit_list.html", landscape=True),
    catalogue.Sheet("visit_due", "QMS-PM-31289", N_("Customers due for a visit"), "visit_due.html", landscape=True),
    catalogue.Sheet("visit_report_list", "QMS-PM-31290", N_("Daily reports of visits"), "visit_report_list.html"),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})

_BOXES = (Box(Message(N_("Reported by")), "made"), Box(Message(N_("Supervisor")), "review"))
_BLANK: dict[str, Any] = {"report": {}, "visits": [], "attempts": [], "words": []}


def _moment(moment: Any) -> str:
    return f"{clock.local(moment):%Y-%m-%d %H:%M}" if moment else ""


# --- daily report ----------------------------------------------------------------


def _visit(visit: Visit) -> dict[str, Any]:
    promises = [
        {"text": one.text, "due": _moment(one.due_at), "state": one.state, "word": one.word}
        for one in of_record(visit_desk.SOURCE, visit.id)
    ]
    return {
        "number": visit.customer.number,
        "customer": visit.customer.full_name,
        "grade": visit.customer.grade,
        "met": visit.met,
        "purpose": visit.purpose,
        "arrived": f"{clock.local(visit.arrived_at):%H:%M}" if visit.arrived_at else "",
        **{name: getattr(visit, name) for name in SHEET},
        "promises": promises,
    }


def _attempt(attempt: VisitAttempt) -> dict[str, Any]:
    return {
        "customer": attempt.visit.customer.full_name,
        "outcome": attempt.outcome,
        "note": attempt.note,
        "to_day": attempt.to_day.isoformat() if attempt.to_day else "",
    }


def _head(report: VisitReport) -> dict[str, Any]:
    return {
        "day": report.day.isoformat(),
        "author": report.staff.name,
        "submitted_at": _moment(report.submitted_at),
        "remarks": report.remarks,
    }


def _report(report: VisitReport) -> dict[str, Any]:
    visits, tries, _hidden = lines(report)
    return {
        "report": _head(report),
        "visits": [_visit(one) for one in visits],
        "attempts": [_attempt(one) for one in tries],
        "words": [{"at": _moment(one.at), "by": one.by.name, "kind": one.kind, "text": one.text} for one in report.words],
    }


def _extract(visit: Visit) -> dict[str, Any]:
    """Return the part of the daily report that is of one customer, for their dossier."""
    head = {**_head(visit.report), "remarks": ""} if visit.report else {"day": visit.day.isoformat(), "author": visit.staff.name}
    return {**_BLANK, "report": head, "visits": [_visit(visit)]}


def _finish(document: dict[str, Any], labels: Labels) -> None:
    for visit in document["visits"]:
        for promise in visit["promises"]:
            promise["state"] = labels(PROMISE_STATES[promise["state"]][0])
    for attempt in document["attempts"]:
        attempt["outcome"] = labels(OUTCOMES[attempt["outcome"]])
    for word in document["words"]:
        word["kind"] = labels(NOTES[word["kind"]])


declare(
    Printable(
        sheet="visit_report",
        model=WholeReport,
        content=_report,
        blank=_BLANK,
        label=lambda report: report.label,
        page=lambda report: ("visits.report", {"report_id": report.id}),
        permission=Permission.SHEET_PRINT,
        boxes=_BOXES,
        state=lambda report: {DRAFT: "draft", RETURNED: "sent-back"}.get(report.state, ""),
        choices={"visits.purpose": "visit_purpose"},
        customer_id=lambda report: None,
        finish=_finish,
    )
)
declare(
    Printable(
        sheet="visit_extract",
        model=Visit,
        content=_extract,
        blank=_BLANK,
        label=lambda visit: visit.label,
        page=lambda visit: ("visits.visit", {"visit_id": visit.id}),
        permission=Permission.SHEET_PRINT,
        boxes=_BOXES,
        state=lambda visit: "draft" if visit.report is not None and visit.report.state in (DRAFT, RETURNED) else "",
        choices={"visits.purpose": "visit_purpose"},
        finish=_finish,
        fits=lambda visit: bool(visit.state == "done"),
        offered=lambda: False,
    )
)


# --- letters and labels ----------------------------------------------------------------


def _letter(letter: ThankYouLetter) -> dict[str, Any]:
    return {
        "letter": {
            "kind": letter.kind, "text_zh": letter.text_zh, "text_en": letter.text_en, "dated_on": letter.dated_on.isoformat(),
            "customer": letter.customer.full_name, "contact": letter.contact, "by": letter.by.name, "department": letter.by.department,
        }
    }  # fmt: skip


def _finish_letter(document: dict[str, Any], labels: Labels) -> None:
    letter = document["letter"]
    texts = {"zh": ("text_zh",), "en": ("text_en",)}.get(labels.language, ("text_zh", "text_en"))
    office = labels(N_("Customer relations office"))
    offices = {"text_zh": office.text, "text_en": office.english or office.text}
    document["parts"] = [[name[-2:], letter.get(name, ""), letter.get("department") or offices[name]] for name in texts]


declare(
    Printable(
        sheet="thanks_letter",
        model=ThankYouLetter,
        content=_letter,
        blank={"letter": {}},
        label=lambda letter: letter.label,
        page=lambda letter: ("visits.letter", {"letter_id": letter.id}),
        permission=Permission.SHEET_PRINT,
        finish=_finish_letter,
        offered=lambda: False,
    )
)


def _labels(letters: list[ThankYouLetter]) -> list[dict[str, Any]]:
    return [address_labels.label(one.customer, one.contact) for one in letters]


def _letter_conditions(_user: Staff, query: LetterQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = [
        f"{labels(query.FILTERS[name]).text}{colon}{value}" if name == "q" else labels(query.FILTERS[name]).text
        for name, value in query.filters.items()
    ]
    return semicolon.join(said)


lists.declare(
    ListSheet(
        "address_labels",
        "letters",
        _labels,
        {},
        Source(
            read=LetterQuery.read,
            ids=visit_thanks.LIST.ids,
            records=visit_thanks.LIST.records,
            conditions=_letter_conditions,
            page=lambda query: ("visits.letters", query.args()),
            place=N_("Letters of thanks"),
            counted=N_("%(count)s labels are printed."),
            empty=N_("There is no letter on this list."),
            too_many=N_("More than %(most)s labels are not printed at once. Narrow the list."),
        ),
        finish=lambda document, labels: address_labels.lay_out(document, document["letters"], labels),
        more=lambda user, query: {"skip": query.skip},
    )
)


# --- plan, who is due, reports ----------------------------------------------------------------


def _visit_rows(visits: list[Visit]) -> list[dict[str, Any]]:
    contacts = contacts_of([one.customer_id for one in visits])
    found = []
    for one in visits:
        contact, of = contacts.get(one.customer_id), one.customer
        found.append(
            {
                "day": one.day.isoformat(), "customer": of.full_name, "grade": of.grade, "route": _route(of.route, of.route_order),
                "address": address_of(of, from_city=True),
                "contact": contact.name if contact else "",
                "telephone": (contact.telephone if contact else "") or of.telephone, "purpose": one.purpose, "aim": one.aim,
                "staff": one.staff.name, "state": one.state,
            }
        )  # fmt: skip
    return found


def _route(route: str, order: int | None) -> str:
    return route if order is None else f"{route} {order}".strip()


def _finish_visits(document: dict[str, Any], labels: Labels) -> None:
    for row in document["visits"]:
        row["state"] = labels(STATES[row["state"]][0])


def _people(user: Staff, whose: str, labels: Labels) -> str:
    words = {"": N_("Mine"), "team": N_("The team's"), "all": N_("Everybody")}
    if whose in words:
        return labels(words[whose]).text
    return named(user, Team, whose[1:]) if whose.startswith("t") else named(user, Staff, whose)


def _joined(said: list[str], labels: Labels) -> str:
    return ("; " if labels.language == "en" else "；").join(said)


def _named(title: str, value: str, labels: Labels) -> str:
    return f"{labels(title).text}{': ' if labels.language == 'en' else '：'}{value}"


def _visit_conditions(user: Staff, query: VisitQuery, labels: Labels) -> str:
    said = [labels(visit_list.TABS[query.tab]).text, _people(user, query.whose, labels)]
    for name, value in query.filters.items():
        said.append(labels(query.FILTERS[name]).text if name == "late" else _named(query.FILTERS[name], value, labels))
    return _joined(said, labels)


lists.declare(
    ListSheet(
        "visit_list",
        "visits",
        _visit_rows,
        {"visits.purpose": "visit_purpose"},
        Source(
            read=VisitQuery.read,
            ids=visit_list.LIST.ids,
            records=visit_list.LIST.records,
            conditions=_visit_conditions,
            page=lambda query: ("visits.visits", query.args()),
            place=N_("Visits to customers"),
            counted=N_("%(count)s visits are on this list."),
            empty=N_("There is no visit on this list."),
            too_many=N_("A list of more than %(most)s visits is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_visits,
    )
)


def _due_ids(user: Staff, query: DueQuery, most: int) -> list[Due]:
    """Return the due customers themselves: since when they are is worked out, and no record has it."""
    return visit_due.page(user, visit_due.fitted(user, query), size=most + 1)[0]


def _due_rows(found: list[Due]) -> list[dict[str, Any]]:
    customers = visit_due.customers(found)
    contacts = contacts_of([one.customer_id for one in found])
    rows = []
    for one in found:
        of, contact = customers[one.customer_id], contacts.get(one.customer_id)
        rows.append(
            {
                "number": of.number, "customer": of.full_name, "grade": of.grade, "route": _route(of.route, of.route_order),
                "address": address_of(of, from_city=True),
                "contact": contact.name if contact else "", "telephone": (contact.telephone if contact else "") or of.telephone,
                "owner": of.owner.name if of.owner else "", "last": of.visited_on.isoformat() if of.visited_on != NEVER else "",
                "since": one.since.isoformat() if one.since != NEVER else "",
            }
        )  # fmt: skip
    return rows


def _due_conditions(user: Staff, query: DueQuery, labels: Labels) -> str:
    said = [_people(user, query.whose, labels), labels(visit_due.ORDERS[query.order]).text]
    for name, value in query.filters.items():
        word = labels(N_("Prospects")).text if value == PROSPECT else labels(N_("Without a grade")).text if value == "none" else value
        said.append(_named(query.FILTERS[name], word, labels))
    return _joined(said, labels)


lists.declare(
    ListSheet(
        "visit_due",
        "due",
        _due_rows,
        {},
        Source(
            read=DueQuery.read,
            ids=_due_ids,
            records=lambda found: found,
            conditions=_due_conditions,
            page=lambda query: ("visits.due", query.args()),
            place=N_("Due for a visit"),
            counted=N_("%(count)s customers are on this list."),
            empty=N_("Nobody is due for a visit."),
            too_many=N_("A list of more than %(most)s customers is not printed. Narrow the list, or export it."),
        ),
    )
)


def _report_rows(reports: list[VisitReport]) -> list[dict[str, Any]]:
    return [
        {
            "day": one.day.isoformat(), "author": one.staff.name, "state": one.state, "submitted_at": _moment(one.submitted_at),
            "read_at": _moment(one.read_at), "remarks": one.remarks,
        }
        for one in reports
    ]  # fmt: skip


def _finish_reports(document: dict[str, Any], labels: Labels) -> None:
    for row in document["reports"]:
        row["state"] = labels(REPORT_STATES[row["state"]][0])


def _report_conditions(user: Staff, query: ReportQuery, labels: Labels) -> str:
    said = [_people(user, query.whose, labels)]
    for name, value in query.filters.items():
        title = query.FILTERS[name]
        said.append(labels(title).text if name == "unread" else _named(title, value, labels))
    return _joined(said, labels)


lists.declare(
    ListSheet(
        "visit_report_list",
        "reports",
        _report_rows,
        {},
        Source(
            read=ReportQuery.read,
            ids=visit_list.REPORTS.ids,
            records=visit_list.REPORTS.records,
            conditions=_report_conditions,
            page=lambda query: ("visits.reports", query.args()),
            place=N_("Daily reports of visits"),
            counted=N_("%(count)s reports are on this list."),
            empty=N_("There is no report on this list."),
            too_many=N_("A list of more than %(most)s reports is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_reports,
    )
)
