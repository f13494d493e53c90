"""Sheets of proposals: registration 客户提案登记表, routing, copies for departments 提案分派单, letters, extension, list (PP-9)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.database import db
from portal.models import proposal_list
from portal.models.customer import Customer
from portal.models.proposal import Proposal
from portal.models.proposal_department import ProposalDepartment, parts_of
from portal.models.proposal_extension import KIND as EXTENSION
from portal.models.proposal_intake import files_of
from portal.models.proposal_letter import CHINESE, OTHERS, ProposalLetter
from portal.models.proposal_list import FIGURES, GROUPS, ProposalQuery
from portal.models.proposal_routing import APPROVED, routings_of
from portal.models.proposal_routing import KIND as ROUTING
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, Role
from portal.printing import catalogue, lists, papers
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.naming import choice
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules import proposals as rules
from portal.rules.message import N_, Message

_SHEETS = (
    catalogue.Sheet("proposal_registration", "QMS-PM-31341", N_("Registration of a proposal"), "proposal_registration.html"),
    catalogue.Sheet("proposal_routing", "QMS-PM-31342", N_("Routing of a proposal"), "proposal_routing.html"),
    catalogue.Sheet("proposal_copy", "QMS-PM-31343", N_("Proposal for a department"), "proposal_copy.html"),
    catalogue.Sheet("proposal_thanks", "QMS-PM-31344", N_("Letter of thanks"), "proposal_letter.html"),
    catalogue.Sheet("proposal_extension", "QMS-PM-31345", N_("More days for a proposal"), "proposal_extension.html"),
    catalogue.Sheet("decision_notice", "QMS-PM-31350", N_("Notice of the decision"), "proposal_letter.html"),
    catalogue.Sheet("proposal_letter", "QMS-PM-31352", N_("Letter about a proposal"), "proposal_letter.html"),
    catalogue.Sheet("proposal_list", "QMS-PM-31351", N_("Customers' proposals"), "proposal_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})
_CHOICES = {"proposal.kind": "proposal_kind", "proposal.responsible": "department", "departments.department": "department"}


def _page(proposal: Proposal) -> tuple[str, dict[str, Any]]:
    return "proposals.proposal", {"proposal_id": proposal.id}


# --- registration ------------------------------------------------------------------------------------------------------------------


def _said(proposal: Proposal) -> dict[str, Any]:
    return {
        "number": proposal.number,
        "customer": proposal.customer.full_name,
        "customer_number": proposal.customer.number,
        "contact": proposal.contact,
        "reach": proposal.reach,
        "channel": proposal.channel,
        "received": " ".join(filter(None, (proposal.received_on.isoformat(), proposal.received_time))),
        "kind": proposal.kind,
        "summary": proposal.summary,
        "text": proposal.text,
        "responsible": proposal.responsible,
        "target_on": proposal.target_on.isoformat(),
        "limit_on": proposal.limit_on.isoformat(),
        "handler": proposal.handler.name,
        "telephone": proposal.handler.telephone,
        "registered_by": proposal.registered_by.name,
        "registered_at": f"{clock.local(proposal.registered_at):%Y-%m-%d %H:%M}",
        "request": proposal.request.number if proposal.request else "",
        "days_version": str(proposal.deadlines_version),
    }


def _registration(proposal: Proposal) -> dict[str, Any]:
    files = [{"name": one.attachment.filename} for one in files_of(proposal) if one.what == "received"]
    return {"proposal": _said(proposal), "files": files}


def _finish(document: dict[str, Any], labels: Labels) -> None:
    """Name the way, what departments do, and how they have their copy."""
    proposal = document["proposal"]
    if proposal.get("channel") in rules.CHANNELS:
        proposal["channel"] = labels(rules.CHANNELS[proposal["channel"]])
    for line in document.get("departments", []):
        line["part"], line["way"] = labels(rules.PARTS[line["part"]]), labels(rules.WAYS[line["way"]])


declare(
    Printable(
        sheet="proposal_registration",
        model=Proposal,
        content=_registration,
        blank={"proposal": {}, "files": []},
        label=lambda proposal: proposal.label,
        page=_page,
        permission=Permission.SHEET_PRINT,
        boxes=(Box(Message(N_("Registered by")), "made"), Box(Message(Role.SUPERVISOR.label), "review")),
        choices=_CHOICES,
        finish=_finish,
        fits=lambda proposal: proposal.state != rules.VOID,
    )
)


# --- routing, extension --------------------------------------------------------------------------------------------------------------


declare(of_kind(ROUTING, blank={"proposal": {}, "departments": []}))
declare(of_kind(EXTENSION, blank={"proposal": {}}))


# --- copies for departments ------------------------------------------------------------------------------------------------------------


def _copies(proposal: Proposal) -> dict[str, Any]:
    word = next((one.word for one in routings_of(proposal) if one.state == APPROVED), "")
    lines = [_line(line) for line in db.session.scalars(parts_of(proposal.id))]
    said = {name: value for name, value in _said(proposal).items() if name not in ("contact", "reach", "channel")}
    return {"proposal": {**said, "word": word}, "departments": lines}


def _line(line: ProposalDepartment) -> dict[str, str]:
    return {"department": line.department, "part": line.part, "way": line.way, "due_on": line.due_on.isoformat(), "address": line.address}


declare(
    Printable(
        sheet="proposal_copy",
        model=Proposal,
        content=_copies,
        blank={"proposal": {}, "departments": []},
        label=lambda proposal: proposal.label,
        page=_page,
        permission=Permission.SHEET_PRINT,
        choices=_CHOICES,
        finish=_finish,
        fits=lambda proposal: proposal.responsible != "" and proposal.state != rules.VOID,
        offered=lambda: False,
    )
)


# --- letters -----------------------------------------------------------------------------------------------------------------------------


def _letter(letter: ProposalLetter) -> dict[str, Any]:
    day = clock.local(letter.sent_at).date() if letter.sent_at else clock.local(letter.made_at).date()
    return {
        "letter": {
            "number": letter.proposal.number, "subject": letter.subject, "body": letter.body, "to": letter.to_name,
            "address": letter.address, "lang": "zh-CN" if letter.language == CHINESE else "en", "dated_on": day.isoformat(),
            "state": letter.state,
        }
    }  # fmt: skip


for _sheet in ("proposal_thanks", "decision_notice", OTHERS):
    declare(
        Printable(
            sheet=_sheet,
            model=ProposalLetter,
            content=_letter,
            blank={"letter": {}},
            label=lambda letter: letter.label,
            page=lambda letter: ("proposals.letter", {"letter_id": letter.id}),
            permission=Permission.SHEET_PRINT,
            state=lambda letter: letter.state if letter.state == "draft" else "",
            fits=lambda letter, sheet=_sheet: letter.sheet == sheet,  # type: ignore[misc]
            offered=lambda: False,
        )
    )


# --- list --------------------------------------------------------------------------------------------------------------------------------


def _rows(proposals: list[Proposal]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "customer": one.customer.full_name,
            "summary": one.summary,
            "kind": one.kind,
            "state": one.state,
            "received_on": one.received_on.isoformat(),
            "limit_on": one.limit_on.isoformat(),
            "decided_on": one.decided_on.isoformat() if one.decided_on else "",
            "late": "late" if one.is_late else "",
            "responsible": one.responsible,
            "handler": one.handler.name,
        }
        for one in proposals
    ]


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["proposals"]:
        row["state"] = labels(rules.STATES[row["state"]][0])
        row["late"] = labels(N_("late")) if row["late"] else ""


def _conditions(user: Staff, query: ProposalQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    filters = query.filters.items()
    return semicolon.join(f"{labels(query.FILTERS[name]).text}{colon}{_value(user, name, value, labels)}" for name, value in filters)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    if name == "state":
        return labels(GROUPS[value][0] if value in GROUPS else rules.STATES[value][0]).text
    if name == "figure":
        return labels(FIGURES[value]).text
    if name == "channel":
        return labels(rules.CHANNELS[value]).text
    if name in ("kind", "department"):
        found = choice("proposal_kind" if name == "kind" else "department", value, labels)
        return found if isinstance(found, str) else found.text
    if name == "late":
        return labels(N_("yes")).text
    if name in ("team", "customer"):
        return named(user, Team if name == "team" else Customer, value)
    return value


def _ids(user: Staff, query: ProposalQuery, most: int) -> list[int]:
    return proposal_list.listing(query).ids(user, query, most)


lists.declare(
    ListSheet(
        "proposal_list",
        "proposals",
        _rows,
        {"proposals.kind": "proposal_kind", "proposals.responsible": "department"},
        Source(
            read=ProposalQuery.read,
            ids=_ids,
            records=proposal_list.BY_NUMBER.records,
            conditions=_conditions,
            page=lambda query: ("proposals.proposals", {"state": "", **query.args()}),
            place=N_("Customers' proposals"),
            counted=N_("%(count)s proposals are on this list."),
            empty=N_("There is no proposal on this list."),
            too_many=N_("A list of more than %(most)s proposals is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_list,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
