"""Lists of visits: the day's list of somebody, the week's, and all visits by state and person, in pages by keyset (SV-20)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import and_, case, false, func, select
from sqlalchemy.orm import aliased, joinedload

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.list_query import ListQuery, is_number
from portal.models.newest_first import Listing, lines
from portal.models.paging import PAGE_SIZE
from portal.models.promise import OPEN as PROMISED
from portal.models.promise import Promise
from portal.models.sale import Sale
from portal.models.staff import Staff
from portal.models.visit import Visit
from portal.models.visit_report import VisitReport
from portal.permissions import Permission
from portal.rules import visits as rules
from portal.rules.message import N_
from portal.rules.sales import ORDERED
from portal.rules.visits import CANCELLED, DONE, MISSED, PLANNED

WEEK = "week"
TABS = {PLANNED: N_("To be visited"), DONE: N_("Visited"), "closed": N_("Nobody met, cancelled"), WEEK: N_("The week")}
_STATES = {PLANNED: (PLANNED,), DONE: (DONE,), "closed": (MISSED, CANCELLED), WEEK: (PLANNED, DONE, MISSED)}
MINE, TEAM, ALL = "", "team", "all"


def _asked_of(args: Mapping[str, str]) -> str:
    whose = args.get("whose", MINE)
    return whose if whose in (MINE, TEAM, ALL) or is_number(whose) else MINE


def _in_a_week(filters: dict[str, str]) -> dict[str, str]:
    """Return the filters without a week that there is not."""
    return {name: text for name, text in filters.items() if name != "week" or rules.days_of_week(text) is not None}


@dataclass(frozen=True)
class VisitQuery(ListQuery):
    """Which visits are wanted: of which state, whose, and by which filters; its address says the same."""

    FILTERS = {"week": N_("Week"), "late": N_("Overdue"), "purpose": N_("Purpose of the visit")}
    SWITCHES = ("late",)
    LONGEST = 40
    tab: str = PLANNED
    whose: str = MINE
    """'' for one's own, team, all, or the id of somebody."""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> VisitQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        tab = args.get("tab", PLANNED)
        tab, found = tab if tab in TABS else PLANNED, _in_a_week(cls.filters_of(args))
        if tab == WEEK and "week" not in found:
            found["week"] = rules.week_of(clock.today())
        return cls(found, tab, _asked_of(args))

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {**({} if self.tab == PLANNED else {"tab": self.tab}), **({"whose": self.whose} if self.whose else {}), **self.filters}


def _whose(user: Staff, whose: str, table: Any) -> Any:
    """Return the condition on whose visits or reports are wanted, as far as `user` may see them; each is led by an index."""
    if not user.may(Permission.VISIT_PLAN) or whose == MINE:
        return table.staff_id == user.id
    in_team = table.team_id == user.team_id if user.team_id is not None else false()
    if whose in (TEAM, ALL):
        return and_(True) if user.is_manager and (whose == ALL or user.team_id is None) else in_team
    someone = table.staff_id == int(whose)
    # Of somebody else a supervisor sees what is of the team's customers, or of the team's day.
    return someone if user.is_manager or int(whose) == user.id else and_(someone, in_team)


def _chosen(user: Staff, query: VisitQuery) -> Any:
    visit, filters = Visit, query.filters
    found: Any = select(visit).where(_whose(user, query.whose, visit), visit.state.in_(_STATES[query.tab]))
    week = rules.days_of_week(filters.get("week", ""))
    if week is not None:
        found = found.where(visit.day.between(*week))
    if "late" in filters:
        found = found.where(visit.day < clock.today())
    if "purpose" in filters:
        found = found.where(visit.purpose == filters["purpose"])
    return found


LIST = Listing(
    Visit,
    _chosen,
    (
        joinedload(Visit.customer, innerjoin=True).load_only(
            Customer.number, Customer.full_name, Customer.grade, Customer.route, Customer.route_order
        ),
        joinedload(Visit.staff, innerjoin=True).load_only(Staff.name),
    ),
    day=Visit.day,
    rising=lambda query: query.tab in (PLANNED, WEEK),
    shown=lines(
        Visit,
        *("id", "day", "state", "arrived_at", "purpose", "needs", "review", "effect", "next_step", "reason", "aim"),
        customer=("full_name", "grade", "route", "route_order"),
        staff=("name",),
    ),
)  # fmt: skip
"""What is planned, and a week, come in the order of their days; all else the newest first."""


# --- the day ----------------------------------------------------------------


class LastOrder(NamedTuple):
    """The last order of a customer."""

    day: date
    document: str
    amount: Any


A_PAGE_OF_A_DAY = 20
"""So many visits of a day stand on a page: more than anybody goes to; a page for a telephone stays small."""


