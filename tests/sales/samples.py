"""Sales and payments for tests, the short way; and what the totals must be, summed from the lines themselves."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy import select

from portal.database import db
from portal.models.customer import Customer
from portal.models.payment import Payment
from portal.models.product import Product
from portal.models.sale import Sale
from portal.models.sales_book import KEYS, figures_of
from portal.models.staff import Staff
from tests import factories

_serial = count(1)


def person(account: str = "rep1") -> Staff:
    found = Staff.by_account(account)
    assert found is not None
    return found


def product(**values: Any) -> Product:
    number = next(_serial)
    made = Product.add({"code": f"P-{number}", "name": f"产品{number}", "category": "整车", **values}, by=person("mgr1"))
    db.session.commit()
    return made


def sale(customer: Customer | None = None, **values: Any) -> Sale:
    customer = customer or factories.customer("rep1")
    made = Sale.enter(customer, {"day": date(2026, 1, 15), "amount": Decimal("100.00"), **values}, by=person())
    db.session.commit()
    return made


def payment(customer: Customer | None = None, **values: Any) -> Payment:
    customer = customer or factories.customer("rep1")
    made = Payment.enter(customer, {"day": date(2026, 2, 1), "amount": Decimal("40.00"), **values}, by=person())
    db.session.commit()
    return made


def expected() -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Return what the totals must say, worked out line by line and in another way than the portal's."""
    found: dict[str, Any] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for one in db.session.scalars(select(Sale)):
        if one.state not in ("ordered", "cancelled"):
            continue
        month, name = one.day.year * 100 + one.day.month, "sold" if one.state == "ordered" else "cancelled"
        places = [("customer_month", (one.customer_id, month)), ("customer_year", (one.customer_id, one.day.year))]
        places.append(("region_month", (one.region, month)))
        if one.product_id:
            places.append(("product_month", (one.product_id, month)))
        for table, key in places:
            found[table][key][name] += one.amount
            found[table][key]["lines"] += 1
        if name == "cancelled":
            continue
        if one.product_id:
            found["product_month"][one.product_id, month]["quantity"] += one.quantity or 0
            found["customer_product_year"][one.customer_id, one.product_id, one.day.year]["sold"] += one.amount
            found["customer_product_year"][one.customer_id, one.product_id, one.day.year]["quantity"] += one.quantity or 0
        if one.due_on:
            row = found["customer_month"][one.customer_id, one.due_on.year * 100 + one.due_on.month]
            row["due"] += one.amount
            row["due_lines"] += 1
            if one.settled_on:
                row["settled"] += one.amount
                row["settled_lines"] += 1
                row["days_late"] += max(0, (one.settled_on - one.due_on).days)
        if one.settled_by == "line":
            found["customer_month"][one.customer_id, one.settled_on.year * 100 + one.settled_on.month]["paid"] += one.amount
            found["customer_year"][one.customer_id, one.settled_on.year]["paid"] += one.amount
    for paid in db.session.scalars(select(Payment).where(Payment.state == "kept")):
        row = found["customer_month"][paid.customer_id, paid.day.year * 100 + paid.day.month]
        row["paid"] += paid.amount
        row["unassigned"] += 0 if paid.document else paid.amount
        found["customer_year"][paid.customer_id, paid.day.year]["paid"] += paid.amount
    return {table: _filled({key: dict(row) for key, row in rows.items()}) for table, rows in found.items()}


def kept() -> dict[str, dict[tuple[Any, ...], dict[str, Any]]]:
    """Return what the totals say; rows and figures of nothing are left out."""
    db.session.expire_all()
    found = {}
    for model, keys in KEYS.items():
        rows = {
            tuple(getattr(row, key) for key in keys): {name: getattr(row, name) for name in figures_of(model)}
            for row in db.session.scalars(select(model))
        }
        found[model.__tablename__] = _filled(rows)
    return {table: rows for table, rows in found.items() if rows}


def _filled(rows: dict[tuple[Any, ...], dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    filled = {key: {name: value for name, value in row.items() if value} for key, row in rows.items()}
    return {key: row for key, row in filled.items() if row}


def assert_totals_hold() -> None:
    assert kept() == {table: rows for table, rows in expected().items() if rows}
