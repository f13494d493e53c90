"""What gradings ask of people: lines of the inbox, notices at the opening and before the end, provisional grades whose time has come.

Of a campaign one line stands for all customers; gradings between two campaigns stand one by one, each with who has to go on with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Executable, Select, and_, exists, func, literal, or_, select, text, union_all
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.calendar import site_calendar
from portal.models.campaign_totals import seen_by
from portal.models.customer import NEVER, Customer, CustomerState
from portal.models.grading import OPEN, PENDING, RATED, REVIEWED, UNDECIDED, WORKED_ON, Grading
from portal.models.grading_campaign import RUNNING, GradingCampaign
from portal.models.grading_progress import own_progress, own_totals, progress_of
from portal.models.grading_totals import GradingTotal
from portal.models.inbox_count import COUNT_CAP, shaped_by
from portal.models.notice import notify
from portal.models.paging import NotLeading
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission, Role
from portal.rules.grading import months_after
from portal.rules.message import N_, Message

NAME = "grading"
TITLE = N_("Grading of customers")
REMIND_DAYS = 2
"""Working days before the end of the campaign on which everybody is reminded."""


def _open_figures(campaign: GradingCampaign) -> tuple[dict[int, int], dict[int, int]]:
    """Return how many customers are to be rated of each person, and of each team."""
    people: dict[int, int] = {}
    teams: dict[int, int] = {}
    for row in db.session.scalars(select(GradingTotal).where(GradingTotal.campaign_id == campaign.id, GradingTotal.open > 0)):
        people[row.owner_id] = people.get(row.owner_id, 0) + row.open
        teams[row.team_id] = teams.get(row.team_id, 0) + row.open
    return people, teams


def _tell(campaign: GradingCampaign, own: str, others: str) -> int:
    """Tell each person how many of their customers are to be rated, supervisors of their team's, managers of all."""
    people, teams = _open_figures(campaign)
    told = 0
    for person in db.session.scalars(select(Staff).where(Staff.in_office).order_by(Staff.id)):
        of_others = teams.get(person.team_id, 0) if person.role == Role.SUPERVISOR and person.team_id is not None else 0
        if person.role == Role.MANAGER:
            of_others = sum(people.values())
        for said, count in ((own, people.get(person.id, 0)), (others, of_others)):
            if count:
                figures = {"year": campaign.year, "count": count, "day": campaign.due_on.isoformat()}
                notify(person, Message(said, figures), link=campaign.link)
                told += 1
    return told


def tell_opened(campaign: GradingCampaign) -> int:
    """Tell everybody concerned that a campaign has begun; return how many notices that were."""
    return _tell(
        campaign,
        N_("The grading of %(year)s has begun: rate your %(count)s customers until %(day)s."),
        N_("The grading of %(year)s has begun: %(count)s customers are to be rated until %(day)s."),
    )


def remind_all() -> int:
    """Remind everybody whose customers are not rated, once, two working days before the end; return how many notices."""
    campaign = GradingCampaign.running()
    if campaign is None or campaign.reminded_at is not None:
        return 0
    if not site_calendar().add_working_days(campaign.due_on, -REMIND_DAYS) <= clock.today() <= campaign.due_on:
        return 0
    campaign.reminded_at = clock.now()
    return _tell(
        campaign,
        N_("The grading of %(year)s ends on %(day)s: %(count)s of your customers are not rated."),
        N_("The grading of %(year)s ends on %(day)s: %(count)s customers are not rated."),
    )


# --- provisional grades (RL-4) ---------------------------------------------------------------------------------------------------


def _in_charge(user: Staff) -> list[ColumnElement[bool]]:
    """Return the conditions, each led by an index, on customers for whose provisional grades `user` looks: own ones, the team's others."""
    found = [Customer.owner_id == user.id]
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        others = or_(NotLeading(Customer.owner_id) != user.id, Customer.owner_id.is_(None))
        found.append(and_(Customer.team_id == user.team_id, others))
    return found


def _provisional(scope: Select[Customer]) -> Select[Customer]:
    """Return those of `scope` that have a provisional grade and are in no grading now."""
    under_way = exists().where(Grading.customer_id == Customer.id, Grading.state.in_((*WORKED_ON, PENDING)))
    # Written out and not led by the state, so that their index is taken.
    on_register = NotLeading(Customer.state) == CustomerState.ACTIVE.value
    return scope.where(text("customer.grade_provisional"), on_register, ~under_way)


def _since() -> Any:
    return func.coalesce(Customer.first_deal_on, Customer.registered_on, NEVER)


def due_before(today: date) -> date:
    """Return until which day cooperation must have begun for a provisional grade to be judged anew today."""
    return months_after(today, -standard("grading.provisional_months"))


def provisional_until(day: date) -> Select[Customer]:
    """Return everybody's customers whose provisional grade is in no grading and with whom cooperation began until a day."""
    return _provisional(select(Customer).where(_since() <= day))


def provisional(user: Staff, limit: int = 200) -> list[Customer]:
    """Return the customers with a provisional grade that `user` sees, those whose time has come first."""
    return list(db.session.scalars(_provisional(Customer.visible_to(user)).order_by(_since(), Customer.id).limit(limit)))


def _provisional_due(user: Staff) -> Select[Any]:
    # Whose customers somebody has in charge they see: their index is enough to ask.
    parts = [
        _provisional(select(Customer).where(one, _since() <= due_before(clock.today()))).with_only_columns(_since().label("since"))
        for one in _in_charge(user)
    ]
    return select(union_all(*parts).limit(COUNT_CAP).subquery())


