"""More days for an important or complicated proposal (PP-4): the manager approves, the deputy general manager signs on paper.

The days move when the last step is passed, and not before: the chain's paper step needs the scan of the signed sheet (AP-6).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit, history, proposal_clock
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.draft import APPROVED, PENDING, UNDECIDED, Draft, Entries
from portal.models.draft import STATES as STATES
from portal.models.proposal import OfProposal, Proposal
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules import proposals as rules
from portal.rules.chains import choose_case, signatures
from portal.rules.message import N_, Refusal

NAME = "proposal-extension"
GROUNDS = {"important": N_("Important proposal"), "complicated": N_("Complicated proposal")}
LONGEST = 1000


class ProposalExtension(OfProposal, Draft):
    """One extension: draft → pending → approved | rejected; a draft can be given up."""

    __tablename__ = "proposal_extension"
    departments_see = "all"
    kind_name = NAME
    permission = Permission.PROPOSAL_ROUTE
    entries = Entries("extension-drafted", "extension-changed", "extension-given-up")

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    ground: Mapped[str]
    """important | complicated"""
    reason: Mapped[str] = mapped_column(Text)
    approved_at: Mapped[datetime | None]

    proposal: Mapped[Proposal] = relationship()

    __table_args__ = (
        Index(None, "proposal_id", "id"),
        Index("uq_proposal_extension_undecided", "proposal_id", unique=True, sqlite_where=UNDECIDED, postgresql_where=UNDECIDED),
    )

    @property
    def customer_id(self) -> int:
        """Return whose proposal it is: its sealed form is filed in that dossier."""
        return self.proposal.customer_id

    @staticmethod
    def can_begin(proposal: Proposal, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may ask for more days: undecided, not extended yet, and nothing under way."""
        return proposal.can_route(user) and not proposal.extended and undecided_of(proposal) is None

    @classmethod
    def begin(cls, proposal: Proposal, values: Mapping[str, str], *, by: Staff) -> ProposalExtension:
        """Begin an extension and return it, flushed. `values`: ground, reason. Raises `Refusal` with the field, `StateConflict`."""
        if not cls.can_begin(proposal, by):
            raise StateConflict(f"extension of proposal {proposal.id}")
        found = cls(proposal=proposal)
        found._set(values)
        return found.begun(by, reason=found.reason[:200])

    def can_edit(self, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may change or submit it: a draft, of a proposal that is undecided."""
        return super().can_edit(user) and self.proposal.is_undecided

    def can_give_up(self, user: Staff) -> bool:
        """Return whether `user`, who sees the proposal, may let the draft go: also where the proposal was decided without it."""
        return super().can_edit(user)

    def edit(self, values: Mapping[str, str], *, by: Staff, version: int) -> None:
        """Change a draft. Raises `Refusal` with the field, `StateConflict`."""
        with self.changing(by, version, reason=values["reason"][:200]):
            self._set(values)

    def submit(self, *, by: Staff) -> Approval:
        """Send it through its chain (AP-3). Raises `Refusal` with the field, `StateConflict`."""
        self.ensure_draft(by)
        return super().submit(by=by)

    def _set(self, values: Mapping[str, str]) -> None:
        if values["ground"] not in GROUNDS:
            raise Refusal("Only important and complicated proposals have more days: say which this is.", field="ground")
        if not values["reason"]:
            raise Refusal("Say why the days do not suffice.", field="reason")
        if len(values["reason"]) > LONGEST:
            raise Refusal("At most %(most)s characters; these are %(count)s.", field="reason", most=LONGEST, count=len(values["reason"]))
        self.ground, self.reason = values["ground"], values["reason"]

    def snapshot(self) -> dict[str, Any]:
        """Return the form as plain data: what is signed and printed (AP-4)."""
        proposal = self.proposal
        days = proposal_clock.days_of(proposal)
        return {
            "proposal": {
                "number": proposal.number,
                "customer": proposal.customer.full_name,
                "customer_number": proposal.customer.number,
                "kind": proposal.kind,
                "received_on": proposal.received_on.isoformat(),
                "limit_on": days.last_day(proposal.received_on).isoformat(),
                "extended_on": days.last_day(proposal.received_on, extended=True).isoformat(),
                "limit_days": str(days.limit),
                "extended_days": str(days.extended),
                "summary": proposal.summary,
                "responsible": proposal.responsible,
                "handler": proposal.handler.name,
                "ground": self.ground,
                "reason": self.reason,
                "days_version": str(proposal.deadlines_version),
            }
        }


def undecided_of(proposal: Proposal) -> ProposalExtension | None:
    """Return the extension of a proposal that is being written or signed."""
    return ProposalExtension.undecided(proposal_id=proposal.id)


def extensions_of(proposal: Proposal) -> list[ProposalExtension]:
    """Return the extensions that were asked for, the newest first."""
    query = select(ProposalExtension).where(ProposalExtension.proposal_id == proposal.id).order_by(ProposalExtension.id.desc())
    return list(db.session.scalars(query))


def _check(extension: ProposalExtension) -> None:
    if not extension.proposal.is_undecided:
        raise Refusal("The proposal is decided already.")
    if extension.proposal.extended:
        raise Refusal("The proposal has its longer days already.")
    steps = [one for step in choose_case(standard("chain.proposal_extension"), {})["steps"] for one in signatures(step)]
    if not any(one["type"] == "paper" and one["meaning"] == "approve" for one in steps):
        raise Refusal("More days need the deputy general manager's signature on paper: the chain of this document has no such step.")


def _submitted(extension: ProposalExtension, _approval: Approval, _by: Staff | None) -> None:
    """Take it into approval. With the proposal's new version a change of it that is open at this moment fails (AP-5)."""
    proposal = extension.proposal  # as it was frozen: with its extension it would be read anew
    into_approval(extension)
    transition(proposal, expect={"version": proposal.version}, change={"version": proposal.version + 1})


def _approved(extension: ProposalExtension, approval: Approval, by: Staff | None) -> None:
    """Move the proposal's last day (PP-4); the customer is to be told of it (PP-2). A chain without its paper step moves nothing."""
    if not extension.proposal.is_undecided or extension.proposal.extended:
        raise Refusal("The proposal is decided already, or has its longer days already.")
    if not any(step.type == "paper" and step.meaning == "approve" and step.state == "done" for step in approval.current_round.steps):
        raise Refusal("More days need the deputy general manager's signature on paper: the chain of this document has no such step.")
    proposal = extension.proposal
    transition(extension, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})
    change = {**proposal_clock.extend(proposal), "version": proposal.version + 1}
    transition(proposal, expect={"state": list(rules.UNDECIDED), "extended": False}, change=change)
    changes = [{"field": "limit_on", "old": "", "new": proposal.limit_on.isoformat()}]
    audit.write("change", "proposal-extended", actor=by, record=proposal, label=proposal.label, changes=changes)


