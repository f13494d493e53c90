"""What visits ask of people, and what follows them elsewhere: inbox, home, hand-over, merge, end of dealings, disposal (SV-20)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Executable, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import hand_over_list, inbox, request_desk
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.hand_over import goes_along
from portal.models.inbox_count import Area
from portal.models.merge import settles
from portal.models.paging import NotLeading
from portal.models.promise import OPEN as PROMISED
from portal.models.promise import Promise
from portal.models.report_fields import RETURNED
from portal.models.staff import Staff
from portal.models.standard_effects import used_in
from portal.models.visit import VISITED, Visit, count_visited
from portal.models.visit_report import VisitReport
from portal.models.visit_thanks import ThankYouLetter
from portal.permissions import Permission, Role
from portal.rules.message import N_, Message
from portal.rules.visits import CANCELLED, PLANNED

VISIT, REPORT, TO_READ = "customer-visit", "visit-report", "visit-report-to-read"
TITLES = {VISIT: N_("Visit to a customer"), REPORT: N_("Daily report of visits"), TO_READ: N_("Daily report to read")}
SOURCE = "visit"
"""What promises made on a visit are made in."""
_QUIET: dict[str, Any] = {"synchronize_session": False}
_OPEN = sql("visit_report.state IN ('draft', 'returned')")
_SUBMITTED = sql("visit_report.state = 'submitted'")
"""In these words SQLite knows the indexes of what is open, and of what is not read."""

used_in("choices.visit_purpose", Visit.purpose)
request_desk.PAGES[SOURCE] = lambda number: ("visits.visit", {"visit_id": number, "_anchor": "promises"})

# --- inbox ----------------------------------------------------------------


def _due(user: Staff) -> list[Any]:
    return [Visit.staff_id == user.id, Visit.state == PLANNED, Visit.day <= clock.today()]


def _owed(user: Staff) -> list[Any]:
    """Return the conditions on one's reports of days that are over, or that came back."""
    return [VisitReport.staff_id == user.id, _OPEN, or_(VisitReport.day < clock.today(), VisitReport.state == RETURNED)]


def _to_read(user: Staff) -> list[Any] | None:
    """Return the conditions on reports that `user` is to read: the team's; of managers those that no supervisor reads."""
    if not user.may(Permission.REPORT_JUDGE):
        return None
    if user.is_manager:
        supervisor = (Staff.active, Staff.role == Role.SUPERVISOR.value)
        another = exists().where(*supervisor, Staff.team_id == VisitReport.team_id, Staff.id != VisitReport.staff_id)
        # Only of a supervisor's own report it is asked one by one whether somebody else reads it: the figure stands on every page.
        led = select(Staff.team_id).where(*supervisor, Staff.team_id.is_not(None))
        own = and_(VisitReport.staff_id.in_(select(Staff.id).where(*supervisor)), ~another)
        unread = or_(VisitReport.team_id.is_(None), VisitReport.team_id.not_in(led), own)
        return [_SUBMITTED, VisitReport.staff_id != user.id, unread]
    return [_SUBMITTED, VisitReport.team_id == user.team_id, VisitReport.staff_id != user.id] if user.team_id is not None else None


def _visits(user: Staff) -> list[Select[Any]]:
    return [select(*inbox.row(Visit.id, Visit.created_at, Visit.day)).where(*_due(user)).order_by(Visit.day, Visit.id)]


def _said_of_visits() -> Executable:
    return (
        select(Visit.id, Customer.full_name).join(Customer, Customer.id == NotLeading(Visit.customer_id)).where(Visit.id.in_(inbox.NUMBERS))
    )


