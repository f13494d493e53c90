"""Campaigns of the half-yearly review: opening one, how far it is by team and rep, those before (AR-21)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _

from portal import clock, htmx, jobs
from portal.blueprints.review import bp
from portal.database import commit, db
from portal.i18n import translate
from portal.models import review_opening, review_progress
from portal.models.calendar import site_calendar
from portal.models.review import ReviewCampaign
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.rules.review import due_on, half_year, title_of
from portal.sessions import me

SHOWN = 20
"""Ten years of campaigns stand on the page."""


@bp.get("/reviews")
@requires(Permission.REVIEW_WORK)
def campaigns() -> Any:
    """Show the campaigns, the newest first, and to managers the button that opens the next."""
    found = db.session.scalars(ReviewCampaign.visible_to(me()).order_by(ReviewCampaign.half.desc()).limit(SHOWN)).all()
    half, today = half_year(clock.today()), clock.today()
    return render_template(
        "review/campaigns.html",
        campaigns=[(one, review_progress.progress_of(me(), one)) for one in found],
        half=title_of(half),
        due_on=due_on(half, today, site_calendar(), working=bool(standard("review.ends_on_working_day"))),
        can_open=review_opening.can_open(me()),
        by_calendar=standard("review.by_calendar"),
    )


@bp.post("/reviews")
@requires(Permission.REVIEW_OPEN)
def campaign_open() -> Any:
    """Open the review of the present half-year; it cannot be opened twice."""
    campaign = review_opening.open_review(half_year(clock.today()), by=me())
    commit()
    _start(campaign)
    flash(_("The half-yearly review %(half)s is opened; the customers are being listed.", half=translate(campaign.title)), "ok")
    return redirect(url_for("review.campaign", campaign_id=campaign.id), 303)


@bp.get("/reviews/<int:campaign_id>")
@requires(Permission.REVIEW_WORK, campaign=ReviewCampaign)
def campaign(campaign: ReviewCampaign) -> Any:
    """Show how far a campaign is, by team and rep as far as the reader sees them; while it is being listed, how far that is."""
    user = me()
    return htmx.render(
        "review/campaign.html",
        "standing",
        campaign=campaign,
        progress=review_progress.progress_of(user, campaign),
        own=review_progress.own_progress(user, campaign),
        teams=review_progress.by_team(user, campaign),
        can_go_on=review_opening.can_go_on(campaign, user),
    )


@bp.post("/reviews/<int:campaign_id>/listing")
@requires(Permission.REVIEW_OPEN, campaign=ReviewCampaign)
def campaign_go_on(campaign: ReviewCampaign) -> Any:
    """Have the listing of the customers go on after a failure."""
    review_opening.go_on(campaign, by=me())
    commit()
    _start(campaign)
    return redirect(url_for("review.campaign", campaign_id=campaign.id), 303)


def _start(campaign: ReviewCampaign) -> None:
    assert campaign.job is not None  # noqa: S101 - it was queued with the campaign
    jobs.start(campaign.job)
