"""Carrying out adopted proposals (PP-8): the department's plan with measures and dates, the result, and the value gained."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Select, Text, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.customer import Money
from portal.models.proposal import Proposal
from portal.models.staff import Staff

_OPEN = sql("done_on IS NULL")


class ProposalWork(Base):
    """How one adopted proposal is carried out: planned → carried out, or stopped with a reason."""

    __tablename__ = "proposal_work"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"), unique=True)
    department: Mapped[str]
    plan: Mapped[str] = mapped_column(Text)
    first_on: Mapped[date]
    last_on: Mapped[date]
    state: Mapped[str]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    result: Mapped[str] = mapped_column(Text, default="")
    ended_on: Mapped[date | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    value: Mapped[Decimal | None] = mapped_column(Money)
    """What the office gained by it, in yuan."""
    value_basis: Mapped[str] = mapped_column(Text, default="")
    """How that was reckoned."""
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    created_by: Mapped[Staff] = relationship(foreign_keys=[created_by_id])
    ended_by: Mapped[Staff | None] = relationship(foreign_keys=[ended_by_id])
    measures: Mapped[list[ProposalMeasure]] = relationship(order_by="ProposalMeasure.position", back_populates="work")

    __mapper_args__ = {"version_id_col": version}

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalWork]:
        """Return what is carried out of proposals that `user` sees; a department's account sees its own."""
        query = select(cls)
        if user.is_manager:
            return query
        query = query.where(cls.proposal_id.in_(select(Proposal.id).where(Proposal.scope(user))))
        return query.where(cls.department == user.department_code) if user.is_department else query


class ProposalMeasure(Base):
    """One measure of a plan: by whom, by when, done when."""

    __tablename__ = "proposal_measure"

    work_id: Mapped[int] = mapped_column(ForeignKey("proposal_work.id", ondelete="CASCADE"))
    position: Mapped[int]
    text: Mapped[str]
    person: Mapped[str] = mapped_column(default="")
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")

    work: Mapped[ProposalWork] = relationship(back_populates="measures")

    __table_args__ = (
        Index(None, "work_id", "position", unique=True),
        Index("ix_proposal_measure_open", "due_on", "work_id", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
