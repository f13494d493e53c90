"""How far a half-yearly review is, by team and rep, from its kept figures; and what comes next for whom (AR-21)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select

from portal.database import db
from portal.models.campaign_totals import Figures, seen_by
from portal.models.customer import Customer, CustomerState
from portal.models.review import IS_OPEN, ReviewCampaign, ReviewLine, ReviewTotal
from portal.models.staff import Staff


@dataclass
class Progress(Figures):
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


def progress_of(user: Staff, campaign: ReviewCampaign) -> Progress:
    """Return how far what `user` sees of a campaign is."""
    return Progress.summed(db.session.scalars(seen_by(ReviewTotal, user, campaign.id)))


def own_progress(user: Staff, campaign: ReviewCampaign) -> Progress:
    """Return how far `user` is with the customers in their own charge."""
    own = (ReviewTotal.campaign_id == campaign.id, ReviewTotal.owner_id == user.id)
    return Progress.summed(db.session.scalars(select(ReviewTotal).where(*own)))


def by_team(user: Staff, campaign: ReviewCampaign) -> list[Progress]:
    """Return how far each team and each rep is, as far as `user` sees them: by name, customers of nobody last."""
    rows = [row for row in db.session.scalars(seen_by(ReviewTotal, user, campaign.id)) if row.open + row.confirmed + row.corrected]
    return Progress.by_team(rows)


def next_line(user: Staff, campaign: ReviewCampaign, *, owner_id: int, after: int = 0) -> ReviewLine | None:
    """Return the first open line behind `after` of the customers of `owner_id` that `user` sees; behind the last one, from the beginning.

    `after` is the line that was settled or skipped: it comes again only where it is the last one open.
    """
    line = ReviewLine
    on_register = exists().where(Customer.id == line.customer_id, Customer.state == CustomerState.ACTIVE.value)
    query = line.visible_to(user).where(line.campaign_id == campaign.id, IS_OPEN, line.owner_id == owner_id, on_register)
    query = query.order_by(line.id).limit(1)
    return db.session.scalar(query.where(line.id > after)) or db.session.scalar(query.where(line.id <= after))
