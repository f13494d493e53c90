"""What a half-yearly review asks of people: lines of the inbox, and notices at its opening and before its end (AR-21, AP-8, AP-9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from sqlalchemy import func, select

from portal import clock
from portal.database import db
from portal.models import history, inbox
from portal.models.calendar import site_calendar
from portal.models.campaign_totals import seen_by
from portal.models.inbox_count import shaped_by
from portal.models.notice import notify
from portal.models.review import RUNNING, ReviewCampaign, ReviewTotal
from portal.models.review_progress import own_progress, progress_of
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Role
from portal.rules.message import N_, Message
from portal.rules.review import reminded_on

NAME = "review"
TITLE = N_("Half-yearly review")
_OWN = N_("Review your customers: %(count)s open")
_OF_TEAM = N_("See that the team's customers are reviewed: %(count)s open")


def _open_figures(campaign: ReviewCampaign) -> tuple[dict[int, int], dict[int, int]]:
    """Return how many customers are open of each person, and of each team."""
    people: dict[int, int] = {}
    teams: dict[int, int] = {}
    for row in db.session.scalars(select(ReviewTotal).where(ReviewTotal.campaign_id == campaign.id, ReviewTotal.open > 0)):
        people[row.owner_id] = people.get(row.owner_id, 0) + row.open
        teams[row.team_id] = teams.get(row.team_id, 0) + row.open
    return people, teams


def _tell(campaign: ReviewCampaign, own: str, team: str) -> int:
    """Tell each person how many of their customers are open, each supervisor how many of the team and managers how many in all."""
    people, teams = _open_figures(campaign)
    all_of_them = sum(people.values())
    told = 0
    for person in db.session.scalars(select(Staff).where(Staff.in_office).order_by(Staff.id)):
        of_others = teams.get(person.team_id, 0) if person.role == Role.SUPERVISOR and person.team_id is not None else 0
        if person.role == Role.MANAGER:
            of_others = all_of_them
        for text, count in ((own, people.get(person.id, 0)), (team, of_others)):
            if count:
                figures = {"half": campaign.title, "count": count, "day": campaign.due_on.isoformat()}
                notify(person, Message(text, figures), link=campaign.link)
                told += 1
    return told


def tell_opened(campaign: ReviewCampaign) -> int:
    """Tell everybody concerned that a review has begun; return how many notices that were."""
    return _tell(
        campaign,
        N_("The half-yearly review %(half)s has begun: confirm or correct the cards of your %(count)s customers until %(day)s."),
        N_("The half-yearly review %(half)s has begun: %(count)s customers are to be reviewed until %(day)s."),
    )


def remind_all() -> int:
    """Remind everybody who has open customers, once, some working days before the end; return how many notices. The caller commits."""
    campaign = ReviewCampaign.running()
    if campaign is None or campaign.reminded_at is not None:
        return 0
    if not reminded_on(campaign.due_on, standard("review.remind_days"), site_calendar()) <= clock.today() <= campaign.due_on:
        return 0
    campaign.reminded_at = clock.now()
    return _tell(
        campaign,
        N_("The half-yearly review %(half)s ends on %(day)s: %(count)s of your customers are still open."),
        N_("The half-yearly review %(half)s ends on %(day)s: %(count)s customers are still open."),
    )


# --- the inbox: one line with a count, not a line for each customer ---------------------------------------------------------------


def _queues(user: Staff) -> Iterable[inbox.Queue]:
    """Yield what waits for `user`: their own customers, and the team's, those only when overdue."""
    campaign = ReviewCampaign.running()
    if campaign is None:
        return
    timed = inbox.always(campaign.opened_at, campaign.due_on)
    totals = seen_by(ReviewTotal, user, campaign.id).where(ReviewTotal.open > 0)
    own = inbox.line(totals.where(ReviewTotal.owner_id == user.id))
    yield inbox.Queue(NAME, [own], partial(_tell_open, campaign.id, False), timed=timed)
    if campaign.is_overdue and user.role == Role.SUPERVISOR:
        others = inbox.line(totals.where(ReviewTotal.owner_id != user.id))
        yield inbox.Queue(NAME, [others], partial(_tell_open, campaign.id, True), timed=timed)


def _tell_open(campaign_id: int, of_team: bool, user: Staff, _numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    campaign = db.session.get_one(ReviewCampaign, campaign_id)
    own = own_progress(user, campaign).open
    count = progress_of(user, campaign).open - own if of_team else own
    page = ("review.campaign" if of_team else "review.next_line", {"campaign_id": campaign_id})
    yield 1, inbox.Told(campaign.half, _OF_TEAM if of_team else _OWN, page, figures={"count": count})


shaped_by(ReviewCampaign, func.max(ReviewCampaign.id).filter(ReviewCampaign.state == RUNNING))
inbox.source(_queues, lambda: {NAME: TITLE})
history.action("ReviewCampaign", "review-opened", N_("Half-yearly review opened"))
