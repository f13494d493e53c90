"""The list of information reports (AR-22): filters, and pages by keyset of a list of any length; for the page, for paper and for files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.paging import CAP, PAGE_SIZE, Count, NotLeading, cut, walk
from portal.models.report import InformationReport
from portal.models.report_fields import KINDS, PERIODIC, SUBMITTED, URGENT
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.grams import fold
from portal.rules.message import N_
from portal.rules.periods import Period

DEPTH = 5000
"""So many reports of the order are looked at before the customers are asked; and so many are looked at to count."""
AT_A_TIME = 500
_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d{1,9})")


@dataclass(frozen=True)
class ReportQuery(ListQuery):
    """What a reader asks of the reports; its address says the same."""

    FILTERS = {
        "q": N_("Words of the report"),
        "kind": N_("Kind"),
        "period": N_("Period"),
        "customer": N_("Customer"),
        "author": N_("Reported by"),
        "team": N_("Team"),
        "unread": N_("Not read"),
    }
    KNOWN = {"kind": KINDS}
    NUMBERS = ("customer", "author", "team")
    SWITCHES = ("unread",)

    @classmethod
    def filters_of(cls, args: Mapping[str, str]) -> dict[str, str]:
        """Return the filters that an address says rightly."""
        found = super().filters_of(args)
        return {name: text for name, text in found.items() if name != "period" or Period.read(text) is not None}


class Page(NamedTuple):
    """A page of the list, with the cursors of the pages around it."""

    reports: list[InformationReport]
    next: str
    previous: str


def page(user: Staff, query: ReportQuery, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind `after`, or before `before`, of the reports on customers that `user` may see (RO-1): the newest first."""
    start, backwards = _decode(before or after), bool(before)
    found = _rows(user, query, start, backwards, size + 1)
    return Page(*cut(found, size, _encode, inside=start is not None, backwards=backwards))


def count(user: Staff, query: ReportQuery) -> Count:
    """Return how many reports a query finds, counted to `CAP` among the first `DEPTH` of the order."""
    report = InformationReport
    conditions = [*_conditions(user, query), *_scoped(user, query)]
    if conditions:
        looked = select(report.id).order_by(report.dated_on.desc(), report.id.desc()).limit(DEPTH)
        if "customer" in query.filters:
            looked = looked.where(report.customer_id == int(query.filters["customer"]))
        some = select(report.id).where(report.id.in_(looked.scalar_subquery()), *conditions).limit(CAP + 1)
        depth = db.session.scalar(select(func.count()).select_from(looked.subquery())) or 0
    else:
        some, depth = select(report.id).limit(CAP + 1), 0
    number = db.session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return Count(min(number, CAP), number > CAP or depth == DEPTH)


def rows(user: Staff, query: ReportQuery, *, most: int | None = None) -> Iterator[InformationReport]:
    """Return every report of a query in the order of the list, a portion at a time: for exports and prints."""
    return walk(lambda after: page(user, query, after=after, size=AT_A_TIME), most)


def of_customer(customer: Customer, user: Staff, *, most: int = PAGE_SIZE) -> list[InformationReport]:
    """Return the newest reports on a customer, for the customer's page."""
    return page(user, ReportQuery({"customer": str(customer.id)}), size=most).reports


def ids(user: Staff, query: ReportQuery, most: int) -> list[int]:
    """Return the ids of the first reports of a query, one more than `most` where there are more."""
    return [one.id for one in rows(user, query, most=most + 1)]


def records(numbers: list[int]) -> list[InformationReport]:
    """Return the reports with these ids, in their order."""
    query = select(InformationReport).where(InformationReport.id.in_(numbers)).options(*_WITH)
    found = {one.id: one for one in db.session.scalars(query)}
    return [found[number] for number in numbers if number in found]


# --- how it is read ----------------------------------------------------------------------------------------------------------


_WITH = (
    joinedload(InformationReport.customer, innerjoin=True).load_only(Customer.number, Customer.full_name, Customer.state),
    joinedload(InformationReport.author, innerjoin=True),
)


