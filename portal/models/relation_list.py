"""The list of relation assessments: filters, and pages by keyset, the newest first (RL-7); for the page, for paper and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased, joinedload

from portal.database import db
from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.newest_first import Listing, of_team
from portal.models.relation import APPROVED, STATES, RelationAssessment
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.relation import ADVICE
from portal.rules.text import clean_line

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
_NUMBERS = ("team", "author", "customer")
_CODES: dict[str, Any] = {"advice": ADVICE, "state": STATES, "grade": GRADES}


@dataclass(frozen=True)
class RelationQuery:
    """What a reader asks of the assessments; its address says the same."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> RelationQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:40])}
        for name in _NUMBERS:
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > 9:
                del found[name]
        for name, codes in _CODES.items():
            if name in found and found[name] not in codes:
                del found[name]
        for name in ("since", "till"):
            if name in found and _day(found[name]) is None:
                del found[name]
        if "latest" in found:
            found["latest"] = "1"
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> RelationQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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
        found = found.where(one.assessed_on >= _day(filters["since"]))
    if "till" in filters:
        found = found.where(one.assessed_on <= _day(filters["till"]))
    if "team" in filters:
        found = found.where(of_team(one.customer_id, int(filters["team"])))
    return found.where(is_latest()) if "latest" in filters else found


_WITH = (
    joinedload(RelationAssessment.customer, innerjoin=True).load_only(Customer.number, Customer.full_name, Customer.state)
    .joinedload(Customer.owner).load_only(Staff.name),
    joinedload(RelationAssessment.created_by, innerjoin=True).load_only(Staff.name),
)  # fmt: skip
LIST = Listing(RelationAssessment, _chosen, _WITH)


def authors(user: Staff) -> list[tuple[int, str]]:
    """Return who has written assessments that `user` sees, by name: what the filter offers."""
    query = select(Staff.id, Staff.name).where(exists().where(RelationAssessment.created_by_id == Staff.id))
    if not user.is_manager:
        query = query.where(Staff.team_id == user.team_id) if user.team_id is not None else query.where(Staff.id == user.id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(Staff.name, Staff.id))]
