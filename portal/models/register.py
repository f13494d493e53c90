"""The register 交易往来客户一览表 (AR-5): its pages, counts and choices, whatever its length.

A page costs the same at a thousand customers and at a million: it begins behind the last one shown (keyset), is read in the order
of an index, and nothing is counted beyond `CAP`. SQLite is told which index by a `+` before the columns that must not lead
(`NotLeading`); PostgreSQL decides by its statistics.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_, case, exists, func, literal, select, tuple_

from portal.database import db
from portal.models.card import GRADES
from portal.models.customer import Customer, CustomerState, CustomerTag
from portal.models.paging import CAP, PAGE_SIZE, Count, NotLeading, cut
from portal.models.register_query import COLUMN_OF, DEFAULT_COLUMNS, MISSING, Filter, RegisterQuery
from portal.models.review import IS_OPEN, ReviewCampaign, ReviewLine
from portal.models.scope import Arm, customer_arms, customer_scope
from portal.models.search import candidates
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules.grading import NO_GRADE, grade_rank
from portal.rules.message import Refusal

MOST_FOUND = 1000
"""So many hits of the words are listed."""
SPARSE = 3000
"""Up to so many customers of a filter are collected and sorted; more are read in the order of the list until the page is full."""
SPARSE_OF_SEVERAL = 20_000
"""The same with several filters: a walk for what fits them all may be long."""
COUNT_DEPTH = 5000
"""So many customers of one filter are looked at to count those that fit a second one."""
COUNT_DEPTH_APART = 800
"""The same where no index tells what fits and each customer's row is looked at."""
BULK_LIMIT = 10_000
"""Most customers that one action takes at once."""

_APART = ("tag", "review")
"""Filters by a table of its own: where its rows are many, the customers are walked and each is looked up there."""
_LEADERS = ("import_id", "owner_id", "city", "team_id", "province", "grade", "industry", "nature", "stage_service", "stage_volume", "size")
"""Which filter leads where none is sparse: those that usually leave fewest first."""


class Page(NamedTuple):
    """A page of the register: rows with `id`, `number`, `full_name` and the chosen columns; cursors of the pages around it."""

    rows: list[Row[Any]]
    next: str
    previous: str


class _Walk(NamedTuple):
    """How the customers of one arm are read: what leads, what else must hold, and whether the leader's are few enough to sort."""

    leading: list[Any]
    others: list[Any]
    sparse: bool
    counted: int | None = None
    """How many there are where that is known, beyond `CAP` inexact."""
    in_index: bool = True
    """Whether an index tells what fits."""


def _probe(*conditions: Any, limit: int) -> int:
    """Return how many customers fit, counted to `limit` and one more."""
    found = select(literal(1)).select_from(Customer).where(*conditions).limit(limit + 1)
    return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0


