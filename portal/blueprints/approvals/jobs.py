"""What approvals do every minute: steps follow delegations that begin or end, and approved changes take effect on their day."""

from __future__ import annotations

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.jobs import every_minute
from portal.models.approval import reroute_open_steps
from portal.models.credit import apply_due
from portal.models.delegation import Delegation
from portal.models.staff import Staff

_seen: dict[str, object] = {}


@every_minute
def reroute() -> None:
    """Move open steps when who stands in for whom has changed since the last minute; acts of managers move them at once."""
    day = clock.today()
    staff = select(Staff.id, Staff.role, Staff.team_id, Staff.active).where(Staff.role != "rep").order_by(Staff.id)
    standing = select(Delegation.id).where(Delegation.ended_at.is_(None), Delegation.from_date <= day, Delegation.to_date >= day)
    office = (tuple(db.session.execute(staff)), tuple(db.session.scalars(standing.order_by(Delegation.id))))
    if _seen.get("office") != office:
        reroute_open_steps()
        db.session.commit()
        _seen["office"] = office
    db.session.rollback()


@every_minute
def take_effect() -> None:
    """Set approved changes of credit whose day has come on their customers' cards."""
    apply_due()
    db.session.commit()
