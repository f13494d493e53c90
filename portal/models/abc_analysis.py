"""ABC analysis of a year's sales by customers, products or regions, beside the year before (IN-2).

Where somebody sees few customers, and for products and regions, all items are at hand. Else the worker counts each year's curve and who
moved, and a page walks the customers in the order of what was sold to them: their class follows from the curve.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, and_, exists, func, literal, select, tuple_, type_coerce
from sqlalchemy.orm import aliased

from portal import clock
from portal.database import db
from portal.models import composition, insight
from portal.models.composition import Span, theirs
from portal.models.customer import Customer
from portal.models.paging import walk
from portal.models.product import Product
from portal.models.sales_book import CustomerYear
from portal.models.scope import listed
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules import abc
from portal.rules.abc import Curve, Thresholds
from portal.rules.message import N_, Refusal

CUSTOMERS, PRODUCTS, REGIONS = "customers", "products", "regions"
SUBJECTS = {CUSTOMERS: N_("Customers"), PRODUCTS: N_("Products"), REGIONS: N_("Regions")}
STANDARD = "insights.abc_thresholds"
SIZE = 50
"""So many rows have room in 60 KB beside the chart."""
DEPTH = 1000
"""So many customers a page walks at most to find those of a class of last year."""
NOT_ANY = "-"
"""Stands in an address for no class."""
_CURSOR = re.compile(r"(\d{1,9})_(\d{1,18})_(-?\d{1,18})_(\d{1,9})")
_YEAR = re.compile(r"(19|[2-8]\d)\d\d|9[0-8]\d\d")


@dataclass(frozen=True)
class AbcQuery:
    """What a reader asks; its address says the same."""

    subject: str
    year: int
    limits: Thresholds
    now: str = ""
    """Only those of this class: A, B, C, or '-' for those without one; '' for all."""
    was: str = ""
    """Only those who were in this class last year, likewise."""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> AbcQuery:
        """Return the query of an address. What is unknown is left out; thresholds that make no sense are those of the standard."""
        subject, year = args.get("subject", CUSTOMERS), str(args.get("year", ""))
        try:
            limits = abc.thresholds(args["thresholds"]) if args.get("thresholds") else usual()
        except Refusal:
            limits = usual()
        known = (*abc.CLASSES, NOT_ANY)
        return cls(
            subject if subject in SUBJECTS else CUSTOMERS,
            int(year) if _YEAR.fullmatch(year) else composition.latest_year(clock.today()),
            limits,
            *(args.get(name, "") if args.get(name, "") in known else "" for name in ("class", "was")),
        )

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        found = {"subject": self.subject, "year": str(self.year), "thresholds": str(self.limits), "class": self.now, "was": self.was}
        return {name: value for name, value in found.items() if value}

    def but(self, **changes: Any) -> AbcQuery:
        """Return the query with other values."""
        return replace(self, **changes)

    @property
    def span(self) -> Span:
        """Return the year in months."""
        return Span(self.year * 100 + 1, self.year * 100 + 12)

    @property
    def question(self) -> str:
        """Return the question that the worker answers."""
        return f"abc/{self.subject}/{self.year}"


def usual() -> Thresholds:
    """Return the thresholds of the standard in force."""
    return abc.thresholds(standard(STANDARD))


class Item(NamedTuple):
    """A customer (by id), product (by id) or region: what was sold this year and last; None for a year without any line."""

    key: int | str
    now: Decimal | None
    before: Decimal | None


@dataclass(frozen=True)
class Analysis:
    """Both years' curves, who moved between which steps, and where they are at hand the items, the most sold first."""

    now: Curve
    before: Curve
    moved: dict[tuple[int, int], int]
    items: list[Item] | None = None
    counted_at: datetime | None = None
    """When the worker counted it; None: it is of this moment."""


class Row(NamedTuple):
    """A row of the table: its place and the sum to it, its class in both years, and why it has none (a key of `abc.REASONS`)."""

    key: int | str
    number: str
    name: str
    rank: int
    now: Decimal | None
    share: Decimal | None
    cumulative: Decimal | None
    """Of the total, in per cent."""
    name_now: str
    before: Decimal | None
    name_before: str
    why: str


