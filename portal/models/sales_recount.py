"""Counting the totals of sales anew (RL-8): after a merge, by command, and once a day to see whether they still say what the lines say.

What is kept is compared with what the lines give, a portion of customers at a time and without a lock; only what differs is counted again
under the lock, and told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, extract, func, literal_column, select

from portal.database import db, release
from portal.models.merge import settles
from portal.models.payment import Payment
from portal.models.sale import Sale
from portal.models.sales_book import (
    KEYS,
    QUIET,
    CustomerMonth,
    CustomerProductYear,
    CustomerYear,
    Ledger,
    ProductMonth,
    RegionMonth,
    figures_of,
    lock,
    move,
)
from portal.rules.sales import BY_LINE, BY_PAYMENTS, CANCELLED, KEPT, ORDERED, days_late, month_of

PORTION = 500
Counted = dict[tuple[Any, ...], dict[str, Any]]


class Difference(NamedTuple):
    """A total that said something else than the lines."""

    table: str
    key: tuple[Any, ...]
    figure: str
    kept: Decimal | int
    counted: Decimal | int

    def __str__(self) -> str:
        """Return it as the command prints it."""
        return f"{self.table} {', '.join(map(str, self.key))}: {self.figure} was {self.kept}, the lines give {self.counted}"


def _month(day: Any) -> Any:
    # No parameters: PostgreSQL would not know the expression again in GROUP BY.
    return extract("year", day) * literal_column("100") + extract("month", day)


def _add(found: Counted, key: tuple[Any, ...], **figures: Any) -> None:
    row = found.setdefault(key, {})
    for name, value in figures.items():
        row[name] = row.get(name, 0) + (value or 0)


def _sales(query: Select[Any], *keys: Any) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Yield (key, figures) of what was sold and cancelled, grouped by `keys`."""
    grouped = query.add_columns(*keys, Sale.state, func.sum(Sale.amount), func.sum(Sale.quantity), func.count())
    for *key, state, amount, quantity, lines in db.session.execute(grouped.group_by(*keys, Sale.state)):
        figures = {"sold": amount, "quantity": quantity} if state == ORDERED else {"cancelled": amount}
        yield tuple(int(one) if not isinstance(one, str) else one for one in key), {**figures, "lines": lines}


