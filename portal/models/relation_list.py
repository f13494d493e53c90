"""The list of relation assessments: filters, and pages by keyset, the newest first (RL-7); for the page, for paper and for files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists
from sqlalchemy.orm import aliased, joinedload

from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, lines, of_team
from portal.models.relation import APPROVED, STATES, RelationAssessment
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.relation import ADVICE


@dataclass(frozen=True)
class RelationQuery(ListQuery):
    """What a reader asks of the assessments; its address says the same."""

    FILTERS = {
        "advice": N_("Advice"),
        "state": N_("State"),
        "since": N_("Assessed from"),
        "till": N_("Assessed until"),
        "grade": N_("Customer grade"),
        "team": N_("Team"),
        "author": N_("Assessed by"),
        "customer": N_("Customer"),
        "latest": N_("Each customer’s latest approved one"),
    }
    KNOWN = {"advice": ADVICE, "state": STATES, "grade": GRADES}
    NUMBERS = ("team", "author", "customer")
    DAYS = ("since", "till")
    SWITCHES = ("latest",)
    LONGEST = 40


def is_latest() -> ColumnElement[bool]:
    """Return the condition that an assessment is the newest approved one of its customer."""
    later = aliased(RelationAssessment)
    same = (later.customer_id == RelationAssessment.customer_id, later.state == APPROVED, later.id > RelationAssessment.id)
    return (RelationAssessment.state == APPROVED) & ~exists().where(*same)


def _chosen(user: Staff, query: RelationQuery) -> Select[Any]:
    one, filters = RelationAssessment, query.filters
    found = one.listed_for(user)
    for name, column in (("advice", one.advice), ("state", one.state), ("grade", one.grade)):
        if name in filters:
            found = found.where(column == filters[name])
    for name, number in (("author", one.created_by_id), ("customer", one.customer_id)):
        if name in filters:
            found = found.where(number == int(filters[name]))
    if "since" in filters:
        found = found.where(one.assessed_on >= query.day("since"))
    if "till" in filters:
        found = found.where(one.assessed_on <= query.day("till"))
    if "team" in filters:
        found = found.where(of_team(one.customer_id, int(filters["team"])))
    return found.where(is_latest()) if "latest" in filters else found


_WITH = (
    joinedload(RelationAssessment.customer, innerjoin=True).load_only(Customer.number, Customer.full_name, Customer.state)
    .joinedload(Customer.owner).load_only(Staff.name),
    joinedload(RelationAssessment.created_by, innerjoin=True).load_only(Staff.name),
)  # fmt: skip
_LINES = lines(
    RelationAssessment,
    *("id", "state", "advice", "total", "grade", "value", "cost", "scale", "assessed_on"),
    borrowed=("delivered",),
    customer=("full_name",),
    created_by=("name",),
)
LIST = Listing(RelationAssessment, _chosen, _WITH, shown=_LINES, scoped=True)
