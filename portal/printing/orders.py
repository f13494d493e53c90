"""Sheets of orders and agreements: refusal of an order, A treatment, both lists (RL-4, RL-6, PR-1, PR-5)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from portal import clock
from portal.models import agreement_list, order_list
from portal.models.agreement import STANDINGS, Agreement
from portal.models.agreement_list import STANDING, AgreementQuery
from portal.models.approval_kinds import KINDS as DOCUMENTS
from portal.models.customer import Customer
from portal.models.order_list import OrderQuery
from portal.models.order_request import NAMES, RECORDED, STATES, OrderRequest
from portal.models.staff import Staff
from portal.models.team import Team
from portal.printing import catalogue, lists, papers
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import declare, of_kind
from portal.rules.message import N_
from portal.rules.orders import A_TREATMENT, KINDS, REFUSAL

_SHEETS = (
    catalogue.Sheet("order_refusal", "QMS-PM-31219", N_("Application to refuse an order"), "order_refusal.html"),
    catalogue.Sheet("a_treatment", "QMS-PM-31220", N_("Application to treat an order like grade A"), "a_treatment.html"),
    catalogue.Sheet("order_request_list", "QMS-PM-31222", N_("Requests about orders"), "order_request_list.html", landscape=True),
    catalogue.Sheet("agreement_list", "QMS-PM-31223", N_("Long-term agreements"), "agreement_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})

_BLANK: dict[str, Any] = {"customer": {}, "order": {}, "goods": []}
declare(replace(of_kind(DOCUMENTS[NAMES[REFUSAL]], blank=_BLANK), fits=lambda asked: asked.kind == REFUSAL and asked.state != RECORDED))
# A refusal that needed no approval is no application: the list and the log have it.
declare(replace(of_kind(DOCUMENTS[NAMES[A_TREATMENT]], blank={**_BLANK, "sales": {}}), fits=lambda asked: asked.kind == A_TREATMENT))


def _conditions(user: Staff, filters: dict[str, str], titles: dict[str, str], words: dict[str, dict[str, str]], labels: Labels) -> str:
    """Return in words which filters are set."""
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = []
    for name, value in filters.items():
        text = labels(words[name][value]).text if name in words else value
        if name in ("team", "author", "customer"):
            text = named(user, {"team": Team, "author": Staff, "customer": Customer}[name], value)
        said.append(f"{labels(titles[name]).text}{colon}{text}")
    return semicolon.join(said)


# --- requests ----------------------------------------------------------------


def _requests(requests: list[OrderRequest]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.order_number,
            "kind": one.kind,
            "state": one.state,
            "customer": one.customer.full_name,
            "grade": one.grade_now,
            "ordered_on": one.ordered_on.isoformat(),
            "amount": f"{one.amount:.2f}",
            "delivery_on": one.delivery_on.isoformat() if one.delivery_on else "",
            "reason": one.reason,
            "author": one.created_by.name,
        }
        for one in requests
    ]


def _finish_requests(document: dict[str, Any], labels: Labels) -> None:
    for row in document["requests"]:
        row["kind"], row["state"] = labels(KINDS[row["kind"]]), labels(STATES[row["state"]][0])


lists.declare(
    ListSheet(
        "order_request_list",
        "requests",
        _requests,
        {},
        Source(
            read=OrderQuery.read,
            ids=order_list.LIST.ids,
            records=order_list.LIST.records,
            conditions=lambda user, query, labels: _conditions(
                user, query.filters, query.FILTERS, {"kind": KINDS, "state": {code: said[0] for code, said in STATES.items()}}, labels
            ),
            page=lambda query: ("orders.order_requests", query.args()),
            place=N_("Requests about orders"),
            counted=N_("%(count)s requests about orders are on this list."),
            empty=N_("There is no request about an order on this list."),
            too_many=N_("A list of more than %(most)s requests about orders is not printed. Narrow the list, or export it."),
        ),
        amounts=("requests.amount",),
        finish=_finish_requests,
    )
)


# --- agreements ----------------------------------------------------------------


def _agreements(agreements: list[Agreement]) -> list[dict[str, Any]]:
    today = clock.today()
    return [
        {
            "title": one.title,
            "number": one.number,
            "state": one.standing(today),
            "customer": one.customer.full_name,
            "grade": one.customer.grade,
            "owner": one.customer.owner.name if one.customer.owner else "",
            "starts_on": one.starts_on.isoformat(),
            "ends_on": (one.ended_on or one.ends_on).isoformat(),
            "document": one.document.archive_number if one.document else "",
        }
        for one in agreements
    ]


def _finish_agreements(document: dict[str, Any], labels: Labels) -> None:
    for row in document["agreements"]:
        row["state"] = labels(STANDINGS[row["state"]][0])


lists.declare(
    ListSheet(
        "agreement_list",
        "agreements",
        _agreements,
        {},
        Source(
            read=AgreementQuery.read,
            ids=agreement_list.LIST.ids,
            records=agreement_list.LIST.records,
            conditions=lambda user, query, labels: _conditions(user, query.filters, query.FILTERS, {"standing": STANDING}, labels),
            page=lambda query: ("orders.agreements", query.args()),
            place=N_("Long-term agreements"),
            counted=N_("%(count)s agreements are on this list."),
            empty=N_("There is no agreement on this list."),
            too_many=N_("A list of more than %(most)s agreements is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_agreements,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
