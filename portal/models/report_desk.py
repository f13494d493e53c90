"""What information reports ask of people: to read them, to revise what came back, to write what is due (AR-22, AP-8)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Executable, and_, case, exists, func, not_, or_, select
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal import clock
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


def _read_by(user: Staff) -> Iterator[inbox.Queue]:
    one = InformationReport
    until = case((one.kind == URGENT, one.submitted_at))
    query: Any = select(*inbox.row(one.id, func.coalesce(one.submitted_at, one.created_at), until=until)).join(Customer, _ITS_CUSTOMER)
    lists = [query.where(condition).order_by(*_PRESSING) for condition in _to_read(user)]
    if lists:
        yield inbox.Queue("", lists, _tell_to_read, kinds={code: one.kind == kind for code, kind in _CODES.items()})


def _tell_to_read(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        yield one.id, _told(one, N_("Read the report and acknowledge it"), one.author.name)


def _said() -> Executable:
    query = select(InformationReport).where(InformationReport.id.in_(inbox.NUMBERS))
    return query.options(joinedload(InformationReport.customer), joinedload(InformationReport.author))


def _told(one: InformationReport, what: str, who: str = "") -> inbox.Told:
    title, page = f"{one.customer.full_name} · {one.label}", ("reports.report", {"report_id": one.id})
    return inbox.Told(title, what, page, who, kind=f"{one.kind}-report")


inbox.source(_read_by, lambda: {code: KINDS[kind] for code, kind in _CODES.items()})


# --- what came back --------------------------------------------------------------------------------------------------------------


def _came_back(user: Staff) -> Iterator[inbox.Queue]:
    one = InformationReport
    query: Any = one.visible_to(user).where(one.author_id == user.id, _RETURNED)
    query = query.with_only_columns(*inbox.row(one.id, func.coalesce(one.submitted_at, one.created_at)))
    yield inbox.Queue(_OF_PERIOD, [query.order_by(one.id.desc())], _tell_came_back)


def _tell_came_back(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        yield one.id, _told(one, N_("Sent back: revise and submit again"))


inbox.source(_came_back, dict)


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


def _due(user: Staff) -> Iterator[inbox.Queue]:
    for own, grade, period, day in _to_write(user, clock.today()):
        last = datetime.combine(period.last, time.max, tzinfo=clock.SITE_ZONE)
        order = (*_LONGEST, Customer.team_id if own else Customer.owner_id, Customer.id)
        query = select(*inbox.row(Customer.id)).where(*_whose(own, user.id, user.team_id)).order_by(*order)
        lists = [query.where(*owing(**figures_of(grade, period), ever=ever)) for ever in (False, True)]
        yield inbox.Queue(_OF_PERIOD, lists, partial(_tell_due, own, period.code), timed=inbox.always(last, day))


def _said_of_due() -> Executable:
    return (
        select(Customer.id, Customer.full_name, Staff.name)
        .outerjoin(Staff, Staff.id == Customer.owner_id)
        .where(Customer.id.in_(inbox.NUMBERS))
    )


def _tell_due(own: bool, period: str, _user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for number, name, owner in inbox.records(_said_of_due, numbers):
        title, page = f"{name} · {period}", "reports.periodic_new" if own else "reports.of_customer"
        place: dict[str, Any] = {"customer": number, "period": period} if own else {"customer_id": number}
        what = N_("Write the periodic report") if own else N_("Have the periodic report written")
        yield number, inbox.Told(title, what, (page, place), "" if own else owner or "")


inbox.source(_due, dict)


# --- disposal ------------------------------------------------------------------------------------------------------------------


@blocker
def _open_reports(disposal: Disposal) -> Iterable[Message]:
    names = {one.id: one.full_name for one in disposal.customers}
    for report in open_urgent(list(names)):
        figures = {"customer": names[report.customer_id], "day": report.dated_on.isoformat()}
        yield Message(N_("An urgent report on %(customer)s of %(day)s is not closed."), figures)