def provisional_due(user: Staff) -> tuple[int, date | None]:
    """Return how many provisional grades `user` should have judged anew by now, and the day on which the first came due."""
    query = _provisional_due(user).subquery()
    count, oldest = db.session.execute(select(func.count(), func.min(query.c.since))).one()
    if not count:
        return 0, None
    day = date.fromisoformat(oldest) if isinstance(oldest, str) else oldest
    return count, months_after(day, standard("grading.provisional_months"))


# --- between two campaigns (RL-4) ------------------------------------------------------------------------------------------------

_ASKED = {
    OPEN: N_("Rate the customer"),
    RATED: N_("Have the meeting re-rate the customer"),
    REVIEWED: N_("Propose the grade: put the customer on a list and submit it"),
}
"""What is to be done with a grading by itself, by where it stands."""


def alone(user: Staff, limit: int = 200) -> list[Grading]:
    """Return the gradings under way between two campaigns of customers that `user` sees, the oldest first."""
    loaded = (joinedload(Grading.customer).load_only(Customer.full_name), joinedload(Grading.owner).load_only(Staff.name))
    query = Grading.visible_to(user).where(UNDECIDED).options(*loaded)
    return list(db.session.scalars(query.order_by(Grading.id).limit(limit)))


def _alone_waiting(user: Staff) -> Select[Any]:
    """Return the rows of those that wait for `user`: own customers to be rated; of a team, for its supervisor, all that comes after.

    What nobody is in charge of, or no team, falls to the supervisor and to managers.
    """
    one = Grading
    free, later = one.owner_id.is_(None), one.state.in_((RATED, REVIEWED))
    mine = [and_(one.state == OPEN, one.owner_id == user.id)]
    if user.role == Role.SUPERVISOR:
        ours = one.team_id == user.team_id if user.team_id is not None else one.owner_id == user.id
        mine += [and_(one.state == OPEN, free, ours), and_(later, or_(ours, one.owner_id == user.id))]
    if user.role == Role.MANAGER:
        mine += [and_(one.team_id.is_(None), or_(later, and_(one.state == OPEN, free)))]
    since = func.coalesce(one.second_at, one.first_at, one.created_at)
    return select(*inbox.row(one.id, since)).where(UNDECIDED, one.state != PENDING, or_(*mine)).order_by(one.id)


def _said_alone() -> Executable:
    return select(Grading).where(Grading.id.in_(inbox.NUMBERS)).options(joinedload(Grading.customer))


def _tell_alone(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_alone, numbers):
        if one.state in _ASKED:
            yield one.id, inbox.Told(one.customer.full_name, _ASKED[one.state], ("grading.grading", {"grading_id": one.id}))


# --- the inbox: lines with a count, not a line for each customer -------------------------------------------------------------------


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    """Yield what waits for `user`: customers to rate, to re-rate and to propose, of a campaign or by themselves; provisional grades."""
    if not user.may(Permission.GRADING_WORK):
        return
    campaign = GradingCampaign.running()
    if campaign is not None:
        timed = inbox.always(campaign.opened_at, campaign.due_on)
        own = inbox.line(own_totals(user, campaign).where(GradingTotal.open > 0))
        yield inbox.Queue(NAME, [own], partial(_tell_own, campaign.id), timed=timed)
        if user.role == Role.SUPERVISOR:
            for state in (RATED, REVIEWED):
                others = inbox.line(seen_by(GradingTotal, user, campaign.id).where(getattr(GradingTotal, state) > 0))
                yield inbox.Queue(NAME, [others], partial(_tell_team, campaign.id, state), timed=timed)
    yield inbox.Queue(NAME, [_alone_waiting(user)], _tell_alone)
    due = _provisional_due(user).subquery()
    rows = select(*inbox.row(literal(1), None, func.min(due.c.since))).having(func.count() > 0)
    yield inbox.Queue(NAME, [rows], _tell_provisional, counted=inbox.line(_provisional_due(user)), timed=_since_due)


def _since_due(_since: datetime | None, oldest: date | None) -> tuple[datetime, None]:
    assert oldest is not None  # noqa: S101 - of the first of them
    day = months_after(oldest, standard("grading.provisional_months"))
    return datetime.combine(day, time(), tzinfo=clock.SITE_ZONE), None


def _name(campaign: GradingCampaign) -> Message:
    return Message(N_("Grading %(year)s"), {"year": campaign.year})


def _tell_own(campaign_id: int, user: Staff, _numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    campaign = db.session.get_one(GradingCampaign, campaign_id)
    figures = {"count": own_progress(user, campaign)[OPEN]}
    page = ("grading.next_line", {"year": campaign.year})
    yield 1, inbox.Told(_name(campaign), N_("Rate your customers: %(count)s"), page, figures=figures)


def _tell_team(campaign_id: int, state: str, user: Staff, _numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    campaign = db.session.get_one(GradingCampaign, campaign_id)
    what, page, place = N_("Have the meeting re-rate: %(count)s customers"), "grading.lines", {"year": campaign.year, "state": RATED}
    if state == REVIEWED:
        what, page, place = N_("Propose grades: %(count)s customers"), "grading.lists", {"year": campaign.year}
    yield 1, inbox.Told(_name(campaign), what, (page, place), figures={"count": progress_of(user, campaign)[state]})


def _tell_provisional(user: Staff, _numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    figures = {"count": provisional_due(user)[0]}
    yield (
        1,
        inbox.Told(
            Message(N_("Provisional grades")), N_("Judge provisional grades anew: %(count)s"), ("grading.provisional", {}), figures=figures
        ),
    )


shaped_by(GradingCampaign, func.max(GradingCampaign.id).filter(GradingCampaign.state == RUNNING))
inbox.source(_queues, lambda: {NAME: TITLE})
