"""Sales, payments and customers by month as tables that go out to files (RL-8, AR-41)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from portal import clock
from portal.models import sales_list
from portal.models.paging import Count
from portal.models.payment import STATES as PAYMENT_STATES
from portal.models.sale import STATES
from portal.models.sales_list import PAYMENTS, SALES, MonthRow, SalesQuery
from portal.models.staff import Staff
from portal.rules.message import N_

MONTHS = "months"
TITLES = {SALES: N_("Sales"), PAYMENTS: N_("Payments"), MONTHS: N_("Sales by month")}
PREFIX = "book:"
"""What an export of them is called: `book:sales`."""


@dataclass(frozen=True)
class MonthsQuery:
    """A year of the list by months; its address says the same."""

    year: int
    kind: str = MONTHS

    @classmethod
    def read(cls, args: Mapping[str, str]) -> MonthsQuery:
        """Return the query of an address; this year where it names none."""
        year = str(args.get("year", ""))
        return cls(int(year) if year.isdecimal() and len(year) == 4 else clock.today().year)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {"year": str(self.year)}


BookQuery = SalesQuery | MonthsQuery


def read(kind: str, args: Mapping[str, str]) -> BookQuery:
    """Return the query of a kind that the arguments of an address say."""
    return MonthsQuery.read(args) if kind == MONTHS else SalesQuery.of(kind, args)


def query_of(what: str, args: Mapping[str, str]) -> BookQuery | None:
    """Return the query of an export called `what`, None where it is none of these."""
    kind = what.removeprefix(PREFIX)
    return read(kind, args) if what.startswith(PREFIX) and kind in TITLES else None


def count(user: Staff, query: BookQuery) -> Count:
    """Return how many rows the file would have, counted up to a cap."""
    if isinstance(query, SalesQuery):
        return sales_list.count(user, query)
    found = sum(1 for _row in month_rows(user, query, most=sales_list.CAP + 1))
    return Count(min(found, sales_list.CAP), found > sales_list.CAP)


def heads(query: BookQuery) -> list[str]:
    """Return the heads in the reader's language; files with those of sales and payments can be imported again."""
    if isinstance(query, MonthsQuery):
        months = [f"{query.year}-{month:02}" for month in range(1, 13)]
        return [gettext("Customer number"), gettext("Customer name"), *months, gettext("Year"), gettext("Paid")]
    shared = [gettext("Customer number"), gettext("Customer name"), gettext("Date")]
    if query.kind == PAYMENTS:
        return [*shared, gettext("Payment number"), gettext("Amount"), gettext("Pays the document"), gettext("State")]
    return [
        *shared, gettext("Document number"), gettext("Line"), gettext("Product code"), gettext("Product name"), gettext("Quantity"),
        gettext("Unit price"), gettext("Amount"), gettext("Region"), gettext("State"), gettext("Payment due on"), gettext("Settled on"),
        gettext("Disputed"),
    ]  # fmt: skip


def rows(user: Staff, query: BookQuery) -> Iterator[list[Any]]:
    """Yield what `user` sees of a query as cells: dates and amounts as such, states in words."""
    if isinstance(query, MonthsQuery):
        for row in month_rows(user, query):
            yield [row.number, row.full_name, *(row.months.get(month) for month in range(1, 13)), row.sold, row.paid]
        return
    for one in sales_list.rows(user, query):
        shared = [one.customer.number, one.customer.full_name, one.day]
        if query.kind == PAYMENTS:
            yield [*shared, one.number, one.amount, one.document, gettext(PAYMENT_STATES[one.state])]
            continue
        product = (one.product.code, one.product.name) if one.product else ("", "")
        figures = [one.quantity, one.price, one.amount]
        tail = [one.region, gettext(STATES[one.state]), one.due_on, one.settled_on, gettext("yes") if one.disputed else gettext("no")]
        yield [*shared, one.document, one.line, *product, *figures, *tail]


def month_rows(user: Staff, query: MonthsQuery, *, most: int | None = None) -> Iterator[MonthRow]:
    """Yield the customers of a year with their months, the most sold first."""
    after, given = "", 0
    while True:
        part, after = sales_list.months_page(user, query.year, after=after, size=sales_list.AT_A_TIME)
        for row in part:
            yield row
            given += 1
            if given == most:
                return
        if not after:
            return