def _tell_visits(_user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for number, name in inbox.records(_said_of_visits, numbers):
        yield number, inbox.Told(name, N_("Visit the customer, and write down what came of it"), ("visits.visit", {"visit_id": number}))


def _reports(conditions: list[Any] | None, due_on: Any) -> list[Select[Any]]:
    one = VisitReport
    query = select(*inbox.row(one.id, func.coalesce(one.submitted_at, one.created_at), due_on))
    return [query.where(*conditions).order_by(one.due_on, one.id)] if conditions is not None else []


def _said_of_reports() -> Executable:
    query = select(VisitReport).where(VisitReport.id.in_(inbox.NUMBERS))
    return query.options(joinedload(VisitReport.staff).load_only(Staff.name).lazyload(Staff.team))


def _tell_owed(_user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_reports, numbers):
        what = N_("Sent back: revise and submit again") if one.state == RETURNED else N_("Submit the report of this day")
        yield one.id, inbox.Told(one.label, what, ("visits.report", {"report_id": one.id}))


def _tell_to_read(_user: Staff, numbers: Sequence[int]) -> Iterable[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_reports, numbers):
        page = ("visits.report", {"report_id": one.id})
        yield one.id, inbox.Told(one.label, N_("Read the report and acknowledge it"), page, one.staff.name)


_MAY = Permission.VISIT_WORK
inbox.to_do(VISIT, TITLES[VISIT], _MAY, _visits, _tell_visits)
inbox.to_do(REPORT, TITLES[REPORT], _MAY, lambda user: _reports(_owed(user), VisitReport.due_on), _tell_owed)
inbox.to_do(TO_READ, TITLES[TO_READ], _MAY, lambda user: _reports(_to_read(user), None), _tell_to_read)


def _of_visits(user: Staff, *more: Any) -> Iterable[Select[Any]]:
    return [select(Visit.id).where(*_due(user), *more)] if user.may(_MAY) else []


FIGURES: tuple[Area, ...] = (
    _of_visits,
    lambda user: _of_visits(user, Visit.day < clock.today()),
    lambda user: [select(VisitReport.id).where(*_owed(user))] if user.may(_MAY) else [],
)
"""How many visits wait for somebody today, how many of them are overdue, and daily reports owed, for the first page (IN-1)."""


# --- hand-over, merge ----------------------------------------------------------------


@goes_along
def _visits_follow(customer_ids: list[int], to: Staff, _by: Staff) -> None:
    """Give the planned visits to these customers, and what was promised on visits, to who is in charge of them now (RO-5)."""
    here = (Visit.customer_id.in_(customer_ids), Visit.state == PLANNED)
    _move(*here, Visit.follows_owner, values={"staff_id": to.id, "arrived_at": None})
    _move(*here, values={"team_id": to.team_id})
    promised = (Promise.customer_id.in_(customer_ids), Promise.source == SOURCE, Promise.state == PROMISED)
    db.session.execute(update(Promise).where(*promised).values(staff_id=to.id), execution_options=_QUIET)


@settles
def _visits_after_merge(ids: list[int]) -> None:
    """Visits move along with a merge and its undo; of two plans for one customer the survivor's stays (AR-3)."""
    for customer in db.session.scalars(select(Customer).where(Customer.id.in_(ids))):
        here = (Visit.customer_id == customer.id, Visit.state == PLANNED)
        if customer.state not in VISITED:
            _cancel(*here)
            continue
        if customer.owner_id is not None:
            _move(*here, Visit.follows_owner, values={"staff_id": customer.owner_id})
        _move(*here, values={"team_id": customer.team_id})
    count_visited(ids)


def take_over(gone: Staff, to: Staff) -> int:
    """Give all planned visits of somebody who leaves to `to`, and return how many (RO-4). Promises go with the requests'."""
    return _move(Visit.staff_id == gone.id, Visit.state == PLANNED, values={"staff_id": to.id, "arrived_at": None})


def _cancel(*which: Any) -> None:
    _move(*which, values={"state": CANCELLED, "done_at": clock.now()})


def _move(*which: Any, values: dict[str, Any]) -> int:
    step = update(Visit).where(*which).values(**values, version=Visit.version + 1)
    db.session.flush()
    moved: int = db.session.execute(step, execution_options=_QUIET).rowcount  # type: ignore[attr-defined]
    for one in list(db.session.identity_map.values()):
        if isinstance(one, Visit):
            db.session.expire(one)
    return moved


def visits_in_hand(of: Staff) -> Any:
    """Return the planned visits of somebody, as rows for the hand-over list."""
    query: Any = select(Visit.id, Visit.day, Visit.purpose, Visit.aim, Customer.full_name.label("customer"))
    query = query.join(Customer, Customer.id == Visit.customer_id).where(Visit.staff_id == of.id, Visit.state == PLANNED)
    return query.order_by(Visit.day, Visit.id)


hand_over_list.declare(
    hand_over_list.Part(
        "visits",
        N_("Visits planned"),
        N_("They go to who takes over."),
        (
            hand_over_list.Column("customer", N_("Customer")),
            hand_over_list.Column("purpose", N_("Purpose of the visit"), "s-w4", choices="visit_purpose"),
            hand_over_list.Column("aim", N_("What is to be done")),
            hand_over_list.Column("day", N_("Day"), "s-w3", "middle"),
        ),
        count=lambda of: db.session.scalar(select(func.count()).select_from(visits_in_hand(of).order_by(None).subquery())) or 0,
        rows=lambda of, limit: [
            {"id": row.id, "customer": row.customer, "purpose": row.purpose, "aim": row.aim[:80], "day": row.day.isoformat()}
            for row in db.session.execute(visits_in_hand(of).limit(limit))
        ],
        page=lambda number: ("visits.visit", {"visit_id": number}),
        model=Visit,
    )
)


# --- end of dealings, erased cards, disposal ----------------------------------------------------------------


def follow_state(customer: Customer) -> None:
    """Cancel the planned visit to a customer with whom dealings ended (SV-20)."""
    if customer.state not in VISITED:
        _cancel(Visit.customer_id == customer.id, Visit.state == PLANNED)


def forget(customer_ids: Collection[int]) -> None:
    """Delete the visits and letters of erased cards; the daily reports keep the rest of their days (AR-11)."""
    for table in (Visit, ThankYouLetter):
        db.session.execute(delete(table).where(table.customer_id.in_(customer_ids)), execution_options=_QUIET)


@blocker
def _open_visits(disposal: Disposal) -> Iterable[Message]:
    names = {one.id: one.full_name for one in disposal.customers}
    query = select(Visit.customer_id, Visit.day).where(Visit.customer_id.in_(names), Visit.state == PLANNED).order_by(Visit.day)
    for row in db.session.execute(query):
        yield Message(N_("A visit to %(customer)s is planned for %(day)s."), {"customer": names[row[0]], "day": row[1].isoformat()})
    unfinished = select(Visit.customer_id, VisitReport.day).join(VisitReport, VisitReport.id == Visit.report_id)
    for row in db.session.execute(unfinished.where(Visit.customer_id.in_(names), _OPEN).order_by(VisitReport.day)):
        figures = {"customer": names[row[0]], "day": row[1].isoformat()}
        yield Message(N_("The daily report of %(day)s with a visit to %(customer)s is not submitted."), figures)
