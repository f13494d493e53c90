"""Classification and routing of a proposal 提案分派 (PP-3): the supervisor names kind and departments, the manager approves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Select, Text, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.proposal import Proposal
from portal.models.staff import Staff

DRAFT = "draft"
_UNDECIDED = sql("state IN ('draft', 'pending')")


class ProposalRouting(Base):
    """One routing: draft → pending → approved | rejected; a draft can be given up. A later one takes the place of the first."""

    __tablename__ = "proposal_routing"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    kind: Mapped[str]
    lines: Mapped[list[Any]] = mapped_column(default=list)
    """The departments in their order: [{department, part, way, address}, …]."""
    word: Mapped[str] = mapped_column(Text, default="")
    """What the departments are asked; of another routing, why."""
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
        Index("uq_proposal_routing_undecided", "proposal_id", unique=True, sqlite_where=_UNDECIDED, postgresql_where=_UNDECIDED),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalRouting]:
        """Return the routings of proposals that `user` sees."""
        query = select(cls)
        return query if user.is_manager else query.where(cls.proposal_id.in_(select(Proposal.id).where(Proposal.scope(user))))