class Page(NamedTuple):
    """Some rows, and where the next ones begin; '' at the end."""

    rows: list[Row]
    next: str


def of(user: Staff, query: AbcQuery, ids: list[int] | None) -> Analysis | None:
    """Return the analysis in somebody's scope; None where the worker must count it first. `ids` are those of `insight.few`."""
    if ids is not None or (user.is_manager and query.subject != CUSTOMERS):
        return _of_items(_items(user, query.subject, query.year, ids))
    kept = insight.kept(user, query.question)
    if kept is None:
        return None
    content = kept.content
    if "items" in content:
        items = [Item(key, _amount(now), _amount(before)) for key, now, before in content["items"]]
        return replace(_of_items(items), counted_at=kept.counted_at)
    moved = {(now, before): number for now, before, number in content["moved"]}
    return Analysis(Curve.of_plain(content["now"]), Curve.of_plain(content["before"]), moved, None, kept.counted_at)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _of_items(items: list[Item]) -> Analysis:
    now = abc.curve(item.now for item in items if item.now is not None)
    before = abc.curve(item.before for item in items if item.before is not None)
    moved = abc.moves((now.percent_of(item.now), before.percent_of(item.before)) for item in items)
    return Analysis(now, before, moved, items)


@insight.answers("abc")
def _answer(user: Staff, parts: list[str], ids: list[int] | None) -> dict[str, Any]:
    subject, text = (*parts, "", "")[:2]
    year = int(text) if _YEAR.fullmatch(text) else 0
    if subject == CUSTOMERS and ids is None:
        return _of_many(user, year)
    items = _items(user, subject if subject in SUBJECTS else CUSTOMERS, year, ids)
    return {"items": [[item.key, *(None if one is None else str(one) for one in (item.now, item.before))] for item in items]}


def _items(user: Staff, subject: str, year: int, ids: list[int] | None) -> list[Item]:
    found = []
    for one in (year, year - 1):
        if subject == CUSTOMERS:
            sums: dict[Any, Decimal] = dict(_of_few(ids or [], one))
        else:
            span = Span(one * 100 + 1, one * 100 + 12)
            sums = dict((composition.products if subject == PRODUCTS else composition.regions)(user, span, ids))
        found.append(sums)
    items = [Item(key, found[0].get(key), found[1].get(key)) for key in {**found[0], **found[1]}]
    return sorted(items, key=lambda item: (item.now is None, -(item.now or 0), -(item.before or 0), item.key))


def _of_few(ids: list[int], year: int) -> dict[int, Decimal]:
    table = CustomerYear
    found = db.session.execute(select(table.customer_id, table.sold).where(table.customer_id.in_(ids), table.year == year, table.lines > 0))
    return {row[0]: row[1] for row in found}


# --- many customers: counted by the worker ------------------------------------------------------------------------------------

_FEN = type_coerce(CustomerYear.sold, BigInteger)


def _of_many(user: Staff, year: int) -> dict[str, Any]:
    """Return curves and moves as plain data: each year's customers pass by once for its curve and once for who moved."""
    curves = [_curve_of(user, one) for one in (year, year - 1)]
    moved = abc.moves(_pairs(user, year, *curves))
    plain = [_in_yuan(one).plain() for one in curves]
    return {"now": plain[0], "before": plain[1], "moved": [[*pair, number] for pair, number in sorted(moved.items())]}


def _of_year(user: Staff, year: int) -> list[Any]:
    return [CustomerYear.year == year, CustomerYear.lines > 0, *theirs(user, CustomerYear.customer_id, None)]


def _curve_of(user: Staff, year: int) -> Curve:
    here = _of_year(user, year)
    total = db.session.scalar(select(func.sum(_FEN)).where(*here, _FEN > 0))
    amounts = db.session.execute(select(_FEN).where(*here).order_by(CustomerYear.sold.desc()).execution_options(yield_per=5000))
    return abc.curve((row[0] for row in amounts), int(total or 0))


