"""Rows of the half-yearly review."""

from __future__ import annotations

from itertools import count
from typing import Any

from portal.database import db
from portal.models import review_opening
from portal.models.review import ReviewCampaign, ReviewLine, count_anew
from tests import factories, reviewing
from tests.access import Row, everyone, managers
from tests.approving import person

_years = count(2100)


def _running() -> dict[str, Any]:
    """A customer with a binder in the campaign that runs; one is opened where none does."""
    customer = factories.customer("rep1")
    reviewing.binder(customer, "2-A-01", "营业执照")
    campaign = ReviewCampaign.running()
    if campaign is None:
        campaign = reviewing.opened(f"{next(_years)}-H1")
    else:
        db.session.add(ReviewLine(campaign=campaign, customer=customer, owner_id=customer.owner_id, team_id=customer.team_id))
        count_anew(campaign)
        db.session.commit()
    return {"customer": customer.id, "campaign": campaign.id, "line": reviewing.line_of(customer).id}


def _confirmed() -> dict[str, Any]:
    ids = _running()
    line = db.session.get_one(ReviewLine, ids["line"])
    line.confirm(by=person("rep1"), version=line.customer.version)
    db.session.commit()
    return ids


def _opening() -> dict[str, Any]:
    campaign = review_opening.open_review(f"{next(_years)}-H1", by=person("mgr1"))
    db.session.commit()
    return {"campaign": campaign.id}


ROWS = [
    everyone("review.campaigns", "/reviews"),
    managers("review.campaign_open", "/reviews", "POST", 303),
    everyone("review.campaign", "/reviews/{campaign}", prepare=_running),
    everyone("review.campaign", "/reviews/{campaign}", prepare=_opening),
    managers("review.campaign_go_on", "/reviews/{campaign}/listing", "POST", 422, prepare=_running),
    everyone("review.next_line", "/reviews/{campaign}/next", status=302, prepare=_running),
    Row("review.line", "/review-lines/{line}", prepare=_running),
    Row("review.line", "/review-lines/{line}", prepare=_confirmed),
    Row(
        "review.line_confirm", "/review-lines/{line}/confirmation", "POST", {"version": "1"}, _running,
        owner=303, supervisor=303, manager=303,
    ),
    Row(
        "review.line_confirm", "/review-lines/{line}/confirmation", "POST", {"version": "7"}, _running,
        owner=409, supervisor=409, manager=409,
    ),
    Row("review.line_take_back", "/review-lines/{line}/taking-back", "POST", {}, _confirmed, owner=303, supervisor=303, manager=303),
    everyone("review.shelves", "/reviews/{campaign}/shelves", prepare=_running),
    everyone("review.shelves", "/reviews/{campaign}/shelves?first=1&last=2-A", prepare=_confirmed),
    everyone("review.shelves_settle", "/reviews/{campaign}/shelves", "POST", 303, prepare=_running),
    everyone("review.shelves_settle", "/reviews/{campaign}/shelves", "POST", 409, prepare=_opening),
    Row("archive.customer_edit", "/customers/{customer}/edit?review={line}", prepare=_running),
    Row("archive.contact_new", "/customers/{customer}/contacts/new?review={line}", prepare=_running),
]  # fmt: skip
