"""What customers bought and paid, read from the totals that are kept (RL-8): for grading, credit, composition and forecasts.

All amounts are yuan as `Decimal` with two places. A period is given by its first and last day, and the months of both count whole, because
totals are kept by month. What is cancelled or void is not sold; returned goods count as less. None of these looks at scope: the caller has
fetched the customer in the reader's scope.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import CompoundSelect, Date, Integer, bindparam, case, func, literal_column, or_, select, union_all

from portal.database import db
from portal.models.payment import Payment
from portal.models.sale import Sale
from portal.models.sales_book import CustomerMonth, CustomerProductYear, CustomerYear, ProductMonth, RegionMonth
from portal.rules.sales import BY_LINE, KEPT, ORDERED, first_day, month_of

NOTHING = Decimal("0.00")
PORTION = 400


class Figures(NamedTuple):
    """Sales and payments of a period."""

    sold: Decimal = NOTHING
    cancelled: Decimal = NOTHING
    paid: Decimal = NOTHING
    lines: int = 0

    def __add__(self, other: Any) -> Figures:
        """Return both together."""
        return Figures(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class ProductFigures(NamedTuple):
    """Sales of one product in a period."""

    product_id: int
    sold: Decimal
    quantity: Decimal


class Receivables(NamedTuple):
    """What a customer owes on a day."""

    open: Decimal
    """Sold until then, less paid until then; below nothing where they have paid ahead."""
    overdue: Decimal
    """Of that: past its due date. Payments that name no document are taken for what was due first."""
    oldest_due_on: date | None
    """The first due date of what is overdue."""


@dataclass(frozen=True)
class Recovery:
    """How a customer paid what was due in a period (payment recovery, RL-1)."""

    due: Decimal
    """Amount that was due in the period."""
    settled: Decimal
    """Of that: settled by now."""
    due_lines: int
    settled_lines: int
    days_late: int
    """Days by which the settled lines were late, together; in time counts 0."""
    sold: Decimal
    paid: Decimal

    @property
    def settled_share(self) -> Decimal | None:
        """Return what part of the due amount is settled, 0 to 1 with four places; None where nothing was due."""
        return None if self.due <= 0 else (self.settled / self.due).quantize(Decimal("0.0001"))

    @property
    def average_days_late(self) -> Decimal | None:
        """Return by how many days a settled line was late on average, with two places; None where none is settled."""
        return None if not self.settled_lines else (Decimal(self.days_late) / self.settled_lines).quantize(Decimal("0.01"))

    @property
    def paid_share(self) -> Decimal | None:
        """Return what was paid for each yuan sold in the period, with four places: for who has no due dates; None for nothing sold."""
        return None if self.sold <= 0 else (self.paid / self.sold).quantize(Decimal("0.0001"))


def _yuan(value: Any) -> Decimal:
    return NOTHING if value is None else Decimal(value)


def _between(month: Any, first: date, last: date) -> Any:
    return month.between(month_of(first), month_of(last))


def of_customer(customer_id: int, first: date, last: date) -> Figures:
    """Return a customer's figures of a period."""
    total = Figures()
    for figures in by_month(first, last, customer_id=customer_id).values():
        total += figures
    return total


def by_month(first: date, last: date, *, customer_id: int | None = None) -> dict[int, Figures]:
    """Return month (202603) → figures, of a customer or of the whole office; months without any are left out."""
    month = CustomerMonth
    if customer_id is not None:
        rows = select(month.month, month.sold, month.cancelled, month.paid, month.lines).where(month.customer_id == customer_id)
        found = db.session.execute(rows.where(_between(month.month, first, last)).order_by(month.month))
        return {row[0]: Figures(*row[1:]) for row in found}
    sums = [func.sum(one) for one in (month.sold, month.cancelled, month.paid)]
    query = select(month.month, *sums, func.sum(month.lines)).where(_between(month.month, first, last)).group_by(month.month)
    office = db.session.execute(query.order_by(month.month))
    return {row[0]: Figures(_yuan(row[1]), _yuan(row[2]), _yuan(row[3]), int(row[4])) for row in office}


