"""待办: all that waits for somebody (AP-8). Areas add their queues with `source`; approvals are the first.

What waits is found in two steps. One statement reads of each queue which records come first, since when they wait and until when: it is
put together once for a person and a day, like the one that counts them (`inbox_count`). Only of those that are shown it is asked what
is said of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Executable, Select, bindparam, cast, func, literal, literal_column, null, select

from portal import clock
from portal.database import UtcDateTime, db
from portal.models.approval import Approval
from portal.models.approval_kinds import KINDS
from portal.models.approval_round import ApprovalRound
from portal.models.approval_routing import principals_of, waiting, waiting_by_pool, waits_for
from portal.models.approval_step import ApprovalStep
from portal.models.calendar import SiteDay
from portal.models.delegation import Delegation
from portal.models.inbox_count import Fixed, ask, count_of, fix, hold, numbers, shaped_by, together
from portal.models.staff import Staff
from portal.models.standard import StandardVersion
from portal.permissions import Permission
from portal.rules.message import N_, Message, Named

MOST = 50
"""So many records of a queue's list are shown, the most pressing ones; nobody works through more without a filter."""

GROUPS = ("sign", "do", "overdue")

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
    title: str | Message
    what: str
    """English message id of what is to be done."""
    since: datetime
    due_on: date | None
    page: tuple[str, dict[str, Any]]
    """Endpoint and values of where to do it."""
    who: str | Named = ""
    """Who brought it, or what it follows."""
    figures: dict[str, Any] = field(default_factory=dict)
    """The figures in `what`, where one line stands for many records."""
    on_behalf_of: str = ""
    """Whose it is, where the reader stands in for somebody (RO-6)."""

    def is_overdue(self, today: date) -> bool:
        """Return whether its day has passed."""
        return self.due_on is not None and self.due_on < today


NUMBERS: Any = bindparam("numbers", expanding=True)
"""The numbers of the records that a statement for `records` asks about."""


def records(said: Callable[[], Executable], numbers: Sequence[int]) -> Iterable[Any]:
    """Return the rows of the statement that `said` returns, for these `NUMBERS`. It is made once: making it costs more than asking it."""
    return db.session.execute(_made_once(said), {"numbers": list(numbers)})


@cache
def _made_once(said: Callable[[], Executable]) -> Executable:
    return said()


class Told(NamedTuple):
    """What is said of a record that waits."""

    title: str | Message
    """What people call the record; words of ours where a line stands for many."""
    what: str
    page: tuple[str, dict[str, Any]]
    who: str | Named = ""
    """Where it comes from: who submitted, wrote or asked for it, has it in hand, or the plan or row of a table that it belongs to."""
    figures: dict[str, Any] = {}
    kind: str = ""
    """Where its queue holds records of several kinds."""
    on_behalf_of: str = ""
    """Whose it is, where who reads it stands in for somebody."""


def row(number: Any, since: Any = None, due_on: Any = None, until: Any = None) -> tuple[Any, ...]:
    """Return the columns of a queue's statement: the number of a record, since when it waits, its day or the moment that has its day."""
    moment = cast(null(), UtcDateTime)
    since, until = (moment if one is None else one for one in (since, until))
    due_on = cast(null(), Date) if due_on is None else due_on
    return number.label("number"), since.label("since"), due_on.label("due_on"), until.label("until")


def line(records: Select[Any]) -> Select[Any]:
    """Return the statement of one line that stands for many records: number 1, where there is any of them."""
    return select(*row(literal(1))).where(records.exists())


Tell = Callable[[Staff, Sequence[int]], Iterable[tuple[int, Told]]]
Timed = Callable[[datetime | None, date | None], tuple[datetime, date | None]]


def always(since: datetime, due_on: date | None) -> Timed:
    """Return what tells the same of each record of a queue (`Queue.timed`): since when it waits, and its day."""
    return lambda _since, _due_on: (since, due_on)


