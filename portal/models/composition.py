"""Composition of customers: what was sold by month, product, region, credit, grade and industry, this year beside last (IN-2).

Every part is read from kept totals, in the reader's scope (RO-1). What the office sold by month, product and region is kept for itself; all
else is summed over the customers that somebody sees, at once where they are few and by the worker where they are many (`insight`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, and_, case, func, literal_column, or_, select, type_coerce

from portal import clock
from portal.database import db
from portal.models import insight, sales_totals
from portal.models.customer import Customer, CustomerState, Money
from portal.models.sale import Sale
from portal.models.sales_book import CustomerMonth, CustomerProductYear, CustomerYear, ProductMonth, RegionMonth
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.credit import WARN_FROM
from portal.rules.message import N_
from portal.rules.sales import ORDERED, first_day, next_month

SALES, PRODUCTS, REGIONS, RATING, LIMIT, GRADE, INDUSTRY = "sales", "products", "regions", "rating", "limit", "grade", "industry"
SUBJECTS = {
    SALES: N_("Month"),
    PRODUCTS: N_("Products"),
    REGIONS: N_("Regions"),
    RATING: N_("Credit rating"),
    LIMIT: N_("Use of credit limits"),
    GRADE: N_("Grade"),
    INDUSTRY: N_("Industry"),
}
OF_CARD = {RATING: "credit_rating", GRADE: "grade", INDUSTRY: "industry"}
"""Subjects that are what a customer's card says today."""
BANDS = {
    "none": N_("No credit limit"),
    "free": N_("Nothing open"),
    "below": N_("Up to 80 % of the limit"),
    "near": N_("80 to 100 % of the limit"),
    "over": N_("Over the limit"),
}
_SPAN = re.compile(r"(\d{4})(\d\d)-(\d{4})(\d\d)|(\d{4})")
_EARLIEST, _LATEST = 1900, 9998


