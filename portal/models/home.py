"""What the first page shows a reader (IN-1): what waits, their customers in figures, what changed, running jobs, announcements.

No figure walks a big table: counts stop at a cap, and what is recent is read from the end of an index. The statements are made once
for each shape of a reader's scope; the reader's own values are parameters. Whoever asks for several figures asks `scope_of` once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, literal, literal_column, or_, select, true, union_all
from sqlalchemy.orm import aliased

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.approval import LIVE, Approval
from portal.models.audit import AuditEvent
from portal.models.calendar import WARNING_MONTHS, is_entered, site_calendar
from portal.models.card import GRADES
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerState
from portal.models.history import title_of
from portal.models.inbox_count import Area, numbers
from portal.models.investigation import Investigation
from portal.models.job import Job
from portal.models.notice import Notice
from portal.models.register_query import TABS, RegisterQuery
from portal.models.scope import Scope, ScopeShape, scope_of
from portal.models.staff import Staff
from portal.permissions import Role

CAP = 1000
"""Counts stop here and are shown as 1,000+."""
GRADE_WALK = 2000
"""So many customers of a rep or a team are looked at for the figures by grade; what a bigger team has is 'at least'."""
SHOWN = 8
"""Lines of each list."""

_STATES = (CustomerState.ACTIVE, CustomerState.PROSPECT, CustomerState.PAST)
_TOLD = ("change", "permission", "signature", "approval", "import")
"""Kinds of the audit log that say that something changed."""


@dataclass(frozen=True)
class Figure:
    """A count of customers on a tab of the register, of one grade or of all; `more` means at least so many."""

    query: RegisterQuery
    count: int
    more: bool


@dataclass(frozen=True)
class Draft:
    """Something begun and not yet submitted by its author."""

    kind: str
    title: str
    customer_id: int
    since: datetime


@dataclass(frozen=True)
class Change:
    """The newest entry of the log on a customer that has changed lately."""

    customer_id: int
    customer: str
    what: str
    """English message id."""
    who: str
    at: datetime


def _capped(conditions: list[ColumnElement[bool]], name: str) -> Any:
    rows = select(literal(1)).select_from(Customer).where(*conditions).limit(CAP + 1).subquery()
    return select(func.count()).select_from(rows).scalar_subquery().label(name)


@cache
def _by_state(shape: ScopeShape) -> Select[Any]:
    arms = shape.arms()
    return select(
        *(
            _capped([*arm.conditions(), Customer.state == state.value], f"{state.value}_{n}")
            for state in _STATES
            for n, arm in enumerate(arms)
        )
    )


def customers_by_state(user: Staff, scope: Scope | None = None) -> list[Figure]:
    """Return the reader's customers on the register, prospects and past ones; each arm of the scope counted up to the cap."""
    shape, values = scope or scope_of(user)
    counts = list(db.session.execute(_by_state(shape), values).one())
    arms = len(counts) // len(_STATES)
    sums = {state: sum(counts[place * arms : (place + 1) * arms]) for place, state in enumerate(_STATES)}
    return [
        Figure(RegisterQuery(tab=tab), min(sums[state], CAP), sums[state] > CAP) for tab, (state, *_titles) in TABS.items() if state in sums
    ]


@cache
def _by_grade(shape: ScopeShape) -> Select[Any]:
    on_register = Customer.state == CustomerState.ACTIVE.value
    if shape.role == Role.MANAGER:
        return select(*(_capped([Customer.grade == code, on_register], f"g_{code}") for code in GRADES))
    arms = [select(Customer.grade).where(*arm.conditions(), on_register).limit(GRADE_WALK).subquery() for arm in shape.arms()]
    walked = union_all(*(select(arm.c.grade) for arm in arms)).subquery()
    return select(walked.c.grade, func.count()).group_by(walked.c.grade)


def customers_by_grade(user: Staff, scope: Scope | None = None) -> list[Figure]:
    """Return the reader's customers on the register by grade, grades without any left out."""
    shape, values = scope or scope_of(user)
    rows = db.session.execute(_by_grade(shape), values).all()
    counts: dict[str, int] = dict(zip(GRADES, rows[0], strict=True)) if user.role == Role.MANAGER else dict(rows)  # type: ignore[arg-type]
    stopped = user.role != Role.MANAGER and sum(counts.values()) >= GRADE_WALK
    found = [(code, min(counts.get(code, 0), CAP), stopped or counts.get(code, 0) > CAP) for code in GRADES]
    return [Figure(RegisterQuery(filters={"grade": code}), count, more) for code, count, more in found if count]