@dataclass(frozen=True)
class Queue:
    """Records of one kind that wait for somebody."""

    kind: str
    lists: Sequence[Select[Any]]
    """Statements of `row`, the most pressing first, each cut at `MOST`: best what is overdue before anything else, by its day.

    They ask nothing of the database before they are asked themselves, but for what `shaped_by` names."""
    tell: Tell
    """What is said of the records of these numbers; one that is gone meanwhile is left out."""
    group: str = "do"
    counted: Select[Any] | None = None
    """A statement with a row for each record, where the lists are not the cheapest to count."""
    kinds: Mapping[str, ColumnElement[bool]] = field(default_factory=dict)
    """The conditions by kind, where it holds records of several kinds."""
    timed: Timed | None = None
    """Since when a record waits and its day, from what its row has of them, where a statement does not say it."""

    def counting(self) -> list[Select[Any]]:
        """Return the statements with a row for each record."""
        if self.counted is not None:
            return [self.counted]
        return [one.order_by(None).with_only_columns(one.selected_columns["number"]) for one in self.lists]

    def of_kind(self, kind: str) -> list[Select[Any]]:
        """Return the lists of one kind, of all where it is empty; none where the queue does not hold it."""
        if kind in ("", self.kind):
            return list(self.lists)
        return [one.where(self.kinds[kind]) for one in self.lists] if kind in self.kinds else []


@dataclass(frozen=True)
class Source:
    """Where what waits comes from: an area's queues for somebody, and its kinds."""

    queues: Callable[[Staff], Iterable[Queue]]
    titles: Callable[[], Mapping[str, str]]
    """Codes and English titles of its kinds."""

    def counting(self, user: Staff) -> list[Select[Any]]:
        """Return the statements with a row for each record that waits for `user`."""
        return [one for queue in self.queues(user) for one in queue.counting()]


_sources: list[Source] = []
_counting: list[Callable[[Staff], list[Select[Any]]]] = []


def source(queues: Callable[[Staff], Iterable[Queue]], titles: Callable[[], Mapping[str, str]]) -> None:
    """Add an area's queues and the titles of their kinds; called once by the module whose records wait."""
    _sources.append(Source(queues, titles))
    _counting.append(_sources[-1].counting)


def to_do(kind: str, title: str, permission: Permission, lists: Callable[[Staff], Sequence[Select[Any]]], tell: Tell) -> None:
    """Add the queue of one kind of things to do for who has the permission."""
    source(lambda user: [Queue(kind, lists(user), tell)] if user.may(permission) else [], lambda: {kind: title})


def kinds() -> dict[str, str]:
    """Return the kinds to filter by: code → English title."""
    return {code: title for one in _sources for code, title in one.titles().items()}


def counts(user: Staff) -> list[int]:
    """Return how much of each source waits for `user`, each statement counted up to `MANY`, all asked at once."""
    return numbers(user, _counting, MANY)


def count(user: Staff) -> int:
    """Return how much waits for `user` together."""
    return sum(counts(user))


# --- what comes first --------------------------------------------------------------------------------------------------------


class _Kept(NamedTuple):
    """What is kept of a queue: its place among all, of which source it is, and how its records are told."""

    place: int
    source: int
    kind: str
    group: str
    tell: Tell
    timed: Timed | None
    kinds: tuple[str, ...]
    """The kinds of its records, where it holds several."""


class _First(NamedTuple):
    """The statements that read what comes first, and of which queue each of their lists is."""

    statements: Fixed
    lists: list[_Kept]


class Line(NamedTuple):
    """A record that waits: of which queue, since when, until when."""

    queue: _Kept
    number: int
    since: datetime
    due_on: date | None


def _put_together(user: Staff, kind: str, group: str) -> _First:
    parts, lists = list[Select[Any]](), list[_Kept]()
    queues = ((number, queue) for number, one in enumerate(_sources) for queue in one.queues(user))
    for place, (number, queue) in enumerate(queues):
        kept = _Kept(place, number, queue.kind, queue.group, queue.tell, queue.timed, tuple(queue.kinds))
        for some in queue.of_kind(kind) if group in ("", "overdue", queue.group) else ():
            rows = some.limit(literal_column(str(MOST))).subquery()
            parts.append(select(literal_column(str(len(lists))).label("list"), *rows.c))
            lists.append(kept)
    return _First(fix(parts) if parts else (), lists)


def _read(first: _First) -> Iterator[tuple[int, Line]]:
    """Yield the lines that come first, each with the number of its list."""
    for place, number, since, due_on, until in ask(first.statements, (None, None, UtcDateTime(), Date(), UtcDateTime())):
        queue = first.lists[place]
        if until is not None:
            due_on = clock.local(until).date()
        if queue.timed is not None:
            since, due_on = queue.timed(since, due_on)
        yield place, Line(queue, number, since, due_on)


