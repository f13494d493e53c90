"""Who is due for a visit and since when, by the frequency of each grade, and days filled from it along the route (SV-20).

A customer is due when so many days have passed since `Customer.visited_on` as its grade has between two visits. For each state and grade
that is a range of an index, led by who is in charge or by the team: nothing walks the customers, and a change of the standard holds at
once. What is planned is not due any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, case, exists, func, literal_column, select, tuple_, union_all
from sqlalchemy import text as sql

from portal import clock
from portal.database import db
from portal.models import audit, history
from portal.models.calendar import site_calendar
from portal.models.customer import NEVER, Customer, CustomerAssistant, CustomerState
from portal.models.list_query import ListQuery, is_number
from portal.models.paging import CAP, PAGE_SIZE, Count
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.models.team import Team
from portal.models.visit import Visit, ensure_may_go, rhythm
from portal.permissions import Permission
from portal.rules import visits as rules
from portal.rules.message import N_, Message, Refusal

ROUTE, SINCE = "route", "since"
ORDERS = {ROUTE: N_("Along the route"), SINCE: N_("The longest due first")}
NO_ORDER = 10**9
"""The place on a route of a customer that has none: behind all others."""
_PLANNED = sql("visit.state = 'planned'")


@dataclass(frozen=True)
class DueQuery(ListQuery):
    """Whose customers are asked for, in which order, by which filters; its address says the same."""

    FILTERS = {"grade": N_("Grade"), "route": N_("Visit route")}
    KNOWN = {"grade": (*rules.GRADES, "none", rules.PROSPECT)}
    LONGEST = 60
    whose: str = ""
    """'' for one's own, the id of somebody, or t and the id of a team ('t0' for no team)."""
    order: str = ROUTE

    @classmethod
    def read(cls, args: Mapping[str, str]) -> DueQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        whose, order = args.get("whose", ""), args.get("order", ROUTE)
        known = is_number(whose.removeprefix("t"))
        return cls(cls.filters_of(args), whose if known else "", order if order in ORDERS else ROUTE)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {
            **({"whose": self.whose} if self.whose else {}),
            **({} if self.order == ROUTE else {"order": self.order}),
            **self.filters,
        }


def fitted(user: Staff, query: DueQuery) -> DueQuery:
    """Return the query as `user` may ask it: reps of themselves only, supervisors of their team; a team is read by the longest due."""
    whose = query.whose
    if not user.may(Permission.VISIT_PLAN):
        whose = ""
    elif not user.is_manager and whose:
        mine = select(Staff.team_id).where(Staff.id == int(whose)) if not whose.startswith("t") else None
        team = int(whose[1:]) if mine is None else db.session.scalar(mine)
        if user.team_id is None or team != user.team_id:
            whose = ""
    order = SINCE if whose.startswith("t") else query.order
    return replace(query, whose=whose, order=order)


def choices(user: Staff) -> list[tuple[str, str]]:
    """Return whose due customers `user` may ask for beside their own: (value of `whose`, name); teams before people."""
    if not user.may(Permission.VISIT_PLAN):
        return []
    teams, staff = select(Team.id, Team.name).order_by(Team.name), select(Staff.id, Staff.name).where(Staff.in_office, Staff.id != user.id)
    if not user.is_manager:
        teams, staff = teams.where(Team.id == user.team_id), staff.where(Staff.team_id == user.team_id)
    found = [(f"t{row[0]}", row[1]) for row in db.session.execute(teams)]
    return found + [(str(row[0]), row[1]) for row in db.session.execute(staff.order_by(Staff.name, Staff.id))]


class Due(NamedTuple):
    """A customer that is due for a visit."""

    customer_id: int
    since: date
    """`NEVER` for a first visit."""
    place: str
    """Where the next page begins behind it."""


class _Arm(NamedTuple):
    """Customers of one state and grade, and how many days lie between two visits to them."""

    state: str
    grade: str
    days: int


def _arms(query: DueQuery) -> list[_Arm]:
    wanted = query.filters.get("grade", "")
    found = []
    for state in (CustomerState.ACTIVE, CustomerState.PROSPECT):
        for grade in rules.GRADES:
            word = rules.PROSPECT if state == CustomerState.PROSPECT else grade or "none"
            days = rules.days_between(standard(rhythm(state, grade)))
            if days and wanted in ("", word):
                found.append(_Arm(state.value, grade, days))
    return found


