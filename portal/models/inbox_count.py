"""How much waits for somebody, asked in one statement: the figure stands on every page (AP-8; quality.md, Speed).

To put the statement together from all areas takes ten times as long as to ask it. It is therefore made once for a person and a minute, and
made anew where something was written that it is put together from: what it counts is always counted at the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Executable, Select, event, func, literal, select, text
from sqlalchemy.orm import ORMExecuteState, Session

from portal import clock
from portal.database import db
from portal.models.staff import Staff

COUNT_CAP = 1000
"""Counts stop here, for each statement of an area: a figure in the header is not worth walking a big table."""
_SHAPED = "inbox shaped"

Area = Callable[[Staff], Iterable[Select[Any]]]
"""What one area asks for somebody: statements with a row for each thing that waits."""
_shaping: set[type] = set()
made: dict[tuple[Any, ...], Executable] = {}
"""The statements by minute, person and areas."""
MOST_MADE = 100
"""So many statements are kept, of some 15 KB each."""


def shaped_by(*models: type) -> None:
    """Say by which records the statements of an area are put together: a written one lets them be made anew in this process at once.

    Another process has its own for a minute at most.
    """
    _shaping.update(models)


def one_line(records: Select[Any]) -> Select[Any]:
    """Return the statement of an entry that stands for many records: one row where there is any of them."""
    return select(literal(1)).where(records.exists())


def forget() -> None:
    """Let every statement be made anew."""
    begin_with({})


def begin_with(statements: dict[tuple[Any, ...], Executable]) -> None:
    """Go on with the statements that were made over the same records before: tests begin in the same office again and again."""
    global made
    made = statements


def number(user: Staff, areas: Sequence[Area]) -> int:
    """Return how many rows the statements of the areas for `user` have together, each counted up to `COUNT_CAP`."""
    return sum(numbers(user, areas))


def numbers(user: Staff, areas: Sequence[Area]) -> list[int]:
    """Return that for each area by itself, asked at once."""
    key = (clock.now().replace(second=0, microsecond=0), user.id, user.role, user.team_id, *areas)
    statement = made.get(key)
    if statement is None:
        if len(made) >= MOST_MADE:
            forget()
        statement = made[key] = _together([area(user) for area in areas])
    return list(db.session.execute(statement).one())


def _together(areas: Iterable[Iterable[Select[Any]]]) -> Executable:
    """Return the one statement of all; for SQLite with its values written out by its dialect: ids, days, moments and codes.

    SQLite plans a statement anew each time it is asked with parameters where partial indexes may serve, as here for every area: that takes
    twice as long as to answer it. PostgreSQL keeps the plan of a statement with parameters, for everybody. Nothing that anybody has typed
    is in it.
    """
    whole = select(*(sum((_counted(one) for one in queries), literal(0)).label(f"area_{place}") for place, queries in enumerate(areas)))
    if db.engine.dialect.name != "sqlite":
        return whole
    return text(str(whole.compile(db.engine, compile_kwargs={"literal_binds": True})).replace(":", "\\:"))


def _counted(query: Select[Any]) -> Any:
    return select(func.count()).select_from(query.limit(COUNT_CAP).subquery()).scalar_subquery()


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
    if session.info.pop(_SHAPED, False):
        forget()
