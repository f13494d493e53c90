"""Decisions on proposals (PP-5, PP-6): adopted, kept for later or not adopted, with reasons and reward.

The supervisor drafts one, a manager approves it (`proposal_decision_kind.py`); the customer is told by `proposal_letter.py`. What is
kept for later is decided again by another decision.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Select, Text, false, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.customer import Customer, Money
from portal.models.proposal import Proposal
from portal.models.staff import Staff

DRAFT = "draft"
_UNDECIDED = sql("state IN ('draft', 'pending')")


class ProposalDecision(Base):
    """One decision: draft → pending → approved | rejected; a draft can be given up."""

    __tablename__ = "proposal_decision"

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
    state: Mapped[str] = mapped_column(default=DRAFT)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    proposal: Mapped[Proposal] = relationship()
    created_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "proposal_id", "id"),
        Index("uq_proposal_decision_undecided", "proposal_id", unique=True, sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalDecision]:
        """Return the decisions on proposals that `user` sees; a department's account sees none: they name money (PP-3)."""
        query = select(cls)
        if user.is_manager:
            return query
        return query.where(false() if user.is_department else cls.proposal_id.in_(select(Proposal.id).where(Proposal.scope(user))))