def _scopes(user: Staff, query: DueQuery) -> list[list[Any]]:
    """Return the conditions on customers, each led by an index, whose union is asked for."""
    if query.whose.startswith("t"):
        team = int(query.whose[1:])
        return [[Customer.team_id.is_(None) if team == 0 else Customer.team_id == team]]
    person = int(query.whose) if query.whose else user.id
    assisted = list(db.session.scalars(select(CustomerAssistant.customer_id).where(CustomerAssistant.staff_id == person)))
    found: list[list[Any]] = [[Customer.owner_id == person]]
    if assisted:
        found.append([Customer.id.in_(assisted), Customer.owner_id.is_distinct_from(person)])
    if query.whose and not user.is_manager:
        # Of somebody of the team those that the reader sees.
        found = [[*one, Customer.team_id == user.team_id] for one in found]
    return found


def _parts(user: Staff, query: DueQuery, today: date) -> list[tuple[_Arm, Select[Any]]]:
    """Return a statement for each arm and scope: id, state, grade, visited_on, route, route_order."""
    columns = (Customer.id, Customer.visited_on, Customer.route, Customer.route_order)
    unplanned = ~exists().where(Visit.customer_id == Customer.id, _PLANNED)
    found: list[tuple[_Arm, Select[Any]]] = []
    for scope in _scopes(user, query):
        for arm in _arms(query):
            here = (Customer.state == arm.state, Customer.grade == arm.grade, Customer.visited_on <= today - timedelta(days=arm.days))
            part: Any = select(*columns).where(*scope, *here, unplanned)
            if "route" in query.filters:
                part = part.where(Customer.route == query.filters["route"])
            found.append((arm, part))
    return found


def page(user: Staff, query: DueQuery, *, after: str = "", size: int = PAGE_SIZE) -> tuple[list[Due], str]:
    """Return the due customers behind a place, and where the next page begins, '' for nowhere. `query` is `fitted`."""
    read = _by_route if query.order == ROUTE else _by_since
    found = read(user, query, after, size + 1)
    return found[:size], found[size - 1].place if len(found) > size else ""


def _by_route(user: Staff, query: DueQuery, after: str, most: int) -> list[Due]:
    parts = _parts(user, query, clock.today())
    if not parts:
        return []
    days = {part: arm.days for part, (arm, _query) in enumerate(parts)}
    united = union_all(*(one.add_columns(literal_column(str(part)).label("part")) for part, (_arm, one) in enumerate(parts))).subquery()
    row = united.c
    key = (case((row.route == "", 1), else_=0), row.route, func.coalesce(row.route_order, NO_ORDER), row.id)
    wanted = select(row.id, row.visited_on, row.route, row.route_order, row.part)
    place = _route_place(after)
    if place is not None:
        wanted = wanted.where(tuple_(*key) > tuple_(*place))
    found = []
    for one in db.session.execute(wanted.order_by(*key).limit(most)):
        order = NO_ORDER if one.route_order is None else one.route_order
        found.append(Due(one.id, _since(one.visited_on, days[one.part]), f"{order}:{one.id}:{one.route}"))
    return found


def _route_place(text: str) -> tuple[int, str, int, int] | None:
    order, _colon, rest = text.partition(":")
    number, _colon, route = rest.partition(":")
    if not (order.isdecimal() and number.isdecimal()) or max(len(order), len(number)) > 10:
        return None
    return int(route == ""), route, int(order), int(number)


def _by_since(user: Staff, query: DueQuery, after: str, most: int) -> list[Due]:
    place = _since_place(after)
    found = []
    for arm, part in _parts(user, query, clock.today()):
        if place is not None:
            since, number = place
            bound = NEVER if since == NEVER else since - timedelta(days=arm.days)
            part = part.where(tuple_(Customer.visited_on, Customer.id) > (bound, number))
        for one in db.session.execute(part.order_by(Customer.visited_on, Customer.id).limit(most)):
            since = _since(one.visited_on, arm.days)
            found.append(Due(one.id, since, f"{since.isoformat()}:{one.id}"))
    found.sort(key=lambda one: (one.since, one.customer_id))
    return found[:most]


def _since_place(text: str) -> tuple[date, int] | None:
    day, _colon, number = text.partition(":")
    try:
        since = date.fromisoformat(day)
    except ValueError:
        return None
    in_reach = since == NEVER or since > NEVER + timedelta(days=400)
    return (since, int(number)) if number.isdecimal() and len(number) < 11 and in_reach else None


def _since(visited_on: date, days: int) -> date:
    return NEVER if visited_on == NEVER else visited_on + timedelta(days=days)


