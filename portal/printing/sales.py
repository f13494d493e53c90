"""Sales, payments and customers by month on paper: the lists as their pages show them (RL-8, PR-5)."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.exchange import sales_table
from portal.exchange.sales_table import MONTHS, MonthsQuery
from portal.models import sales_list
from portal.models.customer import Customer
from portal.models.payment import STATES as PAYMENT_STATES
from portal.models.product import Product
from portal.models.sale import STATES
from portal.models.sales_book import CustomerMonth, CustomerYear
from portal.models.sales_list import MODELS, NO_REGION, PAYMENTS, SALES, SalesQuery
from portal.models.staff import Staff
from portal.printing import catalogue, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.rules.message import N_

_SHEETS = (
    catalogue.Sheet("sales_list", "QMS-PM-31251", N_("Sales"), "sales_list.html", landscape=True),
    catalogue.Sheet("payments_list", "QMS-PM-31252", N_("Payments"), "payments_list.html"),
    catalogue.Sheet("sales_months", "QMS-PM-31253", N_("Sales by month"), "sales_months.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _ids(user: Staff, query: SalesQuery, most: int) -> list[int]:
    return [row.id for row in sales_list.rows(user, query, most=most + 1)]


def _records(kind: str, ids: list[int]) -> list[Any]:
    model = MODELS[kind]
    query = select(model).where(model.id.in_(ids)).options(joinedload(model.customer))
    found = {one.id: one for one in db.session.scalars(query)}
    return [found[number] for number in ids if number in found]


def _sales(records: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "day": one.day.isoformat(),
            "document": f"{one.document}/{one.line}" if one.document else "",
            "customer": one.customer.full_name,
            "product": one.product.name if one.product else "",
            "quantity": f"{one.quantity.normalize():f}" if one.quantity is not None else "",
            "amount": str(one.amount),
            "region": one.region,
            "due_on": one.due_on.isoformat() if one.due_on else "",
            "state": one.state,
        }
        for one in records
    ]


def _payments(records: list[Any]) -> list[dict[str, Any]]:
    return [
        {
            "day": one.day.isoformat(),
            "number": one.number,
            "customer": one.customer.full_name,
            "document": one.document,
            "amount": str(one.amount),
            "state": one.state,
        }
        for one in records
    ]


def _name_states(states: dict[str, str], part: str, document: dict[str, Any], labels: Labels) -> None:
    for row in document[part]:
        row["state"] = labels(states[row["state"]])


def _conditions(states: dict[str, str], user: Staff, query: SalesQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    return semicolon.join(
        f"{labels(SalesQuery.FILTERS[name]).text}{colon}{_value(user, states, name, value, labels)}"
        for name, value in query.filters.items()
    )


def _value(user: Staff, states: dict[str, str], name: str, value: str, labels: Labels) -> str:
    if name in ("customer", "product"):
        return named(user, Customer if name == "customer" else Product, value)
    if name == "state":
        return labels(states[value]).text
    return labels(N_("none")).text if value == NO_REGION else value


for _kind, _rows, _states, _title in (
    (SALES, _sales, STATES, N_("Sales")),
    (PAYMENTS, _payments, PAYMENT_STATES, N_("Payments")),
):
    lists.declare(
        ListSheet(
            f"{_kind}_list",
            _kind,
            _rows,
            {},
            Source(
                read=partial(SalesQuery.of, _kind),
                ids=_ids,
                records=partial(_records, _kind),
                conditions=partial(_conditions, _states),
                page=lambda query: (f"sales.{query.kind}", query.args()),
                place=_title,
                counted=N_("%(count)s rows are on this list."),
                empty=N_("There is nothing on this list."),
                too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
            ),
            amounts=(f"{_kind}.amount",),
            finish=partial(_name_states, _states, _kind),
        )
    )


def _year_ids(user: Staff, query: MonthsQuery, most: int) -> list[int]:
    customers = [row.customer_id for row in sales_table.month_rows(user, query, most=most + 1)]
    found: dict[int, int] = {}
    for start in range(0, len(customers), 400):
        some = (CustomerYear.customer_id.in_(customers[start : start + 400]), CustomerYear.year == query.year)
        found.update({row[0]: row[1] for row in db.session.execute(select(CustomerYear.customer_id, CustomerYear.id).where(*some))})
    return [found[one] for one in customers]


def _years(ids: list[int]) -> list[CustomerYear]:
    found = {one.id: one for one in db.session.scalars(select(CustomerYear).where(CustomerYear.id.in_(ids)))}
    return [found[number] for number in ids if number in found]


def _month_rows(records: list[CustomerYear]) -> list[dict[str, Any]]:
    ids = [one.customer_id for one in records]
    names = {row[0]: row[1] for row in db.session.execute(select(Customer.id, Customer.full_name).where(Customer.id.in_(ids)))}
    months: dict[tuple[int, int], str] = {}
    for row in db.session.execute(
        select(CustomerMonth.customer_id, CustomerMonth.month, CustomerMonth.sold).where(CustomerMonth.customer_id.in_(ids))
    ):
        months[row[0], row[1]] = f"{row[2]:,.0f}" if row[2] else ""
    return [
        {
            "customer": names[one.customer_id],
            **{f"m{month}": months.get((one.customer_id, one.year * 100 + month), "") for month in range(1, 13)},
            "sold": str(one.sold),
        }
        for one in records
    ]


def _heads(document: dict[str, Any], labels: Labels) -> None:
    months = [(month, f"m{month}", "s-w2", "amount") for month in range(1, 13)]
    document["heads"] = [(labels(N_("Customer")), "customer", "", ""), *months, (labels(N_("Year")), "sold", "s-w4", "amount")]


lists.declare(
    ListSheet(
        "sales_months",
        "months",
        _month_rows,
        {},
        Source(
            read=MonthsQuery.read,
            ids=_year_ids,
            records=_years,
            conditions=lambda _user, query, labels: f"{labels(N_('Year')).text} {query.year}",
            page=lambda query: (f"sales.{MONTHS}", query.args()),
            place=N_("Sales by month"),
            counted=N_("%(count)s customers are on this list."),
            empty=N_("There is nobody on this list."),
            too_many=N_("A list of more than %(most)s customers is not printed. Narrow the list, or export it."),
        ),
        amounts=("months.sold",),
        finish=_heads,
    )
)
