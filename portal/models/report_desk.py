"""What information reports ask of people: to read them, to revise what came back, to write what is due (AR-22, AP-8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, case, exists, not_, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.approval_authors import DocumentAuthor
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.paging import NotLeading
from portal.models.report import NAME, InformationReport, not_own, open_urgent
from portal.models.report_due import asked, due_on, figures_of, owing
from portal.models.report_fields import KINDS, PERIODIC, URGENT
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.rules.message import N_, Message
from portal.rules.periods import Period

_OF_PERIOD = f"{PERIODIC}-report"
_CODES = {f"{URGENT}-report": URGENT, _OF_PERIOD: PERIODIC}
_URGENT = sql("information_report.kind = 'urgent'")
_RETURNED = sql("information_report.state = 'returned'")
"""In these words SQLite knows the indexes of what is not read, and of what came back."""
_PRESSING = (InformationReport.kind.desc(), case((InformationReport.kind == URGENT, InformationReport.id), else_=-InformationReport.id))
"""Urgent ones before others, those that wait longest before others; of the others the newest."""
_ITS_CUSTOMER = Customer.id == NotLeading(InformationReport.customer_id)
"""The few reports lead to their customers; SQLite would walk all customers where there are few reports, or none."""


# --- reports to read ---------------------------------------------------------------------------------------------------------


def _unread() -> ColumnElement[bool]:
    return and_(InformationReport.read_at.is_(None), InformationReport.submitted_at.is_not(None))


def _to_read(user: Staff) -> list[ColumnElement[bool]]:
    """Return conditions on reports joined with their customers, each led by an index, whose union waits to be read by `user`."""
    if not user.may(Permission.REPORT_JUDGE):
        return []
    if user.role == Role.SUPERVISOR:
        return [and_(_unread(), Customer.team_id == user.team_id, not_own(user))] if user.team_id is not None else []
    urgent = and_(InformationReport.manager_read_at.is_(None), _URGENT, not_own(user))
    return [urgent, and_(_unread(), InformationReport.kind == PERIODIC, _without_supervisor(), not_own(user))]


def _without_supervisor() -> ColumnElement[bool]:
    """Return the condition that no supervisor of the customer's team may read it: there is none, or it is their own."""
    report = InformationReport
    wrote = exists().where(DocumentAuthor.kind_name == NAME, DocumentAuthor.record_id == report.id, DocumentAuthor.staff_id == Staff.id)
    wrote = wrote.correlate(report, Staff)  # two queries out: it is not found by itself
    supervisor = exists().where(
        Staff.active, Staff.role == Role.SUPERVISOR.value, Staff.team_id == Customer.team_id, Staff.id != report.author_id, not_(wrote)
    )
    return not_(supervisor)


def _read_by(user: Staff, kind: str, group: str, most: int) -> list[inbox.Entry]:
    if group == "sign" or (kind and kind not in _CODES):
        return []
    found: dict[int, InformationReport] = {}
    for condition in _to_read(user):
        query = select(InformationReport).join(Customer, _ITS_CUSTOMER).where(condition)
        if kind:
            query = query.where(InformationReport.kind == _CODES[kind])
        query = query.options(joinedload(InformationReport.customer), joinedload(InformationReport.author))
        found |= {one.id: one for one in db.session.scalars(query.order_by(*_PRESSING).limit(most))}
    entries = [
        _entry(
            one,
            N_("Read the report and acknowledge it"),
            one.author.name,
            clock.local(one.submitted_at).date() if one.submitted_at else None,
        )
        for one in found.values()
    ]
    return [one for one in entries if group != "overdue" or one.is_overdue(clock.today())]


def _waiting_to_be_read(user: Staff) -> Iterator[Select[Any]]:
    joined = select(InformationReport.id).join(Customer, _ITS_CUSTOMER)
    yield from (joined.where(condition) for condition in _to_read(user))


inbox.source(inbox.Source(_read_by, _waiting_to_be_read, lambda: {code: KINDS[kind] for code, kind in _CODES.items()}))


def _entry(report: InformationReport, what: str, who: str, day: date | None) -> inbox.Entry:
    return inbox.Entry(
        group="do",
        kind=f"{report.kind}-report",
        kind_title=KINDS[report.kind],
        title=f"{report.customer.full_name} · {report.label}",
        what=what,
        since=report.submitted_at or report.created_at,
        due_on=day if report.kind == URGENT else None,
        page=("reports.report", {"report_id": report.id}),
        who=who,
    )


# --- what came back --------------------------------------------------------------------------------------------------------------


