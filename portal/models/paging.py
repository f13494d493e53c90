"""What lists of any length have in common: how long a page is, how far is counted, and how SQLite is told which index."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

PAGE_SIZE = 50
CAP = 1000
"""Counts end here: '1,000+'."""
MOST_OFFERED = 60
"""More people are not offered to filter a list by: a page stays small, and their teams are."""


class Count(NamedTuple):
    """How many there are: `number`, and whether there are or may be more."""

    number: int
    more: bool


class NotLeading(FunctionElement[Any]):
    """A column that SQLite must not choose an index by; the same value."""

    inherit_cache = True

    def __init__(self, column: Any) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(NotLeading)
def _plain(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(element.clauses, **kw))


@compiles(NotLeading, "sqlite")
def _plus(element: Any, compiler: Any, **kw: Any) -> str:
    return "+" + str(compiler.process(element.clauses, **kw))
