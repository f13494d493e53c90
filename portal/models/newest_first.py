"""Lists by number, or by a day and the number: pages by keyset, counts up to a cap, ids and portions for paper and files.

The first ids of a list say how many there are, and which stand on its first pages: what must be looked through to find them is looked
through once. Records are read by their ids.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select, true, tuple_, union, union_all
from sqlalchemy.orm import aliased

from portal.database import db
from portal.models.paging import CAP, MOST_OFFERED, PAGE_SIZE, Count
from portal.models.scope import InTeam
from portal.models.search import customers
from portal.models.staff import Staff
from portal.models.word_index import WordIndex

AT_A_TIME = 500
DEPTH = 3000
"""Among so many records of a list those that a reader sees are looked for first."""
_Key = tuple[Any, ...]


class Page(NamedTuple):
    """A page of a list, the places behind and before which its neighbours begin ('' for none), and how many the list has."""

    rows: list[Any]
    next: str
    previous: str
    found: Count


@dataclass(frozen=True)
class Listing:
    """A list of records: the newest first, by their number or by a day and the number.

    `chosen(user, query)` gives what of the model is listed, without an order; `loaded` is what is read with the records of a page;
    `rising(query)` says that the oldest stand first. `shown(ids)` gives what a page shows, each with its `id`, where that is less than the
    records that paper and files read. `scoped`: its customers say who sees a record; where each is asked for its team, a page that the
    first `DEPTH` records fill is taken from these, and the list counted by them. `parts(user)`: conditions on the parts of what `user`
    sees, where `chosen` does not say it: an index leads to each, and the first of each are the first of all.
    """

    model: Any
    chosen: Callable[[Any, Any], Select[Any]]
    loaded: tuple[Any, ...] = ()
    day: Any = None
    rising: Callable[[Any], bool] = lambda _query: False
    shown: Callable[[Sequence[int]], Iterable[Any]] | None = None
    scoped: bool = False
    parts: Callable[[Any], list[Any]] = lambda _user: [true()]

    def page(self, user: Any, query: Any, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
        """Return the page behind the place `after`, or before the place `before`, of what `user` sees (RO-1).

        What is no place is the beginning.
        """
        first, whole = self._first(user, query, size)
        edge, up = self._key(before or after), bool(before)
        if edge is None:
            keys, more, ahead = first[:size], len(first) > size, False
        elif up:
            number = sum(_behind(edge, key, self.rising(query)) for key in first)
            near = first[:number] if whole or number < len(first) else self._keys(user, query, size + 1, edge, up=True)[::-1]
            keys, more, ahead = near[-size:], True, len(near) > size
        else:
            number = sum(not _behind(key, edge, self.rising(query)) for key in first)
            near = first[number:] if whole or number + size < len(first) else self._keys(user, query, size + 1, edge)
            keys, more, ahead = near[:size], len(near) > size, True
        rows = self._shown([key[-1] for key in keys])
        behind, front = (_place(keys[-1]), _place(keys[0])) if keys else ("", "")
        return Page(rows, behind if more else "", front if ahead else "", Count(min(len(first), CAP), not whole))

    def _first(self, user: Any, query: Any, size: int) -> tuple[list[_Key], bool]:
        """Return the first records of a query, more than a page where there are, and whether these are all."""
        if self.scoped and (user.is_supervisor or (user.is_manager and "team" in query.filters)):
            order, rising = self._order, self.rising(query)
            far = select(*order).order_by(*(column.asc() if rising else column.desc() for column in order)).offset(DEPTH).limit(1)
            last = db.session.execute(far).first()
            near = self._keys(user, query, CAP + 1, until=tuple(last)) if last is not None else []
            if len(near) > size:
                return near, False
        first = self._keys(user, query, CAP + 1)
        return first, len(first) <= CAP

    @property
    def _order(self) -> tuple[Any, ...]:
        return (self.model.id,) if self.day is None else (self.day, self.model.id)

    def ids(self, user: Any, query: Any, most: int) -> list[int]:
        """Return the ids of the first records of a query, one more than `most` where there are more."""
        return [key[-1] for key in self._keys(user, query, most + 1)]

    def count(self, user: Any, query: Any) -> Count:
        """Return how many records a query finds, counted to `CAP`."""
        number = len(self._keys(user, query, CAP + 1))
        return Count(min(number, CAP), number > CAP)

    def records(self, numbers: Sequence[int]) -> list[Any]:
        """Return the records with these ids, in their order."""
        found: dict[int, Any] = {}
        for start in range(0, len(numbers), AT_A_TIME):
            query = select(self.model).where(self.model.id.in_(numbers[start : start + AT_A_TIME])).options(*self.loaded)
            found.update({one.id: one for one in db.session.scalars(query)})
        return [found[number] for number in numbers if number in found]

    def _shown(self, numbers: Sequence[int]) -> list[Any]:
        if self.shown is None:
            return self.records(numbers)
        found = {one.id: one for one in self.shown(numbers)}
        return [found[number] for number in numbers if number in found]

    def rows(self, user: Any, query: Any) -> Iterator[Any]:
        """Yield every record of a query, read a portion at a time."""
        for portion in self.portions(user, query):
            yield from portion

    def portions(self, user: Any, query: Any) -> Iterator[list[Any]]:
        """Yield every record of a query, some hundreds at a time."""
        edge: _Key | None = None
        while keys := self._keys(user, query, AT_A_TIME, edge):
            yield self.records([key[-1] for key in keys])
            edge = keys[-1]

    def place(self, record: Any) -> str:
        """Return the place of a record, behind or before which a page can begin."""
        return _place((record.id,) if self.day is None else (getattr(record, self.day.key), record.id))

    def following(self, user: Any, query: Any, record: Any) -> int:
        """Return the id of the record that comes behind another one, which may have left the list; 0 for none."""
        found = self._keys(user, query, 1, self._key(self.place(record)))
        return found[0][-1] if found else 0

    def _keys(
        self, user: Any, query: Any, most: int, edge: _Key | None = None, *, up: bool = False, until: _Key | None = None
    ) -> list[_Key]:
        """Return day and number, or the number, of the first records behind `edge` and before `until`; `up`: before it, upwards."""
        order = self._order
        down = self.rising(query) == up
        found = self.chosen(user, query).with_only_columns(*order)
        if until is not None:
            found = found.where(tuple_(*order) > until if down else tuple_(*order) < until)
        if edge is not None:
            found = found.where(tuple_(*order) < edge if down else tuple_(*order) > edge)
        parts = [_first(found.where(part), order, most, down=down) for part in self.parts(user)]
        if len(parts) > 1:
            together = union(*(select(part.subquery()) for part in parts)).subquery()
            parts = [_first(select(together), together.c, most, down=down)]
        return [tuple(row) for row in db.session.execute(parts[0])]

    def _key(self, place: str) -> _Key | None:
        day, _colon, number = place.rpartition(":")
        try:
            key = (int(number),) if number.isdecimal() and len(number) < 19 else None
            return key if key is None or self.day is None else (date.fromisoformat(day), *key)
        except ValueError:
            return None


def lines(model: Any, *columns: str, borrowed: Sequence[str] = (), **others: Sequence[str]) -> Callable[[Sequence[int]], Iterator[Any]]:
    """Return what reads the lines of a page, for `Listing.shown`: making whole records costs more than reading them.

    A line has the named columns of its record, properties `borrowed` from the model that need no more than these, and of records that
    it refers to (`others`, by the name of the relationship) what is named; None where there is none.
    """
    own = {name: vars(model)[name] for name in borrowed}
    line: Any = type(f"{model.__name__}Line", (namedtuple("Line", [*columns, *others]),), {"__slots__": (), **own})  # type: ignore[misc]
    kinds: list[tuple[Any, int]] = [(namedtuple(name.title(), said), len(said)) for name, said in others.items()]  # type: ignore[misc]

    @cache
    def query() -> Select[Any]:
        tables = {name: aliased(getattr(model, name).property.mapper.class_) for name in others}
        found = select(*(getattr(model, name) for name in columns))
        for name, table in tables.items():
            found = found.add_columns(table.id.is_not(None), *(getattr(table, one) for one in others[name]))
            found = found.outerjoin(getattr(model, name).of_type(table))
        return found

    def read(ids: Sequence[int]) -> Iterator[Any]:
        for row in db.session.execute(query().where(model.id.in_(ids))):
            said, place = list(row[: len(columns)]), len(columns)
            for kind, width in kinds:
                said.append(kind._make(row[place + 1 : place + 1 + width]) if row[place] else None)
                place += 1 + width
            yield line._make(said)

    return read


def _first(found: Select[Any], order: Iterable[Any], most: int, *, down: bool) -> Select[Any]:
    return found.order_by(*(column.desc() if down else column.asc() for column in order)).limit(most)


def _behind(key: _Key, other: _Key, rising: bool) -> bool:
    return key > other if rising else key < other


def _place(key: _Key) -> str:
    return ":".join(str(part) for part in key)


def has(column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that a column has a text in it."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(f"%{escaped}%", escape="\\")


def writers(user: Any, column: Any) -> list[tuple[int, str]]:
    """Return who wrote records, as far as `user` may filter a list by them, by name: managers all, others the own team.

    `column` says who wrote a record. None where they are more than are offered.
    """
    query = select(Staff.id, Staff.name).where(Staff.id.in_(select(column))).order_by(Staff.name, Staff.id).limit(MOST_OFFERED + 1)
    if not user.is_manager:
        query = query.where(Staff.team_id == user.team_id) if user.team_id is not None else query.where(Staff.id == user.id)
    found = [(row[0], row[1]) for row in db.session.execute(query)]
    return found if len(found) <= MOST_OFFERED else []


def of_team(column: Any, team_id: int) -> ColumnElement[bool]:
    """Return the condition that a column names a customer of a team."""
    return InTeam(column, team_id)


def called(user: Any, column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that a column names a customer, of those that `user` sees, that a text finds: number, name, contact.

    The search index knows them, however many they are.
    """
    return customers(user, text).named(column)


def found_by(user: Any, index: WordIndex, column: Any, text: str) -> ColumnElement[bool]:
    """Return the condition that an indexed record is found by a text: by its customer, whom `column` names, or by its own words.

    Unless many are, they are gathered, and lead to what is listed; else records are asked in the order of the list, and some met soon.
    """
    number = index.model.id
    conditions = [(one, one.named(named)) for one, named in ((customers(user, text), column), (index.found(text), number))]
    if all(one.leads for one, _condition in conditions):
        gathered = union_all(*(select(number).where(condition) for _one, condition in conditions)).cte()  # once, for all parts of a list
        return number.in_(select(gathered.c.id))  # type: ignore[no-any-return]
    return or_(*(condition for _one, condition in conditions))
