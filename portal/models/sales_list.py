"""Lists of sales, of payments, and of customers by month (RL-8): filters, pages by keyset, figures of any length at once.

A page begins behind the last row shown. Whoever does not see everything gets what they see among the first `DEPTH` rows of the order; only
where that does not fill a page are the rows found from their customers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import case, exists, func, literal, or_, select, tuple_
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.paging import CAP, PAGE_SIZE, Count, cut, walk
from portal.models.payment import HIDDEN, Payment
from portal.models.product import Product
from portal.models.sale import IMPORTING, Sale
from portal.models.sales_book import CustomerMonth, CustomerYear, RegionMonth
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.sales import CANCELLED, KEPT, ORDERED, VOID, first_day, key_range, next_month

DEPTH = 5000
AT_A_TIME = 1000
SALES, PAYMENTS = "sales", "payments"
MODELS: dict[str, Any] = {SALES: Sale, PAYMENTS: Payment}
NO_REGION = "-"
"""Stands in an address for lines of no region."""


@dataclass(frozen=True)
class SalesQuery(ListQuery):
    """What a reader asks of the lists; its address says the same."""

    FILTERS = {
        "document": N_("Document number"),
        "customer": N_("Customer"),
        "product": N_("Product"),
        "region": N_("Region"),
        "since": N_("From the month"),
        "till": N_("Until the month"),
        "state": N_("State"),
    }
    OF_PAYMENTS = ("document", "customer", "since", "till", "state")
    NUMBERS = ("customer", "product")
    LONGEST = 60
    kind: str = SALES

    @classmethod
    def of(cls, kind: str, args: Mapping[str, str]) -> SalesQuery:
        """Return the query of the address of one of the lists. What is unknown or empty is left out."""
        states = (ORDERED, CANCELLED, VOID) if kind == SALES else (KEPT, VOID)
        found = {name: text for name, text in cls.filters_of(args).items() if kind == SALES or name in cls.OF_PAYMENTS}
        wrong: set[str] = {name for name in ("since", "till") if name in found and not _is_month(found[name])}
        if found.get("state", VOID) not in states:
            wrong.add("state")
        if "document" in found:
            found["document"] = found["document"].upper()
        return cls({name: text for name, text in found.items() if name not in wrong}, kind)

    @property
    def model(self) -> Any:
        """Return the table that is asked."""
        return MODELS[self.kind]


class Page(NamedTuple):
    """A page of a list, with the cursors of the pages around it."""

    rows: list[Any]
    next: str
    previous: str


class MonthRow(NamedTuple):
    """A customer of the list by months: what was sold in each month and in the year, and what was paid in the year."""

    customer_id: int
    number: str
    full_name: str
    months: dict[int, Decimal]
    sold: Decimal
    paid: Decimal


def _is_month(text: str) -> bool:
    """Return whether it is a month such as 2026-03 that has a next one: the calendar ends with 9999."""
    try:
        return text[4:5] == "-" and len(text) == 7 and date.fromisoformat(text + "-01").year < MAXYEAR
    except ValueError:
        return False


def _number(month: str) -> int:
    return int(month[:4]) * 100 + int(month[5:])


def _conditions(query: SalesQuery) -> list[Any]:
    model, filters = query.model, query.filters
    found: list[Any] = []
    if "since" in filters:
        found.append(model.day >= first_day(_number(filters["since"])))
    if "till" in filters:
        found.append(model.day < first_day(next_month(_number(filters["till"]))))
    if "state" in filters:
        found.append(model.state == filters["state"])
        if query.kind == SALES and filters["state"] != ORDERED:
            found.append(sql("sale.state <> 'ordered'"))  # as the index of the few says it
    else:
        hidden = tuple(IMPORTING) if query.kind == SALES else (HIDDEN,)
        found.append(model.state.not_in((*hidden, VOID)))
    if "customer" in filters:
        found.append(model.customer_id == int(filters["customer"]))
    if "product" in filters:
        found.append(Sale.product_id == int(filters["product"]))
    if "region" in filters:
        found.append(Sale.region == ("" if filters["region"] == NO_REGION else filters["region"]))
    if "document" in filters and query.kind == SALES:
        first, behind = key_range(filters["document"])
        found += [Sale.key >= first, Sale.key < behind, Sale.document == filters["document"]]
    elif "document" in filters:
        found.append((Payment.document == filters["document"]) & (Payment.document != ""))
    return found


def _cursor(query: SalesQuery, text: str) -> tuple[date, int] | None:
    day, _, number = text.partition("_")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        return None


def page(user: Staff, query: SalesQuery, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind `after`, or before `before`, of the rows on customers that `user` may see, the latest first (RO-1)."""
    start, backwards = _cursor(query, before or after), bool(before)
    found = _rows(user, query, start, not backwards, size + 1)
    return Page(*cut(found, size, lambda row: f"{row.day.isoformat()}_{row.id}", inside=start is not None, backwards=backwards))


def _rows(user: Staff, query: SalesQuery, start: tuple[date, int] | None, down: bool, size: int) -> list[Any]:
    model = query.model
    conditions, place = _conditions(query), tuple_(model.day, model.id)
    if start is not None:
        bounds = tuple_(literal(start[0], model.day.type), literal(start[1]))
        conditions.append(place < bounds if down else place > bounds)
    order = [model.day.desc(), model.id.desc()] if down else [model.day, model.id]
    ids = _ids(user, query, conditions, order, size)
    shown = select(model).where(model.id.in_(ids)).order_by(*order)
    shown = shown.options(joinedload(model.customer, innerjoin=True).load_only(Customer.number, Customer.full_name, Customer.state))
    if query.kind == SALES:
        shown = shown.options(joinedload(Sale.product).load_only(Product.code, Product.name))
    return list(db.session.scalars(shown)) if ids else []