def _walk(arm: Arm, query: RegisterQuery, ids: list[int] | None) -> _Walk | None:
    """Return how to read an arm's customers for a query; None where the arm can have none. `ids` are those the words are found in."""
    equal: dict[str, Any] = dict(arm.equal)
    for name, value in query.filters.items():
        if name in COLUMN_OF:
            column, wanted = COLUMN_OF[name], int(value) if name in ("team", "owner", "import") else value
            if equal.setdefault(column, wanted) != wanted:
                return None
    state = Customer.state == query.state.value
    leaders: dict[str, tuple[list[Any], Any]] = {}
    for name in sorted(equal, key=lambda one: _LEADERS.index(one) if one in _LEADERS else len(_LEADERS)):
        column = getattr(Customer, name)
        leaders[name] = ([column == equal[name], state], NotLeading(column) == equal[name])
    if "missing" in query.filters:
        condition = MISSING[query.filters["missing"]][1]
        leaders["missing"] = ([condition, state], condition)
    few = [Customer.id.in_(some) for some in (arm.ids, ids) if some is not None]
    tag = query.filters.get("tag")
    if tag:
        tagged = select(CustomerTag.customer_id).where(CustomerTag.tag == tag)
        holders = db.session.scalars(tagged.limit(SPARSE + 1)).all()
        if len(holders) <= SPARSE:
            few.append(Customer.id.in_(holders))
        else:
            leaders["tag"] = ([], exists().where(CustomerTag.tag == tag, CustomerTag.customer_id == Customer.id))
    if "review" in query.filters:
        campaign = ReviewCampaign.running()
        if campaign is None:
            return None
        due = [ReviewLine.campaign_id == campaign.id, IS_OPEN]
        due += [getattr(ReviewLine, name) == equal[name] for name in ("owner_id", "team_id") if name in equal]
        some = select(literal(1)).select_from(ReviewLine).where(*due).limit(SPARSE + 1).subquery()
        if (db.session.scalar(select(func.count()).select_from(some)) or 0) <= SPARSE:
            few.append(Customer.id.in_(select(ReviewLine.customer_id).where(*due)))
        else:
            leaders["review"] = ([], exists().where(*due, ReviewLine.customer_id == Customer.id))
    if few:
        return _Walk(few, [NotLeading(Customer.state) == query.state.value, *(one[1] for one in leaders.values()), *arm.others], True)
    scope = next((name for name in ("owner_id", "team_id") if name in leaders), "")
    if scope and not ("missing" in leaders and _probe(*leaders["missing"][0], limit=SPARSE) <= SPARSE):
        in_index = not leaders.keys() & {"missing", *_APART}
        return _within(leaders[scope][0], [other for name, (_, other) in leaders.items() if name != scope], arm.others, in_index)
    limit = SPARSE if len(leaders) < 2 else SPARSE_OF_SEVERAL
    counted = {name: _probe(*leading, limit=limit) for name, (leading, _) in leaders.items() if leading}
    best = min(counted, key=lambda name: counted[name], default="")
    sparse = bool(counted) and counted[best] <= limit
    if not sparse:
        in_order = [name for name in leaders if name not in _APART and (query.sort in ("number", "grade") or name == "province")]
        best = in_order[0] if in_order else ""
    leading = leaders[best][0] if best else [state]
    others = [*(other for name, (_, other) in leaders.items() if name != best), *arm.others]
    return _Walk(leading, others, sparse, in_index=not leaders.keys() & set(_APART))


def _within(leading: list[Any], others: list[Any], apart: list[Any], in_index: bool) -> _Walk:
    """Return how to read the customers of one owner or team: what fits is picked out of its index first, where that is little.

    `in_index` says that the index tells what fits; where it does not, what data is missing is common enough to be met soon.
    """
    if not others or not in_index:
        return _Walk(leading, [*others, *apart], False, in_index=in_index)
    counted = _probe(*leading, *others, limit=CAP)
    if counted <= CAP:
        found = [Customer.id.in_(select(Customer.id).where(*leading, *others))]
        return _Walk(found, apart, True, None if apart else counted)
    return _Walk(leading, [*others, *apart], False, counted)


def _order(query: RegisterQuery) -> list[Any]:
    orders: dict[str, list[Any]] = {
        "number": [Customer.number],
        "name": [Customer.name_sort, Customer.id],
        "changed": [Customer.updated_at, Customer.id],
        "grade": [Customer.grade, Customer.number],
    }
    return orders[query.sort]


def _encode(values: list[Any]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()).decode().rstrip("=")


