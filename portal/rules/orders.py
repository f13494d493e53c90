"""Orders and grades (RL-6): when refusing an order needs approval, which order can be treated like one of grade A, what a request says."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from portal.rules.message import N_, Refusal

REFUSAL, A_TREATMENT = "refusal", "a_treatment"
KINDS = {REFUSAL: N_("Refusal of an order"), A_TREATMENT: N_("Order treated like one of grade A")}
MOST_LINES = 8
"""So many lines of goods stand on a request."""
LONGEST_NUMBER, LONGEST_LINE, LONGEST_TEXT = 60, 200, 2000
NO_DATA = {"price_level": "price_note", "recovery": "payment_note"}
"""Figure of the sales → what is said in words where there is none."""


class Goods(NamedTuple):
    """One line of goods ordered."""

    product: str
    """Code and name, as products are called; or as somebody typed it."""
    quantity: str
    amount: Decimal

    def as_data(self) -> dict[str, str]:
        """Return the line as plain JSON."""
        return {"product": self.product, "quantity": self.quantity, "amount": f"{self.amount:.2f}"}

    @classmethod
    def of(cls, data: dict[str, Any]) -> Goods:
        """Return the line that plain JSON says."""
        return cls(data["product"], data["quantity"], Decimal(data["amount"]))


class Wanted(NamedTuple):
    """What somebody entered of a request: the names of the form's fields."""

    order_number: str
    ordered_on: date | None
    goods: tuple[Goods, ...]
    reason: str
    delivery_on: date | None
    price_note: str
    payment_note: str

    @property
    def amount(self) -> Decimal:
        """Return what all lines together come to, in yuan."""
        return sum((one.amount for one in self.goods), Decimal("0.00"))


def needs_approval(kind: str, grade: str) -> bool:
    """Return whether a request goes through a chain: A treatment always, a refusal where the customer is of grade A (RL-6)."""
    return kind == A_TREATMENT or grade == "A"


def problems(kind: str, wanted: Wanted, today: date, without: Collection[str] = ()) -> list[Refusal]:
    """Return what is wrong with a request, each with its field; `without` are the figures of `NO_DATA` that the sales do not give."""
    found: list[Refusal] = []
    if not wanted.order_number:
        found.append(Refusal("Enter the number of the order.", field="order_number"))
    if wanted.ordered_on is None:
        found.append(Refusal("Enter the day of the order.", field="ordered_on"))
    elif wanted.ordered_on > today:
        found.append(Refusal("This day has not come yet.", field="ordered_on"))
    found += _goods_problems(wanted.goods)
    if not wanted.reason:
        text = N_("Say why the order is refused.") if kind == REFUSAL else N_("Say why the order deserves it.")
        found.append(Refusal(text, field="reason"))
    if kind == A_TREATMENT:
        if wanted.delivery_on is None:
            found.append(Refusal("Enter by when the customer wishes delivery.", field="delivery_on"))
        found += [
            Refusal("The sales say nothing of this: say it in words, and where you know it from.", field=field)
            for name, field in NO_DATA.items()
            if name in without and not getattr(wanted, field)
        ]
    if wanted.delivery_on is not None and wanted.ordered_on is not None and wanted.delivery_on < wanted.ordered_on:
        found.append(Refusal("Delivery cannot be wished before the order.", field="delivery_on"))
    return found


def _goods_problems(goods: Sequence[Goods]) -> list[Refusal]:
    if not goods:
        return [Refusal("Enter what was ordered, with its amount.", field="goods-product-0")]
    found = []
    for place, one in enumerate(goods):
        if not one.product:
            found.append(Refusal("Say which product it is.", field=f"goods-product-{place}"))
        if one.amount <= 0:
            found.append(Refusal("Enter the amount of the line in yuan, more than nothing.", field=f"goods-amount-{place}"))
    return found
