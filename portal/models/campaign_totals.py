"""The kept figures of a campaign, a row for each rep in each team: who sees which, and how they move. Half-yearly review and grading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, or_, select, update
from sqlalchemy.exc import IntegrityError

from portal.database import db
from portal.models.staff import Staff
from portal.permissions import Role

_QUIET = {"synchronize_session": False}


def seen_by(total: Any, user: Staff, campaign_id: int) -> Select[Any]:
    """Return the rows of `total` of a campaign in the scope of `user`: all, the team's, or their own (RO-1)."""
    query = select(total).where(total.campaign_id == campaign_id)
    if user.role == Role.MANAGER:
        return query
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        return query.where(or_(total.team_id == user.team_id, total.owner_id == user.id))
    return query.where(total.owner_id == user.id)


def move(total: Any, changes: Mapping[tuple[int, int, int], Mapping[str, int]]) -> None:
    """Add changes, by (campaign, team, owner) and column, to the rows of `total`; in one order, so that nobody waits in a circle."""
    for place, row in sorted(changes.items()):
        moved = {column: number for column, number in row.items() if number}
        if not moved:
            continue
        here = (total.campaign_id == place[0], total.team_id == place[1], total.owner_id == place[2])
        step = update(total).where(*here).values({column: getattr(total, column) + number for column, number in moved.items()})
        if db.session.execute(step, execution_options=_QUIET).rowcount:  # type: ignore[attr-defined]
            continue
        try:
            with db.session.begin_nested():
                db.session.add(total(campaign_id=place[0], team_id=place[1], owner_id=place[2]))
        except IntegrityError:
            pass  # somebody else began the row at the same moment
        db.session.execute(step, execution_options=_QUIET)
