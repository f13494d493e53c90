"""Sales and payments: what may stand on a line, what a line adds to the totals, and by what it is known again (RL-8).

A line is plain: customer_id, product_id, region, day, state, amount and quantity (Decimal), due_on, settled_on, settled_by. A payment has
customer_id, day, state, amount, document.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from portal.rules.message import Refusal
from portal.rules.money import CENT

ORDERED, CANCELLED, VOID, KEPT = "ordered", "cancelled", "void", "kept"
BY_LINE, BY_PAYMENTS = "line", "payments"
"""What says that a line is settled: itself (a day in the file), or payments that name its document."""
QUANTITY_PLACES, PRICE_PLACES = 3, 4
MOST_AMOUNT = Decimal(10) ** 11
MOST_QUANTITY = Decimal(10) ** 9
EARLIEST = date(1900, 1, 1)

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[+-]?\.\d+")


class Part(NamedTuple):
    """What a line or a payment adds to one total: its table, its key, and the figures."""

    table: str
    key: tuple[Any, ...]
    figures: dict[str, Any]


def month_of(day: date) -> int:
    """Return the month of a day as a whole number: 202603."""
    return day.year * 100 + day.month


def first_day(month: int) -> date:
    """Return the first day of a month such as 202603."""
    return date(month // 100, month % 100, 1)


def next_month(month: int) -> int:
    """Return the month after one such as 202612."""
    return month + 1 if month % 100 < 12 else month + 89


def months(first: date, last: date) -> list[int]:
    """Return the months that two days and what lies between them touch."""
    found, month = [], month_of(first)
    while month <= month_of(last):
        found.append(month)
        month = next_month(month)
    return found


def parts_of_sale(line: Mapping[str, Any]) -> Iterator[Part]:
    """Yield what a line adds to the totals; nothing where it is void or not shown yet."""
    if line["state"] not in (ORDERED, CANCELLED):
        return
    customer, product, amount, month = line["customer_id"], line["product_id"], line["amount"], month_of(line["day"])
    standing = line["state"] == ORDERED
    said = {"sold": amount, "lines": 1} if standing else {"cancelled": amount, "lines": 1}
    yield Part("customer_month", (customer, month), said)
    yield Part("customer_year", (customer, month // 100), said)
    yield Part("region_month", (line["region"], month), said)
    if product is not None:
        counted = {**said, "quantity": line["quantity"] or Decimal(0)} if standing else said
        yield Part("product_month", (product, month), counted)
        if standing:
            yield Part("customer_product_year", (customer, product, month // 100), {"sold": amount, "quantity": counted["quantity"]})
    if not standing:
        return
    settled = line["settled_on"]
    if line["due_on"] is not None:
        figures: dict[str, Any] = {"due": amount, "due_lines": 1}
        if settled is not None:
            figures |= {"settled": amount, "settled_lines": 1, "days_late": days_late(line["due_on"], settled)}
        yield Part("customer_month", (customer, month_of(line["due_on"])), figures)
    if settled is not None and line["settled_by"] == BY_LINE:
        yield from _paid(customer, settled, {"paid": amount})


def parts_of_payment(payment: Mapping[str, Any]) -> Iterator[Part]:
    """Yield what a payment adds to the totals; nothing where it is void or not shown yet."""
    if payment["state"] == KEPT:
        amount = payment["amount"]
        yield from _paid(
            payment["customer_id"], payment["day"], {"paid": amount, **({} if payment["document"] else {"unassigned": amount})}
        )


def _paid(customer: int, day: date, figures: dict[str, Any]) -> Iterator[Part]:
    yield Part("customer_month", (customer, month_of(day)), figures)
    yield Part("customer_year", (customer, day.year), {"paid": figures["paid"]})


def days_late(due_on: date, settled_on: date) -> int:
    """Return by how many days something was settled late, 0 in time."""
    return max(0, (settled_on - due_on).days)


def key_of_line(source: str, document: str, line: int) -> str:
    """Return by what a line with a document is known again: its document's number, its own, and the system that they come from."""
    return f"{document}/{line}|{source}"


def key_range(document: str) -> tuple[str, str]:
    """Return the bounds, the first one in and the last one out, between which the keys of a document's lines stand."""
    return f"{document}/", f"{document}0"


def key_of_content(source: str, values: tuple[Any, ...], turn: int) -> str:
    """Return by what a line without a document is known again: all that it says, and which of those that say so in its file it is."""
    said = "\x1f".join([source, *("" if value is None else str(value) for value in values), str(turn)])
    return "#" + hashlib.sha256(said.encode()).hexdigest()[:24]


def parse_number(value: Any, places: int, most: Decimal) -> Decimal:
    """Return the number that `value` says, with at most so many decimals, nearer to 0 than `most`. Raises `Refusal`."""
    typed = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed)).replace("−", "-")
    if isinstance(value, bool) or not _NUMBER.fullmatch(plain):
        raise Refusal("%(typed)s is not a number such as 12.5.", typed=typed[:40])
    number = Decimal(plain.replace(",", ""))
    if abs(number) >= most or number != round(number, places):
        raise Refusal(
            "%(typed)s: a number here is below %(limit)s and has at most %(places)s decimals.",
            typed=typed[:40], limit=f"{most:,f}", places=places,
        )  # fmt: skip
    return number


def check_sale(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the values of a line fit to store; an amount that is not given is quantity × price. Raises `Refusal` with the field."""
    checked = dict(values)
    _check_day(checked.get("day"), today)
    if checked.get("amount") is None:
        if checked.get("quantity") is None or checked.get("price") is None:
            raise Refusal("Give the amount, or quantity and price.", field="amount")
        checked["amount"] = (checked["quantity"] * checked["price"]).quantize(CENT, ROUND_HALF_UP)
    _check_amount(checked["amount"])
    due_on, settled_on = checked.get("due_on"), checked.get("settled_on")
    if due_on is not None and due_on < checked["day"]:
        raise Refusal("It cannot be due before its own day.", field="due_on")
    if settled_on is not None and settled_on > today:
        raise Refusal("Enter it as settled when that day has come.", field="settled_on")
    return checked


def check_payment(values: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Return the values of a payment fit to store. Raises `Refusal` with the field."""
    _check_day(values.get("day"), today)
    if values.get("amount") is None:
        raise Refusal("Give the amount.", field="amount")
    _check_amount(values["amount"])
    if values["amount"] == 0:
        raise Refusal("A payment of nothing is none.", field="amount")
    return dict(values)


def _check_day(day: date | None, today: date) -> None:
    if day is None:
        raise Refusal("Give a day such as 2026-03-05.", field="day")
    if day > today:
        raise Refusal("The day lies ahead: enter it when it has come.", field="day")
    if day < EARLIEST:
        raise Refusal("%(day)s: is the year right?", field="day", day=day.isoformat())


def _check_amount(amount: Decimal) -> None:
    if abs(amount) >= MOST_AMOUNT:
        raise Refusal("An amount must be a number below %(limit)s yuan.", field="amount", limit=f"{MOST_AMOUNT:,f}")


def settled_on(amount: Decimal, payments: list[tuple[date, Decimal]]) -> date | None:
    """Return the day on which payments, in the order of their days, had settled a document's amount; None where they have not."""
    paid = Decimal(0)
    for day, part in payments:
        paid += part
        if amount > 0 and paid >= amount:
            return day
    return None