class Day(NamedTuple):
    """The visits of somebody on a day: a page of them from place `begin` on, how many there are, and how many of all are left."""

    visits: list[Visit]
    begin: int
    number: int
    left: int


def of_day(staff: Staff, day: date, *, reader: Staff, begin: int = 0) -> Day:
    """Return the visits of somebody on a day along the route that `reader` sees, from place `begin` on.

    What is done is included; those planned before and left open come first. A place behind the last one, where visits were moved
    meanwhile, is the first.
    """
    visit = Visit
    route = (case((Customer.route == "", 1), else_=0), Customer.route, func.coalesce(Customer.route_order, 10**9), visit.id)
    wanted = [and_(visit.state.in_((PLANNED, DONE, MISSED)), visit.day == day)]
    if day == clock.today():
        wanted.append(and_(visit.state == PLANNED, visit.day < day))
    states: dict[int, str] = {}
    for condition in reversed(wanted):
        query = select(visit.id, visit.state).join(Customer, Customer.id == visit.customer_id).where(visit.staff_id == staff.id, condition)
        states.update((row[0], row[1]) for row in db.session.execute(query.order_by(*route).limit(PAGE_SIZE)))
    if staff.id != reader.id and not reader.is_manager:
        seen = set(db.session.scalars(visit.visible_to(reader).with_only_columns(visit.id).where(visit.id.in_(states))))
        states = {number: state for number, state in states.items() if number in seen}
    begin = begin if begin < len(states) else 0
    numbers = list(states)[begin : begin + A_PAGE_OF_A_DAY]
    read = db.session.scalars(select(visit).where(visit.id.in_(numbers)).options(joinedload(visit.customer)))
    found = {one.id: one for one in read}
    left = sum(state == PLANNED for state in states.values())
    return Day([found[number] for number in numbers if number in found], begin, len(states), left)


def last_orders(customer_ids: list[int]) -> dict[int, LastOrder]:
    """Return the last order of each of a few customers: the lines of its document, or of its day, together."""
    last, same = aliased(Sale), aliased(Sale)
    newest = select(last.id).where(last.customer_id == Customer.id, last.state == ORDERED, last.amount > 0)
    newest = newest.order_by(last.day.desc(), last.id.desc()).limit(1).correlate(Customer)
    ids = list(db.session.scalars(select(newest.scalar_subquery()).select_from(Customer).where(Customer.id.in_(customer_ids))))
    together = (same.customer_id == Sale.customer_id, same.day == Sale.day, same.document == Sale.document)
    amount = select(func.sum(same.amount)).where(*together, same.state == ORDERED, same.amount > 0).correlate(Sale).scalar_subquery()
    query = select(Sale.customer_id, Sale.day, Sale.document, amount).where(Sale.id.in_([one for one in ids if one is not None]))
    return {row[0]: LastOrder(*row[1:]) for row in db.session.execute(query)}


def open_promises(customer_ids: list[int]) -> dict[int, list[Promise]]:
    """Return the open promises to some customers, each one's the first due first."""
    query = select(Promise).where(Promise.customer_id.in_(customer_ids), Promise.state == PROMISED).order_by(Promise.due_at, Promise.id)
    found: dict[int, list[Promise]] = {}
    for one in db.session.scalars(query):
        if one.customer_id is not None:
            found.setdefault(one.customer_id, []).append(one)
    return found


# --- daily reports ----------------------------------------------------------------


@dataclass(frozen=True)
class ReportQuery(ListQuery):
    """Which daily reports are wanted; its address says the same."""

    FILTERS = {"week": N_("Week"), "unread": N_("Not read")}
    SWITCHES = ("unread",)
    LONGEST = 40
    whose: str = MINE

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ReportQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        return cls(_in_a_week(cls.filters_of(args)), _asked_of(args))

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {**({"whose": self.whose} if self.whose else {}), **self.filters}


def _reports(user: Staff, query: ReportQuery) -> Any:
    report = VisitReport
    found = select(report).where(_whose(user, query.whose, report))
    week = rules.days_of_week(query.filters.get("week", ""))
    if week is not None:
        found = found.where(report.day.between(*week))
    return found.where(report.state == "submitted") if "unread" in query.filters else found


REPORTS = Listing(VisitReport, _reports, (joinedload(VisitReport.staff, innerjoin=True).load_only(Staff.name),), day=VisitReport.day)


def visit_counts(reports: list[VisitReport]) -> dict[int, int]:
    """Return report id → how many visits were made that it reports, where there are any."""
    numbers = select(Visit.report_id, func.count()).where(Visit.report_id.in_([one.id for one in reports]), Visit.state == DONE)
    return {row[0]: row[1] for row in db.session.execute(numbers.group_by(Visit.report_id)) if row[0] is not None}
