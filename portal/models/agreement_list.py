"""Long-term agreements as lists: by where they stand, for the page, for paper and for files; and beside a grading's A customers (RL-4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.database import db
from portal.models.agreement import DRAFT, ENDED, FILED, GIVEN_UP, Agreement, AgreementRevision
from portal.models.agreement_desk import notice_day
from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.grading import GONE, Grading
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, called, has, of_team
from portal.models.paging import PAGE_SIZE
from portal.models.staff import Staff
from portal.rules.message import N_

STANDING = {
    "draft": N_("Drafted or revised"),
    "to-come": N_("Filed, not begun"),
    "running": N_("In effect"),
    "due": N_("Runs out soon"),
    "run-out": N_("Run out, not renewed"),
    "over": N_("Ended or renewed"),
}
"""What can be asked for."""


@dataclass(frozen=True)
class AgreementQuery(ListQuery):
    """What a reader asks of the agreements; its address says the same."""

    FILTERS = {
        "q": N_("Agreement or customer"),
        "standing": N_("State"),
        "grade": N_("Grade"),
        "team": N_("Team"),
        "customer": N_("Customer"),
    }
    KNOWN = {"standing": STANDING, "grade": GRADES}
    NUMBERS = ("team", "customer")


def _stands(standing: str, today: date) -> ColumnElement[bool]:
    one = Agreement
    filed, renewed = one.state == FILED, one.renewed
    return {
        "draft": one.state == DRAFT,
        "to-come": and_(filed, one.starts_on > today),
        "running": and_(filed, one.starts_on <= today, one.ends_on >= today),
        "due": and_(filed, ~renewed, one.ends_on.between(today, notice_day(today))),
        "run-out": and_(filed, ~renewed, one.ends_on < today),
        "over": or_(one.state.in_((ENDED, GIVEN_UP)), and_(filed, renewed, one.ends_on < today)),
    }[standing]


def _chosen(user: Staff, query: AgreementQuery) -> Select[Agreement]:
    one, filters = Agreement, query.filters
    found = one.listed_for(user)
    if "standing" in filters:
        found = found.where(_stands(filters["standing"], clock.today()))
    if "grade" in filters:
        found = found.where(exists().where(Customer.id == one.customer_id, Customer.grade == filters["grade"]))
    if "team" in filters:
        found = found.where(of_team(one.customer_id, int(filters["team"])))
    if "customer" in filters:
        found = found.where(one.customer_id == int(filters["customer"]))
    for part in filters.get("q", "").split():
        found = found.where(or_(has(one.title, part), has(one.number, part), called(user, one.customer_id, part)))
    return found


_WITH = (
    joinedload(Agreement.customer, innerjoin=True).load_only(Customer.number, Customer.full_name, Customer.grade)
    .joinedload(Customer.owner).load_only(Staff.name),
    selectinload(Agreement.revisions).load_only(AgreementRevision.number), joinedload(Agreement.document),
)  # fmt: skip
LIST = Listing(Agreement, _chosen, _WITH, scoped=True)


# --- beside a grading (RL-4) -------------------------------------------------------------------------------------------------------

COLLECTED = {"with": N_("With a running agreement"), "draft": N_("Being drafted"), "without": N_("Without an agreement")}
"""What is asked of the A customers of a grading."""


def a_customers(user: Staff, campaign_id: int, which: str = "") -> Select[Grading]:
    """Return the lines of a campaign that `user` sees whose customers are of grade A in it, or before it while they are not rated."""
    of_a = or_(Grading.grade == "A", and_(Grading.grade == "", Grading.before_grade == "A"))
    found = Grading.visible_to(user).where(Grading.campaign_id == campaign_id, Grading.state != GONE, of_a)
    running, drafted = _has("running"), _has("draft")
    conditions: dict[str, Any] = {"with": running, "draft": drafted, "without": and_(~running, ~drafted)}
    return found.where(conditions[which]) if which in conditions else found


def _has(standing: str) -> ColumnElement[bool]:
    return exists().where(Agreement.customer_id == Grading.customer_id, _stands(standing, clock.today())).correlate(Grading)


def collected(user: Staff, campaign_id: int, which: str, *, after: int = 0) -> tuple[list[Grading], int]:
    """Return a page of them, with customer and who is in charge, and the line behind which the next page begins; 0 for none."""
    loaded = (joinedload(Grading.customer), joinedload(Grading.owner))
    query = a_customers(user, campaign_id, which).where(Grading.id > after).options(*loaded).order_by(Grading.id)
    lines = list(db.session.scalars(query.limit(PAGE_SIZE + 1)))
    more, lines = len(lines) > PAGE_SIZE, lines[:PAGE_SIZE]
    return lines, lines[-1].id if more else 0
