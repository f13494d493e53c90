"""What the worker does for proposals: it tells of those that have reached day 10, 15, 18, or are late (PP-4)."""

from __future__ import annotations

from portal import jobs
from portal.database import db
from portal.models import proposal_clock


@jobs.every_minute
def tell_of_proposals() -> None:
    """Tell of proposals near their last day and past it, a portion at a time, each in a transaction of its own."""
    while proposal_clock.tell_due():
        db.session.commit()
    db.session.rollback()
