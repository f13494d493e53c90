"""The list of maintenance plans: filters, and pages by keyset, the newest first (RL-21); for the page, for paper and for files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.plan import RUNNING, STATES, MaintenancePlan, PlanCustomer
from portal.models.plan_task import OPEN, PlanTask
from portal.models.register import CAP, PAGE_SIZE, Count
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.text import clean_line

FILTERS = {
    "q": N_("Words of the plan"),
    "state": N_("State"),
    "team": N_("Team"),
    "author": N_("Written by"),
    "customer": N_("Customer"),
    "late": N_("With overdue tasks"),
}
_NUMBERS = ("team", "author", "customer")


@dataclass(frozen=True)
class PlanQuery:
    """What a reader asks of the plans; its address says the same."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> PlanQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        for name in _NUMBERS:
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > 9:
                del found[name]
        if found.get("state", RUNNING) not in STATES:
            del found["state"]
        if "late" in found:
            found["late"] = "1"
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> PlanQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


class Page(NamedTuple):
    """A page of the list, with the plans behind and before which its neighbours begin; 0 for none."""

    plans: list[MaintenancePlan]
    next: int
    previous: int


def _chosen(user: Staff, query: PlanQuery) -> Select[Any]:
    plan, filters = MaintenancePlan, query.filters
    found = plan.visible_to(user)
    for name, column in (("state", plan.state), ("team", plan.team_id), ("author", plan.created_by_id)):
        if name in filters:
            found = found.where(column == (int(filters[name]) if name in _NUMBERS else filters[name]))
    if "customer" in filters:
        found = found.where(plan.id.in_(select(PlanCustomer.plan_id).where(PlanCustomer.customer_id == int(filters["customer"]))))
    if "late" in filters:
        late = select(PlanTask.plan_id).where(PlanTask.state == OPEN, PlanTask.due_on < clock.today())
        found = found.where(plan.state == RUNNING, plan.id.in_(late))
    for part in filters.get("q", "").split():
        escaped = part.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = found.where(func.lower(plan.title).like(f"%{escaped}%", escape="\\"))
    return found


def page(user: Staff, query: PlanQuery, *, after: int = 0, before: int = 0, size: int = PAGE_SIZE) -> Page:
    """Return the page behind plan `after`, or before plan `before`, of those that `user` sees (RO-1): the newest first."""
    plan = MaintenancePlan
    found = _chosen(user, query).options(joinedload(plan.created_by), joinedload(plan.team)).limit(size + 1)
    if before:
        rows = list(db.session.scalars(found.where(plan.id > before).order_by(plan.id)))
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, rows[-1].id if rows else 0, rows[0].id if rows and more else 0)
    if after:
        found = found.where(plan.id < after)
    rows = list(db.session.scalars(found.order_by(plan.id.desc())))
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, rows[-1].id if more else 0, rows[0].id if rows and after else 0)


def count(user: Staff, query: PlanQuery) -> Count:
    """Return how many plans a query finds, counted to `CAP`."""
    some = _chosen(user, query).with_only_columns(MaintenancePlan.id).limit(CAP + 1).subquery()
    number = db.session.scalar(select(func.count()).select_from(some)) or 0
    return Count(min(number, CAP), number > CAP)


def ids(user: Staff, query: PlanQuery, most: int) -> list[int]:
    """Return the ids of the first plans of a query, one more than `most` where there are more."""
    found = _chosen(user, query).with_only_columns(MaintenancePlan.id)
    return list(db.session.scalars(found.order_by(MaintenancePlan.id.desc()).limit(most + 1)))


def records(numbers: list[int]) -> list[MaintenancePlan]:
    """Return the plans with these ids, in their order."""
    loaded = (joinedload(MaintenancePlan.created_by), joinedload(MaintenancePlan.team))
    found = {one.id: one for one in db.session.scalars(select(MaintenancePlan).where(MaintenancePlan.id.in_(numbers)).options(*loaded))}
    return [found[number] for number in numbers if number in found]


def rows(user: Staff, query: PlanQuery) -> Iterator[MaintenancePlan]:
    """Yield every plan of a query, a portion at a time."""
    after = 0
    while True:
        part = page(user, query, after=after, size=500)
        yield from part.plans
        if not part.next:
            return
        after = part.next


def task_figures(plan_ids: list[int]) -> dict[int, dict[str, int]]:
    """Return plan id → how many tasks it has in each state."""
    query = (
        select(PlanTask.plan_id, PlanTask.state, func.count())
        .where(PlanTask.plan_id.in_(plan_ids))
        .group_by(PlanTask.plan_id, PlanTask.state)
    )
    found: dict[int, dict[str, int]] = {}
    for plan_id, state, number in db.session.execute(query):
        found.setdefault(plan_id, {})[state] = number
    return found


def customer_figures(plan_ids: list[int]) -> dict[int, int]:
    """Return plan id → how many customers it covers."""
    query = select(PlanCustomer.plan_id, func.count()).where(PlanCustomer.plan_id.in_(plan_ids)).group_by(PlanCustomer.plan_id)
    return {row[0]: row[1] for row in db.session.execute(query)}
