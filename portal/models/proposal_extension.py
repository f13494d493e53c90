"""More days for an important or complicated proposal (PP-4): the manager approves, the deputy general manager signs on paper."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, Text, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.proposal import Proposal
from portal.models.staff import Staff

DRAFT = "draft"
_UNDECIDED = sql("state IN ('draft', 'pending')")


class ProposalExtension(Base):
    """One extension: draft → pending → approved | rejected; a draft can be given up."""

    __tablename__ = "proposal_extension"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    ground: Mapped[str]
    """important | complicated"""
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(default=DRAFT)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    approved_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    created_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "proposal_id", "id"),
        Index("uq_proposal_extension_undecided", "proposal_id", unique=True, sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalExtension]:
        """Return the extensions of proposals that `user` sees."""
        query = select(cls)
        return query if user.is_manager else query.where(cls.proposal_id.in_(select(Proposal.id).where(Proposal.scope(user))))
