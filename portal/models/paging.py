"""What lists of any length have in common: how long a page is, how far is counted, and how SQLite is told which index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
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


def cut(found: list[Any], size: int, place: Callable[[Any], str], *, inside: bool, backwards: bool) -> tuple[list[Any], str, str]:
    """Return a page of the rows that were read, one more than `size` where there are more, and the places of the pages behind and before.

    `inside`: they were read from a place on, not from the beginning; `backwards`: before it, the nearest first.
    """
    more, rows = len(found) > size, found[:size]
    if backwards:
        rows.reverse()
    behind, ahead = (inside, more) if backwards else (more, inside)
    return rows, place(rows[-1]) if rows and behind else "", place(rows[0]) if rows and ahead else ""


def walk(page: Callable[[str], tuple[Any, ...]], most: int | None = None) -> Iterator[Any]:
    """Return the rows of a list, at most so many, page by page: `page` reads the one behind a place and gives rows and next place first."""
    return islice(_walk(page), most)


def _walk(page: Callable[[str], tuple[Any, ...]]) -> Iterator[Any]:
    after = ""
    while True:
        rows, after, *_more = page(after)
        yield from rows
        if not after:
            return


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
