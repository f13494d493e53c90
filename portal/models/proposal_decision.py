"""Decisions on proposals (PP-5, PP-6): adopted, kept for later or not adopted, with reasons and reward.

The supervisor drafts one, a manager approves it (`proposal_decision_kind.py`); the customer is told by `proposal_letter.py`. What is
kept for later is decided again by another decision.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal.database import StateConflict, db
from portal.models import proposal_assessment
from portal.models.customer import Customer, Money
from portal.models.draft import APPROVED, UNDECIDED, Draft, Entries
from portal.models.draft import DRAFT as DRAFT
from portal.models.draft import STATES as STATES
from portal.models.proposal import OfProposal, Proposal
from portal.models.staff import Staff
from portal.models.standard import in_force
from portal.permissions import Permission
from portal.rules import proposals as rules
from portal.rules.message import Refusal
from portal.rules.proposal_outcomes import LONGEST_TEXT
from portal.rules.rewards import OUTCOMES, check_reward

NAME = "proposal_decision"
BANDS = "proposal.rewards"
DECIDABLE = (rules.ASSESSED, rules.KEPT)
"""States in which a proposal is decided: once assessed, and again where it was kept for later."""


class Decided(NamedTuple):
    """A decision as it was entered."""

    outcome: str
    reasons: str
    grade: str = ""
    amount: Decimal | None = None


class ProposalDecision(OfProposal, Draft):
    """One decision: draft → pending → approved | rejected; a draft can be given up."""

    __tablename__ = "proposal_decision"
    kind_name = NAME
    permission = Permission.PROPOSAL_DECIDE
    entries = Entries("decision-drafted", "decision-changed", "decision-given-up")

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"), index=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    outcome: Mapped[str]
    """adopted | kept | not-adopted"""
    reasons: Mapped[str] = mapped_column(Text)
    grade: Mapped[str] = mapped_column(default="")
    amount: Mapped[Decimal | None] = mapped_column(Money)
    """Of an adopted one: grade and reward in yuan (PP-6)."""
    bands_version: Mapped[int] = mapped_column(default=0)
    """The version of the standard `proposal.rewards` by which the amount was judged."""
    approved_at: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship()
    proposal: Mapped[Proposal] = relationship()

    __table_args__ = (
        Index(None, "proposal_id", "id"),
        Index("uq_proposal_decision_undecided", "proposal_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
    )

    # --- what it is ------------------------------------------------------------------------------------------------------

    @property
    def is_adopted(self) -> bool:
        """Return whether it adopts the proposal."""
        return self.outcome == rules.ADOPTED

    # --- writing ---------------------------------------------------------------------------------------------------------

    @staticmethod
    def can_begin(proposal: Proposal, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may draft a decision: it is assessed, or was kept, and none is open (PP-5)."""
        return proposal.state in DECIDABLE and user.may(Permission.PROPOSAL_DECIDE) and open_of(proposal) is None

    @classmethod
    def begin(cls, proposal: Proposal, decided: Decided, *, by: Staff) -> ProposalDecision:
        """Draft a decision and return it, flushed. Raises `Refusal` with the field, `StateConflict`."""
        if not cls.can_begin(proposal, by):
            raise StateConflict(f"proposal {proposal.id}")
        found = cls(proposal=proposal, customer_id=proposal.customer_id)
        found._set(decided)
        return found.begun(by)

    def edit(self, decided: Decided, *, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict`."""
        with self.changing(by, version), db.session.no_autoflush:
            self._set(decided)

    def ensure_ready(self) -> None:
        """Raise `Refusal` unless the proposal can still be decided so."""
        if self.proposal.state not in DECIDABLE:
            raise Refusal("This proposal cannot be decided now.")
        self._set(Decided(self.outcome, self.reasons, self.grade, self.amount))

    def _set(self, decided: Decided) -> None:
        if decided.outcome not in OUTCOMES:
            raise Refusal("Choose what is decided.", field="outcome")
        if decided.outcome == rules.KEPT and self.proposal.state == rules.KEPT:
            raise Refusal("It is kept for later already: adopt it, or do not.", field="outcome")
        if not decided.reasons:
            raise Refusal("Give the reasons: the customer is told.", field="reasons")
        if len(decided.reasons) > LONGEST_TEXT:
            raise Refusal("At most %(most)s characters.", field="reasons", most=LONGEST_TEXT)
        bands = in_force(BANDS)
        if decided.outcome == rules.ADOPTED:
            check_reward(decided.grade, decided.amount, bands.value)
        elif decided.amount is not None or decided.grade:
            raise Refusal("Only an adopted proposal is rewarded.", field="amount")
        self.outcome, self.reasons, self.grade, self.amount = decided
        self.bands_version = bands.version

    # --- what is signed --------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Return the decision as plain JSON: proposal, what the departments say, outcome, reasons, reward."""
        proposal, customer = self.proposal, self.customer
        return {
            "customer": {"number": customer.number, "full_name": customer.full_name, "grade": customer.grade},
            "proposal": {
                "number": proposal.number,
                "summary": proposal.summary,
                "kind": proposal.kind,
                "received_on": proposal.received_on.isoformat(),
                "responsible": proposal.responsible,
                "limit_on": proposal.limit_on.isoformat(),
            },
            "assessments": [one.snapshot() for one in proposal_assessment.of_proposal(proposal)],
            "decision": {
                "outcome": self.outcome,
                "reasons": self.reasons,
                "grade": self.grade,
                "amount": "" if self.amount is None else f"{self.amount:.2f}",
                "bands_version": str(self.bands_version),
                "drafted_by": self.created_by.name,
            },
        }


def open_of(proposal: Proposal) -> ProposalDecision | None:
    """Return the decision on a proposal that is being written or signed."""
    return ProposalDecision.undecided(proposal_id=proposal.id)


def of_proposal(proposal: Proposal) -> list[ProposalDecision]:
    """Return the decisions on a proposal, the newest first."""
    query = select(ProposalDecision).where(ProposalDecision.proposal_id == proposal.id)
    return list(db.session.scalars(query.options(joinedload(ProposalDecision.created_by)).order_by(ProposalDecision.id.desc())))


def standing(proposal: Proposal) -> ProposalDecision | None:
    """Return the decision in force on a proposal: the newest approved one."""
    return next((one for one in of_proposal(proposal) if one.state == APPROVED), None)
