"""What information reports ask of people: to read them, to revise what came back, to write what is due (AR-22, AP-8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select
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
from portal.models.report_due import asked, due_on, owing
from portal.models.report_fields import KINDS, PERIODIC, URGENT
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.rules.message import N_, Message
from portal.rules.periods import Period

_CODES = {f"{URGENT}-report": URGENT, f"{PERIODIC}-report": PERIODIC}
_URGENT = sql("information_report.kind = 'urgent'")
_RETURNED = sql("information_report.state = 'returned'")
"""In these words SQLite knows the indexes of what is not read, and of what came back."""
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


def _reading(user: Staff, kind: str) -> list[inbox.Entry]:
    found: dict[int, InformationReport] = {}
    for condition in _to_read(user):
        query = select(InformationReport).join(Customer, _ITS_CUSTOMER).where(condition)
        if kind:
            query = query.where(InformationReport.kind == kind)
        query = query.options(joinedload(InformationReport.customer), joinedload(InformationReport.author))
        found |= {one.id: one for one in db.session.scalars(query.order_by(InformationReport.id.desc()).limit(inbox.MOST))}
    return [
        _entry(
            one,
            N_("Read the report and acknowledge it"),
            one.author.name,
            clock.local(one.submitted_at).date() if one.submitted_at else None,
        )
        for one in found.values()
    ]


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


def _returned(user: Staff) -> list[inbox.Entry]:
    query = InformationReport.visible_to(user).where(InformationReport.author_id == user.id, _RETURNED)
    query = query.options(joinedload(InformationReport.customer)).order_by(InformationReport.id.desc()).limit(inbox.MOST)
    return [_entry(one, N_("Sent back: revise and submit again"), "", None) for one in db.session.scalars(query)]


# --- reports to write --------------------------------------------------------------------------------------------------------------


def _to_write(user: Staff, today: date) -> Iterator[tuple[bool, Period, date, list[ColumnElement[bool]]]]:
    """Yield (one's own, period, last day, conditions on customers): what is due to who is in charge, overdue to the team's supervisor."""
    for grade, period in asked(today):
        day, conditions = due_on(period), owing(grade, period)
        yield True, period, day, [Customer.owner_id == user.id, *conditions]
        if user.role == Role.SUPERVISOR and user.team_id is not None and day < today:
            others = or_(Customer.owner_id.is_(None), Customer.owner_id != user.id)
            yield False, period, day, [Customer.team_id == user.team_id, others, *conditions]


def _due(user: Staff, group: str, today: date) -> Iterator[inbox.Entry]:
    for own, period, day, conditions in _to_write(user, today):
        if group == "overdue" and day >= today:
            continue
        # The few by their index alone, before their rows are read.
        few = select(Customer.id).where(*conditions).order_by(Customer.reported_until, Customer.id).limit(inbox.MOST)
        query = select(Customer.id, Customer.full_name, Staff.name).outerjoin(Staff, Staff.id == Customer.owner_id)
        page = "reports.periodic_new" if own else "reports.of_customer"
        for number, name, owner in db.session.execute(query.where(Customer.id.in_(few)).order_by(Customer.reported_until, Customer.id)):
            values: dict[str, Any] = {"customer": number, "period": period.code} if own else {"customer_id": number}
            yield inbox.Entry(
                group="do",
                kind=f"{PERIODIC}-report",
                kind_title=KINDS[PERIODIC],
                title=f"{name} · {period.code}",
                what=N_("Write the periodic report") if own else N_("Have the periodic report written"),
                since=datetime.combine(period.last, time.max, tzinfo=clock.local(clock.now()).tzinfo),
                due_on=day,
                page=(page, values),
                who="" if own else owner or "",
            )


# --- the inbox ---------------------------------------------------------------------------------------------------------------


def _entries(user: Staff, kind: str, group: str) -> list[inbox.Entry]:
    if group == "sign" or (kind and kind not in _CODES):
        return []
    today, only = clock.today(), _CODES.get(kind, "")
    found = _reading(user, only)
    if only != URGENT:
        found += [*_returned(user), *_due(user, group, today)]
    return [one for one in found if group != "overdue" or one.is_overdue(today)]


def _waiting(user: Staff) -> Iterator[Select[Any]]:
    joined = select(InformationReport.id).join(Customer, _ITS_CUSTOMER)
    yield from (joined.where(condition) for condition in _to_read(user))
    returned = InformationReport.visible_to(user).where(InformationReport.author_id == user.id, _RETURNED)
    yield returned.with_only_columns(InformationReport.id)
    for _own, _period, _day, conditions in _to_write(user, clock.today()):
        yield select(Customer.id).where(*conditions)


inbox.source(inbox.Source(_entries, _waiting, lambda: {code: KINDS[kind] for code, kind in _CODES.items()}))


# --- disposal ------------------------------------------------------------------------------------------------------------------


@blocker
def _open_reports(disposal: Disposal) -> Iterable[Message]:
    names = {one.id: one.full_name for one in disposal.customers}
    for report in open_urgent(list(names)):
        figures = {"customer": names[report.customer_id], "day": report.dated_on.isoformat()}
        yield Message(N_("An urgent report on %(customer)s of %(day)s is not closed."), figures)
