"""What a customer receives for proposals (PP-6, PP-7): rewards, prizes, souvenirs; who found, who paid, with which receipt.

Money goes through two people: one hands it over, another confirms it with the receipt that the customer signed.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Select, Text, false, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base
from portal.models.attachment import Attachment
from portal.models.customer import Customer, Money
from portal.models.proposal import Proposal
from portal.models.proposal_decision import ProposalDecision
from portal.models.staff import Staff

REWARD, PRIZE, SOUVENIR = "reward", "prize", "souvenir"
_PRIZE = sql("kind = 'prize' AND state <> 'lapsed'")
_OF_PROPOSAL = sql("kind <> 'prize' AND state <> 'lapsed'")
_WAITING = sql("state IN ('due', 'over', 'handed')")


class ProposalAward(Base):
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
        Index(None, "year", "id"),
        Index("ix_proposal_award_waiting", "state", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalAward]:
        """Return what is given for proposals that `user` sees; a department's account sees none."""
        query = select(cls)
        if user.is_manager:
            return query
        return query.where(false() if user.is_department else cls.proposal_id.in_(select(Proposal.id).where(Proposal.scope(user))))


class PrizeYear(Base):
    """A calendar year at whose end the prizes of all customers were looked for once more (PP-7)."""

    __tablename__ = "proposal_prize_year"

    year: Mapped[int] = mapped_column(unique=True)
    looked_at: Mapped[datetime]
