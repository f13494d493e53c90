"""待办: all that waits for somebody (AP-8). Areas add what they have with `source`; approvals are the first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select, union_all

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.approval_kinds import KINDS
from portal.models.approval_routing import waiting, waits_for
from portal.models.approval_step import ApprovalStep
from portal.models.calendar import SiteDay
from portal.models.delegation import Delegation
from portal.models.inbox_count import numbers, shaped_by
from portal.models.staff import Staff
from portal.models.standard import StandardVersion
from portal.permissions import Permission
from portal.rules.message import N_

MOST = 50
"""So many entries of a source are shown, the most pressing ones; nobody works through more without a filter."""

MANY = 200
"""So much is counted of each statement: who has more reads "200+". Each page has the number, and a long queue is slow to count."""


@dataclass(frozen=True)
class Entry:
    """Something that waits: to `sign` or to `do`."""

    group: str
    kind: str
    """Code for the filter; for approvals the document kind."""
    kind_title: str
    """English message id."""
    title: str
    what: str
    """English message id of what is to be done."""
    since: datetime
    due_on: date | None
    page: tuple[str, dict[str, Any]]
    """Endpoint and values of where to do it."""
    who: str = ""
    """Who brought it."""
    figures: dict[str, Any] = field(default_factory=dict)
    """The figures in `what`, where one line stands for many records."""

    def is_overdue(self, today: date) -> bool:
        """Return whether its day has passed."""
        return self.due_on is not None and self.due_on < today


@dataclass(frozen=True)
class Source:
    """Where entries come from: some entries, the most pressing first, and the statements that count them."""

    entries: Callable[[Staff, str, str, int], list[Entry]]
    """Of one person; of one kind and one group (`sign`, `do`, `overdue`), or of all where these are empty; so many of each of its lists.

    A list that is cut there has what is overdue before anything else, by its day; one that is not in that order is cut at `MOST`."""
    waiting: Callable[[Staff], Iterable[Select[Any]]]
    """Statements of one person with a row for each entry. They ask nothing of the database before they are asked themselves, but for what
    `shaped_by` names."""
    kinds: Callable[[], dict[str, str]]
    """Codes and English titles of its kinds."""


_sources: list[Source] = []


def source(added: Source) -> Source:
    """Add a source; called once by the module whose records wait."""
    _sources.append(added)
    return added


def to_do(
    kind: str,
    title: str,
    permission: Permission,
    waiting: Callable[[Staff], Iterable[Select[Any]]],
    listed: Callable[[Staff, int], list[Entry]],
) -> Source:
    """Add the source of one kind of things to do for who has the permission: the statements of `waiting`, the first so many `listed`."""

    def first(user: Staff, asked: str, group: str, most: int) -> list[Entry]:
        if group == "sign" or asked not in ("", kind) or not user.may(permission):
            return []
        today = clock.today()
        return [one for one in listed(user, most) if group != "overdue" or one.is_overdue(today)]

    return source(Source(first, lambda user: waiting(user) if user.may(permission) else (), lambda: {kind: title}))


def kinds() -> dict[str, str]:
    """Return the kinds to filter by: code → English title."""
    return {code: title for one in _sources for code, title in one.kinds().items()}


def counts(user: Staff) -> list[int]:
    """Return how much of each source waits for `user`, each statement counted up to `MANY`, all asked at once."""
    return numbers(user, [one.waiting for one in _sources], MANY)


def count(user: Staff) -> int:
    """Return how much waits for `user` together."""
    return sum(counts(user))


def entries(user: Staff, kind: str = "", group: str = "", *, most: int | None = None, counted: list[int] | None = None) -> list[Entry]:
    """Return what waits for `user`: the most overdue first, then the newest; of one kind or group only, if one is given (AP-8).

    At most so many, of up to `MOST` of a source's list; `counted` has the answer of `counts`, where it was asked before.
    """
    # Most areas have nothing for somebody at a moment: their numbers, asked at once, say which need not be asked.
    numbers_ = counts(user) if counted is None else counted
    sources = [one for one, number in zip(_sources, numbers_, strict=True) if number]
    first = MOST if most is None else min(most, MOST)
    found = [one.entries(user, kind, group, first) for one in sources]
    late, rest = _in_order(found)
    if most is None or len(late) >= most:
        return [*late, *rest][:most]
    # What is not overdue is not in this order where it comes from: lists that go on are read again.
    again = [one.entries(user, kind, group, MOST) if len(some) >= first < MOST else some for one, some in zip(sources, found, strict=True)]
    late, rest = _in_order(again)
    return [*late, *rest][:most]


def _in_order(found: list[list[Entry]]) -> tuple[list[Entry], list[Entry]]:
    """Return what is overdue, by its day, those of a day as their areas have them; and the rest, the newest first."""
    today, late, rest = clock.today(), list[tuple[date, Entry]](), list[Entry]()
    for one in chain.from_iterable(found):
        if one.due_on is not None and one.due_on < today:
            late.append((one.due_on, one))
        else:
            rest.append(one)
    late.sort(key=itemgetter(0))
    rest.sort(key=attrgetter("since"), reverse=True)
    return [one for _day, one in late], rest


def next_to_sign(user: Staff, kind_name: str, after: Approval) -> Approval | None:
    """Return the next approval of the same kind that `user` can sign, in the order of the inbox (AP-8)."""
    seats, values = waits_for(user)
    query = select(ApprovalStep.approval_id).join(Approval, Approval.id == ApprovalStep.approval_id)
    query = query.where(waiting(seats), Approval.kind_name == kind_name, Approval.id != after.id, ApprovalStep.type != "paper").limit(1)
    late = query.where(ApprovalStep.due_on < clock.today()).order_by(ApprovalStep.due_on, ApprovalStep.opened_at)
    newest = query.order_by(ApprovalStep.opened_at.desc())
    found = db.session.scalar(late, values) or db.session.scalar(newest, values)
    return db.session.get(Approval, found) if found else None


_WHAT = {
    "portal": N_("Sign"),
    "opinion": N_("Give your opinion"),
    "paper": N_("Print, have it signed, record the outcome"),
}


_SO_MANY: Any = bindparam("most", type_=Integer)


@cache
def _steps_query(seats: int, of_kind: bool, group: str) -> Select[Any]:
    step, approval, staff = ApprovalStep.__table__.c, Approval.__table__.c, Staff.__table__.c
    columns = (step.type, step.opened_at, step.due_on, approval.id, approval.kind_name, approval.title, staff.name)
    query = select(*columns).where(waiting(seats), approval.id == step.approval_id, staff.id == approval.submitter_id)
    if of_kind:
        query = query.where(approval.kind_name == bindparam("kind"))
    if group in ("sign", "do"):
        query = query.where(step.type == "paper" if group == "do" else step.type != "paper")
    late = query.where(step.due_on < bindparam("today")).order_by(step.due_on, step.id).limit(_SO_MANY)
    if group == "overdue":
        return late
    rest = query.where(step.due_on >= bindparam("today")).order_by(step.opened_at.desc(), step.id.desc()).limit(_SO_MANY)
    return select(union_all(select(late.subquery()), select(rest.subquery())).subquery())


def _steps(user: Staff, kind: str, group: str, most: int) -> list[Entry]:
    seats, values = waits_for(user)
    query = _steps_query(seats, bool(kind), group if group in ("sign", "do", "overdue") else "")
    return [
        Entry(
            group="do" if type_ == "paper" else "sign",
            kind=kind_name,
            kind_title=KINDS[kind_name].title,
            title=title,
            what=_WHAT[type_],
            since=opened_at or clock.now(),
            due_on=due_on,
            page=("approvals.show", {"approval_id": number}),
            who=name,
        )
        for type_, opened_at, due_on, number, kind_name, title, name in db.session.execute(
            query, {**values, "kind": kind, "today": clock.today(), "most": most}
        )
    ]


@cache
def _returned_query(of_kind: bool) -> Select[Approval]:
    query = select(Approval).where(Approval.submitter_id == bindparam("me"), Approval.state == "draft")
    if of_kind:
        query = query.where(Approval.kind_name == bindparam("kind"))
    return query.order_by(Approval.id.desc()).limit(_SO_MANY)


def _returned(user: Staff, kind: str, group: str, most: int) -> list[Entry]:
    if group in ("sign", "overdue"):
        return []
    found = db.session.scalars(_returned_query(bool(kind)), {"me": user.id, "kind": kind, "most": most})
    return [
        Entry(
            group="do",
            kind=approval.kind_name,
            kind_title=approval.kind.title,
            title=approval.title,
            what=N_("Sent back: revise and submit again"),
            since=approval.current_round.ended_at or approval.current_round.submitted_at,
            due_on=None,
            page=("approvals.show", {"approval_id": approval.id}),
        )
        for approval in found
    ]


def _waiting(user: Staff) -> Iterable[Select[Any]]:
    seats, values = waits_for(user)
    yield select(ApprovalStep.id).where(waiting(seats)).params(**values)
    yield select(Approval.id).where(Approval.submitter_id == user.id, Approval.state == "draft")


def _kinds() -> dict[str, str]:
    return {kind.name: kind.title for kind in KINDS.values()}


shaped_by(Staff, func.sum(Staff.version))
shaped_by(Delegation, func.max(Delegation.id), func.count(Delegation.ended_at))
shaped_by(StandardVersion, func.max(StandardVersion.id), func.max(StandardVersion.cancelled_at))
shaped_by(SiteDay, func.count(SiteDay.id), func.max(SiteDay.at))
source(Source(lambda *asked: [*_steps(*asked), *_returned(*asked)], _waiting, _kinds))