@cache
def _drafts(shape: ScopeShape) -> Select[Any]:
    seen = or_(*(and_(true(), *arm.conditions()) for arm in shape.arms()))
    # The literals let the partial indexes of what has been begun be used.
    submitted = exists().where(Approval.kind_name == "investigation", Approval.record_id == Investigation.id, Approval.state.in_(LIVE))
    begun = (
        select(literal("investigation").label("kind"), Investigation.customer_id, Investigation.updated_at.label("since"))
        .join(Customer, Customer.id == Investigation.customer_id)
        .where(Investigation.created_by_id == bindparam("me"), Investigation.outcome == literal_column("''"), ~submitted, seen)
        .order_by(Investigation.id.desc())
        .limit(SHOWN)
        .subquery()
    )
    running = exists().where(Approval.kind_name == "credit", Approval.record_id == CreditChange.id, Approval.state.in_(LIVE))
    credit = (
        select(literal("credit").label("kind"), CreditChange.customer_id, CreditChange.created_at.label("since"))
        .join(Customer, Customer.id == CreditChange.customer_id)
        .where(CreditChange.created_by_id == bindparam("me"), CreditChange.state == literal_column("'draft'"), ~running, seen)
        .order_by(CreditChange.id.desc())
        .limit(SHOWN)
        .subquery()
    )
    both = union_all(select(begun), select(credit)).subquery()
    query = select(both.c.kind, Customer.full_name, Customer.id, both.c.since).join_from(both, Customer, Customer.id == both.c.customer_id)
    return query.order_by(both.c.since.desc()).limit(SHOWN)


def drafts(user: Staff, scope: Scope | None = None) -> list[Draft]:
    """Return what the reader has begun and not submitted on customers they see: investigations and changes of credit, newest first."""
    shape, values = scope or scope_of(user)
    return [Draft(*row) for row in db.session.execute(_drafts(shape), values)]


@cache
def _recent_changes(shape: ScopeShape) -> Select[Any]:
    arms = [
        select(Customer.id, Customer.full_name, Customer.updated_at)
        .where(*arm.conditions(), Customer.state == state.value)
        .order_by(Customer.updated_at.desc(), Customer.id.desc())
        .limit(SHOWN)
        .subquery()
        for arm in shape.arms()
        for state in _STATES
    ]
    customers = union_all(*(select(arm) for arm in arms)).order_by(literal_column("updated_at").desc()).limit(SHOWN).subquery()
    log = aliased(AuditEvent)
    newest = (
        select(log.id)
        .where(log.customer_id == customers.c.id, log.kind.in_(_TOLD))
        .order_by(log.id.desc())
        .limit(1)
        .correlate(customers)
        .scalar_subquery()
    )
    return (
        select(customers.c.id, customers.c.full_name, AuditEvent.record_type, AuditEvent.action, AuditEvent.actor_name, AuditEvent.at)
        .join(AuditEvent, AuditEvent.id == newest)
        .order_by(AuditEvent.at.desc(), AuditEvent.id.desc())
    )


def recent_changes(user: Staff, scope: Scope | None = None) -> list[Change]:
    """Return the customers in scope that changed last, each with its newest entry of the log."""
    shape, values = scope or scope_of(user)
    rows = db.session.execute(_recent_changes(shape), values)
    return [Change(row.id, row.full_name, title_of(row), row.actor_name, row.at) for row in rows]  # type: ignore[arg-type]


@cache
def _newest_jobs() -> Select[Job]:
    return select(Job).where(Job.staff_id == bindparam("me")).order_by(Job.id.desc()).limit(SHOWN)


def jobs(user: Staff) -> list[Job]:
    """Return the reader's jobs that wait, run, or failed today, of the newest ones."""
    newest = db.session.scalars(_newest_jobs(), {"me": user.id})
    today = clock.today()
    return [job for job in newest if job.state in ("queued", "running") or (job.state == "failed" and _on(job.ended_at) == today)]


def _on(at: datetime | None) -> date | None:
    return clock.local(at).date() if at else None


@cache
def _newest_unread() -> Select[Notice]:
    return select(Notice).where(Notice.staff_id == bindparam("me"), Notice.read_at.is_(None)).order_by(Notice.id.desc()).limit(SHOWN)


def unread(user: Staff) -> list[Notice]:
    """Return the reader's newest unread notices."""
    return list(db.session.scalars(_newest_unread(), {"me": user.id}))


def unannounced_year() -> int | None:
    """Return the year whose official days are neither known nor entered, though they are needed: this, or from November the next (SV-4)."""
    today = clock.today()
    years = [today.year, today.year + 1] if today.month in WARNING_MONTHS else [today.year]
    return next((year for year in years if not site_calendar().is_announced(year) and not is_entered(year)), None)


def figures(user: Staff, areas: dict[str, tuple[Area, ...]]) -> dict[str, list[int]]:
    """Return the figures of areas by their names, each counted up to `COUNT_CAP`, all asked in one statement (IN-1)."""
    found = iter(numbers(user, [one for some in areas.values() for one in some]))
    return {name: [next(found) for _one in some] for name, some in areas.items()}


def waiting(user: Staff, lines: list[inbox.Line]) -> list[inbox.Entry]:
    """Return what is said of the most pressing of what waits for the reader (AP-8)."""
    return inbox.told(user, lines[:SHOWN])