def by_product(first: date, last: date, *, customer_id: int | None = None) -> list[ProductFigures]:
    """Return what was sold of each product, the most first. Of one customer whole years count, because so it is kept."""
    if customer_id is None:
        table: Any = ProductMonth
        which = _between(table.month, first, last)
    else:
        table = CustomerProductYear
        which = (table.customer_id == customer_id) & table.year.between(first.year, last.year)
    sold, quantity = func.sum(table.sold), func.sum(table.quantity)
    query = select(table.product_id, sold, quantity).where(which).group_by(table.product_id).order_by(sold.desc(), table.product_id)
    return [ProductFigures(*row) for row in db.session.execute(query)]


def by_region(first: date, last: date) -> dict[str, Figures]:
    """Return region → figures of what was sold into it (payments have no region), the most first; '' is where nobody said."""
    table = RegionMonth
    sold = func.sum(table.sold)
    query = select(table.region, sold, func.sum(table.cancelled), func.sum(table.lines)).where(_between(table.month, first, last))
    rows = db.session.execute(query.group_by(table.region).order_by(sold.desc(), table.region))
    return {row[0]: Figures(_yuan(row[1]), _yuan(row[2]), NOTHING, int(row[3])) for row in rows}


def by_customer(year: int) -> Iterator[tuple[int, Decimal]]:
    """Yield (customer id, sold in the year), the most first: for ABC analysis (IN-2)."""
    query = select(CustomerYear.customer_id, CustomerYear.sold).where(CustomerYear.year == year, CustomerYear.lines > 0)
    ordered = query.order_by(CustomerYear.sold.desc(), CustomerYear.customer_id.desc())
    for row in db.session.execute(ordered.execution_options(yield_per=2000)):
        yield row[0], row[1]


def years(customer_id: int | None = None) -> list[int]:
    """Return the years in which anything was sold or paid, the latest first."""
    table = CustomerYear
    anything = or_(table.lines > 0, table.paid != 0)  # lines that were dated anew or made void leave figures of nothing
    if customer_id is not None:
        query = select(table.year).where(table.customer_id == customer_id, anything)
        return list(db.session.scalars(query.order_by(table.year.desc())))
    found, last = [], 10_000
    while (year := db.session.scalar(select(func.max(table.year)).where(table.year < last))) is not None:
        # One look into the index each, instead of at every customer.
        if db.session.scalar(select(table.id).where(table.year == year, anything).limit(1)) is not None:
            found.append(year)
        last = year
    return found


def open_balances(customer_ids: Collection[int]) -> dict[int, Decimal]:
    """Return customer id → what is open today: sold less paid; customers without sales or payments are left out."""
    found: dict[int, Decimal] = {}
    ids, table = sorted(customer_ids), CustomerYear
    for start in range(0, len(ids), PORTION):
        query = select(table.customer_id, func.sum(table.sold), func.sum(table.paid)).group_by(table.customer_id)
        for row in db.session.execute(query.where(table.customer_id.in_(ids[start : start + PORTION]))):
            found[row[0]] = _yuan(row[1]) - _yuan(row[2])
    return found


def receivables(customer_id: int, on: date) -> Receivables:
    """Return what a customer owes at the end of the day `on`."""
    month = month_of(on)
    booked = db.session.execute(_booked(), {"customer": customer_id, "month": month, "begin": first_day(month), "day": on})
    sold, paid, unassigned = (sum(map(_yuan, column), NOTHING) for column in zip(*booked, strict=True))
    return _overdue(customer_id, on, sold - paid, unassigned)


