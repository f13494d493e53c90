"""What the bench's office has of the goods that it gives: kinds, suppliers, orders, and each movement of the stock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from bench.data import TEAMS
from bench.gift_data import CAMPAIGN_TABLES, GOODS, given, moment, pieces, price
from bench.relation_data import Office, Rows
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_order import GiftOrder, GiftOrderLine
from portal.models.gift_stock import GiftMovement

SUPPLIERS, LOT = 20, 200
"""Suppliers; pieces of a line of an order."""
GONE_OUT = ("out", "received", "returned")


def _suppliers(_office: Office) -> Iterator[dict[str, Any]]:
    for number in range(1, SUPPLIERS + 1):
        yield {"id": number, "name": f"礼品供应商{number}", "contact": "李经理", "telephone": "0755-20000001"}


def _goods(office: Office) -> Iterator[dict[str, Any]]:
    stock = Counter[int]()
    for row in _movements(office):
        stock[row["gift_id"]] += row["change"]
    for number in range(1, GOODS + 1):
        yield {
            "id": number, "name": f"定制礼品{number}号", "kind": ("customised", "souvenir")[number % 2],
            "specification": "印公司标志，礼盒装", "unit": "件", "unit_price": price(number),
            "supplier_id": number % SUPPLIERS + 1, "in_stock": stock[number],
            "active": number % 9 > 0, "created_by_id": 11,
        }  # fmt: skip


class _Line(NamedTuple):
    """A line of an order, the order having the same number."""

    number: int
    gift: int
    quantity: int
    received: int
    state: str
    day: date


@lru_cache(maxsize=2)
def _ordered(office: Office) -> list[_Line]:
    """Return what was ordered: enough of each gift for what went out, and for every second one something that is still to come."""
    wanted, found = Counter[int](), list[_Line]()
    for one in given(office):
        if one.delivery in GONE_OUT:
            for gift, number in pieces(one.tier):
                wanted[gift] += number
    for gift in range(1, GOODS + 1):
        for _turn in range(wanted[gift] // LOT + (gift % 7 > 0)):
            found.append(_Line(0, gift, LOT, LOT, "done", date.min))
    found.sort(key=lambda one: one.gift * 7919 % 997)
    found = [one._replace(day=office.today - timedelta(days=1500 - 1450 * place // len(found))) for place, one in enumerate(found)]
    states = (("open", 0), ("open", 50), ("closed", 80), ("cancelled", 0))
    for gift in range(1, GOODS + 1, 2):
        state, received = states[gift // 2 % 4]
        found.append(_Line(0, gift, LOT, received, state, office.today - timedelta(days=gift % 40)))
    return [one._replace(number=number) for number, one in enumerate(found, 1)]


def _orders(office: Office) -> Iterator[dict[str, Any]]:
    for one in _ordered(office):
        yield {
            "id": one.number, "supplier_id": one.gift % SUPPLIERS + 1, "state": one.state, "ordered_on": one.day,
            "expected_on": one.day + timedelta(days=20), "ordered_by_id": 11 * (one.number % TEAMS + 1), "created_at": moment(one.day),
            "ended_at": None if one.state == "open" else office.now,
        }  # fmt: skip


def _order_lines(office: Office) -> Iterator[dict[str, Any]]:
    for one in _ordered(office):
        yield {
            "id": one.number, "order_id": one.number, "gift_id": one.gift, "quantity": one.quantity, "unit_price": price(one.gift),
            "received": one.received,
        }  # fmt: skip


def _movements(office: Office) -> Iterator[dict[str, Any]]:
    """Yield every movement of the stock with the balance behind it: all that came, then what went out and came back."""
    balance = Counter[int]()

    def moved(gift: int, kind: str, change: int, day: date, line: int | None = None, delivery: int | None = None) -> dict[str, Any]:
        balance[gift] += change
        return {
            "gift_id": gift, "kind": kind, "change": change, "balance": balance[gift], "moved_on": day, "order_line_id": line,
            "delivery_id": delivery, "by_id": 11, "created_at": moment(day),
        }  # fmt: skip

    for line in _ordered(office):
        if line.received:
            yield moved(line.gift, "received", line.received, line.day, line=line.number)
    missing = Counter[int]()
    for one in given(office):
        for gift, number in pieces(one.tier) if one.delivery in GONE_OUT else ():
            missing[gift] += number
    for gift, number in sorted(missing.items()):
        if number > balance[gift]:  # the goods that were there before the books
            yield moved(gift, "counted", number - balance[gift], office.today - timedelta(days=1500))
    for one in given(office):
        for gift, number in pieces(one.tier) if one.delivery in GONE_OUT else ():
            yield moved(gift, "issued", -number, one.day, delivery=one.number)
            if one.delivery == "returned":
                yield moved(gift, "returned", number, one.day, delivery=one.number)


GIFT_TABLES: dict[Any, Rows] = {
    GiftSupplier: _suppliers, Gift: _goods, **CAMPAIGN_TABLES, GiftOrder: _orders, GiftOrderLine: _order_lines, GiftMovement: _movements,
}  # fmt: skip
"""All tables of gifts and what yields their rows, in the order in which they can be written."""
