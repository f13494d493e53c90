"""Sheets of what comes of proposals: assessment, decision, reward slip, yearly list of rewards (PP-9, PR-1, PR-4)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.database import db
from portal.models import award_list
from portal.models.award_list import AWARDS, AwardQuery
from portal.models.customer import Customer
from portal.models.proposal_assessment import ProposalAssessment
from portal.models.proposal_award import DENIED, KINDS, LAPSED, STATES, ProposalAward
from portal.models.proposal_decision_kind import KIND
from portal.models.proposal_department import ProposalDepartment
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules.encouragement import RULES
from portal.rules.message import N_, Message
from portal.rules.proposals import PARTS
from portal.rules.rewards import OUTCOMES

_SHEETS = (
    catalogue.Sheet("proposal_assessment", "QMS-PM-31346", N_("Assessment of a proposal"), "proposal_assessment.html"),
    catalogue.Sheet("proposal_decision", "QMS-PM-31347", N_("Proposal decision and reward"), "proposal_decision.html"),
    catalogue.Sheet("reward_slip", "QMS-PM-31348", N_("Reward slip for a proposal"), "reward_slip.html"),
    catalogue.Sheet("award_list", "QMS-PM-31349", N_("Yearly list of rewards for proposals"), "award_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})

declare(of_kind(KIND, blank={"customer": {}, "proposal": {}, "assessments": [], "decision": {}}))


# --- assessment ----------------------------------------------------------------


def _assessment(assessment: ProposalAssessment) -> dict[str, Any]:
    proposal = assessment.proposal
    mine = [ProposalDepartment.proposal_id == proposal.id, ProposalDepartment.department == assessment.department]
    if assessment.returned_at:
        mine.append(ProposalDepartment.sent_at <= assessment.returned_at)  # not the day by which it is to answer again
    due_on = db.session.scalar(select(ProposalDepartment.due_on).where(*mine).order_by(ProposalDepartment.id.desc()))
    return {
        "proposal": {
            "number": proposal.number, "summary": proposal.summary, "text": proposal.text, "kind": proposal.kind,
            "customer": proposal.customer.full_name, "received_on": proposal.received_on.isoformat(),
            "due_on": due_on.isoformat() if due_on else "",
        },
        "assessment": assessment.snapshot(),
    }  # fmt: skip


def _finish_assessment(document: dict[str, Any], labels: Labels) -> None:
    said = document["assessment"]
    if said.get("part"):
        said["part"] = labels(PARTS[said["part"]])
    if said.get("advice"):
        said["advice"] = labels(OUTCOMES[said["advice"]][0])


declare(
    Printable(
        sheet="proposal_assessment",
        model=ProposalAssessment,
        content=_assessment,
        blank={"proposal": {}, "assessment": {}},
        label=lambda assessment: assessment.proposal.label,
        page=lambda assessment: ("proposals.proposal", {"proposal_id": assessment.proposal_id}),
        permission=Permission.PROPOSAL_ANSWER,
        boxes=(Box(Message(N_("Head of the department")), "made"), Box(Message(N_("Customer service")), "review")),
        state=lambda assessment: "" if assessment.is_returned else "draft",
        choices={"proposal.kind": "proposal_kind", "assessment.department": "department"},
        customer_id=lambda assessment: assessment.proposal.customer_id,
        finish=_finish_assessment,
    )
)


# --- reward slip ----------------------------------------------------------------


def _finish_slip(document: dict[str, Any], labels: Labels) -> None:
    award = document["award"]
    if award.get("kind"):
        award["kind"] = labels(KINDS[award["kind"]])
    if award.get("rule"):
        award["rule"] = labels(RULES[award["rule"]])


declare(
    Printable(
        sheet="reward_slip",
        model=ProposalAward,
        content=lambda award: {"award": award.snapshot()},
        blank={"award": {}},
        label=lambda award: award.label,
        page=lambda award: ("proposals.award", {"award_id": award.id}),
        boxes=(
            Box(Message(N_("Recipient")), ""), Box(Message(N_("Paid out by")), ""), Box(Message(N_("Confirmed by")), ""),
        ),
        amounts=("award.amount",),
        finish=_finish_slip,
        fits=lambda award: bool(award.is_money and award.state not in (LAPSED, DENIED)),
    )
)  # fmt: skip


# --- list ----------------------------------------------------------------


def _rows(found: list[ProposalAward]) -> list[dict[str, Any]]:
    return [one.snapshot() for one in found]


def _more(user: Any, query: AwardQuery) -> dict[str, Any]:
    found = award_list.sums(user, query)
    return {"sums": [{"kind": kind, "count": str(number), "amount": f"{amount:.2f}"} for kind, (number, amount) in found.items()]}


def _finish_list(document: dict[str, Any], labels: Labels) -> None:
    for row in document["awards"]:
        row["kind"], row["state"] = labels(KINDS[row["kind"]]), labels(STATES[row["state"]][0])
    for row in document["sums"]:
        row["kind"] = labels(KINDS[row["kind"]])


def _conditions(user: Staff, query: AwardQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    filters = query.filters.items()
    return semicolon.join(f"{labels(query.FILTERS[name]).text}{colon}{_value(user, name, value, labels)}" for name, value in filters)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    if name in ("kind", "state"):
        return labels(KINDS[value] if name == "kind" else STATES[value][0]).text
    return named(user, Customer, value) if name == "customer" else value


lists.declare(
    ListSheet(
        "award_list",
        "awards",
        _rows,
        {},
        Source(
            read=AwardQuery.read,
            ids=AWARDS.ids,
            records=AWARDS.records,
            conditions=_conditions,
            page=lambda query: ("proposals.awards", query.args()),
            place=N_("Rewards for proposals"),
            counted=N_("%(count)s rewards, prizes and souvenirs are on this list."),
            empty=N_("There is no reward on this list."),
            too_many=N_("A list of more than %(most)s rewards is not printed. Narrow the list, or export it."),
        ),
        amounts=("awards.amount", "sums.amount"),
        finish=_finish_list,
        more=_more,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