def _ids(user: Staff, query: SalesQuery, conditions: list[Any], order: list[Any], size: int) -> list[int]:
    """Return the ids of the first rows that somebody sees: read from an index, so that rows are only looked at when they are shown."""
    model = query.model
    mine = exists().where(Customer.id == model.customer_id, customer_scope(user))
    if user.is_manager or "customer" in query.filters:
        scoped = [] if user.is_manager else [mine]
        return list(db.session.scalars(select(model.id).where(*conditions, *scoped).order_by(*order).limit(size)))
    first = select(model.id, model.customer_id).where(*conditions).order_by(*order).limit(DEPTH).subquery()
    seen = exists().where(Customer.id == first.c.customer_id, customer_scope(user))
    rows = db.session.execute(select(first.c.id, case((seen, 1), else_=0))).all()
    found = [row[0] for row in rows if row[1]][:size]
    if len(found) == size or len(rows) < DEPTH:
        return found
    theirs = select(Customer.id).where(customer_scope(user))
    return list(db.session.scalars(select(model.id).where(model.customer_id.in_(theirs), *conditions).order_by(*order).limit(size)))


def count(user: Staff, query: SalesQuery) -> Count:
    """Return how many rows a query finds, counted to `CAP`, and among the first `DEPTH` where something must be looked at."""
    model = query.model
    order = [model.day.desc(), model.id.desc()]
    some = select(model.customer_id).where(*_conditions(query)).order_by(*order)
    if user.is_manager:
        number = db.session.scalar(select(func.count()).select_from(some.limit(CAP + 1).subquery())) or 0
        return Count(min(number, CAP), number > CAP)
    first = some.limit(DEPTH).subquery()
    seen = case((exists().where(Customer.id == first.c.customer_id, customer_scope(user)), 1), else_=0)
    looked, number = db.session.execute(select(func.count(), func.coalesce(func.sum(seen), 0)).select_from(first)).one()
    return Count(min(number, CAP), looked == DEPTH or number > CAP)


def rows(user: Staff, query: SalesQuery, *, most: int | None = None) -> Iterator[Any]:
    """Return every row of a query in the order of the list, a portion at a time: for exports and prints."""
    return walk(lambda after: page(user, query, after=after, size=AT_A_TIME), most)


def regions() -> list[str]:
    """Return the regions of sales, a look into the index each."""
    found, value = [], db.session.scalar(select(func.min(RegionMonth.region)))
    while value is not None:
        found.append(value)
        value = db.session.scalar(select(func.min(RegionMonth.region)).where(RegionMonth.region > value))
    return found


# --- customers by month ------------------------------------------------------------------------------------------------------


def months_page(user: Staff, year: int, *, after: str = "", size: int = PAGE_SIZE) -> tuple[list[MonthRow], str]:
    """Return the customers of a year that `user` sees, the most sold first, from behind the cursor `after`, and the next cursor."""
    table = CustomerYear
    # Lines that were made void or dated anew leave figures of nothing.
    query = select(table.sold, table.customer_id, table.paid).where(table.year == year, or_(table.lines > 0, table.paid != 0))
    if not user.is_manager:
        query = query.where(exists().where(Customer.id == table.customer_id, customer_scope(user)))
    sold, _, customer = after.partition("_")
    if customer.isdecimal() and sold.lstrip("-").isdecimal():
        bounds = tuple_(literal(Decimal(sold).scaleb(-2), table.sold.type), literal(int(customer)))
        query = query.where(tuple_(table.sold, table.customer_id) < bounds)
    found = db.session.execute(query.order_by(table.sold.desc(), table.customer_id.desc()).limit(size + 1)).all()
    more, found = len(found) > size, found[:size]
    ids = [row.customer_id for row in found]
    names = {
        row.id: row for row in db.session.execute(select(Customer.id, Customer.number, Customer.full_name).where(Customer.id.in_(ids)))
    }
    months: dict[int, dict[int, Decimal]] = {}
    inside = CustomerMonth.month.between(year * 100 + 1, year * 100 + 12)
    kept = select(CustomerMonth.customer_id, CustomerMonth.month, CustomerMonth.sold).where(CustomerMonth.customer_id.in_(ids), inside)
    for row in db.session.execute(kept):
        months.setdefault(row.customer_id, {})[row.month % 100] = row.sold
    lines = [
        MonthRow(
            row.customer_id, names[row.customer_id].number, names[row.customer_id].full_name, months.get(row.customer_id, {}), row.sold,
            row.paid,
        )
        for row in found
    ]  # fmt: skip
    return lines, f"{int(found[-1].sold * 100)}_{found[-1].customer_id}" if more else ""


def month_sums(user: Staff, year: int) -> dict[int, Decimal]:
    """Return month (1 to 12) → sold, of all customers that `user` sees; 0 is the year."""
    if user.is_manager:
        table: Any = RegionMonth
        query = select(table.month, func.sum(table.sold))
    else:
        table = CustomerMonth
        query = select(table.month, func.sum(table.sold)).where(table.customer_id.in_(select(Customer.id).where(customer_scope(user))))
    query = query.where(table.month.between(year * 100 + 1, year * 100 + 12)).group_by(table.month)
    found = {row[0] % 100: Decimal(row[1]) for row in db.session.execute(query)}
    return {**found, 0: sum(found.values(), Decimal(0))}
