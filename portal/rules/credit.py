"""Receivables against the credit limit (RL-5): a warning from 80 %, a red mark over 100 %."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

WARN_FROM, FULL = 80, 100
"""Per cent of the limit (RL-5)."""


class Use(NamedTuple):
    """How much of a limit is used."""

    open: Decimal
    """What is owed, in yuan."""
    limit: Decimal
    percent: Decimal
    """With one decimal, rounded down, so that no figure says 80 or 100 before it is reached."""
    near: bool
    """From 80 % to 100 %."""
    over: bool
    """Over 100 %."""


def use_of(open_amount: Decimal, limit: Decimal | None) -> Use | None:
    """Return how much of `limit` is used by what is open, both in yuan; None where there is no limit to use.

    What a customer has paid ahead uses nothing.
    """
    if not limit or limit <= 0:
        return None
    owed = max(open_amount, Decimal(0))
    percent = (owed * 100 / limit).quantize(Decimal("0.1"), rounding=ROUND_DOWN)
    over = owed > limit
    return Use(owed, limit, percent, not over and owed * 100 >= limit * WARN_FROM, over)
