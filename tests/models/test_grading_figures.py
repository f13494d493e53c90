"""Figures by which customers are graded, reckoned by hand: sales, price level, recovery, complaints (RL-1, RL-8)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

from portal.database import db
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument
from portal.models.grading_figures import figures
from portal.models.payment import Payment
from portal.models.product import Product
from portal.models.sale import FIELDS, Sale
from portal.rules.grading import FIGURES
from tests import factories
from tests.approving import person

YEAR = (date(2025, 1, 1), date(2025, 12, 31))


@pytest.fixture(autouse=True)
def march() -> Any:
    with time_machine.travel(datetime(2026, 3, 26, 2, tzinfo=UTC), tick=False):
        yield


def sell(customer: Customer, product: Product, quantity: int, price: str, day: date = date(2025, 5, 6), **more: Any) -> None:
    values = {**dict.fromkeys(FIELDS), "day": day, "product_id": product.id, "quantity": Decimal(quantity), "price": Decimal(price), **more}
    Sale.enter(customer, values, by=person("mgr1"))


@pytest.fixture
def office(app: Flask) -> dict[str, Customer]:
    """Two customers who buy the same for different prices, and one who buys nothing."""
    found = {name: factories.customer("rep1") for name in ("dear", "cheap", "idle")}
    pump = Product.add({"code": "P1", "name": "水泵", "category": "", "active": True}, by=person("mgr1"))
    sell(found["dear"], pump, 10, "120.00")
    sell(found["cheap"], pump, 30, "80.00", due_on=date(2025, 6, 6), settled_on=date(2025, 6, 5))
    sell(found["cheap"], pump, 10, "80.00", due_on=date(2025, 7, 6))
    sell(found["cheap"], pump, 99, "80.00", day=date(2024, 5, 6))
    Payment.enter(found["dear"], {"day": date(2025, 8, 1), "number": "", "amount": Decimal("900.00"), "document": ""}, by=person("mgr1"))
    values = {"kind": "complaint", "title": "投诉", "dated_on": date(2025, 3, 5), "on_paper": True}
    ArchiveDocument.file(found["cheap"], values, by=person("rep1"))
    ArchiveDocument.file(found["cheap"], {**values, "dated_on": date(2024, 3, 5)}, by=person("rep1"), again=True)
    db.session.commit()
    return found


def test_figures_are_those_of_the_period(office: dict[str, Customer]) -> None:
    found = figures([one.id for one in office.values()], *YEAR, list(FIGURES))
    # 50 pieces for 4,400.00: 88.00 on average. 120 / 88 = 136.36 %, 80 / 88 = 90.91 %.
    assert found[office["dear"].id] == {"sales": "1200", "price_level": "136.36", "recovery": "75", "complaints": "0"}
    # Of 3,200.00 that were due 2,400.00 are settled.
    assert found[office["cheap"].id] == {"sales": "3200", "price_level": "90.91", "recovery": "75", "complaints": "1"}
    assert found[office["idle"].id] == {"sales": "0", "complaints": "0"}, "what nobody knows is judged"


def test_many_customers_take_no_more_statements_than_few(office: dict[str, Customer]) -> None:
    ids = [one.id for one in office.values()] + [factories.customer("rep2").id for _one in range(40)]
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *values: asked.append(values[2]))
    figures(ids[:1], *YEAR, list(FIGURES))
    few = len(asked)
    figures(ids, *YEAR, list(FIGURES))
    assert len(asked) - few <= few + 1
