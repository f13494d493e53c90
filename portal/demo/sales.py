"""Sales and payments of the demonstration office: some two years of months with their seasons, paid as customers pay."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from portal import clock
from portal.models.callback_due import bought
from portal.models.customer import Customer
from portal.models.customer_code import CustomerCode
from portal.models.payment import Payment
from portal.models.product import Product
from portal.models.sale import Sale
from portal.models.sales_book import Ledger
from portal.models.staff import Staff

PRODUCTS = (
    ("BJ-101", "精密轴承 6205", "传动件", "38.50"),
    ("BJ-102", "直线导轨 HG20", "传动件", "420.00"),
    ("BJ-201", "伺服电机 750W", "电气", "1680.00"),
    ("BJ-202", "变频器 2.2kW", "电气", "1120.00"),
    ("BJ-301", "不锈钢紧固件 M8（百套）", "紧固件", "96.00"),
    ("BJ-302", "工业密封圈（套）", "紧固件", "54.80"),
)
MONTHS = 24
SEASON = (6, 4, 8, 9, 10, 9, 8, 8, 11, 12, 13, 10)
"""How strong each month of the year is."""


def fill(customers: Sequence[Customer], manager: Staff, rng: random.Random, today: date) -> int:
    """Enter sales and payments of the last `MONTHS` months for these customers, and return how many lines."""
    products = [Product.add({"code": code, "name": name, "category": kind}, by=manager) for code, name, kind, _price in PRODUCTS]
    prices = [Decimal(price) for *_rest, price in PRODUCTS]
    ledger, entered = Ledger(), []
    for place, customer in enumerate(customers):
        by = customer.owner or manager
        CustomerCode.add(customer, f"K{place + 1001}", "ERP", by=by)
        late = place % 4 * 9
        for back in range(MONTHS, 0, -1):
            day = today - timedelta(days=back * 30 + rng.randrange(0, 12))
            if rng.randrange(14) > SEASON[day.month - 1] // (1 + place % 2):
                continue
            document = f"XS{day:%y%m%d}-{place + 1001}"
            due, total = day + timedelta(days=30), Decimal(0)
            for line in range(1, 2 + rng.randrange(2)):
                which = rng.randrange(len(products))
                values = {
                    "day": day, "document": document, "line": line, "product_id": products[which].id, "price": prices[which],
                    "quantity": Decimal(rng.randrange(2, 60)), "due_on": due, "state": "cancelled" if rng.randrange(40) == 0 else "ordered",
                }  # fmt: skip
                sale = Sale.enter(customer, values, by=by, source="demo", ledger=ledger)
                total += sale.amount if sale.state == "ordered" else 0
                entered.append(sale.id)
            paid_on = due + timedelta(days=rng.randrange(-6, 6) + late)
            if total and paid_on <= today:
                values = {"day": paid_on, "number": f"SK-{document}", "document": document, "amount": total}
                Payment.enter(customer, values, by=by, source="demo", ledger=ledger)
    ledger.close()
    bought(entered, clock.today())
    return len(entered)
