"""Short ways through gradings for tests. rep1 and rep2 are of team 1, rep3 of team 2."""

from __future__ import annotations

from datetime import date
from typing import Any

from portal import jobs
from portal.database import db
from portal.models import grading_campaign
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.grading import Grading
from portal.models.grading_campaign import GradingCampaign
from portal.models.grading_list import GradeList
from portal.models.grading_meeting import GradingMeeting
from portal.models.grading_totals import COLUMNS, GradingTotal
from portal.models.staff import Staff
from tests import approving
from tests.approving import person

JUDGED = {"cooperation": ("80", "配合良好"), "potential": ("70", "稳定"), "competitiveness": ("60", "一般")}
"""What is judged by the start weights."""
WITHOUT_DATA = {**JUDGED, "sales": ("50", "尚无数据"), "price_level": ("50", "尚无数据"), "recovery": ("50", "尚无数据")}
"""What is judged as long as no sales are kept."""


def opened(year: int = 2026, by: str | None = "mgr1") -> GradingCampaign:
    """Return a committed campaign that runs."""
    campaign = grading_campaign.open_campaign(year, by=person(by) if by else None)
    db.session.commit()
    assert campaign.job is not None
    jobs.start(campaign.job)
    return db.session.get_one(GradingCampaign, campaign.id)


def line_of(customer: Customer) -> Grading:
    """Return the customer's newest grading."""
    found = db.session.scalar(db.select(Grading).where(Grading.customer_id == customer.id).order_by(Grading.id.desc()).limit(1))
    assert found is not None
    return found


def given(**scores: str) -> dict[str, tuple[str, str]]:
    """Return judgements of a customer without sales: all 50 and more, those named otherwise."""
    return {**WITHOUT_DATA, **{code: (score, "理由") for code, score in scores.items()}}


ALL_A = given(sales="100", price_level="100", recovery="100", cooperation="100", potential="100", competitiveness="100")


def rated(customer: Customer, by: str = "rep1", scores: dict[str, tuple[str, str]] | None = None) -> Grading:
    """Return the customer's grading with a committed first rating."""
    line = line_of(customer)
    line.rate(scores or given(), by=person(by), version=line.version)
    db.session.commit()
    return line


def meeting(campaign: GradingCampaign | None, by: str = "sup1") -> GradingMeeting:
    """Return a committed meeting."""
    from portal import clock

    found = GradingMeeting.hold(held_on=clock.today(), attendees="销售部 周、财务部 吴、生产部 郑", campaign=campaign, by=person(by))
    db.session.commit()
    return found


def reviewed(customer: Customer, by: str = "sup1", scores: dict[str, tuple[str, str]] | None = None) -> Grading:
    """Return the customer's grading, rated and taken by a meeting as it is."""
    owner = customer.owner
    assert owner is not None
    line = rated(customer, owner.account, scores)
    line.adopt(meeting=meeting(line.campaign, by), by=person(by))
    db.session.commit()
    return line


def proposed(*lines: Grading, by: str = "sup1") -> GradeList:
    """Return a committed draft list of these gradings."""
    found = GradeList.propose([one.id for one in lines], by=person(by))
    db.session.commit()
    return found


def submitted(*lines: Grading, by: str = "sup1") -> Approval:
    """Return the committed running approval of a list of these gradings."""
    approval = proposed(*lines, by=by).submit(by=person(by))
    db.session.commit()
    return approval


def approved(*lines: Grading, by: str = "sup1") -> Approval:
    """Return the approval of a list of these gradings that has passed its whole chain."""
    approval = submitted(*lines, by=by)
    while approval.state == "pending":
        if approval.open_steps[0].type == "paper":
            approving.record_paper(approval, by="mgr2", name="秦致远", date=_today())
        else:
            approving.sign(approval, "mgr1")
    return approval


def _today() -> date:
    from portal import clock

    return clock.today()


def totals(campaign: GradingCampaign) -> dict[str, dict[str, int]]:
    """Return the figures of each rep by account, those that are nothing left out."""
    found: dict[str, Any] = {}
    for row in db.session.scalars(db.select(GradingTotal).where(GradingTotal.campaign_id == campaign.id)):
        owner = db.session.get(Staff, row.owner_id)
        figures = {column: getattr(row, column) for column in COLUMNS if getattr(row, column)}
        if figures:
            found[owner.account if owner else ""] = figures
    return found
