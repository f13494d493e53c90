"""How much waits for somebody, asked at once: the figure stands on every page (AP-8; quality.md, Speed).

To put the statements together from all areas takes ten times as long as to ask them. They are therefore made once for a person and a day,
and made anew where something was written that they are put together from: what they count is always counted at the moment. What else is
asked of the same areas (which records come first) is kept beside them, and goes with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import chain, count
from typing import Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Dialect,
    Executable,
    Select,
    event,
    func,
    literal_column,
    select,
    text,
    union_all,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import ORMExecuteState, Session
from sqlalchemy.types import TypeEngine

from portal import clock
from portal.database import db
from portal.models.staff import Staff

COUNT_CAP = 1000
"""Counts stop here, for each statement of an area: a figure in the header is not worth walking a big table."""
_SHAPED = "inbox shaped"
Kept = TypeVar("Kept")

Area = Callable[[Staff], Iterable[Select[Any]]]
"""What one area asks for somebody: statements with a row for each thing that waits."""


Fixed = Executable | tuple[str, ...]
"""Statements that are kept for a person and a day; in words on SQLite."""


@dataclass
class Made:
    """The statements of a person and a day by what they ask, and the stamp of what they are put together from."""

    stamp: tuple[Any, ...]
    kept: dict[Any, Any] = field(default_factory=dict)

    def beside(self, what: Any, make: Callable[[], Kept]) -> Kept:
        """Return what `make` makes of the same records, kept until they change."""
        found: Kept | None = self.kept.get(what)
        if found is None:
            if len(self.kept) >= MOST_BESIDE:
                self.kept.pop(next(iter(list(self.kept))), None)
            found = self.kept[what] = make()
        return found


class Saves:
    """The last thing that was saved in this process and may wait for somebody, or wait no longer; what only notes a look is none."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.number = 0

    def note(self) -> None:
        """Note that something was saved."""
        self.number = next(self._numbers)


saves = Saves()
_PLANNED_ONCE, _PLANNED_AS_BEFORE = text("SET LOCAL plan_cache_mode = force_generic_plan"), text("SET LOCAL plan_cache_mode = auto")
_shaping: set[type] = set()
_stamps: list[Select[Any]] = []
_moments: dict[str, tuple[Moment, Callable[[], Any]]] = {}
_values: dict[datetime, dict[str, Any]] = {}
made: dict[tuple[Any, ...], Made] = {}
"""The statements by day, person and areas."""
MOST_MADE = 100
"""Those of so many people and days are kept, of some 500 KB each: those made last."""
MOST_IN_WORDS = 250
"""So many are kept in words, of some 60 KB with what comes first, or 5 KB for the figures of the first page."""
AT_A_TIME = 8
"""So many parts are asked in one statement on SQLite: of sixty at once each takes up to four times as long."""
MOST_BESIDE = 8
"""So much is kept for one of them: their numbers, and what comes first, of some kinds and groups."""


def shaped_by(model: type, *stamp: ColumnElement[Any]) -> None:
    """Say by which records the statements of an area are put together: where one is written they are made anew.

    `stamp` is what tells, read from the small table of the model, that another process has written there.
    """
    _shaping.add(model)
    _stamps.extend(select(one) for one in stamp)


class Moment(BindParameter[Any]):
    """A value that goes on through the day: it stays a parameter in the statement of a day."""

    inherit_cache = True


@compiles(Moment)
def _moment(element: Moment, compiler: Any, literal_binds: bool = False, **kw: Any) -> str:
    return f":{element.key}" if literal_binds else compiler.visit_bindparam(element, **kw)  # type: ignore[no-any-return]


def moment(name: str, type_: Any, asked: Callable[[], Any]) -> Moment:
    """Return the parameter for a value of the moment, which `asked` answers: the only one that an area's statements may hold."""
    _moments[name] = Moment(name, type_=type_), asked
    return _moments[name][0]


def at_the_moment() -> dict[str, Any]:
    """Return the values of the moment, by the names of their parameters; asked once a minute."""
    global _values
    minute = clock.now().replace(second=0, microsecond=0)
    found = _values.get(minute)
    if found is None:
        found = {name: asked() for name, (_one, asked) in _moments.items()}
        _values = {minute: found}
    return found


def forget() -> None:
    """Let every statement be made anew."""
    begin_with({})


def begin_with(statements: dict[tuple[Any, ...], Made]) -> None:
    """Go on with the statements that were made over the same records before: tests begin in the same office again and again."""
    global made, _values
    made, _values = statements, {}
    saves.note()


def numbers(user: Staff, areas: Sequence[Area], cap: int = COUNT_CAP) -> list[int]:
    """Return how many rows the statements of each area for `user` have together, each counted up to `cap`; asked at once."""
    counting = hold(user, areas, cap).beside("numbers", lambda: together([area(user) for area in areas], cap))
    return count_of(counting, len(areas))