KIND = declare(
    DocumentKind(
        name=NAME,
        title=N_("More days for a proposal"),
        model=ProposalExtension,
        sheet="proposal_extension",
        chain="chain.proposal_extension",
        page=lambda extension: ("proposals.extension", {"extension_id": extension.id}),
        filed_as="correspondence",
        check=_check,
        on_submitted=_submitted,
        on_approved=_approved,
        labels={
            "proposal.number": N_("Proposal number"),
            "proposal.customer": N_("Customer"),
            "proposal.customer_number": N_("Customer number"),
            "proposal.kind": N_("Kind of proposal"),
            "proposal.received_on": N_("Received on"),
            "proposal.limit_on": N_("Last day of the proposal"),
            "proposal.extended_on": N_("Last day asked for"),
            "proposal.limit_days": N_("Days without an extension"),
            "proposal.extended_days": N_("Days with an extension"),
            "proposal.summary": N_("Summary of the proposal"),
            "proposal.responsible": N_("Responsible department"),
            "proposal.handler": N_("Handled by"),
            "proposal.ground": N_("Ground of the extension"),
            "proposal.reason": N_("Why the days do not suffice"),
            "proposal.days_version": N_("Version of the days"),
        },
        choices={"proposal.kind": "proposal_kind", "proposal.responsible": "department"},
    )
)
for _name, _title in (
    ("extension-drafted", N_("More days for a proposal asked for")),
    ("extension-changed", N_("Extension of a proposal changed")),
    ("extension-given-up", N_("Extension of a proposal given up")),
):
    history.action("ProposalExtension", _name, _title)
history.action("Proposal", "proposal-extended", N_("Proposal has more days"))
