"""Kept figures of a year's proposals (PP-10): by month, by kind, by department, of each team, and by customer; counted by the worker."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Base
from portal.models.customer import Money
from portal.models.duplicate import STAYS_AT_MERGE


class _Figures:
    """What is counted of proposals, by when they were received."""

    received: Mapped[int] = mapped_column(default=0)
    decided: Mapped[int] = mapped_column(default=0)
    on_time: Mapped[int] = mapped_column(default=0)
    """Decided on their last day or before."""
    adopted: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    declined: Mapped[int] = mapped_column(default=0)
    reward: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """Rewards approved, in yuan; prizes and souvenirs are none."""
    value: Mapped[Decimal] = mapped_column(Money, default=Decimal(0))
    """What was gained by carrying them out, in yuan."""


class ProposalTotal(_Figures, Base):
    """The figures of a year's proposals of one month, one kind or one responsible department, and of one team."""

    __tablename__ = "proposal_year_total"

    year: Mapped[int]
    part: Mapped[str]
    """Of which part of the overview it is a line: months, kinds or departments."""
    code: Mapped[str]
    """2026-04, or the code of the kind or department; '' for what is not routed."""
    team: Mapped[int] = mapped_column(default=0)
    """Number of the team, 0 for none: it stays a number where the team goes."""

    __table_args__ = (UniqueConstraint("year", "part", "code", "team"),)


class ProposalCustomerTotal(_Figures, Base):
    """The figures of a customer's proposals of a year."""

    __tablename__ = "proposal_customer_total"

    year: Mapped[int]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id", ondelete="CASCADE"))

    __table_args__ = (
        UniqueConstraint("customer_id", "year"),
        Index(None, "year", "received", "customer_id"),
        {"info": STAYS_AT_MERGE},
    )


class ProposalCounted(Base):
    """As which version, of which year and customer, a proposal stands in the kept figures."""

    __tablename__ = "proposal_counted"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), unique=True)
    as_version: Mapped[int]
    year: Mapped[int]
    customer_id: Mapped[int]
