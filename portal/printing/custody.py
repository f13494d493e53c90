"""Sheets of loans and disposals: applications, the placeholder card 代卷卡 on the shelf, lists of what is lent and destroyed (PR-1)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.models import loan_list
from portal.models.approval import Approval
from portal.models.disposal import APPROVED, DESTROYED, Disposal
from portal.models.disposal import KIND as DISPOSAL
from portal.models.loan import EXTENTS, STATES, Loan
from portal.models.loan_kind import KIND as LOAN
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules.loans import CONDITIONS, FORMS
from portal.rules.message import N_, Message

_SHEETS = (
    # Whoever asks for a dossier they do not see is told nothing of it, and has not looked at it.
    catalogue.Sheet("loan", "QMS-PM-31231", N_("Application to borrow a dossier"), "loan.html", tells=False),
    catalogue.Sheet("placeholder_card", "QMS-PM-31232", N_("Placeholder card"), "placeholder_card.html"),
    catalogue.Sheet("loan_list", "QMS-PM-31233", N_("Dossiers on loan"), "loan_list.html", landscape=True),
    catalogue.Sheet("disposal", "QMS-PM-31234", N_("Application to dispose of documents"), "disposal.html"),
    catalogue.Sheet("destruction_list", "QMS-PM-31235", N_("Destruction list"), "destruction_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _papers(loan: Loan) -> list[dict[str, Any]]:
    return [
        {
            "number": one.document.archive_number,
            "title": one.document.title,
            "pages": str(one.document.pages or ""),
            "place": " ".join(filter(None, (one.document.binder.shelf, one.document.binder.code))) if one.document.binder else "",
            "condition_out": one.condition_out,
            "condition_back": one.condition_back,
        }
        for one in loan.documents
        if one.condition_out
    ]


def _handed_out_on(loan: Loan) -> str:
    return clock.local(loan.handed_out_at).date().isoformat() if loan.handed_out_at else ""


def _placeholder(loan: Loan) -> dict[str, Any]:
    customer = loan.customer
    return {
        "loan": {
            "number": customer.number,
            "full_name": customer.full_name,
            "owner": customer.owner.name if customer.owner else "",
            "reader": loan.reader.name,
            "reader_team": loan.reader.team.name if loan.reader.team else loan.reader.department,
            "telephone": loan.reader.telephone,
            "purpose": loan.purpose,
            "handed_out_on": _handed_out_on(loan),
            "handed_out_by": loan.handed_out_by.name if loan.handed_out_by else "",
            "until_on": loan.until_on.isoformat(),
        },
        "papers": _papers(loan),
    }


def _finish_placeholder(document: dict[str, Any], labels: Labels) -> None:
    for paper in document["papers"]:
        for end in ("condition_out", "condition_back"):
            paper[end] = labels(CONDITIONS[paper[end]]) if paper[end] else ""


declare(of_kind(LOAN, blank={"loan": {}}))
declare(
    Printable(
        sheet="placeholder_card",
        model=Loan,
        content=_placeholder,
        blank={"loan": {}, "papers": []},
        label=lambda loan: loan.label,
        page=lambda loan: ("custody.loan", {"loan_id": loan.id}),
        permission=Permission.LOAN_HAND_OUT,
        boxes=(Box(Message(N_("Handed out by")), ""), Box(Message(N_("Received by")), ""), Box(Message(N_("Taken back by")), "")),
        state=lambda loan: "" if loan.state == "out" else "withdrawn",
        finish=_finish_placeholder,
        fits=lambda loan: loan.handed_out_at is not None,
    )
)


def _destruction(disposal: Disposal) -> dict[str, Any]:
    """Return the list as it was approved: the documents themselves may be gone."""
    approval = Approval.latest_for(DISPOSAL.name, disposal.id)
    frozen = approval.current_round.snapshot if approval is not None else disposal.snapshot()
    return {
        "disposal": {
            **frozen["disposal"],
            "approved_on": clock.local(disposal.approved_at).date().isoformat() if disposal.approved_at else "",
            "destroyed_on": disposal.destroyed_on.isoformat() if disposal.destroyed_on else "",
            "witness_1": disposal.witness_1,
            "witness_2": disposal.witness_2,
        },
        "documents": frozen["documents"],
        "cards": frozen.get("cards", []),
    }


declare(of_kind(DISPOSAL, blank={"disposal": {}, "documents": [], "cards": []}))
declare(
    Printable(
        sheet="destruction_list",
        model=Disposal,
        content=_destruction,
        blank={"disposal": {}, "documents": [], "cards": []},
        label=lambda disposal: disposal.label,
        page=lambda disposal: ("custody.disposal", {"disposal_id": disposal.id}),
        permission=Permission.DISPOSAL_READ,
        boxes=(Box(Message(N_("Destroyed by")), ""), Box(Message(N_("First witness")), ""), Box(Message(N_("Second witness")), "")),
        fits=lambda disposal: disposal.state in (APPROVED, DESTROYED),
    )
)


def _rows(loans: list[Loan]) -> list[dict[str, Any]]:
    return [
        {
            # Until a loan is granted its reader finds the customer as they typed it, on paper as on the page.
            "customer": loan.customer.full_name if loan.granted_at is not None else loan.asked_for,
            "reader": loan.reader.name,
            "form": loan.form,
            "extent": loan.extent,
            "purpose": loan.purpose,
            "handed_out_on": _handed_out_on(loan),
            "until_on": loan.until_on.isoformat(),
            "state": loan.state,
        }
        for loan in loans
    ]


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["loans"]:
        row["form"], row["extent"] = labels(FORMS[row["form"]]), labels(EXTENTS[row["extent"]])
        row["state"] = labels(STATES[row["state"]][0])


lists.declare(
    ListSheet(
        "loan_list",
        "loans",
        _rows,
        {},
        Source(
            read=loan_list.LoanQuery.read,
            ids=loan_list.ids,
            records=loan_list.records,
            conditions=lambda _user, query, labels: labels(loan_list.TABS[query.tab]).text,
            page=lambda query: ("custody.loans", query.args()),
            place=N_("Dossier loans"),
            counted=N_("%(count)s loans are on this list."),
            empty=N_("There is no loan on this list."),
            too_many=N_("A list of more than %(most)s loans is not printed."),
        ),
        finish=_finish_list,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