@cache
def _booked() -> CompoundSelect[Any]:
    """Return the statement for what was sold, what was paid, and what of that without naming a document: rows to be added up.

    The months before as they are kept, and this month until the day; made once, because the card of every customer asks it.
    """
    customer, nothing = bindparam("customer", type_=Integer), literal_column("0", Integer)
    period = (bindparam("begin", type_=Date), bindparam("day", type_=Date))
    months = (func.sum(CustomerMonth.sold), func.sum(CustomerMonth.paid), func.sum(CustomerMonth.unassigned))
    lines = select(func.sum(Sale.amount), nothing, nothing).where(Sale.customer_id == customer, Sale.state == ORDERED)
    settled = select(nothing, func.sum(Sale.amount), nothing).where(Sale.customer_id == customer, Sale.state == ORDERED)
    unnamed = func.sum(case((Payment.document == "", Payment.amount), else_=0))
    payments = select(nothing, func.sum(Payment.amount), unnamed).where(Payment.customer_id == customer, Payment.state == KEPT)
    return union_all(
        select(*months).where(CustomerMonth.customer_id == customer, CustomerMonth.month < bindparam("month")),
        lines.where(Sale.day.between(*period)),
        settled.where(Sale.settled_by == BY_LINE, Sale.settled_on.between(*period)),
        payments.where(Payment.day.between(*period)),
    )


def _overdue(customer_id: int, on: date, balance: Decimal, unassigned: Decimal) -> Receivables:
    late = or_(Sale.settled_on.is_(None), Sale.settled_on > on)
    query = select(Sale.due_on, Sale.document, Sale.amount).where(
        Sale.customer_id == customer_id, Sale.state == ORDERED, Sale.due_on < on, Sale.day <= on, late
    )
    lines = db.session.execute(query.order_by(Sale.due_on)).all()
    documents = sorted({line.document for line in lines if line.document})
    parts: dict[str, Decimal] = {}
    for start in range(0, len(documents), PORTION):
        some = (Payment.document.in_(documents[start : start + PORTION]), Payment.customer_id == customer_id)
        paid = select(Payment.document, func.sum(Payment.amount)).where(*some, Payment.state == KEPT, Payment.day <= on)
        parts.update({row[0]: _yuan(row[1]) for row in db.session.execute(paid.group_by(Payment.document))})
    overdue, oldest = NOTHING, None
    for line in lines:
        rest = line.amount - _take(parts, line.document, line.amount)
        covered = min(rest, max(unassigned, NOTHING)) if rest > 0 else NOTHING
        unassigned -= covered
        rest -= covered
        overdue += rest
        oldest = oldest or (line.due_on if rest > 0 else None)
    overdue = max(NOTHING, min(overdue, balance))
    return Receivables(balance, overdue, oldest if overdue else None)


def _take(parts: dict[str, Decimal], document: str, amount: Decimal) -> Decimal:
    """Return what payments of a document leave for a line of it, at most its amount, and take it from them."""
    taken = min(amount, parts.get(document, NOTHING)) if amount > 0 and document else NOTHING
    if taken:
        parts[document] -= taken
    return taken


class Block(NamedTuple):
    """What a customer's card shows of sales: this year, last year, and what is owed today."""

    year: int
    this: Figures
    last: Figures
    receivables: Receivables


def block(customer_id: int, today: date) -> Block | None:
    """Return what the card shows of sales; None for a customer to whom nothing was sold or paid ever."""
    if not years(customer_id):
        return None
    months = by_month(date(today.year - 1, 1, 1), today, customer_id=customer_id)
    this, last = (sum((one for month, one in months.items() if month // 100 == year), Figures()) for year in (today.year, today.year - 1))
    return Block(today.year, this, last, receivables(customer_id, today))


def recovery(customer_id: int, first: date, last: date) -> Recovery:
    """Return how a customer paid what was due in a period."""
    table = CustomerMonth
    money = [func.sum(one) for one in (table.due, table.settled, table.sold, table.paid)]
    counts = [func.sum(one) for one in (table.due_lines, table.settled_lines, table.days_late)]
    query = select(*money, *counts).where(table.customer_id == customer_id, _between(table.month, first, last))
    due, settled, sold, paid, *whole = db.session.execute(query).one()
    lines = [int(one or 0) for one in whole]
    return Recovery(_yuan(due), _yuan(settled), lines[0], lines[1], lines[2], _yuan(sold), _yuan(paid))
