"""Opening a half-yearly review, by a manager or by the calendar, once for a half-year; and its daily count (AR-21).

The customers are listed in the background, in chunks that are each a transaction: a job that was stopped goes on behind its last chunk.
"""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit
from portal.models.calendar import site_calendar
from portal.models.customer import Customer
from portal.models.job import Job
from portal.models.review import CLOSED, OPENING, RUNNING, ReviewCampaign, count_anew, list_customers
from portal.models.review_desk import tell_opened
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission
from portal.rules.message import Refusal
from portal.rules.review import due_on, half_year, opened_by_calendar

KIND = "open-review"
CHUNK = 20_000
"""So many numbers of customers are looked at in a transaction: others write between two."""


def can_open(user: Staff) -> bool:
    """Return whether `user` may open the review of the present half-year, which nobody has opened yet."""
    return user.may(Permission.REVIEW_OPEN) and of_half(half_year(clock.today())) is None


def of_half(half: str) -> ReviewCampaign | None:
    """Return the review of a half-year, None where it was not opened."""
    return db.session.scalar(select(ReviewCampaign).where(ReviewCampaign.half == half))


def open_review(half: str, *, by: Staff | None) -> ReviewCampaign:
    """Open the review of a half-year and return it, flushed, with the job that lists its customers (`portal.jobs.start` after the commit).

    Raises `StateConflict` where it was opened already, also in this very moment.
    """
    if of_half(half) is not None:
        raise StateConflict(f"review of {half}")
    today = clock.today()
    last = due_on(half, today, site_calendar(), working=bool(standard("review.ends_on_working_day")))
    campaign = ReviewCampaign(half=half, due_on=last, opened_by=by)
    try:
        with db.session.begin_nested():
            db.session.add(campaign)
    except IntegrityError as error:
        raise StateConflict(f"review of {half}") from error
    _queue(campaign, by)
    audit.write("change", "review-opened", actor=by, record=campaign, label=half, due_on=last.isoformat())
    return campaign


def open_by_calendar() -> ReviewCampaign | None:
    """Open the review whose month has begun, where the standard says so and nobody has yet; None where there is nothing to open."""
    if not standard("review.by_calendar"):
        return None
    half = opened_by_calendar(clock.today(), site_calendar())
    if not half or of_half(half) is not None:
        return None
    try:
        return open_review(half, by=None)
    except StateConflict:
        return None


def can_go_on(campaign: ReviewCampaign, user: Staff) -> bool:
    """Return whether the listing has failed and `user` may have it go on."""
    return user.may(Permission.REVIEW_OPEN) and campaign.state == OPENING and campaign.job is not None and campaign.job.state == "failed"


def go_on(campaign: ReviewCampaign, *, by: Staff) -> None:
    """Queue the listing again, behind its last chunk. Raises `Refusal` where it has not failed."""
    if not can_go_on(campaign, by):
        raise Refusal("The customers are being listed, or are listed already.")
    _queue(campaign, by)


def _queue(campaign: ReviewCampaign, by: Staff | None) -> None:
    campaign.job = Job.queue(KIND, by=by, campaign_id=campaign.id)
    db.session.flush()


def list_portion(campaign: ReviewCampaign) -> tuple[int, int]:
    """List the next chunk of customers; return how far it came and how far it goes, in ids. With the last one the review runs.

    Safe to be called again where all are listed. The caller commits.
    """
    last = db.session.scalar(select(func.max(Customer.id))) or 0
    if campaign.state == OPENING and campaign.last_id < last:
        list_customers(campaign, min(campaign.last_id + CHUNK, last))
    if campaign.state == OPENING and campaign.last_id >= last:
        _run(campaign)
    return campaign.last_id, last


def _run(campaign: ReviewCampaign) -> None:
    """Let a review run whose customers are listed: the one before ends, everybody is told."""
    before = update(ReviewCampaign).where(ReviewCampaign.state == RUNNING, ReviewCampaign.id != campaign.id)
    db.session.execute(before.values(state=CLOSED, closed_at=clock.now()), execution_options={"synchronize_session": False})
    transition(campaign, expect={"state": OPENING}, change={"state": RUNNING})
    count_anew(campaign)
    db.session.flush()
    tell_opened(campaign)


def count_daily() -> bool:
    """Count the running review anew, once a day; return whether it was. The caller commits."""
    campaign = ReviewCampaign.running()
    if campaign is None or campaign.counted_on == clock.today():
        return False
    count_anew(campaign)
    return True
