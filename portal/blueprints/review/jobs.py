"""What the worker does for the half-yearly review: opens it on its day, lists the customers, reminds, counts anew once a day (AR-21)."""

from __future__ import annotations

from typing import Any

from portal import jobs
from portal.database import db
from portal.models import review_desk, review_opening
from portal.models.job import Job
from portal.models.review import OPENING, ReviewCampaign
from portal.rules.message import N_


def _page(job: Job) -> tuple[str, dict[str, Any]]:
    return "review.campaign", {"campaign_id": job.args["campaign_id"]}


@jobs.kind(review_opening.KIND, title=N_("Opening the half-yearly review"), page=_page)
def list_customers(job: Job) -> None:
    """List every customer on the register for a campaign, each chunk in a transaction of its own."""
    campaign_id, state = job.args["campaign_id"], OPENING
    while state == OPENING:
        campaign = db.session.get_one(ReviewCampaign, campaign_id)
        job.progress(*review_opening.list_portion(campaign))
        state = campaign.state
        db.session.commit()


@jobs.every_minute
def look_after_reviews() -> None:
    """Open the review whose month has begun; remind before its end; count its figures anew once a day."""
    campaign = review_opening.open_by_calendar()
    review_desk.remind_all()
    review_opening.count_daily()
    db.session.commit()
    if campaign is not None and campaign.job is not None:
        jobs.start(campaign.job)
