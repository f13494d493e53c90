"""Rules of gift campaigns (GF-1, GF-2, GF-4, GF-7): tiers, what a recipient's gifts cost, and what a campaign may not be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from portal.rules.gift_goods import cash_like
from portal.rules.message import N_, Message, Refusal
from portal.rules.money import figures

PROSPECTIVE, VIP, KEY = "prospective", "vip", "key"
TIERS = {PROSPECTIVE: N_("Prospective customers"), VIP: N_("VIP customers"), KEY: N_("Key customers")}
"""Tiers of a campaign in their order (GF-1)."""
LETTERS = {PROSPECTIVE: "P", VIP: "V", KEY: "K"}
"""How the numbers of lists say their tier."""
KEEP, WIN = "keep", "win"
PURPOSES = {KEEP: N_("Keep the old"), WIN: N_("Win the new")}

LONGEST_LINE = 200
LONGEST_TEXT = 2000
MOST_PIECES = 99
"""So many pieces of a gift one recipient is given at most: more is a slip of the keyboard."""


class Piece(NamedTuple):
    """A gift of a tier: which, how many each recipient is given, and its price when it was chosen."""

    gift_id: int
    quantity: int
    unit_price: Decimal


def amount_of(pieces: Iterable[Piece]) -> Decimal:
    """Return what the gifts of one recipient cost, in yuan (GF-7)."""
    return sum((one.unit_price * one.quantity for one in pieces), Decimal(0))


def problems_of_days(first_on: date | None, last_on: date | None, years: Collection[int]) -> Iterator[Refusal]:
    """Yield what is wrong with the days of a campaign, unless they follow each other within one calendar year, with the field (GF-1).

    `years` are those in which it may lie: this one and the next, and the one in which it lies already.
    """
    if first_on is None:
        yield Refusal("Say from when the campaign is.", field="first_on")
    elif first_on.year not in years:
        yield Refusal("A campaign is of this year or the next.", field="first_on")
    if last_on is None or (first_on is not None and last_on < first_on):
        yield Refusal("Say until when the campaign is; not before it begins.", field="last_on")
    elif first_on is not None and first_on.year != last_on.year:
        yield Refusal("A campaign lies within one calendar year, because what a customer is given is counted by the year.", field="last_on")


def tier_problems(
    code: str, amount: Decimal, number: int, pieces: Sequence[Piece], most_amount: Decimal, most_number: int
) -> Iterator[Refusal]:
    """Yield where a tier goes beyond the site's standards, with the field: `most_amount` and `most_number` are theirs (GF-1)."""
    tier = Message(TIERS[code])
    if amount <= 0:
        yield Refusal("Say how much a customer of this tier is given at most.", field=f"{code}-amount")
    elif amount > most_amount:
        title = N_("%(tier)s: at most %(most)s yuan for a customer by the site's standard; %(asked)s are more.")
        yield Refusal(title, field=f"{code}-amount", tier=tier, most=figures(most_amount), asked=figures(amount))
    if number < 1:
        yield Refusal("Say how many customers of this tier are given something at most.", field=f"{code}-number")
    elif number > most_number:
        text = N_("%(tier)s: at most %(most)s customers by the site's standard; %(asked)s are more.")
        yield Refusal(text, field=f"{code}-number", tier=tier, most=most_number, asked=number)
    each = amount_of(pieces)
    if each > amount > 0:
        text = N_("%(tier)s: the gifts of one customer cost %(each)s yuan; the tier's highest amount is %(most)s.")
        yield Refusal(text, field=f"{code}-gift", tier=tier, each=figures(each), most=figures(amount))


def ensure_not_cash(*texts: str, field: str) -> None:
    """Raise `Refusal` where a text names cash or what is like cash (GF-2)."""
    for text in texts:
        word = cash_like(text)
        if word is not None:
            raise Refusal("Cash and what is like cash is never given: “%(word)s”.", field=field, word=word)


def near(day: date, days: int) -> tuple[date, date]:
    """Return the first and last day within which another gift to the same customer seems split off this one (`days` is the standard)."""
    first, last = max(day.toordinal() - days, date.min.toordinal()), min(day.toordinal() + days, date.max.toordinal())
    return date.fromordinal(first), date.fromordinal(last)
