"""Assessments of a proposal (PP-5): of the responsible department analysis, feasibility, effect, cost and opinion; of others opinions.

A department with an account writes its own; for the others customer service enters what came back on paper, with the scan. What is
returned stays as it was; with that of the responsible department the proposal can be decided.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.attachment import Attachment
from portal.models.proposal import Proposal
from portal.models.staff import Staff

DRAFT = "draft"


class ProposalAssessment(Base):
    """What one department says of a proposal: draft → returned."""

    __tablename__ = "proposal_assessment"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    department: Mapped[str]
    """A code of `choices.department`."""
    part: Mapped[str]
    """responsible | opinion, as it was when it was returned."""
    analysis: Mapped[str] = mapped_column(Text, default="")
    feasibility: Mapped[str] = mapped_column(Text, default="")
    effect: Mapped[str] = mapped_column(Text, default="")
    cost: Mapped[str] = mapped_column(Text, default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    advice: Mapped[str] = mapped_column(default="")
    """What the department would decide: adopted | kept | not-adopted."""
    author: Mapped[str] = mapped_column(default="")
    """Who in the department says so."""
    scan_id: Mapped[int | None] = mapped_column(ForeignKey("attachment.id"), index=True)
    """The signed sheet, where customer service entered it."""
    state: Mapped[str] = mapped_column(default=DRAFT)
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    returned_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    entered_by: Mapped[Staff] = relationship()
    scan: Mapped[Attachment | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index(None, "proposal_id", "department", unique=True),)

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalAssessment]:
        """Return the assessments of proposals that `user` sees; a department's account sees its own alone (PP-3)."""
        query = select(cls)
        if user.is_manager:
            return query
        query = query.where(cls.proposal_id.in_(select(Proposal.id).where(Proposal.scope(user))))
        return query.where(cls.department == user.department_code) if user.is_department else query
