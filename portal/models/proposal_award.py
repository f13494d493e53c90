"""What a customer receives for proposals (PP-6, PP-7): rewards, prizes, souvenirs; who found, who paid, with which receipt.

Money goes through two people: one hands it over, another confirms it with the receipt that the customer signed.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

import portal.rules.proposal_outcome_standards as _standards  # noqa: F401 - adds its standards to the table
from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, benefit, gift_register, history
from portal.models.attachment import Attachment
from portal.models.customer import Customer, Money
from portal.models.dossier import Upload
from portal.models.in_charge import KeptInCharge
from portal.models.proposal import OfProposal, Proposal
from portal.models.proposal_assessment import keep_file
from portal.models.proposal_decision import ProposalDecision
from portal.models.staff import Staff
from portal.models.standard import InForce, in_force
from portal.permissions import Permission
from portal.rules.message import N_, Refusal
from portal.rules.proposal_outcomes import LONGEST_LINE, LONGEST_TEXT

REWARD, PRIZE, SOUVENIR = "reward", "prize", "souvenir"
KINDS = {REWARD: N_("Reward"), PRIZE: N_("Encouragement prize"), SOUVENIR: N_("Souvenir with a letter of thanks")}
DUE, OVER, HANDED, PAID, LAPSED, DENIED = "due", "over", "handed", "paid", "lapsed", "denied"
STATES = {
    OVER: (N_("Over the cap, to be decided"), "seal"),
    DUE: (N_("To be handed over"), "warn"),
    HANDED: (N_("Handed over, to be confirmed"), "accent"),
    PAID: (N_("Received and confirmed"), "ok"),
    DENIED: (N_("Not paid"), ""),
    LAPSED: (N_("Lapsed"), ""),
}
"""Words and tones: due → handed → paid; over → due | denied; due | over → lapsed. Souvenirs go from due to paid at once."""
WAITING = (DUE, OVER, HANDED)
BENEFITS = {PRIZE: benefit.PRIZE, SOUVENIR: benefit.THANKS}
"""What counts under the cap of what a customer is given; a reward is payment for value and does not (PP-6)."""
_PRIZE = sql("kind = 'prize' AND state <> 'lapsed'")
_OF_PROPOSAL = sql("kind <> 'prize' AND state <> 'lapsed'")
_WAITING = sql("state IN ('due', 'over', 'handed')")
_LISTED = ("kind", "state", "year", "customer_id", "amount")
"""What the list is filtered by and adds up, in the indexes of who sees it."""


class ProposalAward(OfProposal, KeptInCharge, Base):
    """One reward, prize or souvenir: due, or over the cap until a manager decides → handed over → confirmed; or lapsed."""

    __tablename__ = "proposal_award"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), index=True)
    """The proposal that it is for; of a prize the one that earned it."""
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("proposal_decision.id", ondelete="SET NULL"), index=True)
    kind: Mapped[str]
    """reward | prize | souvenir"""
    rule: Mapped[str] = mapped_column(default="")
    """Of a prize: kept | none (`rules.encouragement`)."""
    year: Mapped[int]
    """The calendar year in which the proposal was received: prizes are of a year (PP-7)."""
    amount: Mapped[Decimal] = mapped_column(Money)
    """In yuan; of a souvenir its value."""
    terms_version: Mapped[int] = mapped_column(default=0)
    """The version of the standard that gave the amount of a prize or souvenir."""
    state: Mapped[str]
    found_on: Mapped[date]
    permitted_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    permit_reason: Mapped[str] = mapped_column(Text, default="")
    """Why a manager pays it over the cap, or why it is not paid."""
    handed_on: Mapped[date | None]
    handed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    payee: Mapped[str] = mapped_column(default="")
    """Who of the customer received it and signed."""
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime | None]
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    proposal: Mapped[Proposal] = relationship()
    decision: Mapped[ProposalDecision | None] = relationship()
    permitted_by: Mapped[Staff | None] = relationship(foreign_keys=[permitted_by_id])
    handed_by: Mapped[Staff | None] = relationship(foreign_keys=[handed_by_id])
    confirmed_by: Mapped[Staff | None] = relationship(foreign_keys=[confirmed_by_id])
    receipt: Mapped[Attachment | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index("uq_proposal_award_prize", "customer_id", "year", unique=True, sqlite_where=_PRIZE, postgresql_where=_PRIZE),
        Index("uq_proposal_award_once", "proposal_id", "kind", unique=True, sqlite_where=_OF_PROPOSAL, postgresql_where=_OF_PROPOSAL),
        Index(None, "customer_id", "id"),
        Index("ix_proposal_award_in_charge", "in_charge_id", "id", *_LISTED),
        Index("ix_proposal_award_in_charge_team", "in_charge_team_id", "id", *_LISTED),
        Index("ix_proposal_award_of_year", "year", "id", "kind", "state", "customer_id", "amount"),
        Index("ix_proposal_award_waiting", "state", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    # --- what it is ------------------------------------------------------------------------------------------------------

    @property
    def label(self) -> str:
        """Return what lists, inbox and log call it."""
        return f"{self.proposal.number} {self.customer.full_name}"

    @property
    def is_money(self) -> bool:
        """Return whether two people and a signed receipt belong to it."""
        return self.kind != SOUVENIR

    @property
    def over_cap(self) -> Refusal | None:
        """Return why the cap has no room for it, while it waits for a manager (read only: what is taken by others may change)."""
        return benefit.room(self.customer, self.amount, on=clock.today()) if self.state == OVER else None

    # --- steps -----------------------------------------------------------------------------------------------------------

    def can_permit(self, user: Staff) -> bool:
        """Return whether `user` may decide what becomes of a prize over the cap: a manager."""
        return self.state == OVER and user.may(Permission.PROPOSAL_PERMIT)

    def permit(self, reason: str, *, pay: bool, by: Staff) -> None:
        """Decide about a prize or souvenir over the cap: it is given within it, if there is room by now, else above it; or not given.

        Raises `Refusal` without a reason, `StateConflict`.
        """
        if not self.can_permit(by):
            raise StateConflict(f"proposal award {self.id}")
        if not reason:
            raise Refusal("Give the reason.", field="reason")
        change: dict[str, Any] = {"permitted_by_id": by.id, "permit_reason": reason[:LONGEST_TEXT], "state": DUE if pay else DENIED}
        transition(self, expect={"state": OVER}, change={**change, "version": self.version + 1})
        if pay:
            given: dict[str, Any] = {"source": BENEFITS[self.kind], "source_id": self.id, "by": by, "title": self.proposal.number}
            benefit.take_permitted(self.customer_id, self.amount, on=clock.today(), **given)
        audit.write("change", "award-permitted" if pay else "award-denied", actor=by, record=self, label=self.label, reason=reason[:200])

    def can_hand(self, user: Staff) -> bool:
        """Return whether `user`, who sees it, may hand it over."""
        return self.state == DUE and user.may(Permission.PROPOSAL_WORK)

    def hand_over(self, payee: str, on: date | None, *, by: Staff) -> None:
        """Record that it was handed to somebody of the customer. A souvenir is settled with that; money is still confirmed by another.

        Raises `Refusal` with the field, `StateConflict`.
        """
        if not self.can_hand(by):
            raise StateConflict(f"proposal award {self.id}")
        if not payee:
            raise Refusal("Say who received it.", field="payee")
        if on is None or on > clock.today() or on < self.found_on:
            raise Refusal("Enter the day on which it was handed over.", field="handed_on")
        change: dict[str, Any] = {"handed_on": on, "handed_by_id": by.id, "payee": payee[:LONGEST_LINE], "version": self.version + 1}
        change |= {"state": HANDED} if self.is_money else {"state": PAID, "confirmed_at": clock.now()}
        transition(self, expect={"state": DUE}, change=change)
        if self.kind in BENEFITS:
            gift_register.enter(
                self.customer, source=BENEFITS[self.kind], source_id=self.id, on=on, title=self.proposal.number, goods="×1",
                amount=self.amount, giver_id=self.customer.owner_id or by.id, handed_by_id=by.id, person=payee,
            )  # fmt: skip
        audit.write("change", "award-handed", actor=by, record=self, label=self.label, reason=payee[:LONGEST_LINE])

    def can_confirm(self, user: Staff) -> bool:
        """Return whether `user` may confirm the payment: a supervisor or manager who did not hand it over (RO-3)."""
        return self.state == HANDED and self.handed_by_id != user.id and user.may(Permission.PROPOSAL_DECIDE)

    def confirm(self, receipt: Upload | None, *, by: Staff) -> None:
        """Confirm the payment with the receipt that the customer signed. Raises `Refusal` with the field, `StateConflict`."""
        if not self.can_confirm(by):
            raise StateConflict(f"proposal award {self.id}")
        if receipt is None:
            raise Refusal("Keep the receipt that the customer signed.", field="receipt")
        kept = keep_file(self.proposal, receipt, "receipt", by=by)
        change = {"state": PAID, "confirmed_by_id": by.id, "confirmed_at": clock.now(), "receipt_id": kept.id, "version": self.version + 1}
        transition(self, expect={"state": HANDED}, change=change)
        audit.write("change", "award-confirmed", actor=by, record=self, label=self.label)

    def lapse(self, *, by: Staff | None = None) -> None:
        """Let what nobody has paid lapse, and give back what it took of the cap. Raises `StateConflict`."""
        transition(self, expect={"state": (DUE, OVER)}, change={"state": LAPSED, "version": self.version + 1})
        if self.kind in BENEFITS:
            benefit.give_back(BENEFITS[self.kind], self.id)
        audit.write("change", "award-lapsed", actor=by, record=self, label=self.label)

    def snapshot(self) -> dict[str, Any]:
        """Return it as plain JSON, for its slip and lists."""
        proposal = self.proposal
        return {
            "kind": self.kind,
            "rule": self.rule,
            "year": str(self.year),
            "number": proposal.number,
            "summary": proposal.summary,
            "received_on": proposal.received_on.isoformat(),
            "customer": self.customer.full_name,
            "customer_number": self.customer.number,
            "grade": self.decision.grade if self.decision and self.kind == REWARD else "",
            "amount": f"{self.amount:.2f}",
            "state": self.state,
            "decided_on": f"{clock.local(self.decision.approved_at):%Y-%m-%d}" if self.decision and self.decision.approved_at else "",
            "handed_on": self.handed_on.isoformat() if self.handed_on else "",
            "handed_by": self.handed_by.name if self.handed_by else "",
            "payee": self.payee,
            "confirmed_by": self.confirmed_by.name if self.confirmed_by else "",
            "permit": self.permit_reason,
        }


# --- what a decision brings ------------------------------------------------------------------------------------------------


def reward(decision: ProposalDecision) -> ProposalAward:
    """Add the reward of an adopted proposal and return it, flushed (PP-6)."""
    assert decision.amount is not None  # noqa: S101 - judged when it was drafted and submitted
    return _add(decision.proposal, decision, REWARD, decision.amount)


def souvenir(decision: ProposalDecision) -> ProposalAward:
    """Add the souvenir for a proposal that is not adopted and return it, flushed (PP-7)."""
    terms = in_force("proposal.souvenir")
    return _add(decision.proposal, decision, SOUVENIR, Decimal(terms.value), terms=terms)


def prize(proposal: Proposal, customer_id: int, rule: str, terms: InForce) -> ProposalAward | None:
    """Add the encouragement prize that `proposal` has earned its customer; None where the year has one already (PP-7)."""
    try:
        with db.session.begin_nested():
            return _add(proposal, None, PRIZE, Decimal(terms.value), rule=rule, terms=terms, customer_id=customer_id)
    except IntegrityError:  # found by somebody else at the same moment
        return None


def _add(
    proposal: Proposal, decision: ProposalDecision | None, kind: str, amount: Decimal, *, rule: str = "", terms: InForce | None = None,
    customer_id: int | None = None,
) -> ProposalAward:  # fmt: skip
    found = ProposalAward(
        customer_id=customer_id or proposal.customer_id, proposal=proposal, decision=decision, kind=kind, rule=rule, amount=amount,
        year=proposal.received_on.year, terms_version=terms.version if terms else 0, state=DUE, found_on=clock.today(),
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    if kind in BENEFITS:
        try:
            benefit.take(
                found.customer_id, amount, on=clock.today(), source=BENEFITS[kind], source_id=found.id, by=None, title=proposal.number
            )
        except Refusal:
            transition(found, expect={"state": DUE}, change={"state": OVER, "version": found.version + 1})
    audit.write("change", f"{kind}-found", record=found, customer_id=found.customer_id, label=f"{proposal.number} {amount:,.2f}")
    return found


def of_proposal(proposal: Proposal) -> list[ProposalAward]:
    """Return what is given for a proposal, the oldest first."""
    query = select(ProposalAward).where(ProposalAward.proposal_id == proposal.id)
    loaded = (joinedload(ProposalAward.handed_by), joinedload(ProposalAward.confirmed_by), joinedload(ProposalAward.permitted_by))
    return list(db.session.scalars(query.options(*loaded).order_by(ProposalAward.id)))


for _name, _title in (
    ("reward-found", N_("Reward for a proposal")),
    ("prize-found", N_("Encouragement prize earned")),
    ("souvenir-found", N_("Souvenir for a proposal")),
    ("award-permitted", N_("Prize over the cap permitted")),
    ("award-denied", N_("Prize over the cap not paid")),
    ("award-handed", N_("Reward, prize or souvenir handed over")),
    ("award-confirmed", N_("Payment for a proposal confirmed")),
    ("award-lapsed", N_("Prize lapsed")),
):
    history.action("ProposalAward", _name, _title)


class PrizeYear(Base):
    """A calendar year at whose end the prizes of all customers were looked for once more (PP-7)."""

    __tablename__ = "proposal_prize_year"

    year: Mapped[int] = mapped_column(unique=True)
    looked_at: Mapped[datetime]
