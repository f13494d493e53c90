"""Many rows put into one table at once, past SQLAlchemy's handling of each parameter, which costs as much as the database's own work.

The statement is made by SQLAlchemy, and values are turned into what the database stores by the columns' own types; only what differs
from row to row is handed over with each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Table, bindparam, false, insert, null, text, true
from sqlalchemy.orm import Session


class _Insert(NamedTuple):
    """A statement made ready: its text, the columns of its places, and what turns each value into what is stored."""

    statement: str
    order: list[str]
    processors: list[Callable[[Any], Any] | None]


def insert_rows(session: Session, table: Any, names: Sequence[str], rows: Iterable[Sequence[Any]], **common: Any) -> None:
    """Insert `rows`, each the values of the columns `names` in their order; `common` holds what is the same in all of them.

    Columns that are not named get the fixed default of their model. Records in the session learn nothing of it. Raises KeyError for a
    column that there is not, and for one that is not named though its default has to be worked out.
    """
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    connection = session.connection()
    made = _made(table, tuple(names), tuple(common), connection.dialect)
    places = {name: place for place, name in enumerate(names)}
    values: list[Iterable[Any]] = []
    for name, processor in zip(made.order, made.processors, strict=True):
        if name in common:
            values.append(repeat(processor(common[name]) if processor else common[name], len(columns[0])))
        else:
            column = columns[places[name]]
            values.append(map(processor, column) if processor else column)
    connection.exec_driver_sql(made.statement, list(zip(*values, strict=True)))


@lru_cache(maxsize=64)
def _made(table: Table, names: tuple[str, ...], common: tuple[str, ...], dialect: Dialect) -> _Insert:
    """Return the insert of these columns."""
    given = {*names, *common}
    if unknown := given - set(table.columns.keys()):
        raise KeyError(min(unknown))
    values: dict[str, Any] = {}
    for column in table.columns:
        if column.name in given:
            values[column.name] = bindparam(column.name, type_=column.type)
        elif not column.primary_key:
            values[column.name] = _default(column)
    # Values by place: a tuple for a row costs less than a dictionary, and both drivers take it.
    style: Any = type(dialect)
    by_place = style(paramstyle="qmark" if dialect.name == "sqlite" else "format")
    compiled: Any = insert(table).values(values).inline().compile(dialect=by_place)
    order = list(compiled.positiontup)
    return _Insert(str(compiled), order, [table.columns[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order])


def _default(column: Any) -> Any:
    """Return the column's fixed default as SQL that stands in the statement, which costs a third of a value with every row."""
    if column.default is None:
        return null()
    if not column.default.is_scalar:
        raise KeyError(column.name)
    value = column.default.arg
    if isinstance(value, bool):
        return true() if value else false()
    if isinstance(value, int):
        return text(str(value))
    return text("'" + str(value).replace("'", "''").replace(":", r"\:") + "'")