class Span(NamedTuple):
    """Whole months from the first to the last, such as 202601 to 202603."""

    first: int
    last: int

    @classmethod
    def read(cls, text: str, today: date) -> Span | None:
        """Return the span of 2026 or 202603-202605; the months of a running year end with the present one. None for what is none."""
        found = _SPAN.fullmatch(text)
        if found is None:
            return None
        if found[5]:
            year = int(found[5])
            last = today.month if year == today.year else 12
            return cls(year * 100 + 1, year * 100 + last) if _EARLIEST <= year <= _LATEST else None
        first, last = int(found[1] + found[2]), int(found[3] + found[4])
        right = all(1 <= month % 100 <= 12 and _EARLIEST <= month // 100 <= _LATEST for month in (first, last))
        return cls(first, last) if right and first <= last and last - first < 100 else None

    @property
    def before(self) -> Span:
        """Return the same months a year earlier."""
        return Span(self.first - 100, self.last - 100)

    @property
    def whole_year(self) -> int | None:
        """Return the year where it is a whole one."""
        return self.first // 100 if self.first % 100 == 1 and self.last == self.first + 11 else None

    def months(self) -> list[int]:
        """Return the months."""
        found = [self.first]
        while found[-1] < self.last:
            found.append(next_month(found[-1]))
        return found

    def holds(self, column: Any) -> ColumnElement[bool]:
        """Return the condition that a column of months lies in it."""
        return column.between(self.first, self.last)  # type: ignore[no-any-return]

    @property
    def days(self) -> tuple[date, date]:
        """Return its first day, and the first day after it."""
        return first_day(self.first), first_day(next_month(self.last))


@dataclass(frozen=True)
class CompositionQuery:
    """What a reader asks; its address says the same."""

    subject: str
    period: str
    span: Span

    @classmethod
    def read(cls, args: Mapping[str, str]) -> CompositionQuery:
        """Return the query of an address: a year, or months from `since` to `till`; this year where it says nothing that can be."""
        today = clock.today()
        subject = args.get("subject", SALES)
        since, till = (args.get(name, "").replace("-", "") for name in ("since", "till"))
        period = f"{since}-{till}" if since and till else args.get("year", "")
        span = Span.read(period, today)
        if span is None:
            period = str(latest_year(today))
            span = Span.read(period, today)
        assert span is not None  # noqa: S101 - a year is always a span
        return cls(subject if subject in SUBJECTS else SALES, period, span)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        if "-" not in self.period:
            return {"subject": self.subject, "year": self.period}
        return {"subject": self.subject, **self.months}

    @property
    def months(self) -> dict[str, str]:
        """Return the first and the last month as lists of sales take them."""
        return {name: f"{month // 100}-{month % 100:02}" for name, month in (("since", self.span.first), ("till", self.span.last))}

    @property
    def question(self) -> str:
        """Return the question that the worker answers."""
        return f"composition/{self.subject}/{self.period}"


def latest_year(today: date) -> int:
    """Return the year of the newest sales, this year where there are none."""
    years = sales_totals.years()
    return years[0] if years else today.year


class Row(NamedTuple):
    """One part: its code, how many customers on the register it has (None: it is no part of customers), what was sold, and the year before.

    Of the use of limits: what is open today, and what was open when the year before ended.
    """

    code: str
    customers: int | None
    sold: Decimal
    before: Decimal
    customers_before: int | None = None
    limit: Decimal | None = None


class Composition(NamedTuple):
    """The parts of a subject, the largest first (months and bands in their own order), and as of when; None: it is of this moment."""

    rows: list[Row]
    counted_at: Any = None


def of(user: Staff, query: CompositionQuery, ids: list[int] | None) -> Composition | None:
    """Return the composition in somebody's scope; None where the worker must count it first. `ids` are those of `insight.few`."""
    if ids is not None or (user.is_manager and query.subject in (SALES, PRODUCTS, REGIONS)):
        return Composition(_rows(user, query.subject, query.span, ids))
    kept = insight.kept(user, query.question)
    return None if kept is None else Composition([_of_plain(row) for row in kept.content["rows"]], kept.counted_at)


@insight.answers("composition")
def _answer(user: Staff, parts: list[str], ids: list[int] | None) -> dict[str, Any]:
    subject, period = (*parts, "", "")[:2]
    span = Span.read(period, clock.today())
    if subject not in SUBJECTS or span is None:
        return {"rows": []}
    return {"rows": [_plain(row) for row in _rows(user, subject, span, ids)]}


def _plain(row: Row) -> list[Any]:
    return [str(value) if isinstance(value, Decimal) else value for value in row]


def _of_plain(row: list[Any]) -> Row:
    return Row(row[0], row[1], Decimal(row[2]), Decimal(row[3]), row[4], None if row[5] is None else Decimal(row[5]))


def _rows(user: Staff, subject: str, span: Span, ids: list[int] | None) -> list[Row]:
    if subject == SALES:
        now, before = (months(user, one, ids) for one in (span, span.before))
        return [
            Row(str(month), None, now.get(month, sales_totals.NOTHING), before.get(month - 100, sales_totals.NOTHING))
            for month in span.months()
        ]
    if subject == LIMIT:
        return _use_of_limits(user, span, ids)
    if subject in OF_CARD:
        return _by_card(user, getattr(Customer, OF_CARD[subject]), span, ids)
    sums = products if subject == PRODUCTS else regions
    this: dict[Any, Decimal] = dict(sums(user, span, ids))
    last: dict[Any, Decimal] = dict(sums(user, span.before, ids))
    rows = [
        Row(str(key), None, this.get(key, sales_totals.NOTHING), last.get(key, sales_totals.NOTHING))
        for key in dict.fromkeys([*this, *last])
    ]
    return sorted((row for row in rows if row.sold or row.before), key=lambda row: (-row.sold, -row.before, row.code))


def theirs(user: Staff, column: Any, ids: list[int] | None) -> list[ColumnElement[bool]]:
    """Return the conditions that a column of customers' ids names one whom the reader sees."""
    if ids is not None:
        return [column.in_(ids)]
    return [] if user.is_manager else [column.in_(select(Customer.id).where(customer_scope(user)))]


def _sums(query: Any) -> dict[Any, Decimal]:
    return {row[0]: row[1] for row in db.session.execute(query)}


def months(user: Staff, span: Span, ids: list[int] | None) -> dict[int, Decimal]:
    """Return month → sold to the customers that somebody sees."""
    table: Any = RegionMonth if user.is_manager else CustomerMonth
    mine = [] if user.is_manager else theirs(user, table.customer_id, ids)
    return _sums(select(table.month, func.sum(table.sold)).where(span.holds(table.month), *mine).group_by(table.month))


def products(user: Staff, span: Span, ids: list[int] | None) -> dict[int, Decimal]:
    """Return product id → sold to the customers that somebody sees."""
    if user.is_manager:
        table: Any = ProductMonth
        return _sums(select(table.product_id, func.sum(table.sold)).where(span.holds(table.month)).group_by(table.product_id))
    if span.whole_year is not None:
        table = CustomerProductYear
        which = (table.year == span.whole_year, *theirs(user, table.customer_id, ids))
        return _sums(select(table.product_id, func.sum(table.sold)).where(*which).group_by(table.product_id))
    return _sums(
        select(Sale.product_id, func.sum(Sale.amount))
        .where(*_lines(user, span, ids), Sale.product_id.is_not(None))
        .group_by(Sale.product_id)
    )


def regions(user: Staff, span: Span, ids: list[int] | None) -> dict[str, Decimal]:
    """Return region → sold into it to the customers that somebody sees; '' is where nobody said."""
    if user.is_manager:
        table = RegionMonth
        return _sums(select(table.region, func.sum(table.sold)).where(span.holds(table.month)).group_by(table.region))
    return _sums(select(Sale.region, func.sum(Sale.amount)).where(*_lines(user, span, ids)).group_by(Sale.region))


def _lines(user: Staff, span: Span, ids: list[int] | None) -> list[Any]:
    """Return the conditions of the lines of a span: only for a scope of few customers, and for the worker."""
    first, behind = span.days
    return [*theirs(user, Sale.customer_id, ids), Sale.day >= first, Sale.day < behind, Sale.state == ORDERED]


def _by_card(user: Staff, column: Any, span: Span, ids: list[int] | None) -> list[Row]:
    """Return what was sold by what the cards say today, and how many customers on the register say so."""
    mine = theirs(user, Customer.id, ids)
    counted = _sums(select(column, func.count()).where(Customer.state == CustomerState.ACTIVE.value, *mine).group_by(column))
    now, before = (_sold_by_card(column, one, mine) for one in (span, span.before))
    rows = [
        Row(code, counted.get(code, 0), now.get(code, sales_totals.NOTHING), before.get(code, sales_totals.NOTHING))  # type: ignore[arg-type]
        for code in dict.fromkeys([*counted, *now, *before])
    ]
    return sorted(rows, key=lambda row: (-row.sold, -(row.customers or 0), row.code))


def _sold_by_card(column: Any, span: Span, mine: list[Any]) -> dict[str, Decimal]:
    table: Any = CustomerYear if span.whole_year is not None else CustomerMonth
    inside = table.year == span.whole_year if span.whole_year is not None else span.holds(table.month)
    joined = select(column, func.sum(table.sold)).join(Customer, Customer.id == table.customer_id)
    return _sums(joined.where(inside, *mine).group_by(column))


def band_of(limit: Any, balance: Any) -> Any:
    """Return, as SQL, the band of `BANDS` in which an open amount stands to a limit, both in fen (RL-5: warning from 80 %)."""
    return case(
        (or_(limit.is_(None), limit <= 0), "none"),
        (balance <= 0, "free"),
        (balance * 100 < limit * WARN_FROM, "below"),
        (balance <= limit, "near"),
        else_="over",
    )


def _use_of_limits(user: Staff, span: Span, ids: list[int] | None) -> list[Row]:
    """Return how customers on the register use their limits of today: by what is open now, and by what was when the year before ended."""
    year, table = span.last // 100, CustomerYear
    sold, paid, limit = (type_coerce(column, BigInteger) for column in (table.sold, table.paid, Customer.credit_limit))
    open_now = func.coalesce(func.sum(sold - paid), 0)
    open_then = func.coalesce(func.sum(case((table.year < year, sold - paid), else_=0)), 0)
    here = and_(Customer.state == CustomerState.ACTIVE.value, *theirs(user, Customer.id, ids))
    some = select(limit.label("credit_limit"), open_now.label("now"), open_then.label("then"))
    inner = some.outerjoin(table, table.customer_id == Customer.id).where(here).group_by(Customer.id, Customer.credit_limit).subquery()
    parts: list[dict[str, Any]] = []
    for balance in (inner.c.now, inner.c.then):
        band = band_of(inner.c.credit_limit, balance).label("band")
        sums = [type_coerce(func.coalesce(func.sum(one), 0), Money) for one in (balance, inner.c.credit_limit)]
        grouped = select(band, func.count(), *sums).select_from(inner).group_by(literal_column("band"))
        parts.append({row[0]: row for row in db.session.execute(grouped)})
    empty, rows = (None, 0, sales_totals.NOTHING, sales_totals.NOTHING), []
    for code in BANDS:
        now, then = parts[0].get(code, empty), parts[1].get(code, empty)
        rows.append(Row(code, now[1], now[2], then[2], then[1], now[3]))
    return rows