def _in_yuan(curve: Curve) -> Curve:
    steps = tuple(step._replace(least=_yuan(step.least), cumulative=_yuan(step.cumulative)) for step in curve.steps)
    return replace(curve, total=_yuan(curve.total), steps=steps, returned_amount=_yuan(curve.returned_amount))


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _pairs(user: Staff, year: int, now: Curve, before: Curve) -> Iterator[tuple[int, int]]:
    other = aliased(CustomerYear)
    theirs_then = type_coerce(other.sold, BigInteger)
    last = and_(other.customer_id == CustomerYear.customer_id, other.year == year - 1, other.lines > 0)
    both = (
        select(_FEN.label("now"), theirs_then.label("then"))
        .outerjoin(other, last)
        .where(*_of_year(user, year))
        .execution_options(yield_per=5000)
    )
    for row in db.session.execute(both):
        yield now.percent_of(row[0]), before.percent_of(row[1])
    this = exists().where(other.customer_id == CustomerYear.customer_id, other.year == year, other.lines > 0)
    gone = select(_FEN).where(*_of_year(user, year - 1), ~this).execution_options(yield_per=5000)
    for fen in db.session.scalars(gone):
        yield 0, before.percent_of(fen)


# --- the table ---------------------------------------------------------------------------------------------------------------


def page(user: Staff, query: AbcQuery, found: Analysis, *, after: str = "", size: int = SIZE) -> Page:
    """Return some rows in the order of what was sold, from behind the cursor `after`."""
    if found.items is not None:
        return _page_of_items(query, found, found.items, after, size)
    return _walk(user, query, found, after, size)


def rows(user: Staff, query: AbcQuery, found: Analysis, *, most: int | None = None) -> Iterator[Row]:
    """Return every row in the order of the table: for files and prints."""
    return walk(lambda after: page(user, query, found, after=after, size=1000), most)


def _fits(query: AbcQuery, now: str, before: str) -> bool:
    return all(wanted in ("", name or NOT_ANY) for wanted, name in ((query.now, now), (query.was, before)))


class _Place(NamedTuple):
    """Where somebody stands: place, and the sum to it."""

    rank: int
    cumulative: Decimal


def _page_of_items(query: AbcQuery, found: Analysis, items: list[Item], after: str, size: int) -> Page:
    start = int(after) if after.isdecimal() and len(after) < 9 else 0
    drawn: list[tuple[Item, _Place]] = []
    cumulative, rank, fitting = Decimal(0), 0, 0
    for item in items:
        if item.now is not None and item.now > 0:
            cumulative, rank = cumulative + item.now, rank + 1
        if item.now is None and not query.was and query.now != NOT_ANY:
            continue
        if not _fits(query, _class(query, found.now, item.now), _class(query, found.before, item.before)):
            continue
        fitting += 1
        if start < fitting <= start + size + 1:
            drawn.append((item, _Place(rank, cumulative)))
    more, drawn = len(drawn) > size, drawn[:size]
    return Page(_drawn(query, found, drawn), str(start + size) if more else "")


