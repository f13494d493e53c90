"""The departments of a proposal 分派 (PP-3): one is responsible, the others give their opinion; how each has its copy, how far it is."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, exists, false, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.database import Base
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules import proposals as rules
from portal.rules.message import Named

if TYPE_CHECKING:
    from portal.models.proposal import Proposal

_OUT_OR_BACK = (rules.SENT, rules.ANSWERED)
_THERE = sql("state <> 'taken-back'")
_TO_SEND = sql("state = 'to-send'")
_OUT = sql("state = 'sent'")


class ProposalDepartment(Base):
    """One department's part in a proposal, made when its routing is approved: to send → sent → answered; taken back by another routing."""

    __tablename__ = "proposal_department"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id", ondelete="CASCADE"))
    department: Mapped[str]
    """A code of `choices.department`."""
    part: Mapped[str]
    """responsible | opinion"""
    position: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default=rules.TO_SEND)
    way: Mapped[str]
    """How it has its copy: account | paper | mail."""
    address: Mapped[str] = mapped_column(default="")
    """The e-mail address to which it goes, or who receives it on paper."""
    due_on: Mapped[date]
    """The day by which the department answers."""
    sent_at: Mapped[datetime | None]
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime | None]
    """When somebody of the department first opened it in the portal."""
    answered_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    proposal: Mapped[Proposal] = relationship()
    sent_by: Mapped[Staff | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(
            "uq_proposal_department_there", "proposal_id", "department", unique=True, sqlite_where=_THERE, postgresql_where=_THERE,
        ),
        Index(None, "proposal_id", "position"),
        Index(None, "department", "state", "proposal_id"),
        Index("ix_proposal_department_to_send", "proposal_id", "id", sqlite_where=_TO_SEND, postgresql_where=_TO_SEND),
        Index("ix_proposal_department_out", "department", "due_on", "id", sqlite_where=_OUT, postgresql_where=_OUT),
    )  # fmt: skip

    @classmethod
    def sent(cls, user: Staff, proposal_id: Any) -> ColumnElement[bool]:
        """Return the condition that a proposal (a column of ids) was routed to the department of `user`, whose account is a department's.

        Each proposal is asked: those of a department are many more than a list shows.
        """
        if not user.is_department or not user.department_code:
            return false()
        return exists().where(cls.proposal_id == proposal_id, cls.department == user.department_code, cls.state.in_(_OUT_OR_BACK))

    @classmethod
    def visible_to(cls, user: Staff) -> Select[ProposalDepartment]:
        """Return the parts in proposals that `user` sees; a department's account sees its own part alone."""
        from portal.models.proposal import Proposal

        query = select(cls)
        if user.is_manager:
            return query
        query = query.where(exists().where(Proposal.id == cls.proposal_id, Proposal.scope(user)))
        return query.where(cls.department == user.department_code) if user.is_department else query

    @property
    def is_responsible(self) -> bool:
        """Return whether this department is the responsible one."""
        return self.part == rules.RESPONSIBLE

    @property
    def is_there(self) -> bool:
        """Return whether it still takes part."""
        return self.state != rules.TAKEN_BACK


def parts_of(proposal_id: int, *which: Any) -> Select[ProposalDepartment]:
    """Return the query of the departments that take part in a proposal, the responsible one first."""
    found = select(ProposalDepartment).where(ProposalDepartment.proposal_id == proposal_id, ProposalDepartment.state != rules.TAKEN_BACK)
    return found.where(*which).order_by(ProposalDepartment.position, ProposalDepartment.id)


def department_name(code: str) -> Named | str:
    """Return a department by its names in both languages; a code that is not in the list any more, as it is."""
    entry = next((one for one in standard("choices.department") if one["code"] == code), None)
    return Named(entry["zh"], entry["en"]) if entry else code
