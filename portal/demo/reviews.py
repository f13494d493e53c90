"""A half-yearly review in the demonstration office: opened some days ago, half done, with one binder that is not in order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import review_opening, review_shelves
from portal.models.review import OPENING, ReviewCampaign, ReviewLine
from portal.models.review_shelves import Found, ShelfQuery
from portal.models.staff import Staff
from portal.rules.review import half_year

DAYS_AGO = 10
"""It was opened so many days ago, or at the beginning of this month: its end lies ahead."""
DONE = {"rep1": 7, "rep2": 5, "rep3": 6, "rep4": 3}
"""Of ten customers of each rep so many are reviewed."""


def fill(staff: Mapping[str, Staff], today: date) -> ReviewCampaign | None:
    """Open the review of the half-year and settle about half of it; None where there is one already."""
    ago = min(DAYS_AGO, today.day - 1)
    half = half_year(today - timedelta(days=ago))
    if review_opening.of_half(half) is not None:
        return None
    with clock.pretend(clock.now() - timedelta(days=ago)):
        campaign = review_opening.open_review(half, by=staff["mgr1"])
        while campaign.state == OPENING:
            review_opening.list_portion(campaign)
            db.session.flush()
        if campaign.job is not None:
            campaign.job.state, campaign.job.ended_at = "done", clock.now()
    for account, done in DONE.items():
        own = (ReviewLine.campaign_id == campaign.id, ReviewLine.owner_id == staff[account].id)
        for place, line in enumerate(db.session.scalars(select(ReviewLine).where(*own).order_by(ReviewLine.id))):
            if place % 10 >= done:
                continue
            with clock.pretend(clock.now() - timedelta(days=ago * (1 - place % 10 / 10) * 0.9)):
                if place % 10 == 1:
                    line.correct(by=staff[account])
                else:
                    line.confirm(by=staff[account], version=line.customer.version, remark="已电话核实" if place % 10 == 2 else "")
    _shelves(campaign, staff)
    return campaign


def _shelves(campaign: ReviewCampaign, staff: Mapping[str, Staff]) -> None:
    """Note of one binder that something is missing from it."""
    for account in DONE:
        page = review_shelves.page(staff[account], ShelfQuery(campaign.id))
        row = next((row for row in page.rows if row.is_open and row.documents), None)
        if row is not None:
            note = f"{row.documents[0].title}不在盒内"
            review_shelves.settle(staff[account], campaign, {row.binder.id: Found(row.mark, "missing", note)})
            return