def _walk(user: Staff, query: AbcQuery, found: Analysis, after: str, size: int) -> Page:
    """Return rows by walking the customers of a year, at most `DEPTH` of them at a time: the page then may be short, and goes on.

    Those of a class of last year, or without one this year, are met in the order of last year; their places are not known then.
    """
    by_last_year = query.now == NOT_ANY or query.was in abc.CLASSES
    table, other = CustomerYear, aliased(CustomerYear)
    walked, beside = (query.year - 1, query.year) if by_last_year else (query.year, query.year - 1)
    here, place = _bounds(found.before if by_last_year else found.now, query.limits, query.was if by_last_year else query.now)
    cursor = _CURSOR.fullmatch(after)
    rank, cumulative = (int(cursor[1]), _yuan(int(cursor[2]))) if cursor else place
    if cursor:
        bounds = tuple_(literal(_yuan(int(cursor[3])), table.sold.type), literal(int(cursor[4])))
        here.append(tuple_(table.sold, table.customer_id) < bounds)
    if not user.is_manager:
        here.append(listed(user, table.customer_id))
    most = DEPTH if query.was or by_last_year else size + 1
    order = (table.sold.desc(), table.customer_id.desc())
    some = select(table.customer_id, table.sold).where(table.year == walked, table.lines > 0, *here).order_by(*order).limit(most).subquery()
    joined = and_(other.customer_id == some.c.customer_id, other.year == beside, other.lines > 0)
    both = db.session.execute(
        select(some.c.customer_id, some.c.sold, other.sold).outerjoin(other, joined).order_by(some.c.sold.desc(), some.c.customer_id.desc())
    ).all()
    drawn: list[tuple[Item, _Place]] = []
    looked = 0
    for customer_id, sold, aside in both:
        if len(drawn) == size:
            break
        looked += 1
        if sold > 0 and not by_last_year:
            rank, cumulative = rank + 1, cumulative + sold
        item = Item(customer_id, aside, sold) if by_last_year else Item(customer_id, sold, aside)
        if _fits(query, _class(query, found.now, item.now), _class(query, found.before, item.before)):
            drawn.append((item, _Place(rank, cumulative)))
    over = looked == len(both) < most
    following = "" if over or not looked else f"{rank}_{_fen(cumulative)}_{_fen(both[looked - 1][1])}_{both[looked - 1][0]}"
    return Page(_drawn(query, found, drawn), following)


def _fen(amount: Decimal) -> int:
    return int(amount.scaleb(2))


def _bounds(curve: Curve, limits: Thresholds, name: str) -> tuple[list[Any], _Place]:
    """Return between which amounts a class lies, and what leads before it."""
    count, amount, above = 0, Decimal(0), None
    for part in curve.parts(limits):
        if part.name == name:
            conditions = [CustomerYear.sold >= part.least] if part.least is not None else [CustomerYear.sold < 0, CustomerYear.sold > 0]
            return conditions + ([CustomerYear.sold < above] if above is not None else []), _Place(count, amount)
        count, amount, above = count + part.number, amount + part.amount, part.least if part.least is not None else above
    return [], _Place(0, Decimal(0))


def _class(query: AbcQuery, curve: Curve, amount: Decimal | None) -> str:
    return query.limits.class_of(curve.percent_of(amount))


def _drawn(query: AbcQuery, found: Analysis, items: list[tuple[Item, _Place]]) -> list[Row]:
    names = names_of(query.subject, [item.key for item, _place in items])
    made = []
    for item, place in items:
        counted = item.now is not None and item.now > 0
        number, name = names.get(item.key, ("", str(item.key)))
        placed = counted and place.rank > 0
        to_here = abc.share(place.cumulative, found.now.total) if placed else None
        made.append(
            Row(
                item.key, number, name,
                place.rank if placed else 0,
                item.now,
                abc.share(item.now, found.now.total) if counted else None,
                None if to_here is None else min(to_here, Decimal("100.0")),
                _class(query, found.now, item.now),
                item.before,
                _class(query, found.before, item.before),
                "" if counted else abc.reason(item.now or 0),
            )
        )  # fmt: skip
    return made


def names_of(subject: str, keys: list[Any]) -> dict[Any, tuple[str, str]]:
    """Return key → number and name."""
    if subject == REGIONS:
        return {key: ("", key) for key in keys}
    model, number, name = (Customer, Customer.number, Customer.full_name) if subject == CUSTOMERS else (Product, Product.code, Product.name)
    found: dict[Any, tuple[str, str]] = {}
    for start in range(0, len(keys), 400):
        some = keys[start : start + 400]
        found.update({row[0]: (row[1], row[2]) for row in db.session.execute(select(model.id, number, name).where(model.id.in_(some)))})  # type: ignore[attr-defined]
    return found