def count_customers(which: Any) -> dict[type[Any], Counted]:
    """Return what the lines and payments of some customers give; `which(column of customer ids)` is the condition that chooses them."""
    months: Counted = {}
    products: Counted = {}
    mine = select().where(which(Sale.customer_id), Sale.state.in_((ORDERED, CANCELLED)))
    for key, figures in _sales(mine, Sale.customer_id, _month(Sale.day)):
        figures.pop("quantity", None)
        _add(months, key, **figures)
    ordered = select().where(which(Sale.customer_id), Sale.state == ORDERED)
    late = ordered.where(Sale.due_on.is_not(None)).add_columns(
        Sale.customer_id, Sale.due_on, Sale.settled_on, func.sum(Sale.amount), func.count()
    )
    for customer, due_on, settled_on, amount, lines in db.session.execute(late.group_by(Sale.customer_id, Sale.due_on, Sale.settled_on)):
        _add(months, (customer, month_of(due_on)), due=amount, due_lines=lines)
        if settled_on is not None:
            days = days_late(due_on, settled_on) * lines
            _add(months, (customer, month_of(due_on)), settled=amount, settled_lines=lines, days_late=days)
    itself = ordered.where(Sale.settled_by == BY_LINE, Sale.settled_on.is_not(None)).add_columns(
        Sale.customer_id, _month(Sale.settled_on), func.sum(Sale.amount)
    )
    for customer, month, amount in db.session.execute(itself.group_by(Sale.customer_id, _month(Sale.settled_on))):
        _add(months, (customer, int(month)), paid=amount)
    unnamed = func.length(Payment.document) == literal_column("0")
    paid = select(Payment.customer_id, _month(Payment.day), unnamed, func.sum(Payment.amount)).where(
        which(Payment.customer_id), Payment.state == KEPT
    )
    for customer, month, without, amount in db.session.execute(paid.group_by(Payment.customer_id, _month(Payment.day), unnamed)):
        _add(months, (customer, int(month)), paid=amount, unassigned=amount if without else 0)
    for key, figures in _sales(ordered.where(Sale.product_id.is_not(None)), Sale.customer_id, Sale.product_id, extract("year", Sale.day)):
        _add(products, key, sold=figures["sold"], quantity=figures["quantity"])
    years: Counted = {}
    for (customer, month), figures in months.items():
        yearly = {name: value for name, value in figures.items() if name in figures_of(CustomerYear)}
        if yearly:
            _add(years, (customer, month // 100), **yearly)
    return {CustomerMonth: months, CustomerYear: years, CustomerProductYear: products}


def _count_column(model: type[Any], column: Any, value: Any) -> Counted:
    """Return what the lines of one product or region give, by month."""
    found: Counted = {}
    lines = select().where(column == value, Sale.state.in_((ORDERED, CANCELLED)))
    for key, figures in _sales(lines, column, _month(Sale.day)):
        _add(found, key, **{name: amount for name, amount in figures.items() if name in figures_of(model)})
    return found


def _kept(model: type[Any], condition: Any) -> Counted:
    keys, names = KEYS[model], figures_of(model)
    rows = db.session.execute(select(*(model.__table__.c[name] for name in (*keys, *names))).where(condition))
    return {tuple(row[: len(keys)]): dict(zip(names, row[len(keys) :], strict=True)) for row in rows}


def _differences(model: type[Any], kept: Counted, counted: Counted) -> list[Difference]:
    found = []
    for key in sorted({*kept, *counted}):
        for name in figures_of(model):
            here, there = kept.get(key, {}).get(name) or 0, counted.get(key, {}).get(name) or 0
            if here != there:
                found.append(Difference(model.__tablename__, key, name, here, there))
    return found


def _put_right(differences: Collection[Difference]) -> None:
    """Move the totals by what they differ. The caller holds the lock."""
    moves: dict[tuple[str, tuple[Any, ...]], dict[str, Any]] = {}
    for one in differences:
        moves.setdefault((one.table, one.key), {})[one.figure] = one.counted - one.kept
    move(moves)


def _compare_customers(which: Any) -> list[Difference]:
    counted = count_customers(which)
    return [one for model, figures in counted.items() for one in _differences(model, _kept(model, which(model.customer_id)), figures)]


def recount_customers(ids: Collection[int]) -> list[Difference]:
    """Settle and count some customers anew, put their totals right, and return what differed. The caller commits."""
    if not ids:
        return []
    lock()

    def which(column: Any) -> Any:
        return column.in_(ids)

    found = _compare_customers(which)
    _put_right(found)
    return found


@settles
def totals_after_merge(ids: list[int]) -> None:
    """Lines and payments went from one record to the other: documents are settled anew, and both are counted."""
    concerned = (select(model.id).where(model.customer_id.in_(ids)).limit(1) for model in (Sale, Payment, CustomerMonth))
    if all(db.session.scalar(query) is None for query in concerned):
        return
    ledger = Ledger()
    documents = select(Payment.customer_id, Payment.document).where(Payment.customer_id.in_(ids), Payment.document != "")
    for customer, document in db.session.execute(documents.distinct()):
        ledger.settle(customer, document)
    settled = select(Sale.customer_id, Sale.document).where(Sale.customer_id.in_(ids), Sale.settled_by == BY_PAYMENTS)
    for customer, document in db.session.execute(settled.distinct()):
        ledger.settle(customer, document)
    ledger.close()
    recount_customers(ids)
    for model in (CustomerMonth, CustomerYear, CustomerProductYear):
        empty = [model.__table__.c[name] == 0 for name in figures_of(model)]
        db.session.execute(delete(model).where(model.customer_id.in_(ids), *empty), execution_options=QUIET)


def recount() -> Iterator[list[Difference]]:
    """Compare all totals with the lines, a portion at a time; put right what differs, and yield what differed.

    The caller commits after each portion.
    Nothing is locked while lines are counted: what seems to differ is counted once more under the lock.
    """
    last, most = 0, max((db.session.scalar(select(func.max(model.customer_id))) or 0) for model in (Sale, Payment, CustomerYear))
    while last < most:
        first, last = last + 1, last + PORTION

        def which(column: Any, first: int = first, last: int = last) -> Any:
            return column.between(first, last)

        seem = _compare_customers(which)
        release()
        yield _certain(seem, lambda seem=seem: recount_customers({one.key[0] for one in seem}))
    for model, column in ((ProductMonth, Sale.product_id), (RegionMonth, Sale.region)):
        name = KEYS[model][0]
        values = {*db.session.scalars(select(getattr(model, name)).distinct()), *_distinct(column)}
        for value in sorted(values):
            own = getattr(model, name) == value
            seem = _differences(model, _kept(model, own), _count_column(model, column, value))
            release()
            yield _certain(seem, lambda model=model, column=column, value=value, own=own: _again(model, column, value, own))


def recount_regions() -> None:
    """Count the regions anew after lines went past a ledger; regions without lines go. The caller commits."""
    for region in list(db.session.scalars(select(RegionMonth.region).distinct())):
        _again(RegionMonth, Sale.region, region, RegionMonth.region == region)
    db.session.execute(delete(RegionMonth).where(RegionMonth.lines == 0), execution_options=QUIET)


def _again(model: type[Any], column: Any, value: Any, own: Any) -> list[Difference]:
    lock()
    found = _differences(model, _kept(model, own), _count_column(model, column, value))
    _put_right(found)
    return found


def _certain(seem: list[Difference], put_right: Any) -> list[Difference]:
    found: list[Difference] = put_right() if seem else []
    return found


def _distinct(column: Any) -> Iterator[Any]:
    """Yield the values of an indexed column, a look into the index each."""
    value = db.session.scalar(select(func.min(column)))
    while value is not None:
        yield value
        value = db.session.scalar(select(func.min(column)).where(column > value))


__all__ = ["Difference", "count_customers", "recount", "recount_customers"]
