"""What the worker does for the yearly grading: opens it on its day, lists the customers, reads figures, reminds, counts anew (RL-3)."""

from __future__ import annotations

from typing import Any

from portal import jobs
from portal.database import db
from portal.models import grading_campaign, grading_desk
from portal.models.grading_campaign import OPENING, GradingCampaign
from portal.models.job import Job
from portal.rules.message import N_


def _page(job: Job) -> tuple[str, dict[str, Any]]:
    campaign = db.session.get(GradingCampaign, job.args["campaign_id"])
    return ("grading.campaign", {"year": campaign.year}) if campaign else ("grading.campaigns", {})


@jobs.kind(grading_campaign.KIND, title=N_("Opening the yearly grading"), page=_page)
def list_customers(job: Job) -> None:
    """List every customer on the register with its figures, each chunk in a transaction of its own."""
    campaign_id, state = job.args["campaign_id"], OPENING
    while state == OPENING:
        campaign = db.session.get_one(GradingCampaign, campaign_id)
        job.progress(*grading_campaign.list_portion(campaign))
        state = campaign.state
        db.session.commit()


@jobs.kind(grading_campaign.REFRESH, title=N_("Reading the figures of the grading again"), page=_page)
def read_figures(job: Job) -> None:
    """Read the figures of all who are not rated yet, each chunk in a transaction of its own."""
    last, done = 0, 0
    while True:
        campaign = db.session.get_one(GradingCampaign, job.args["campaign_id"])
        last = grading_campaign.refresh_portion(campaign, last)
        done += grading_campaign.CHUNK if last else 0
        job.progress(done)
        db.session.commit()
        if not last:
            return


@jobs.every_minute
def look_after_gradings() -> None:
    """Open the grading whose first day has come; remind before its end; count its figures anew once a day."""
    campaign = grading_campaign.open_by_calendar()
    grading_desk.remind_all()
    grading_campaign.count_daily()
    db.session.commit()
    if campaign is not None and campaign.job is not None:
        jobs.start(campaign.job)
