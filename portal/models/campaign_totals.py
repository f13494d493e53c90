"""The kept figures of a campaign, a row for each rep in each team: who sees which, and how they move. Half-yearly review and grading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import Select, or_, select, update
from sqlalchemy.exc import IntegrityError

from portal.database import db
from portal.models.staff import Staff
from portal.models.team import Team
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


@dataclass
class Figures:
    """Figures of a campaign: of all, of a `team` with its `reps`, or of one rep (`staff`) in a team; None stands for nobody."""

    staff: Staff | None = None
    team: Team | None = None
    reps: list[Self] = field(default_factory=list)

    def add(self, row: Any) -> None:
        """Add the kept figures of one rep."""
        raise NotImplementedError

    @classmethod
    def summed(cls, rows: Iterable[Any]) -> Self:
        """Return the figures of several reps together."""
        found = cls()
        for row in rows:
            found.add(row)
        return found

    @classmethod
    def by_team(cls, rows: list[Any]) -> list[Self]:
        """Return the figures of each team and each rep: by name, customers of nobody last."""
        staff = {one.id: one for one in db.session.scalars(select(Staff).where(Staff.id.in_({row.owner_id for row in rows})))}
        teams = {one.id: one for one in db.session.scalars(select(Team).where(Team.id.in_({row.team_id for row in rows})))}
        found: dict[int, Self] = {}
        for row in rows:
            team = found.setdefault(row.team_id, cls(team=teams.get(row.team_id)))
            team.add(row)
            team.reps.append(cls(staff=staff.get(row.owner_id)))
            team.reps[-1].add(row)
        for team in found.values():
            team.reps.sort(key=lambda rep: (rep.staff is None, rep.staff.name if rep.staff else ""))
        return sorted(found.values(), key=lambda team: (team.team is None, team.team.name if team.team else ""))


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
