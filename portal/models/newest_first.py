"""Lists that show the newest record first: pages by keyset on the number, counts up to a cap, ids and portions for paper and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from portal.database import db
from portal.models.customer import Customer
from portal.models.paging import CAP, PAGE_SIZE, Count

AT_A_TIME = 500


class Page(NamedTuple):
    """A page of a list, with the records behind and before which its neighbours begin; 0 for none."""

    rows: list[Any]
    next: int
    previous: int


def page(chosen: Select[Any], model: Any, *, after: int = 0, before: int = 0, size: int = PAGE_SIZE) -> Page:
    """Return the page behind record `after`, or before record `before`, of a query without an order."""
    found = chosen.limit(size + 1)
    if before:
        rows = list(db.session.scalars(found.where(model.id > before).order_by(model.id)))
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, rows[-1].id if rows else 0, rows[0].id if rows and more else 0)
    if after:
        found = found.where(model.id < after)
    rows = list(db.session.scalars(found.order_by(model.id.desc())))
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, rows[-1].id if more else 0, rows[0].id if rows and after else 0)


def count(chosen: Select[Any], model: Any) -> Count:
    """Return how many records a query finds, counted to `CAP`."""
    some = chosen.with_only_columns(model.id).limit(CAP + 1).subquery()
    number = db.session.scalar(select(func.count()).select_from(some)) or 0
    return Count(min(number, CAP), number > CAP)


def ids(chosen: Select[Any], model: Any, most: int) -> list[int]:
    """Return the ids of the first records of a query, one more than `most` where there are more."""
    return list(db.session.scalars(chosen.with_only_columns(model.id).order_by(model.id.desc()).limit(most + 1)))


def records(model: Any, numbers: Sequence[int], *loaded: Any) -> list[Any]:
    """Return the records with these ids, in their order."""
    found: dict[int, Any] = {}
    for start in range(0, len(numbers), AT_A_TIME):
        query = select(model).where(model.id.in_(numbers[start : start + AT_A_TIME])).options(*loaded)
        found.update({one.id: one for one in db.session.scalars(query)})
    return [found[number] for number in numbers if number in found]


def each(read: Callable[[int], Page]) -> Iterator[Any]:
    """Yield every record of a list of which `read(after)` gives a page."""
    after = 0
    while True:
        part = read(after)
        yield from part.rows
        if not part.next:
            return
        after = part.next


def has(column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that a column has a text in it."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(f"%{escaped}%", escape="\\")


def called(column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that a column names a customer whose number or name has a text in it; whom somebody sees is asked elsewhere.

    Asked of each record of the list, which are fewer than the customers.
    """
    return exists().where(Customer.id == column, or_(has(Customer.full_name, text), has(Customer.number, text)))
