"""Which customers owe a periodic report, and until when (AR-22).

How often is a standard for each grade. Asked for is the newest period that has ended, of customers who were on the register and in the
portal through the whole of it. `Customer.reported_until` says how far reports were submitted, so that who owes one is found in an index.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, func, literal, literal_column, or_, select, update
from sqlalchemy import text as sql

from portal import clock
from portal.database import db
from portal.models.calendar import site_calendar
from portal.models.card import GRADES
from portal.models.customer import NEVER, Customer
from portal.models.merge import settles
from portal.models.report import InformationReport
from portal.models.report_fields import PERIODIC
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.rules.message import N_, Message
from portal.rules.periods import NONE, Period, last_ended

COUNTED = 1000
"""Customers that a change of a standard touches are counted up to here."""
_ON_REGISTER = sql("customer.state = 'active'")
"""In these words SQLite knows its index (`register_indexes.ON_REGISTER`)."""


def standard_of(grade: str) -> str:
    """Return the standard that says how often a report is owed on customers of a grade, '' for those without one."""
    return f"report.cycle.{grade or 'none'}"


def asked(today: date) -> list[tuple[str, Period]]:
    """Return each grade on which reports are owed, with the newest period that has ended; none that ended before the rule held."""
    found = []
    for grade in (*GRADES, ""):
        rule = in_force(standard_of(grade), today)
        if rule.value == NONE:
            continue
        period = last_ended(rule.value, today)
        if rule.since is None or rule.since <= period.last:
            found.append((grade, period))
    return found


def due_on(period: Period) -> date:
    """Return the day until which the report of a period is written."""
    return site_calendar().add_working_days(period.last, standard("report.due_days"))


def owing(grade: str, first: date, last: date, begun: datetime, *, ever: bool) -> list[ColumnElement[bool]]:
    """Return the conditions on customers of a grade that owe the report of a period, by `figures_of`.

    Of those on whom there was ever a report, or never. Asked apart, an index leads to each: who came into the portal too late for the
    period is not walked where nobody was reported on.
    """
    return [
        _ON_REGISTER,  # type: ignore[list-item]
        Customer.grade == literal_column(f"'{grade}'"),  # of `GRADES`: PostgreSQL plans for it, and keeps the plan
        *((Customer.reported_until > NEVER, Customer.reported_until < last) if ever else (Customer.reported_until == NEVER,)),
        Customer.created_at < begun,
        or_(Customer.registered_on.is_(None), Customer.registered_on <= first),
    ]


def figures_of(grade: str, period: Period) -> dict[str, Any]:
    """Return what `owing` asks with: grade, first and last day of a period, and the moment at which it began."""
    begun = datetime.combine(period.first, time.min, tzinfo=clock.SITE_ZONE)
    return {"grade": grade, "first": period.first, "last": period.last, "begun": begun}


def owed_by(customer: Customer, today: date) -> Period | None:
    """Return the period whose report is owed on a customer, None where none is."""
    for grade, period in asked(today):
        if grade == customer.grade:
            owes = (and_(*owing(**figures_of(grade, period), ever=ever)) for ever in (False, True))
            found = db.session.scalar(select(Customer.id).where(Customer.id == customer.id, or_(*owes)))
            return period if found else None
    return None


def count_reported(ids: Collection[int]) -> None:
    """Bring `reported_until` of customers into step with their reports: after one was submitted, and after a merge."""
    report = InformationReport
    newest = select(func.max(report.dated_on)).where(
        report.customer_id == Customer.id, report.kind == PERIODIC, report.submitted_at.is_not(None)
    )
    step = update(Customer).where(Customer.id.in_(ids))
    values = {"reported_until": func.coalesce(newest.correlate(Customer).scalar_subquery(), literal(NEVER, Date))}
    db.session.flush()
    db.session.execute(step.values(values), execution_options={"synchronize_session": False})
    for one in db.session.identity_map.values():
        if isinstance(one, Customer) and one.id in ids:
            db.session.expire(one, ["reported_until"])


@settles
def reported_after_merge(ids: list[int]) -> None:
    """Reports move along with a merge and its undo, and what was reported with them."""
    count_reported(ids)


@touching(*(standard_of(grade) for grade in (*GRADES, "")))
def _customers(_before: Any, value: Any, _day: date) -> Iterator[Message]:
    yield Message(N_("Asked for is the newest period that has ended since the rule holds; reports that are there stay as they are."))
    if value == NONE:
        yield Message(N_("No report is asked for any more; the inboxes of reps and supervisors show none as due."))
