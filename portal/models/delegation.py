"""代理: somebody of the same or a higher role signs for a supervisor or manager between two dates (RO-6)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Select, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db, transition
from portal.models import audit
from portal.permissions import Permission, Role
from portal.rules.message import N_, Refusal

if TYPE_CHECKING:
    from portal.models.staff import Staff


LONGEST = timedelta(days=366)
"""So far ahead a delegation begins, and so long it runs: a year typed wrongly would let somebody sign for good."""


class Delegation(Base):
    """One delegation: who signs for whom, from which day to which. It is never removed, only ended."""

    __tablename__ = "delegation"

    principal_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    from_date: Mapped[date]
    to_date: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    principal: Mapped[Staff] = relationship("Staff", foreign_keys=[principal_id])
    delegate: Mapped[Staff] = relationship("Staff", foreign_keys=[delegate_id])

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Delegation]:
        """Return the delegations `user` may see: their own, and all for managers."""
        query = select(cls)
        return query if user.is_manager else query.where(or_(cls.principal_id == user.id, cls.delegate_id == user.id))

    @classmethod
    def give(cls, principal: Staff, delegate: Staff, *, from_date: date, to_date: date, reason: str = "", by: Staff) -> Delegation:
        """Let `delegate` sign for `principal` from one day to another, both included. Raises `Refusal` in words (RO-6).

        `by` is the principal or, for an absent colleague, a manager; the caller has asked `may_give`.
        """
        _check(principal, delegate, from_date, to_date)
        # Taken alone, so that of two delegations made at once the second sees the first.
        db.session.execute(select(type(principal).id).where(type(principal).id == principal.id).with_for_update())
        other = db.session.scalar(
            select(cls).where(cls.principal_id == principal.id, cls.ended_at.is_(None), cls.from_date <= to_date, cls.to_date >= from_date)
        )
        if other is not None:
            raise Refusal(
                N_("From %(begin)s to %(end)s %(name)s signs already. End that delegation first, or choose other days."),
                field="from_date",
                begin=max(other.from_date, from_date).isoformat(),
                end=min(other.to_date, to_date).isoformat(),
                name=other.delegate.name,
            )
        record = cls(principal=principal, delegate=delegate, from_date=from_date, to_date=to_date, reason=reason)
        db.session.add(record)
        audit.write(
            "permission",
            "delegation-given",
            actor=by,
            record=record,
            label=f"{principal.name} → {delegate.name}",
            reason=reason,
            changes=[
                {"field": "delegate", "old": "", "new": delegate.name},
                {"field": "from_date", "old": "", "new": from_date.isoformat()},
                {"field": "to_date", "old": "", "new": to_date.isoformat()},
            ],
        )
        _reroute()
        return record

    def may_end(self, user: Staff) -> bool:
        """Return whether `user` may end this delegation: who gave it away, or a manager."""
        return user.may(Permission.DELEGATION_EDIT) and (user.id == self.principal_id or user.is_manager)

    def state(self, today: date) -> str:
        """Return ended, past, coming or running."""
        if self.ended_at is not None:
            return "ended"
        if self.to_date < today:
            return "past"
        return "coming" if self.from_date > today else "running"

    def end(self, *, by: Staff | None) -> None:
        """End it now. Raises `StateConflict` if somebody has ended it already."""
        transition(self, expect={"ended_at": None}, change={"ended_at": clock.now()})
        audit.write("permission", "delegation-ended", actor=by, record=self, label=f"{self.principal.name} → {self.delegate.name}")
        _reroute()

    @classmethod
    def end_all_to(cls, delegate: Staff, *, by: Staff | None) -> None:
        """End every delegation to somebody whose account is deactivated. Delegations from them stay: the delegate goes on (AP-10)."""
        theirs = (cls.delegate_id == delegate.id) & cls.ended_at.is_(None) & (cls.to_date >= clock.today())
        for record in db.session.scalars(select(cls).where(theirs)).all():
            record.end(by=by)


def may_give(user: Staff, principal: Staff) -> bool:
    """Return whether `user` may name somebody to sign for `principal`: for oneself, or as a manager for a colleague."""
    return user.may(Permission.DELEGATION_EDIT) and (user.id == principal.id or user.is_manager)


def _check(principal: Staff, delegate: Staff, from_date: date, to_date: date) -> None:
    """Raise `Refusal` where these two and these days cannot be."""
    if not principal.active or not principal.may(Permission.APPROVAL_SIGN):
        raise Refusal(N_("%(name)s signs nothing that somebody else could sign for them."), field="principal_id", name=principal.name)
    if delegate.id == principal.id:
        raise Refusal(N_("Nobody can be their own delegate."), field="delegate_id")
    if not delegate.active:
        raise Refusal(N_("The account of %(name)s is deactivated."), field="delegate_id", name=delegate.name)
    if Role(delegate.role).rank < Role(principal.role).rank:
        raise Refusal(N_("A delegate needs the same or a higher role; %(name)s has a lower one."), field="delegate_id", name=delegate.name)
    if to_date < from_date:
        raise Refusal(N_("The last day is before the first."), field="to_date")
    if to_date < clock.today():
        raise Refusal(N_("These days are past."), field="to_date")
    if from_date > clock.today() + LONGEST or to_date > from_date + LONGEST:
        late = "from_date" if from_date > clock.today() + LONGEST else "to_date"
        raise Refusal(N_("A delegation begins within a year and runs for a year at most; it can be given anew after it."), field=late)


def _reroute() -> None:
    """Give open approval steps to those who can sign them now."""
    from portal.models.approval import reroute_open_steps

    reroute_open_steps()
