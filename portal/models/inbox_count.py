"""How much waits for somebody, asked in one statement: the figure stands on every page (AP-8; quality.md, Speed).

To put the statement together from all areas takes ten times as long as to ask it. It is therefore made once for a person and a day, and
made anew where something was written that it is put together from: what it counts is always counted at the moment. What else is asked of
the same areas (which records come first) is kept beside it, and goes with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from itertools import count
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import BindParameter, ColumnElement, Dialect, Executable, Select, event, func, literal, select
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


Fixed = Executable | str
"""A statement that is kept for a person and a day; in words on SQLite."""


class Made(NamedTuple):
    """The statement of a person and a day, the stamp of what it was put together from, and what is kept beside it."""

    statement: Fixed
    stamp: tuple[Any, ...]
    beside: dict[Any, Any]


class Saves:
    """The last thing that was saved in this process and may wait for somebody, or wait no longer; what only notes a look is none."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.number = 0

    def note(self) -> None:
        """Note that something was saved."""
        self.number = next(self._numbers)


saves = Saves()
_shaping: set[type] = set()
_stamps: list[Select[Any]] = []
_moments: dict[str, tuple[Moment, Callable[[], Any]]] = {}
_values: dict[datetime, dict[str, Any]] = {}
made: dict[tuple[Any, ...], Made] = {}
"""The statements by day, person and areas."""
MOST_MADE = 100
"""So many statements are kept, of some 500 KB each: those made last."""
MOST_IN_WORDS = 400
"""So many are kept in words, of some 15 KB each: two for each person in an office of two hundred."""
MOST_BESIDE = 8
"""So much is kept beside one of them: what comes first, of some kinds and groups."""


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


def one_line(records: Select[Any]) -> Select[Any]:
    """Return the statement of an entry that stands for many records: one row where there is any of them."""
    return select(literal(1)).where(records.exists())


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
    known = made.get(_key(user, areas, cap))
    if known is not None:
        found, stamp = _ask_numbers(known)
        if stamp == known.stamp:
            return found
    return _ask_numbers(_make(user, areas, cap))[0]


def hold(user: Staff, areas: Sequence[Area], cap: int) -> None:
    """See to it that what is kept of these areas is of this moment, for who goes on with what stands `beside` it and asks for no number."""
    known = made.get(_key(user, areas, cap))
    if known is None or _stamp() != known.stamp:
        _make(user, areas, cap)


def _make(user: Staff, areas: Sequence[Area], cap: int) -> Made:
    kept = made  # another thread may begin with others meanwhile
    # What it is put together from is read after its stamp: what is written in between shows the next time.
    stamp = _stamp()
    if len(kept) >= (MOST_IN_WORDS if db.engine.dialect.name == "sqlite" else MOST_MADE):
        kept.pop(next(iter(list(kept))), None)
    kept[_key(user, areas, cap)] = found = Made(together([area(user) for area in areas], cap, stamped=True), stamp, {})
    return found


def _stamp() -> tuple[Any, ...]:
    return tuple(db.session.execute(_stamps_query(len(_stamps))).one())


@cache
def _stamps_query(_number: int) -> Select[Any]:
    return select(*(one.scalar_subquery() for one in _stamps))


def beside(user: Staff, areas: Sequence[Area], cap: int, what: Any, make: Callable[[], Kept]) -> Kept:
    """Return what `make` makes of the same areas, kept beside the statement of `numbers` as long as that one; asked for after it."""
    known = made.get(_key(user, areas, cap))
    if known is None:
        return make()
    if what not in known.beside:
        if len(known.beside) >= MOST_BESIDE:
            known.beside.pop(next(iter(list(known.beside))), None)
        known.beside[what] = make()
    found: Kept = known.beside[what]
    return found


def _key(user: Staff, areas: Sequence[Area], cap: int) -> tuple[Any, ...]:
    return (clock.today(), user.id, user.role, user.team_id, user.active, cap, *areas)


def fix(statement: Executable) -> Fixed:
    """Return a statement to keep; for SQLite in words, its values written out by its dialect: ids, days and codes.

    SQLite plans a statement anew each time it is asked with parameters where partial indexes may serve, as here for every area: that takes
    twice as long as to answer it. PostgreSQL keeps the plan of a statement with parameters, for everybody. Nothing that anybody has typed
    is in it. In words it takes no place among the statements that are kept compiled, where those of a page would have to go.
    """
    if db.engine.dialect.name != "sqlite":
        return statement
    return str(statement.compile(db.engine, compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]


def ask(fixed: Fixed, types: Sequence[TypeEngine[Any] | None] = ()) -> list[Sequence[Any]]:
    """Return the rows of a kept statement at this moment, the values of its columns of these types as they are on every database."""
    if not isinstance(fixed, str):
        return list(db.session.execute(fixed, at_the_moment()).all())
    connection = db.session.connection()
    rows = connection.exec_driver_sql(fixed, _as_stored(connection.dialect)).all()
    read = [one.dialect_impl(connection.dialect).result_processor(connection.dialect, None) if one is not None else None for one in types]
    if not any(read):
        return list(rows)
    return [[value if reader is None else reader(value) for value, reader in zip(row, read, strict=True)] for row in rows]


def _ask_numbers(known: Made) -> tuple[list[int], tuple[Any, ...]]:
    (row,) = ask(known.statement)
    place = len(row) - len(_stamps)
    return list(row[:place]), tuple(row[place:])


def _as_stored(dialect: Dialect) -> dict[str, Any]:
    processors = ((name, one.type.dialect_impl(dialect).bind_processor(dialect)) for name, (one, _asked) in _moments.items())
    return {name: process(at_the_moment()[name]) if process else at_the_moment()[name] for name, process in processors}


def together(areas: Iterable[Iterable[Select[Any]]], cap: int, *, stamped: bool = False) -> Fixed:
    """Return the one statement of all: how many rows the statements of each area have together, each counted up to `cap`."""
    counted = [sum((_counted(one, cap) for one in queries), literal(0)).label(f"area_{place}") for place, queries in enumerate(areas)]
    stamps = (one.scalar_subquery().label(f"stamp_{place}") for place, one in enumerate(_stamps if stamped else ()))
    return fix(select(*counted, *stamps))


def _counted(query: Select[Any], cap: int) -> Any:
    return select(func.count()).select_from(query.limit(cap).subquery()).scalar_subquery()


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
