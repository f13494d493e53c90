"""Letters and mails of a proposal (PP-2): thanks with the promise, changes of day or department, copies for departments without an account.

A draft is written by the portal and changed by whoever handles the proposal; what was sent stays as it was.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, Select, Text, false, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base
from portal.models.proposal import Proposal
from portal.models.staff import Staff

_WAITS = sql("mail_state = 'waiting'")


class ProposalLetter(Base):
    """One letter or mail: draft → sent."""

    __tablename__ = "proposal_letter"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    line_id: Mapped[int | None] = mapped_column(ForeignKey("proposal_department.id", ondelete="CASCADE"), index=True)
    """The department whose copy it is; None for what goes to the customer."""
    what: Mapped[str]
    """thanks | change | copy, and what decisions and carrying out write"""
    way: Mapped[str]
    """letter | mail"""
    to_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    body: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(default="zh_Hans_CN")
    promised_on: Mapped[date | None]
    department: Mapped[str] = mapped_column(default="")
    """What it promises: the day, and the department that handles the proposal."""
    state: Mapped[str] = mapped_column(default="draft")
    made_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    sent_at: Mapped[datetime | None]
    mail_state: Mapped[str] = mapped_column(default="off")
    """off | waiting | sent | failed, as of a notice."""
    mail_error: Mapped[str] = mapped_column(default="")
    mail_tries: Mapped[int] = mapped_column(default=0)
    mail_after: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    made_by: Mapped[Staff] = relationship(foreign_keys=[made_by_id])
    sent_by: Mapped[Staff | None] = relationship(foreign_keys=[sent_by_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "proposal_id", "id"),
        Index("ix_proposal_letter_waiting", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalLetter]:
        """Return the letters of proposals that `user` sees; a department's account sees none."""
        query = select(cls)
        if user.is_manager:
            return query
        return query.where(false() if user.is_department else cls.proposal_id.in_(select(Proposal.id).where(Proposal.scope(user))))