def _rows(user: Staff, query: ReportQuery, start: tuple[date, int] | None, up: bool, size: int) -> list[InformationReport]:
    report, order = InformationReport, (InformationReport.dated_on, InformationReport.id)
    conditions, scoped = _conditions(user, query), _scoped(user, query)
    bounds: list[ColumnElement[bool]] = []
    if start is not None:
        edge = tuple_(*(literal(value, column.type) for value, column in zip(start, order, strict=True)))
        bounds = [tuple_(*order) > edge if up else tuple_(*order) < edge]
    sorted_by = [column.asc() if up else column.desc() for column in order]
    shown = select(report).options(*_WITH)
    if not scoped or "customer" in query.filters:
        return list(db.session.scalars(shown.where(*bounds, *conditions, *scoped).order_by(*sorted_by).limit(size)))
    # Who does not see everything gets what they see among the first of the order; only where that does not fill a page are the
    # reports found from their customers.
    first = select(report.id).where(*bounds).order_by(*sorted_by).limit(DEPTH)
    among = shown.where(report.id.in_(first.scalar_subquery()), *conditions, *scoped).order_by(*sorted_by).limit(size)
    found = list(db.session.scalars(among))
    if len(found) == size or (db.session.scalar(select(func.count()).select_from(first.subquery())) or 0) < DEPTH:
        return found
    theirs = report.customer_id.in_(select(Customer.id).where(*_whose(user, query)))
    behind = [NotLeading(column) if up else NotLeading(column).desc() for column in order]
    return list(db.session.scalars(shown.where(theirs, *bounds, *conditions).order_by(*behind).limit(size)))


def _whose(user: Staff, query: ReportQuery) -> list[ColumnElement[bool]]:
    """Return the conditions on the customer; none where all reports are meant."""
    found: list[ColumnElement[bool]] = [] if user.is_manager else [customer_scope(user)]
    if "team" in query.filters:
        found.append(Customer.team_id == int(query.filters["team"]))
    return found


def _scoped(user: Staff, query: ReportQuery) -> list[ColumnElement[bool]]:
    whose = _whose(user, query)
    return [exists().where(Customer.id == InformationReport.customer_id, *whose)] if whose else []


def _conditions(user: Staff, query: ReportQuery) -> list[ColumnElement[bool]]:
    report, filters = InformationReport, query.filters
    found: list[ColumnElement[bool]] = []
    for name, column in (("kind", report.kind), ("period", report.period)):
        if name in filters:
            found.append(column == filters[name])
    for name, number in (("customer", report.customer_id), ("author", report.author_id)):
        if name in filters:
            found.append(number == int(filters[name]))
    if "unread" in filters:
        found.append(_unread(user))
    for part in (fold(part) for part in filters.get("q", "").split()):
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found.append(report.search_text.like(f"%{escaped}%", escape="\\"))
    return found


def _unread(user: Staff) -> ColumnElement[bool]:
    """Return the condition that a report is not read: by a manager for managers, by the supervisor for all others."""
    report = InformationReport
    if user.is_manager:
        return or_(and_(report.kind == URGENT, report.manager_read_at.is_(None)), and_(report.kind == PERIODIC, report.state == SUBMITTED))
    return and_(report.read_at.is_(None), report.submitted_at.is_not(None))


def _encode(report: InformationReport) -> str:
    return f"{report.dated_on.isoformat()}.{report.id}"


def _decode(cursor: str) -> tuple[date, int] | None:
    """Return the values of a cursor, None for what is none: the list then begins at its beginning."""
    found = _CURSOR.fullmatch(cursor)
    try:
        return (date.fromisoformat(found[1]), int(found[2])) if found else None
    except ValueError:
        return None


def filter_values(user: Staff) -> dict[str, Any]:
    """Return what the filters offer `user`: the people whose reports they may see."""
    query = select(Staff.id, Staff.name).order_by(Staff.name, Staff.id)
    if not user.is_manager:
        query = query.where(Staff.team_id == user.team_id) if user.team_id is not None else query.where(Staff.id == user.id)
    return {"authors": [(number, name) for number, name in db.session.execute(query)]}