def _decode(query: RegisterQuery, cursor: str) -> list[Any] | None:
    """Return the values of a cursor, None for one that was not made for this order: the list then begins at its beginning."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if query.sort == "changed":
            values[0] = datetime.fromisoformat(values[0])
        kinds = {"number": [str], "name": [str, int], "changed": [datetime, int], "grade": [str, str]}[query.sort]
        fits = isinstance(values, list) and [type(value) for value in values] == kinds
    except (binascii.Error, ValueError, TypeError, IndexError, KeyError):
        return None
    return values if fits else None


_GRADE_RANK = case({grade: rank for rank, grade in enumerate(GRADES)}, value=Customer.grade, else_=NO_GRADE)


def _arm_rows(walk: _Walk, query: RegisterQuery, columns: list[Any], start: list[Any] | None, backwards: bool, size: int) -> list[Row[Any]]:
    """Return the first `size` rows of an arm behind `start`, in the order of the list (or against it)."""
    down = query.descending != backwards
    if query.sort == "grade" and not walk.sparse:
        return _by_grade(walk, query, columns, start, down, size)
    keys = order = _order(query)
    if query.sort == "grade":
        order = [_GRADE_RANK, Customer.number]
        start = start and [grade_rank(start[0]), start[1]]
    statement = select(*columns, *(column.label(f"_key{place}") for place, column in enumerate(keys))).where(*walk.leading, *walk.others)
    if start is not None:
        bounds = tuple_(*(literal(value, column.type) for value, column in zip(start, order, strict=True)))
        statement = statement.where(tuple_(*order) < bounds if down else tuple_(*order) > bounds)
    leading = [NotLeading(column) for column in order] if walk.sparse else order
    return _fetched(statement.order_by(*(column.desc() if down else column for column in leading)).limit(size))


def _fetched(statement: Select[Any]) -> list[Row[Any]]:
    """Return rows of columns past the ORM, which takes half as long again to hand them on."""
    db.session.flush()
    return list(db.session.connection().execute(statement).all())


def _by_grade(walk: _Walk, query: RegisterQuery, columns: list[Any], start: list[Any] | None, down: bool, size: int) -> list[Row[Any]]:
    """Return rows grade by grade, each in the order of numbers: no index is needed beside those of the filters."""
    grades = [*GRADES, ""]
    if down:
        grades.reverse()
    if start is not None:
        grades = grades[[grade_rank(grade) for grade in grades].index(grade_rank(start[0])) :]
    found: list[Row[Any]] = []
    for grade in grades:
        of_grade = Customer.grade if len(walk.leading) == 1 else NotLeading(Customer.grade)
        statement = select(*columns, *(column.label(f"_key{place}") for place, column in enumerate(_order(query))))
        statement = statement.where(*walk.leading, *walk.others, of_grade == grade)
        if start is not None and grade == start[0]:
            statement = statement.where(Customer.number < start[1] if down else Customer.number > start[1])
        number = Customer.number.desc() if down else Customer.number
        found += _fetched(statement.order_by(number).limit(size - len(found)))
        if len(found) >= size:
            break
    return found


def _key(query: RegisterQuery, row: Row[Any]) -> tuple[Any, ...]:
    first = grade_rank(row._key0) if query.sort == "grade" else row._key0
    return (first, row._key1) if query.sort != "number" else (first,)


def _words(user: Staff, query: RegisterQuery) -> list[int] | None:
    return candidates(user, query.filters["q"], MOST_FOUND) if "q" in query.filters else None


_NEEDED = {"region": ("province", "city"), "owner": ("owner_id",), "team": ("team_id",), "grade": ("grade",)}


class _Reading(NamedTuple):
    """What page and count of one query share: the arms of the reader's scope, the ids that the words are found in, how each arm is read."""

    arms: list[Arm]
    ids: list[int] | None
    walks: list[_Walk | None]


def _read(user: Staff, query: RegisterQuery) -> _Reading:
    arms, ids = customer_arms(user), _words(user, query)
    return _Reading(arms, ids, [_walk(arm, query, ids) for arm in arms])


def page(
    user: Staff,
    query: RegisterQuery,
    *,
    columns: tuple[str, ...] = DEFAULT_COLUMNS,
    after: str = "",
    before: str = "",
    size: int = PAGE_SIZE,
) -> Page:
    """Return the page behind `after`, or before `before`, of the customers `user` may see (RO-1).

    Words are looked for through the search index, of which the first `MOST_FOUND` hits are listed.
    """
    return _page(_read(user, query), query, columns, after, before, size)


def count(user: Staff, query: RegisterQuery) -> Count:
    """Return how many customers a query finds, counted to `CAP`; with several filters to `COUNT_DEPTH` customers of one of them."""
    return _count(_read(user, replace(query, sort="number")))


