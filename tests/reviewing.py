"""Short ways through the half-yearly review for tests. rep1 and rep2 are of team 1, rep3 of team 2."""

from __future__ import annotations

from datetime import date

from portal import jobs
from portal.database import db
from portal.models import review_opening
from portal.models.binder import Binder
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument
from portal.models.review import ReviewCampaign, ReviewLine, ReviewTotal
from tests.approving import person


def opened(half: str = "2026-H1", by: str | None = "mgr1") -> ReviewCampaign:
    """Return a committed campaign that runs."""
    campaign = review_opening.open_review(half, by=person(by) if by else None)
    db.session.commit()
    assert campaign.job is not None
    jobs.start(campaign.job)
    return db.session.get_one(ReviewCampaign, campaign.id)


def line_of(customer: Customer) -> ReviewLine:
    """Return the customer's line in the newest campaign."""
    found = db.session.scalar(db.select(ReviewLine).where(ReviewLine.customer_id == customer.id).order_by(ReviewLine.id.desc()).limit(1))
    assert found is not None
    return found


def totals(campaign: ReviewCampaign) -> dict[str, tuple[int, int, int, int]]:
    """Return open, confirmed, corrected and gone of each rep by account, without those of whom nothing is left."""
    from portal.models.staff import Staff

    found = {}
    for row in db.session.scalars(db.select(ReviewTotal).where(ReviewTotal.campaign_id == campaign.id)):
        owner = db.session.get(Staff, row.owner_id)
        figures = (row.open, row.confirmed, row.corrected, row.gone)
        if any(figures):
            found[owner.account if owner else ""] = figures
    return found


def binder(customer: Customer, shelf: str, *titles: str, owner: str = "rep1") -> Binder:
    """Return a committed binder on a shelf with documents of these titles."""
    by = person(owner)
    found = Binder.add(customer, {"width_mm": "30", "shelf": shelf}, by=by)
    for title in titles:
        values = {"kind": "company", "title": title, "dated_on": date(2020, 3, 5), "on_paper": True, "binder_id": found.id}
        ArchiveDocument.file(customer, values, by=by, again=True)
    db.session.commit()
    return found
