"""Decisions on proposals as documents that are signed (AP-3, PP-5): what an approval brings about, in one transaction."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.database import transition
from portal.models import history, proposal_letter, proposal_prize
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare
from portal.models.draft import APPROVED, PENDING
from portal.models.notice import notify
from portal.models.proposal_award import reward, souvenir
from portal.models.proposal_decision import DECIDABLE, NAME, ProposalDecision
from portal.models.proposal_notice import DECISION
from portal.models.staff import Staff
from portal.rules.encouragement import is_consoled
from portal.rules.message import N_, Message, Refusal
from portal.rules.rewards import OUTCOMES


def _approved(decision: ProposalDecision, _approval: Approval, by: Staff | None) -> None:
    """Decide the proposal: an adopted one is rewarded; a prize that is earned with it is found, others are thanked (PP-6, PP-7)."""
    proposal = decision.proposal
    if proposal.state not in DECIDABLE:
        raise Refusal("This proposal cannot be decided now.")
    day = proposal.decided_on or clock.today()  # what was kept and is decided again was in time, or late, when it was first decided
    change: dict[str, Any] = {"state": decision.outcome, "decided_on": day, "warn_on": None, "to_tell": True}
    change["version"] = proposal.version + 1
    transition(proposal, expect={"state": list(DECIDABLE)}, change=change)
    transition(decision, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now(), "version": decision.version + 1})
    proposal_letter.let_go(proposal, DECISION)  # it tells of the decision before
    if decision.is_adopted:
        reward(decision)
    prize = proposal_prize.follow(proposal.customer_id, proposal.received_on.year, by_proposal=proposal)
    if is_consoled(decision.outcome, prize is not None):
        souvenir(decision)
    figures = {"proposal": proposal.label, "outcome": Message(OUTCOMES[decision.outcome][0])}
    notify(proposal.handler, Message(N_("Proposal %(proposal)s is decided: %(outcome)s. Tell the customer."), figures), link=proposal.link)


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("Proposal decision and reward"),
        model=ProposalDecision,
        sheet=NAME,
        chain="chain.proposal_decision",
        page=lambda decision: ("proposals.decision", {"decision_id": decision.id}),
        filed_as="correspondence",
        on_approved=_approved,
        labels={
            "customer.number": N_("Customer number"),
            "customer.full_name": N_("Customer"),
            "customer.grade": N_("Grade"),
            "proposal.number": N_("Proposal number"),
            "proposal.summary": N_("Summary of the proposal"),
            "proposal.kind": N_("Kind"),
            "proposal.received_on": N_("Received on"),
            "proposal.responsible": N_("Responsible department"),
            "proposal.limit_on": N_("Last day of the proposal"),
            "assessments": N_("Assessments of the departments"),
            "assessments.department": N_("Department"),
            "assessments.part": N_("Part in the proposal"),
            "assessments.analysis": N_("Analysis"),
            "assessments.feasibility": N_("Feasibility"),
            "assessments.effect": N_("Expected effect"),
            "assessments.cost": N_("Cost"),
            "assessments.opinion": N_("Opinion of the department"),
            "assessments.advice": N_("Advice of the department"),
            "assessments.author": N_("Author in the department"),
            "assessments.returned_on": N_("Assessment returned on"),
            "decision.outcome": N_("Decision on the proposal"),
            "decision.reasons": N_("Reasons"),
            "decision.grade": N_("Grade of the reward"),
            "decision.amount": N_("Reward (yuan)"),
            "decision.bands_version": N_("Version of the grades of rewards"),
            "decision.drafted_by": N_("Drafted by"),
        },
        choices={"proposal.kind": "proposal_kind", "proposal.responsible": "department", "assessments.department": "department"},
        amounts=("decision.amount",),
    )
)
for _name, _title in (
    ("decision-drafted", N_("Decision on a proposal begun")),
    ("decision-changed", N_("Draft of a decision on a proposal changed")),
    ("decision-given-up", N_("Decision on a proposal given up")),
):
    history.action("ProposalDecision", _name, _title)
