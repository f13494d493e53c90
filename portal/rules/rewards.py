"""What an adopted proposal is rewarded with: grade by value, and the amounts that fit a grade (PP-6).

An adopted proposal always has a grade and is rewarded with an amount of that grade's range. What lies below the lowest range fits no grade:
there is no reward of so little, and an adopted proposal without a reward is not what PP-6 knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.rules.message import N_, Refusal
from portal.rules.proposals import ADOPTED, DECLINED, KEPT, STATES

A, B, C = "A", "B", "C"
GRADES = (C, B, A)
"""From the lowest up."""
START_BANDS: list[dict[str, Any]] = [
    {"code": C, "from": 500, "to": 2000},
    {"code": B, "from": 2000, "to": 3000},
    {"code": A, "from": 3000, "to": None},
]
"""Grades and their amounts in yuan: the lower bound belongs to a grade, the upper one to the next (PP-6)."""
OUTCOMES = {code: STATES[code] for code in (ADOPTED, KEPT, DECLINED)}
"""Codes, words and tones of decisions (PP-5)."""
MOST = Decimal(1_000_000)
"""The highest reward that can be entered, in yuan: above it is a slip of the hand."""

Bands = Sequence[Mapping[str, Any]]


def grade_of(amount: Decimal, bands: Bands) -> str:
    """Return the grade that an amount in yuan falls into; empty for one below all of them (PP-6)."""
    for band in bands:
        if _bound(band["from"]) <= amount and (band["to"] is None or amount < _bound(band["to"])):
            return str(band["code"])
    return ""


def check_reward(grade: str, amount: Decimal | None, bands: Bands) -> None:
    """Raise `Refusal` with the field (`grade`, `amount`) unless an adopted proposal can be rewarded so (PP-6)."""
    band = next((one for one in bands if one["code"] == grade), None)
    if band is None:
        raise Refusal("Choose the grade of the reward.", field="grade")
    if amount is None or amount <= 0:
        raise Refusal("Enter the reward in yuan.", field="amount")
    if amount > MOST:
        raise Refusal("The reward is at most %(most)s yuan.", field="amount", most=f"{MOST:,}")
    if grade_of(amount, bands) == grade:
        return
    figures = {"grade": grade, "amount": f"{amount:,.2f}", "low": _shown(band["from"]), "high": _shown(band["to"])}
    if band["to"] is None:
        text = N_("%(amount)s yuan does not fit grade %(grade)s, which begins at %(low)s yuan.")
    else:
        text = N_("%(amount)s yuan does not fit grade %(grade)s: from %(low)s to below %(high)s yuan.")
    raise Refusal(text, field="amount", **figures)


def _bound(bound: float) -> Decimal:
    """Return a bound exactly as it was typed, never as a binary fraction."""
    return Decimal(str(bound))


def _shown(bound: float | None) -> str:
    return "" if bound is None else f"{_bound(bound):,f}"