def page_and_count(user: Staff, query: RegisterQuery, *, columns: tuple[str, ...], after: str, before: str) -> tuple[Page, Count]:
    """Return a page and how many customers there are; what both must find out is asked once."""
    reading = _read(user, query)
    found = _page(reading, query, columns, after, before, PAGE_SIZE)
    if query.sort not in ("number", "grade"):
        # In the order of another index a filter does not lead, and would be counted the long way.
        in_order = replace(query, sort="number")
        walks = [
            walk if walk is None or walk.sparse or walk.counted is not None else _walk(arm, in_order, reading.ids)
            for arm, walk in zip(reading.arms, reading.walks, strict=True)
        ]
        reading = reading._replace(walks=walks)
    return found, _count(reading)


def _page(reading: _Reading, query: RegisterQuery, columns: tuple[str, ...], after: str, before: str, size: int) -> Page:
    needed = dict.fromkeys(column for name in columns for column in _NEEDED.get(name, (name,)))
    wanted = [Customer.id, Customer.number, Customer.full_name, *(getattr(Customer, name) for name in needed)]
    start, backwards = _decode(query, before or after) if before or after else None, bool(before)
    rows: list[Row[Any]] = []
    for walk in reading.walks:
        if walk is not None:
            rows += _arm_rows(walk, query, wanted, start, backwards, size + 1)
    if len(reading.arms) > 1:
        rows.sort(key=lambda row: _key(query, row), reverse=query.descending != backwards)
    keys = [f"_key{place}" for place in range(len(_order(query)))]
    return Page(*cut(rows, size, lambda row: _encode([getattr(row, key) for key in keys]), inside=start is not None, backwards=backwards))


def _count(reading: _Reading) -> Count:
    number, more = 0, False
    for walk in reading.walks:
        if walk is None:
            continue
        if walk.counted is not None:
            number, more = number + walk.counted, more or walk.counted > CAP
            continue
        deepest = SPARSE_OF_SEVERAL + 1 if walk.sparse else COUNT_DEPTH if walk.in_index else COUNT_DEPTH_APART
        depth = deepest if walk.others else CAP + 1
        fits = case((and_(*walk.others), 1), else_=0) if walk.others else literal(1)
        some = select(fits).select_from(Customer).where(*walk.leading).limit(depth).subquery()
        looked, fitting = db.session.execute(select(func.count(), func.coalesce(func.sum(some.c[0]), 0)).select_from(some)).one()
        number, more = number + fitting, more or looked == depth
    more = more or (reading.ids is not None and len(reading.ids) == MOST_FOUND)
    return Count(min(number, CAP), more or number > CAP)


def matching(user: Staff, query: RegisterQuery) -> list[int]:
    """Return the ids of every customer a query finds, for one action. Raises `Refusal` beyond `BULK_LIMIT`."""
    found: list[int] = [row.id for row in rows(user, query, columns=(), most=BULK_LIMIT + 1)]
    if len(found) > BULK_LIMIT:
        raise Refusal("One action takes at most %(most)s customers. Narrow the list first.", most=BULK_LIMIT)
    return found


def rows(user: Staff, query: RegisterQuery, *, columns: tuple[str, ...], most: int | None = None) -> Iterator[Row[Any]]:
    """Yield every row of a query in the order of the list, for work on many: they are not held in memory."""
    return islice(chain.from_iterable(portions(user, query, columns=columns)), most)


def portions(user: Staff, query: RegisterQuery, *, columns: tuple[str, ...]) -> Iterator[list[Row[Any]]]:
    """Yield the rows of a query in the order of the list, some thousands at a time."""
    after = ""
    while True:
        part = page(user, query, columns=columns, after=after, size=2000)
        yield part.rows
        if not part.next:
            return
        after = part.next


def chosen(user: Staff, ids: list[int]) -> list[int]:
    """Return those of `ids` that `user` may see, in ascending order: each row of a selection is checked (RO-1)."""
    if not ids:
        return []
    query = select(Customer.id).where(Customer.id.in_(ids), Customer.state != CustomerState.MERGED, customer_scope(user))
    return list(db.session.scalars(query.order_by(Customer.id)))


def choices_of(one: Filter) -> list[dict[str, Any]]:
    """Return the choices of a filter by a list: {code, zh, en, active}; none for other kinds."""
    if one.kind == "grade":
        return [{"code": grade, "zh": grade, "en": grade, "active": True} for grade in GRADES]
    return list(standard(f"choices.{one.choices}")) if one.kind == "choice" else []
