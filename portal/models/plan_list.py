"""The list of maintenance plans: filters, and pages by keyset, the newest first (RL-21); for the page, for paper and for files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, has, lines
from portal.models.plan import RUNNING, STATES, MaintenancePlan, PlanCustomer
from portal.models.plan_task import OPEN, PlanTask
from portal.models.staff import Staff
from portal.models.team import Team
from portal.rules.message import N_


@dataclass(frozen=True)
class PlanQuery(ListQuery):
    """What a reader asks of the plans; its address says the same."""

    FILTERS = {
        "q": N_("Words of the plan"),
        "state": N_("State"),
        "team": N_("Team"),
        "author": N_("Written by"),
        "customer": N_("Customer"),
        "late": N_("With overdue tasks"),
    }
    KNOWN = {"state": STATES}
    NUMBERS = ("team", "author", "customer")
    SWITCHES = ("late",)


def _chosen(user: Staff, query: PlanQuery) -> Select[Any]:
    plan, filters = MaintenancePlan, query.filters
    found = plan.listed_for(user)
    for name, column in (("state", plan.state), ("team", plan.team_id), ("author", plan.created_by_id)):
        if name in filters:
            found = found.where(column == (int(filters[name]) if name in query.NUMBERS else filters[name]))
    if "customer" in filters:
        found = found.where(plan.id.in_(select(PlanCustomer.plan_id).where(PlanCustomer.customer_id == int(filters["customer"]))))
    if "late" in filters:
        late = select(PlanTask.plan_id).where(PlanTask.state == OPEN, PlanTask.due_on < clock.today())
        found = found.where(plan.state == RUNNING, plan.id.in_(late))
    for part in filters.get("q", "").split():
        found = found.where(has(plan.title, part))
    return found


_WITH = (
    joinedload(MaintenancePlan.created_by, innerjoin=True).load_only(Staff.name), joinedload(MaintenancePlan.team).load_only(Team.name),
)  # fmt: skip
_LINES = lines(MaintenancePlan, "id", "title", "state", "starts_on", "ends_on", "spent", "budget", created_by=("name",))
LIST = Listing(MaintenancePlan, _chosen, _WITH, shown=_LINES)


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