def _in_order(lines: Iterable[Line], group: str = "") -> list[Line]:
    """Return what is overdue, by its day, those of a day as their areas have them; and the rest, the newest first. Each once."""
    today, late, rest = clock.today(), dict[tuple[int, int], Line](), dict[tuple[int, int], Line]()
    for one in lines:
        (late if one.due_on is not None and one.due_on < today else rest).setdefault((one.queue.place, one.number), one)
    found = sorted(late.values(), key=lambda one: one.due_on or today)
    return found if group == "overdue" else [*found, *sorted(rest.values(), key=lambda one: one.since, reverse=True)]


def listed(user: Staff, kind: str = "", group: str = "") -> list[Line]:
    """Return what waits for `user`: the most overdue first, then the newest; of one kind or group only, if one is given (AP-8).

    Up to `MOST` of each list; `group` is `sign`, `do` or `overdue`.
    """
    if kind and kind not in kinds():
        return []
    group = group if group in GROUPS else ""
    asked = ("first", kind, "" if group == "overdue" else group)
    first = hold(user, _counting, MANY).beside(asked, lambda: _put_together(user, kind, group))
    return _in_order((line for _place, line in _read(first)), group)


def listed_and_counted(user: Staff) -> tuple[list[Line], list[int]]:
    """Return the answers of `listed` and `counts`, read together: only of lists that are cut it is counted how long they are."""
    held = hold(user, _counting, MANY)
    first = held.beside(("first", "", ""), lambda: _put_together(user, "", ""))
    lines, lengths, records = list[Line](), Counter[int](), dict[int, set[int]]()
    for place, line in _read(first):
        lines.append(line)
        lengths[place] += 1
        records.setdefault(line.queue.place, set()).add(line.number)
    cut = sorted({first.lists[place].place for place, number in lengths.items() if number >= MOST})
    numbers_ = {place: len(some) for place, some in records.items()}
    if cut:
        asked = held.beside(("counted", *cut), lambda: _counting_of(user, cut))
        numbers_.update(zip(cut, count_of(asked, len(cut)), strict=True))
    counted = [0] * len(_sources)
    for place, source_ in {one.place: one.source for one in first.lists}.items():
        counted[source_] += numbers_.get(place, 0)
    return _in_order(lines), counted


def _counting_of(user: Staff, places: list[int]) -> Fixed:
    queues = [queue for one in _sources for queue in one.queues(user)]  # fewer where something ended meanwhile
    return together([queues[place].counting() if place < len(queues) else [] for place in places], MANY)


def told(user: Staff, lines: Sequence[Line]) -> list[Entry]:
    """Return what is said of these, in their order; one that is gone meanwhile is left out."""
    queues, asked = dict[int, _Kept](), dict[int, list[int]]()
    for line in lines:
        queues[line.queue.place] = line.queue
        asked.setdefault(line.queue.place, []).append(line.number)
    said = {(place, number): one for place, queue in queues.items() for number, one in queue.tell(user, asked[place])}
    titles, found = kinds(), list[Entry]()
    for line in lines:
        one = said.get((line.queue.place, line.number))
        if one is not None:
            kind = one.kind or line.queue.kind
            rest = (one.title, one.what, line.since, line.due_on, one.page, one.who, one.figures, one.on_behalf_of)
            found.append(Entry(line.queue.group, kind, titles[kind], *rest))
    return found


def kinds_of(user: Staff, lines: Sequence[Line], group: str = "") -> dict[str, str]:
    """Return the kinds of what waits in a group, to filter by: code → English title. `lines` are those of all kinds and groups.

    Of a queue with records of several kinds it is asked of which these are; where its lists may be cut, all its kinds are returned.
    """
    found, mixed, today = set[str](), dict[int, list[Line]](), clock.today()
    group = group if group in GROUPS else ""
    for line in lines:
        if line.due_on is None or line.due_on >= today if group == "overdue" else group not in ("", line.queue.group):
            continue
        if line.queue.kind:
            found.add(line.queue.kind)
        else:
            mixed.setdefault(line.queue.place, []).append(line)
    for some in mixed.values():
        queue = some[0].queue
        if len(some) < MOST:
            found.update(told_.kind for _number, told_ in queue.tell(user, [one.number for one in some]))
        else:
            found.update(queue.kinds)
    return {code: title for code, title in kinds().items() if code in found}


def entries(user: Staff, kind: str = "", group: str = "") -> list[Entry]:
    """Return all that is listed for `user`, and what is said of it."""
    return told(user, listed(user, kind, group))