def count(user: Staff, query: DueQuery) -> Count:
    """Return how many customers are due, counted to `CAP`. `query` is `fitted`."""
    number = 0
    for _arm, part in _parts(user, query, clock.today()):
        some = part.with_only_columns(Customer.id).limit(CAP + 1 - number).subquery()
        number += db.session.scalar(select(func.count()).select_from(some)) or 0
        if number > CAP:
            break
    return Count(min(number, CAP), number > CAP)


def customers(found: list[Due]) -> dict[int, Customer]:
    """Return the customers of a page by id."""
    ids = [one.customer_id for one in found]
    return {one.id: one for start in range(0, len(ids), 500) for one in _some(ids[start : start + 500])}


def _some(ids: list[int]) -> list[Customer]:
    return list(db.session.scalars(select(Customer).where(Customer.id.in_(ids))))


# --- planning ----------------------------------------------------------------


def working_days(first: date, number: int) -> list[date]:
    """Return the first working days of the site's calendar from a day on."""
    calendar = site_calendar()
    days = [calendar.add_working_days(first, 0)]
    while len(days) < number:
        days.append(calendar.add_working_days(days[-1], 1))
    return days[:number]


def plan_days(staff: Staff, first: date | None, days: int, a_day: int, query: DueQuery, *, by: Staff) -> list[Visit]:
    """Fill the next working days of somebody from what is due along their route, and return the visits planned (SV-20).

    What is planned on these days already counts. Raises `Refusal` with the field (first, days, a_day, staff), or where nobody is due.
    """
    today = clock.today()
    if first is None or first < today:
        raise Refusal("Say from which day on, today or later.", field="first")
    if not 1 <= days <= rules.MOST_DAYS:
        raise Refusal("From 1 to %(most)s days are planned at once.", field="days", most=rules.MOST_DAYS)
    if not 1 <= a_day <= rules.MOST_A_DAY:
        raise Refusal("From 1 to %(most)s visits a day.", field="a_day", most=rules.MOST_A_DAY)
    ensure_may_go(staff, by)
    wanted = working_days(first, days)
    last = today + timedelta(days=standard("visit.ahead_days"))
    if wanted[-1] > last:
        raise Refusal("Visits are planned up to %(last)s.", field="first", last=last.isoformat())
    mine = fitted(by, replace(query, whose="" if staff.id == by.id else str(staff.id), order=ROUTE))
    due, _next = page(by, mine, size=days * a_day)
    if not due:
        raise Refusal("Nobody is due for a visit.")
    taken = select(Visit.day, func.count()).where(Visit.staff_id == staff.id, Visit.state == rules.PLANNED, Visit.day.in_(wanted))
    counts = {row[0]: row[1] for row in db.session.execute(taken.group_by(Visit.day))}
    stops = rules.along([one.customer_id for one in due], wanted, a_day, counts)
    if not stops:
        raise Refusal("These days are full already.", field="days")
    records, made = customers(due), []
    for stop in stops:
        try:
            made.append(Visit.plan(records[stop.customer_id], stop.day, staff=staff, by=by, told=False))
        except Refusal as refusal:
            if refusal.field != "day":
                raise
            # Planned by somebody else at this moment.
    audit.write(
        "change", "visits-planned", actor=by, record=staff, label=staff.name, visits=len(made), first=wanted[0].isoformat(),
        last=wanted[-1].isoformat(),
    )  # fmt: skip
    return made


# --- what a standard touches ---------------------------------------------------------------------------------------------


def _rhythm_effect(name: str) -> None:
    prospects = name == rhythm(CustomerState.PROSPECT, "")
    grades = [grade for grade in rules.GRADES if prospects or rhythm(CustomerState.ACTIVE, grade) == name]
    state = CustomerState.PROSPECT.value if prospects else CustomerState.ACTIVE.value

    @touching(name)
    def due_by(before: Any, value: Any, day: date) -> Iterator[Message]:
        for text, yearly in (
            (N_("Customers due for a visit on that day, by the frequency so far: %(count)s."), before),
            (N_("By the new frequency: %(count)s."), value),
        ):
            days = rules.days_between(yearly)
            here = (Customer.state == state, Customer.grade.in_(grades), Customer.visited_on <= day - timedelta(days=days))
            unplanned = ~exists().where(Visit.customer_id == Customer.id, _PLANNED)
            count = db.session.scalar(select(func.count()).select_from(Customer).where(*here, unplanned)) if days else 0
            yield Message(text, {"count": count or 0})
        yield Message(N_("It holds at once for who is due; visits that are planned keep the figures with which they began."))


for _name in {rhythm(state, grade) for state in (CustomerState.ACTIVE, CustomerState.PROSPECT) for grade in rules.GRADES}:
    _rhythm_effect(_name)

history.action("Staff", "visits-planned", N_("Visits planned along the route"))
