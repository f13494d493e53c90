"""Sheets of goods: gifts in stock, an order to a supplier, the orders (GF-3, GF-5, GF-9)."""

from __future__ import annotations

from typing import Any

from portal.models import gift_goods_list as goods_list
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_goods_list import ORDER_STATES, STANDINGS, GiftQuery, OrderQuery
from portal.models.gift_order import CANCELLED, STATES, GiftOrder
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.printing import catalogue, lists
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare
from portal.rules.gift_goods import KINDS
from portal.rules.message import N_, Message

_SHEETS = (
    catalogue.Sheet("gift_stock_list", "QMS-PM-31330", N_("Gifts in stock"), "gift_stock_list.html", landscape=True),
    catalogue.Sheet("gift_order", "QMS-PM-31333", N_("Order of gifts"), "gift_order.html"),
    catalogue.Sheet("gift_order_list", "QMS-PM-31334", N_("Orders of gifts"), "gift_order_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def conditions(user: Staff, query: Any, words: dict[str, Any], labels: Labels) -> str:
    """Return in words which filters are set."""
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = []
    for name, value in query.filters.items():
        text = labels(words[name][value]).text if name in words else value
        if name == "supplier":
            text = named(user, GiftSupplier, value)
        said.append(f"{labels(query.FILTERS[name]).text}{colon}{text}")
    return semicolon.join(said)


# --- gifts in stock ----------------------------------------------------------------


def _gifts(gifts: list[Gift]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name, "kind": one.kind, "specification": one.specification, "unit": one.unit, "price": f"{one.unit_price:.2f}",
            "supplier": one.supplier.name if one.supplier else "", "stock": f"{one.in_stock:,}",
            "standing": "given" if one.active else "not-given",
        }
        for one in gifts
    ]  # fmt: skip


def _finish_gifts(document: dict[str, Any], labels: Labels) -> None:
    for row in document["gifts"]:
        row["kind"] = labels(KINDS[row["kind"]])
        row["standing"] = labels(N_("Given at present") if row["standing"] == "given" else N_("Not given any more"))


lists.declare(
    ListSheet(
        "gift_stock_list",
        "gifts",
        _gifts,
        {},
        Source(
            read=GiftQuery.read,
            ids=goods_list.GIFTS.ids,
            records=goods_list.GIFTS.records,
            conditions=lambda user, query, labels: conditions(user, query, {"kind": KINDS, "standing": STANDINGS}, labels),
            page=lambda query: ("gifts.goods", query.args()),
            place=N_("Gifts in stock"),
            counted=N_("%(count)s kinds of gifts are on this list."),
            empty=N_("There is no gift on this list."),
            too_many=N_("A list of more than %(most)s gifts is not printed. Narrow the list, or export it."),
        ),
        amounts=("gifts.price",),
        finish=_finish_gifts,
    )
)


# --- orders ----------------------------------------------------------------


def _order(order: GiftOrder) -> dict[str, Any]:
    return {
        "order": {
            "number": str(order.id), "supplier": order.supplier.name, "contact": order.supplier.contact,
            "telephone": order.supplier.telephone, "address": order.supplier.address, "ordered_on": order.ordered_on.isoformat(),
            "expected_on": order.expected_on.isoformat(), "by": order.ordered_by.name, "note": order.note, "total": f"{order.total:.2f}",
        },
        "lines": [
            {
                "name": line.gift.name, "specification": line.gift.specification, "unit": line.gift.unit, "quantity": f"{line.quantity:,}",
                "price": f"{line.unit_price:.2f}", "amount": f"{line.quantity * line.unit_price:.2f}", "received": f"{line.received:,}",
                "open": f"{line.open:,}",
            }
            for line in order.lines
        ],
    }  # fmt: skip


declare(
    Printable(
        sheet="gift_order",
        model=GiftOrder,
        content=_order,
        blank={"order": {}, "lines": []},
        label=lambda order: order.label,
        page=lambda order: ("gifts.order", {"order_id": order.id}),
        permission=Permission.SHEET_PRINT,
        boxes=(
            Box(Message(N_("Ordered by")), "made"), Box(Message(Role.MANAGER.label), "review"), Box(Message(N_("Purchasing")), "inform"),
        ),
        amounts=("order.total", "lines.price", "lines.amount"),
        customer_id=lambda order: None,
        state=lambda order: "rejected" if order.state == CANCELLED else "",
        offered=lambda: False,
    )
)  # fmt: skip


def _orders(orders: list[GiftOrder]) -> list[dict[str, Any]]:
    return [
        {
            "number": str(order.id), "supplier": order.supplier.name, "state": "late" if order.is_late else order.state,
            "ordered_on": order.ordered_on.isoformat(), "expected_on": order.expected_on.isoformat(), "gift": line.gift.name,
            "quantity": f"{line.quantity:,}", "received": f"{line.received:,}", "open": f"{line.open:,}",
            "price": f"{line.unit_price:.2f}", "amount": f"{line.quantity * line.unit_price:.2f}", "by": order.ordered_by.name,
        }
        for order in orders
        for line in order.lines
    ]  # fmt: skip


def _finish_orders(document: dict[str, Any], labels: Labels) -> None:
    for row in document["orders"]:
        row["state"] = labels(ORDER_STATES[row["state"]])


lists.declare(
    ListSheet(
        "gift_order_list",
        "orders",
        _orders,
        {},
        Source(
            read=OrderQuery.read,
            ids=goods_list.ORDERS.ids,
            records=goods_list.ORDERS.records,
            conditions=lambda user, query, labels: conditions(user, query, {"state": ORDER_STATES}, labels),
            page=lambda query: ("gifts.orders", query.args()),
            place=N_("Orders of gifts"),
            counted=N_("%(count)s orders of gifts are on this list."),
            empty=N_("There is no order on this list."),
            too_many=N_("A list of more than %(most)s orders is not printed. Narrow the list, or export it."),
        ),
        amounts=("orders.price", "orders.amount"),
        finish=_finish_orders,
    )
)
assert set(STATES) < set(ORDER_STATES)  # noqa: S101 - a state without a word is a mistake of ours
