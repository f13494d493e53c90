"""How far a half-yearly review is, by team and rep, from its kept figures; and what comes next for whom (AR-21)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import exists, select

from portal.database import db
from portal.models.campaign_totals import seen_by
from portal.models.customer import Customer, CustomerState
from portal.models.review import IS_OPEN, ReviewCampaign, ReviewLine, ReviewTotal
from portal.models.staff import Staff
from portal.models.team import Team


@dataclass
class Progress:
    """How many customers are to be reviewed, and how many are; who left the register meanwhile is neither."""

    open: int = 0
    confirmed: int = 0
    corrected: int = 0

    @property
    def done(self) -> int:
        """Return how many are confirmed or corrected."""
        return self.confirmed + self.corrected

    @property
    def total(self) -> int:
        """Return how many there are to review in all."""
        return self.open + self.done

    @property
    def percent(self) -> int:
        """Return how much is done, 0 to 100; 100 only where nothing is open."""
        return 100 * self.done // self.total if self.total else 100

    def add(self, row: ReviewTotal) -> None:
        """Add the figures of one rep."""
        self.open += row.open
        self.confirmed += row.confirmed
        self.corrected += row.corrected


@dataclass
class RepProgress(Progress):
    """How far one rep is in one team; `staff` is None for customers of nobody."""

    staff: Staff | None = None


@dataclass
class TeamProgress(Progress):
    """How far a team is, with its reps by name; `team` is None for customers of no team."""

    team: Team | None = None
    reps: list[RepProgress] = field(default_factory=list)


def summed(rows: Iterable[ReviewTotal]) -> Progress:
    """Return the figures of several reps together."""
    progress = Progress()
    for row in rows:
        progress.add(row)
    return progress


def progress_of(user: Staff, campaign: ReviewCampaign) -> Progress:
    """Return how far what `user` sees of a campaign is."""
    return summed(db.session.scalars(seen_by(ReviewTotal, user, campaign.id)))


def own_progress(user: Staff, campaign: ReviewCampaign) -> Progress:
    """Return how far `user` is with the customers in their own charge."""
    return summed(db.session.scalars(select(ReviewTotal).where(ReviewTotal.campaign_id == campaign.id, ReviewTotal.owner_id == user.id)))


def by_team(user: Staff, campaign: ReviewCampaign) -> list[TeamProgress]:
    """Return how far each team and each rep is, as far as `user` sees them: by name, customers of nobody last."""
    rows = [row for row in db.session.scalars(seen_by(ReviewTotal, user, campaign.id)) if row.open + row.confirmed + row.corrected]
    staff = {one.id: one for one in db.session.scalars(select(Staff).where(Staff.id.in_({row.owner_id for row in rows})))}
    teams = {one.id: one for one in db.session.scalars(select(Team).where(Team.id.in_({row.team_id for row in rows})))}
    found: dict[int, TeamProgress] = {}
    for row in rows:
        team = found.setdefault(row.team_id, TeamProgress(team=teams.get(row.team_id)))
        rep = RepProgress(staff=staff.get(row.owner_id))
        rep.add(row)
        team.add(row)
        team.reps.append(rep)
    for team in found.values():
        team.reps.sort(key=lambda rep: (rep.staff is None, rep.staff.name if rep.staff else ""))
    return sorted(found.values(), key=lambda team: (team.team is None, team.team.name if team.team else ""))


def next_line(user: Staff, campaign: ReviewCampaign, *, owner_id: int, after: int = 0) -> ReviewLine | None:
    """Return the first open line behind `after` of the customers of `owner_id` that `user` sees; behind the last one, from the beginning.

    `after` is the line that was settled or skipped: it comes again only where it is the last one open.
    """
    line = ReviewLine
    on_register = exists().where(Customer.id == line.customer_id, Customer.state == CustomerState.ACTIVE.value)
    query = line.visible_to(user).where(line.campaign_id == campaign.id, IS_OPEN, line.owner_id == owner_id, on_register)
    query = query.order_by(line.id).limit(1)
    return db.session.scalar(query.where(line.id > after)) or db.session.scalar(query.where(line.id <= after))
