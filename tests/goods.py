"""Gifts, suppliers and orders for tests, made the short way. sup1 orders, mgr1 receives."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from portal import clock
from portal.database import db
from portal.models import gift_stock
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_order import GiftOrder, Wanted
from tests.approving import person

_serial = count(1)


def supplier(**values: Any) -> GiftSupplier:
    """Return a committed supplier."""
    given = {"name": f"礼品公司{next(_serial)}", "contact": "", "telephone": "", "address": "", "note": "", "active": True}
    found = GiftSupplier.add({**given, **values}, by=person("sup1"))
    db.session.commit()
    return found


def gift(stock: int = 0, **values: Any) -> Gift:
    """Return a committed gift, with so many pieces in stock."""
    given = {
        "name": f"紫砂茶具{next(_serial)}", "kind": "customised", "specification": "一壶四杯，杯身刻客户名", "unit": "套",
        "unit_price": Decimal("120.50"), "supplier": None, "active": True,
    }  # fmt: skip
    found = Gift.add({**given, **values}, by=person("sup1"))
    if stock:
        gift_stock.move(found, stock, gift_stock.COUNTED, by=person("sup1"), reason="期初", witness=person("mgr1"))
    db.session.commit()
    return found


def order(pieces: int = 10, of: Gift | None = None, days: int = 10) -> GiftOrder:
    """Return a committed order of one gift by sup1."""
    found = GiftOrder.place(
        supplier(), [Wanted(of or gift(), pieces, Decimal("99.00"))], expected_on=clock.today() + timedelta(days=days), note="",
        by=person("sup1"),
    )  # fmt: skip
    db.session.commit()
    return found