def _came_back(user: Staff) -> Select[InformationReport]:
    return InformationReport.visible_to(user).where(InformationReport.author_id == user.id, _RETURNED)


def _returned(user: Staff, kind: str, group: str, most: int) -> list[inbox.Entry]:
    if group in ("sign", "overdue") or kind not in ("", _OF_PERIOD):
        return []
    query = _came_back(user).options(joinedload(InformationReport.customer)).order_by(InformationReport.id.desc()).limit(most)
    return [_entry(one, N_("Sent back: revise and submit again"), "", None) for one in db.session.scalars(query)]


inbox.source(inbox.Source(_returned, lambda user: [_came_back(user).with_only_columns(InformationReport.id)], dict))


# --- reports to write --------------------------------------------------------------------------------------------------------------


_LONGEST = (Customer.reported_until, Customer.created_at, Customer.registered_on)
"""Who was reported on longest ago first, and those longest in the portal: the order of the indexes of what is due."""


def _to_write(user: Staff, today: date) -> Iterator[tuple[bool, str, Period, date]]:
    """Yield (one's own, grade, period, last day): what is due to who is in charge, overdue to the team's supervisor."""
    for grade, period in asked(today):
        day = due_on(period)
        yield True, grade, period, day
        if user.role == Role.SUPERVISOR and user.team_id is not None and day < today:
            yield False, grade, period, day


def _whose(own: bool, me: Any, team: Any) -> list[ColumnElement[bool]]:
    """Return the conditions on one's own customers, or on the others of the team."""
    return [Customer.owner_id == me] if own else [Customer.team_id == team, or_(Customer.owner_id.is_(None), Customer.owner_id != me)]


@cache
def _first_to_write(own: bool, ever: bool) -> Select[Any]:
    # The few by their index alone and in its order, before their rows are read.
    order = (*_LONGEST, Customer.team_id if own else Customer.owner_id, Customer.id)
    period: dict[str, Any] = {name: bindparam(name) for name in ("grade", "first", "last", "begun")}
    few = select(Customer.id).where(*_whose(own, bindparam("me"), bindparam("team")), *owing(**period, ever=ever)).order_by(*order)
    few = few.limit(bindparam("most", type_=Integer))
    query: Any = select(Customer.id, Customer.full_name, Staff.name).outerjoin(Staff, Staff.id == Customer.owner_id)
    return query.where(Customer.id.in_(few)).order_by(*order)  # type: ignore[no-any-return]


def _due(user: Staff, kind: str, group: str, most: int) -> list[inbox.Entry]:
    return [] if group == "sign" or kind not in ("", _OF_PERIOD) else list(_due_ones(user, group == "overdue", most))


def _due_ones(user: Staff, overdue: bool, most: int) -> Iterator[inbox.Entry]:
    today = clock.today()
    for own, grade, period, day in _to_write(user, today):
        if overdue and day >= today:
            continue
        values = {"me": user.id, "team": user.team_id, "most": most, **figures_of(grade, period)}
        rows = db.session.execute(_first_to_write(own, False), values).all()
        if len(rows) < most:
            rows = [*rows, *db.session.execute(_first_to_write(own, True), {**values, "most": most - len(rows)})]
        page = "reports.periodic_new" if own else "reports.of_customer"
        for number, name, owner in rows:
            place: dict[str, Any] = {"customer": number, "period": period.code} if own else {"customer_id": number}
            yield inbox.Entry(
                group="do",
                kind=_OF_PERIOD,
                kind_title=KINDS[PERIODIC],
                title=f"{name} · {period.code}",
                what=N_("Write the periodic report") if own else N_("Have the periodic report written"),
                since=datetime.combine(period.last, time.max, tzinfo=clock.SITE_ZONE),
                due_on=day,
                page=(page, place),
                who="" if own else owner or "",
            )


def _waiting_to_be_written(user: Staff) -> Iterator[Select[Any]]:
    for own, grade, period, _day in _to_write(user, clock.today()):
        for ever in (False, True):
            yield select(Customer.id).where(*_whose(own, user.id, user.team_id), *owing(**figures_of(grade, period), ever=ever))


inbox.source(inbox.Source(_due, _waiting_to_be_written, dict))


# --- disposal ------------------------------------------------------------------------------------------------------------------


@blocker
def _open_reports(disposal: Disposal) -> Iterable[Message]:
    names = {one.id: one.full_name for one in disposal.customers}
    for report in open_urgent(list(names)):
        figures = {"customer": names[report.customer_id], "day": report.dated_on.isoformat()}
        yield Message(N_("An urgent report on %(customer)s of %(day)s is not closed."), figures)