def hold(user: Staff, areas: Sequence[Area], cap: int) -> Made:
    """Return what is kept of these areas for `user`, made anew where something was written that it is put together from."""
    kept, key = made, _key(user, areas, cap)  # another thread may begin with others meanwhile
    known, stamp = kept.get(key), tuple(db.session.execute(_stamps_query(len(_stamps))).one())
    if known is None or known.stamp != stamp:
        # The stamp is read before what it is put together from: what is written in between shows the next time.
        if len(kept) >= (MOST_IN_WORDS if db.engine.dialect.name == "sqlite" else MOST_MADE):
            kept.pop(next(iter(list(kept))), None)
        known = kept[key] = Made(stamp)
    return known


@cache
def _stamps_query(_number: int) -> Select[Any]:
    return select(*(one.scalar_subquery() for one in _stamps))


def _key(user: Staff, areas: Sequence[Area], cap: int) -> tuple[Any, ...]:
    return (clock.today(), user.id, user.role, user.team_id, user.active, cap, *areas)


def fix(parts: Sequence[Select[Any]]) -> Fixed:
    """Return statements with the same columns to keep, asked as one; for SQLite in words, their values written out: ids, days and codes.

    SQLite plans a statement anew each time it is asked with parameters where partial indexes may serve, as here for every area: that takes
    twice as long as to answer it. PostgreSQL keeps the plan of a statement with parameters, for everybody (`ask`), so what leads to a
    partial index is written out by the areas. Nothing that anybody has typed is in it. In words it takes no place among the statements
    that are kept compiled, where those of a page would have to go.

    Some parts at a time: SQLite goes through all that a statement has opened whenever a condition in it opens another table.
    """
    if db.engine.dialect.name != "sqlite":
        return select(union_all(*parts).subquery()) if len(parts) > 1 else parts[0]
    words = [f"SELECT * FROM ({one.compile(db.engine, compile_kwargs={'literal_binds': True})})" for one in parts]  # noqa: S608 - of our own
    return tuple(" UNION ALL ".join(words[place : place + AT_A_TIME]) for place in range(0, len(words), AT_A_TIME))


def ask(fixed: Fixed, types: Sequence[TypeEngine[Any] | None] = ()) -> list[Sequence[Any]]:
    """Return the rows of kept statements at this moment, the values of their columns of these types as they are on every database."""
    if not isinstance(fixed, tuple):
        # Their values lead nowhere else than any others would; to plan so many parts takes twice as long as to answer them.
        db.session.execute(_PLANNED_ONCE)
        found = db.session.execute(fixed, at_the_moment()).all()
        db.session.execute(_PLANNED_AS_BEFORE)
        return list(found)
    connection = db.session.connection()
    values = _as_stored(connection.dialect)
    rows = chain.from_iterable(connection.exec_driver_sql(one, values).all() for one in fixed)
    read = [one.dialect_impl(connection.dialect).result_processor(connection.dialect, None) if one is not None else None for one in types]
    if not any(read):
        return list(rows)
    return [[value if reader is None else reader(value) for value, reader in zip(row, read, strict=True)] for row in rows]


def _as_stored(dialect: Dialect) -> dict[str, Any]:
    processors = ((name, one.type.dialect_impl(dialect).bind_processor(dialect)) for name, (one, _asked) in _moments.items())
    return {name: process(at_the_moment()[name]) if process else at_the_moment()[name] for name, process in processors}


def together(areas: Iterable[Iterable[Select[Any]]], cap: int) -> Fixed:
    """Return the statements for `count_of`: how many rows those of each area have together, each counted up to `cap`."""
    parts = list[Select[Any]]()
    for place, queries in enumerate(areas):
        some = [_counted(one, cap) for one in queries]
        if some:
            parts.append(select(literal_column(str(place)).label("area"), sum(some[1:], some[0]).label("number")))
    return fix(parts) if parts else ()


def count_of(counting: Fixed, areas: int) -> list[int]:
    """Return the number of each of so many areas."""
    found = [0] * areas
    for place, number in ask(counting):
        found[place] = number
    return found


def _counted(query: Select[Any], cap: int) -> Any:
    return select(func.count()).select_from(query.limit(literal_column(str(cap))).subquery()).scalar_subquery()


@event.listens_for(Session, "after_flush")
def _flushed(session: Session, _context: Any) -> None:
    if any(type(one) in _shaping for group in (session.new, session.dirty, session.deleted) for one in group):
        session.info[_SHAPED] = True


@event.listens_for(Session, "do_orm_execute")
def _executed(state: ORMExecuteState) -> None:
    if not state.is_select and state.bind_mapper is not None and state.bind_mapper.class_ in _shaping:
        state.session.info[_SHAPED] = True


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    if not session.info.get("apart"):
        saves.note()
    if session.info.pop(_SHAPED, False):
        forget()
