"""Figures of requests (SV-5, SV-8): kept by month, channel and kind, counted by the worker for months in which something changed; and the
month's complaints with their causes, kept by day. They are always true: days in which something changed since they were counted are
counted when they are asked for, as are the complaints of readers who do not see all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import case, delete, func, insert, literal, select, update
from sqlalchemy import text as sql

from portal.database import db
from portal.models.paging import NotLeading
from portal.models.request import ServiceRequest
from portal.models.service_channel import ComplaintTally, RequestTally
from portal.models.staff import Staff
from portal.rules.requests import CLOSED, IMPORTING, JOINED

COUNTED = (
    "received", "first_answered", "first_on_time", "first_worked", "first_elapsed", "solved", "solved_on_time", "solve_worked",
    "solve_elapsed", "satisfied", "unsatisfied",
)  # fmt: skip
PORTION = 2000
_ANSWERED = 7
"""The place of `answered` among the figures."""
PARTS = ("cause", "department", "channel")
FIGURES = (
    "number", "solved", "closed", "satisfied", "unsatisfied", "solve_worked", "solve_elapsed", "answered", "first_worked", "first_elapsed",
)  # fmt: skip
"""What complaints are counted by, and what is counted of them."""
_COMPLAINT: Any = sql("service_request.kind = 'complaint'")
_UNTALLIED: Any = sql("NOT service_request.tallied")
"""In these words the databases know the indexes of complaints, and of what is to be counted."""


# --- kept figures ------------------------------------------------------------------------------------------------------------


def count_changed() -> int:
    """Count the months anew in which requests changed since they were counted; return how many requests that were. The caller commits."""
    request = ServiceRequest
    rows = db.session.execute(select(request.id, request.received_on).where(_UNTALLIED).order_by(request.id).limit(PORTION)).all()
    if not rows:
        return 0
    done = update(request).where(request.id.in_([row.id for row in rows])).values(tallied=True)
    db.session.execute(done, execution_options={"synchronize_session": False})
    for month in sorted({(row.received_on.year, row.received_on.month) for row in rows}):
        _count_month(*month)
    count_complaints(sorted({row.received_on for row in rows}))
    db.session.expire_all()
    return len(rows)


def count_month(year: int, month: int) -> None:
    """Count the figures of a month anew, and those of its complaints."""
    first, last = bounds(year, month)
    _count_month(year, month)
    count_complaints([first + timedelta(days=one) for one in range((last - first).days + 1)])


def count_later(months: Iterable[tuple[int, int]]) -> None:
    """Have the worker count the figures of months anew of which requests are gone, as (year, month)."""
    request = ServiceRequest
    for month in months:
        one = db.session.scalar(select(request.id).where(request.received_on.between(*bounds(*month))).limit(1))
        if one is None:
            _count_month(*month)
        else:  # a month is counted where something in it is not counted yet
            changed = update(request).where(request.id == one).values(tallied=False)
            db.session.execute(changed, execution_options={"synchronize_session": False})


def _count_month(year: int, month: int) -> None:
    first, last = bounds(year, month)
    code, request = f"{year:04d}-{month:02d}", ServiceRequest
    on_time = case((request.first_answered_at <= request.first_due_at, 1), else_=0)
    solved_on_time = case((request.answered_at <= request.solve_due_at, 1), else_=0)
    columns = (
        func.count(), func.count(request.first_answered_at), func.sum(on_time), func.sum(request.first_worked),
        func.sum(request.first_elapsed), func.count(request.answered_at), func.sum(solved_on_time), func.sum(request.solve_worked),
        func.sum(request.solve_elapsed), func.sum(case((request.satisfied.is_(True), 1), else_=0)),
        func.sum(case((request.satisfied.is_(False), 1), else_=0)),
    )  # fmt: skip
    query = select(request.channel, request.kind, *columns).where(
        request.received_on.between(first, last), request.state.not_in((IMPORTING, JOINED))
    )
    rows = db.session.execute(query.group_by(request.channel, request.kind)).all()
    db.session.execute(delete(RequestTally).where(RequestTally.month == code))
    figures = [
        {"month": code, "channel": row[0], "kind": row[1], **{name: int(value or 0) for name, value in zip(COUNTED, row[2:], strict=True)}}
        for row in rows
    ]
    if figures:
        db.session.execute(insert(RequestTally), figures)


def count_complaints(days: Sequence[date]) -> None:
    """Count the complaints received on some days anew."""
    tally, request = ComplaintTally, ServiceRequest
    db.session.execute(delete(tally).where(tally.day.in_(days)), execution_options={"synchronize_session": False})
    for part in PARTS:
        code = getattr(request, part)
        found = select(request.received_on, literal(part), code, *_sums()).where(
            _COMPLAINT, request.received_on.in_(days), request.state.not_in((IMPORTING, JOINED))
        )
        into = ["day", "part", "code", *FIGURES]
        db.session.execute(insert(tally).from_select(into, found.group_by(request.received_on, code)))


def months_of(ids: list[int]) -> set[tuple[int, int]]:
    """Return the months in which some requests were received, as (year, month)."""
    days = db.session.scalars(select(ServiceRequest.received_on).where(ServiceRequest.id.in_(ids)))
    return {(day.year, day.month) for day in days}


def bounds(year: int, month: int) -> tuple[date, date]:
    """Return first and last day of a month."""
    first = date(year, month, 1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


class Figures(NamedTuple):
    """Sums of kept figures, with what follows from them."""

    received: int = 0
    first_answered: int = 0
    first_on_time: int = 0
    first_worked: int = 0
    first_elapsed: int = 0
    solved: int = 0
    solved_on_time: int = 0
    solve_worked: int = 0
    solve_elapsed: int = 0
    satisfied: int = 0
    unsatisfied: int = 0

    def mean(self, what: str, of: str) -> int | None:
        """Return the mean minutes of `first_worked`, `solve_elapsed`, …; None where there is none."""
        number = getattr(self, of)
        return getattr(self, what) // number if number else None

    @property
    def satisfaction(self) -> int | None:
        """Return how many per cent of those who said so were satisfied; None where nobody did."""
        return _per_cent(self.satisfied, self.satisfied + self.unsatisfied)

    @property
    def punctual(self) -> int | None:
        """Return how many per cent of the first answers came in time; None where there was none."""
        return _per_cent(self.first_on_time, self.first_answered)


def _per_cent(part: int, whole: int) -> int | None:
    return (200 * part + whole) // (2 * whole) if whole else None  # halves go up, as on every other page


def by_channel(first: str, last: str, kind: str = "") -> dict[str, Figures]:
    """Return the figures of each channel for the months from `first` to `last`, such as 2026-01 to 2026-12, of one kind or all."""
    tally = RequestTally
    query = select(tally.channel, *(func.sum(getattr(tally, name)) for name in COUNTED)).where(tally.month.between(first, last))
    if kind:
        query = query.where(tally.kind == kind)
    return {row[0]: Figures(*(int(value or 0) for value in row[1:])) for row in db.session.execute(query.group_by(tally.channel))}


def years() -> list[int]:
    """Return the years of which there are figures, the newest first."""
    found = db.session.execute(select(func.min(RequestTally.month), func.max(RequestTally.month))).one()
    return list(range(int(found[1][:4]), int(found[0][:4]) - 1, -1)) if found[0] else []


# --- the month's complaints ----------------------------------------------------------------------------------------------------


class Group(NamedTuple):
    """The complaints of a cause or department: how many, closed, satisfied and not, and what the solutions took in minutes."""

    code: str
    number: int
    solved: int
    closed: int
    satisfied: int
    unsatisfied: int
    solve_worked: int
    solve_elapsed: int

    @property
    def mean_worked(self) -> int | None:
        """Return the mean minutes of working time until the solution; None where nothing is solved."""
        return self.solve_worked // self.solved if self.solved else None

    @property
    def mean_elapsed(self) -> int | None:
        """Return the mean minutes by the clock until the solution; None where nothing is solved."""
        return self.solve_elapsed // self.solved if self.solved else None


class Month(NamedTuple):
    """The complaints of a month that somebody may see (SV-5)."""

    year: int
    month: int
    total: Group
    causes: list[Group]
    departments: list[Group]
    channels: list[Group]
    first_worked: int | None
    first_elapsed: int | None
    """Mean minutes until the first answer."""


def complaints_of(year: int, month: int, user: Staff) -> Month:
    """Return the complaints received in a month, with causes, departments and channels counted; those joined to others do not count."""
    found = _read(year, month, user)
    total = [sum(one) for one in zip(*found["channel"].values(), strict=True)] or [0] * len(FIGURES)
    answered = total[_ANSWERED]
    means = [one // answered if answered else None for one in total[_ANSWERED + 1 :]]
    groups = {part: [_group(code, figures) for code, figures in by_code.items()] for part, by_code in found.items()}
    # The most frequent first, what is not said last.
    causes, departments, channels = (sorted(groups[part], key=lambda one: (one.code == "", -one.number, one.code)) for part in PARTS)
    return Month(year, month, _group("", total), causes, departments, channels, *means)


def causes_of(year: int, month: int, user: Staff) -> dict[str, int]:
    """Return how many complaints of a month have each cause."""
    if not user.is_manager:
        cause = ServiceRequest.cause
        few = select(cause, func.count()).where(*complaint_conditions(year, month, user)).group_by(cause)
        return {row[0]: row[1] for row in db.session.execute(few)}
    return {code: figures[0] for code, figures in _read(year, month, user, "cause")["cause"].items()}


def complaint_conditions(year: int, month: int, user: Staff) -> list[Any]:
    """Return the conditions on the complaints of a month that `user` may see."""
    request = ServiceRequest
    first, last = bounds(year, month)
    found = [_COMPLAINT, request.received_on.between(first, last), request.state.not_in((IMPORTING, JOINED))]
    return found if user.is_manager else [*found, request.walked(user)]


def _sums() -> list[Any]:
    """Return the figures of some complaints."""
    request = ServiceRequest
    minutes = [func.coalesce(func.sum(one), 0) for one in (request.solve_worked, request.solve_elapsed)]
    firsts = [func.coalesce(func.sum(one), 0) for one in (request.first_worked, request.first_elapsed)]
    return [
        func.count(), func.count(request.solve_worked), func.count(case((request.state == CLOSED, 1))),
        func.count(case((request.satisfied.is_(True), 1))), func.count(case((request.satisfied.is_(False), 1))), *minutes,
        func.count(request.first_worked), *firsts,
    ]  # fmt: skip


def _read(year: int, month: int, user: Staff, *parts: str) -> dict[str, dict[str, list[int]]]:
    """Return the figures of a month's complaints by part and code; of some `parts` only, where they are named."""
    tally, request, parts = ComplaintTally, ServiceRequest, parts or PARTS
    found: dict[str, dict[str, list[int]]] = {part: {} for part in parts}
    conditions = complaint_conditions(year, month, user)
    if user.is_manager:
        changed = _changed_days(year, month)
        if changed is not None:
            kept = select(tally.part, tally.code, *(func.sum(getattr(tally, name)) for name in FIGURES))
            kept = kept.where(tally.day.between(*bounds(year, month)), tally.day.not_in(changed), tally.part.in_(parts))
            for part, code, *figures in db.session.execute(kept.group_by(tally.part, tally.code)):
                _add(found[part], code, figures)
            if not changed:
                return found
            conditions.append(request.received_on.in_(changed))
    by = [getattr(request, part) for part in parts]
    for row in db.session.execute(select(*by, *_sums()).where(*conditions).group_by(*by)):
        for part, code in zip(parts, row, strict=False):
            _add(found[part], code, row[len(by) :])
    return found


def _changed_days(year: int, month: int) -> list[date] | None:
    """Return the days of a month of which requests changed since they were counted; None where these are many."""
    day = NotLeading(ServiceRequest.received_on)
    days = db.session.scalars(select(day).where(_UNTALLIED, day.between(*bounds(year, month))).limit(PORTION)).all()
    return sorted(set(days)) if len(days) < PORTION else None


def _add(by_code: dict[str, list[int]], code: str, figures: Sequence[Any]) -> None:
    before = by_code.get(code)
    by_code[code] = [int(one) + (before[place] if before else 0) for place, one in enumerate(figures)]


def _group(code: str, figures: Sequence[int]) -> Group:
    return Group(code, *figures[:_ANSWERED])
