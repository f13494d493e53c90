"""The list of relation assessments: filters, and pages by keyset, the newest first (RL-7); for the page, for paper and for files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased, joinedload

from portal.database import db
from portal.models import newest_first
from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.newest_first import Page
from portal.models.paging import Count
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
    found = one.visible_to(user)
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
        found = found.where(exists().where(Customer.id == one.customer_id, Customer.team_id == int(filters["team"])))
    return found.where(is_latest()) if "latest" in filters else found


_WITH = (joinedload(RelationAssessment.customer).joinedload(Customer.owner), joinedload(RelationAssessment.created_by))


def page(user: Staff, query: RelationQuery, *, after: int = 0, before: int = 0, size: int = newest_first.PAGE_SIZE) -> Page:
    """Return a page of the assessments that `user` sees (RO-1), the newest first."""
    return newest_first.page(_chosen(user, query).options(*_WITH), RelationAssessment, after=after, before=before, size=size)


def count(user: Staff, query: RelationQuery) -> Count:
    """Return how many assessments a query finds, counted to `CAP`."""
    return newest_first.count(_chosen(user, query), RelationAssessment)


def ids(user: Staff, query: RelationQuery, most: int) -> list[int]:
    """Return the ids of the first assessments of a query, one more than `most` where there are more."""
    return newest_first.ids(_chosen(user, query), RelationAssessment, most)


def records(numbers: list[int]) -> list[RelationAssessment]:
    """Return the assessments with these ids, in their order."""
    return newest_first.records(RelationAssessment, numbers, *_WITH)


def rows(user: Staff, query: RelationQuery) -> Iterator[RelationAssessment]:
    """Yield every assessment of a query, a portion at a time."""
    return newest_first.each(lambda after: page(user, query, after=after, size=newest_first.AT_A_TIME))


def authors(user: Staff) -> list[tuple[int, str]]:
    """Return who has written assessments that `user` sees, by name: what the filter offers."""
    query = select(Staff.id, Staff.name).where(exists().where(RelationAssessment.created_by_id == Staff.id))
    if not user.is_manager:
        query = query.where(Staff.team_id == user.team_id) if user.team_id is not None else query.where(Staff.id == user.id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(Staff.name, Staff.id))]