def next_to_sign(user: Staff, kind_name: str, after: Approval) -> Approval | None:
    """Return the next approval of the same kind, or with '' of any, that `user` can sign, in the order of the inbox (AP-8)."""
    seats, values = waits_for(user)
    query = select(ApprovalStep.approval_id).join(Approval, Approval.id == ApprovalStep.approval_id)
    query = query.where(waiting(seats), Approval.id != after.id, ApprovalStep.type != "paper").limit(1)
    if kind_name:
        query = query.where(Approval.kind_name == kind_name)
    late = query.where(ApprovalStep.due_on < clock.today()).order_by(ApprovalStep.due_on, ApprovalStep.opened_at)
    newest = query.order_by(ApprovalStep.opened_at.desc())
    found = db.session.scalar(late, values) or db.session.scalar(newest, values)
    return db.session.get(Approval, found) if found else None


# --- approvals ---------------------------------------------------------------------------------------------------------------


_WHAT = {
    "portal": N_("Sign"),
    "opinion": N_("Give your opinion"),
    "paper": N_("Print, have it signed, record the outcome"),
}


@cache
def _of_kinds() -> dict[str, ColumnElement[bool]]:
    return {name: Approval.kind_name == name for name in KINDS}


def _steps(user: Staff) -> Iterable[Queue]:
    step, today = ApprovalStep.__table__.c, clock.today()
    seats, values = waits_for(user)
    rows = select(*row(step.id, step.opened_at, step.due_on)).where(Approval.id == step.approval_id)
    # The literal lets the index of what waits on paper be used.
    for group, ours in (("sign", step.type != "paper"), ("do", step.type == literal_column("'paper'"))):
        lists = list[Select[Any]]()
        for in_pool in waiting_by_pool(user):
            lists.append(rows.where(in_pool, ours, step.due_on < today).order_by(step.due_on, step.id))
            lists.append(rows.where(in_pool, ours, step.due_on >= today).order_by(step.opened_at.desc(), step.id.desc()))
        counted = select(step.id).where(waiting(seats), ours).params(**values)
        yield Queue("", lists, _tell_steps, group, counted, _of_kinds(), lambda since, due_on: (since or clock.now(), due_on))


def _said_of_steps() -> Executable:
    step, approval = ApprovalStep, Approval
    query = select(step.id, step.type, step.pool, approval.id, approval.kind_name, approval.title, Staff.name)
    query = query.where(step.id.in_(NUMBERS))
    return query.join(approval, approval.id == step.approval_id).join(Staff, Staff.id == approval.submitter_id)


def _tell_steps(user: Staff, numbers_: Sequence[int]) -> Iterable[tuple[int, Told]]:
    steps = list(records(_said_of_steps, numbers_))
    principals = principals_of(user, {number: pool for number, _type, pool, *_ in steps})
    for number, type_, _pool, approval_id, kind, title, name in steps:
        whose = principals[number].name if number in principals else ""
        yield number, Told(title, _WHAT[type_], ("approvals.show", {"approval_id": approval_id}), name, kind=kind, on_behalf_of=whose)


def _returned(user: Staff) -> Iterable[Queue]:
    since = func.coalesce(ApprovalRound.ended_at, ApprovalRound.submitted_at)
    mine = select(*row(Approval.id, since)).where(Approval.submitter_id == user.id, Approval.state == literal_column("'draft'"))
    mine = mine.join(ApprovalRound, (ApprovalRound.approval_id == Approval.id) & (ApprovalRound.number == Approval.round))
    yield Queue("", [mine.order_by(Approval.id.desc())], _tell_returned, kinds=_of_kinds())


def _said_of_returned() -> Executable:
    return select(Approval.id, Approval.kind_name, Approval.title).where(Approval.id.in_(NUMBERS))


def _tell_returned(_user: Staff, numbers_: Sequence[int]) -> Iterable[tuple[int, Told]]:
    for number, kind, title in records(_said_of_returned, numbers_):
        yield number, Told(title, N_("Sent back: revise and submit again"), ("approvals.show", {"approval_id": number}), kind=kind)


shaped_by(Staff, func.sum(Staff.version))
shaped_by(Delegation, func.max(Delegation.id), func.count(Delegation.ended_at))
shaped_by(StandardVersion, func.max(StandardVersion.id), func.max(StandardVersion.cancelled_at))
shaped_by(SiteDay, func.count(SiteDay.id), func.max(SiteDay.at))
source(lambda user: [*_steps(user), *_returned(user)], lambda: {kind.name: kind.title for kind in KINDS.values()})
