"""Gradings of the demonstration office: last year's published, this year's under way in every state (RL-3)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import grading_campaign
from portal.models.approval import Approval
from portal.models.grading import RATED, REVIEWED, Grading
from portal.models.grading_campaign import OPENING, GradingCampaign
from portal.models.grading_list import GradeList
from portal.models.grading_meeting import GradingMeeting
from portal.models.staff import Staff
from portal.rules.grading import DATA

BEFORE_AGO, NOW_AGO = 55, 6
"""Days since last year's campaign was opened, which was late, and since this year's was."""
REASONS = {
    "cooperation": ("合同履行守时，配合对账", "偶有延迟提货，沟通后改进", "多次临时改单"),
    "potential": ("新厂投产，需求上升", "规模稳定", "所在行业收缩"),
    "competitiveness": ("在本地同行中领先", "与同行相当", "受低价同行挤压"),
}
DONE = {"rep1": 8, "rep2": 6, "rep3": 7, "rep4": 3}
"""Of ten customers of each rep so many are rated this year."""
ATTENDEES = "销售部 何经理、财务部 罗主管、生产部 唐主任"
Sign = Callable[[Approval, Staff, str, str], None]
Paper = Callable[[Approval, str], None]


def fill(staff: Mapping[str, Staff], at: Callable[[float], AbstractContextManager[None]], sign: Sign, paper: Paper) -> None:
    """Grade everybody for last year, and bring this year's campaign about half way."""
    year, rng = clock.today().year, random.Random(20260325)  # noqa: S311 - invented data, not secrets
    with at(BEFORE_AGO):
        before = _open(year - 1, staff["mgr1"])
    with at(BEFORE_AGO - 2):
        for line in _lines(before):
            _rate(line, staff, rng)
    with at(BEFORE_AGO - 3):
        meetings = _meetings(before, staff)
        for place, line in enumerate(_lines(before)):
            account = _supervisor(line, staff)
            _meet(line, meetings[account], staff[account], place)
    with at(BEFORE_AGO - 4):
        lists = [listed for account in ("sup1", "sup2") for listed in GradeList.propose_all(before, by=staff[account])]
        approvals = [listed.submit(by=listed.created_by) for listed in lists]
    with at(BEFORE_AGO - 5):
        for approval in approvals:
            _sign_all(approval, staff["mgr2"], sign, paper)
        grading_campaign.publish(before, left_out=grading_campaign.left(before), by=staff["mgr1"])
    with at(NOW_AGO):
        now = _open(year, staff["mgr1"])
    with at(NOW_AGO - 2):
        rated = _rate_some(now, staff, rng)
    with at(NOW_AGO - 4):
        meetings = _meetings(now, staff)
        for place, line in enumerate(rated):
            if place % 5 < 3 and line.state == RATED:
                account = _supervisor(line, staff)
                _meet(line, meetings[account], staff[account], place)
    with at(NOW_AGO - 5):
        for account in ("sup1", "sup2"):
            _propose(now, staff[account], staff["mgr2"], sign)


def _open(year: int, by: Staff) -> GradingCampaign:
    campaign = grading_campaign.open_campaign(year, by=by)
    while campaign.state == OPENING:
        grading_campaign.list_portion(campaign)
        db.session.flush()
    if campaign.job is not None:
        campaign.job.state, campaign.job.ended_at = "done", clock.now()
    return campaign


def _meetings(campaign: GradingCampaign, staff: Mapping[str, Staff]) -> dict[str, GradingMeeting]:
    """Return a meeting of each team's supervisor."""
    said: dict[str, Any] = {"held_on": clock.today(), "attendees": ATTENDEES, "campaign": campaign}
    return {account: GradingMeeting.hold(**said, by=staff[account]) for account in ("sup1", "sup2")}


def _lines(campaign: GradingCampaign) -> list[Grading]:
    """Return the customers of the demonstration that are in a campaign."""
    mine = select(Staff.id).where(Staff.is_demo)
    query = select(Grading).where(Grading.campaign_id == campaign.id, Grading.owner_id.in_(mine))
    return list(db.session.scalars(query.order_by(Grading.id)))


def _supervisor(line: Grading, staff: Mapping[str, Staff]) -> str:
    return "sup1" if line.team_id == staff["sup1"].team_id else "sup2"


def _rate(line: Grading, staff: Mapping[str, Staff], rng: random.Random) -> None:
    owner = next((one for one in staff.values() if one.id == line.owner_id), staff["sup1"])
    given = {}
    for one in line.indicators:
        if one.source == DATA and one.code in line.figures:
            continue
        level = rng.choice((0, 0, 1, 1, 2))
        score = (rng.choice((85, 90, 95)), rng.choice((65, 70, 75)), rng.choice((40, 50, 55)))[level]
        reason = REASONS.get(one.code, ("台账显示良好", "台账显示一般", "台账显示偏低"))[level]
        given[one.code] = (str(score), reason)
    line.rate(given, by=owner, version=line.version)


def _rate_some(campaign: GradingCampaign, staff: Mapping[str, Staff], rng: random.Random) -> list[Grading]:
    """Rate some customers of each rep and return those."""
    accounts = {one.id: account for account, one in staff.items()}
    places: dict[str, int] = {}
    rated = []
    for line in _lines(campaign):
        account = accounts.get(line.owner_id or 0, "")
        place = places[account] = places.get(account, -1) + 1
        if place % 10 < DONE.get(account, 0):
            _rate(line, staff, rng)
            rated.append(line)
    return rated


def _meet(line: Grading, meeting: GradingMeeting, by: Staff, place: int) -> None:
    """Have a meeting take a rating, every sixth with another score."""
    if place % 6 or "potential" not in line.first:
        line.adopt(meeting=meeting, by=by)
        return
    score = min(100, int(line.first["potential"]["score"]) + 10)
    line.rerate({"potential": (str(score), "会议认为明年扩产确定性较高")}, meeting=meeting, by=by, version=line.version)


def _propose(campaign: GradingCampaign, by: Staff, manager: Staff, sign: Sign) -> None:
    """Put re-rated customers on lists: one approved, one in approval, the rest a draft."""
    free = select(Grading.id).where(Grading.campaign_id == campaign.id, Grading.team_id == by.team_id, Grading.state == REVIEWED)
    if db.session.scalar(free.limit(1)) is None:
        return
    for place, listed in enumerate(GradeList.propose_all(campaign, by=by)):
        if listed.grade == "A" or place == 0:
            listed.submit(by=by)
        elif listed.grade == "B":
            sign(listed.submit(by=by), manager, "approve", "同意定级。")


def _sign_all(approval: Approval, manager: Staff, sign: Sign, paper: Paper) -> None:
    while approval.state == "pending":
        if approval.open_steps[0].type == "paper":
            paper(approval, "秦致远")
        else:
            sign(approval, manager, "approve", "同意定级。")
