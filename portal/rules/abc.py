"""ABC (Pareto) analysis: who stands at the head of what was sold, by the cumulative share (IN-2).

Items stand in the order of their amounts, the largest first, and their shares of the total are added up. An item is in class A where the
sum *including itself* is within the first threshold, in B where it is within the second, else in C: what crosses a threshold belongs to
the lower class. So a published exercise of 16 items puts its fourth item, which leads from 72.6 % to 81.8 %, into B at 80 %, and its
tenth, which leads from 94.4 % to 96.3 %, into C at 95 %. Two rules beside it: equal amounts are one step and share a class, so that no
order among equals decides; and the first step is always A, also where it alone is more than the threshold.

Amounts are whole numbers or `Decimal`, and nothing is rounded on the way. What has no sales, or less than none because more came back than
was sold, is no part of the total and stands apart.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from portal.rules.message import N_, Refusal

CLASSES = ("A", "B", "C")
NOTHING = Decimal("0.00")
_TENTH = Decimal("0.1")
APART = ""
"""Stands for an item without a class."""
NO_SALES, RETURNED = "no-sales", "returned"
REASONS = {NO_SALES: N_("nothing was sold"), RETURNED: N_("more came back than was sold")}
START = "80/95"
_PAIR = re.compile(r"(\d{1,2})/(\d{1,2})")


class Thresholds(NamedTuple):
    """The cumulative shares, in whole per cent, up to which items are A and B."""

    first: int
    second: int

    def __str__(self) -> str:
        """Return 80/95."""
        return f"{self.first}/{self.second}"

    def class_of(self, percent: int) -> str:
        """Return the class of a step that ends within `percent`; '' for 0, which means that it has none."""
        if percent == 0:
            return APART
        return "A" if percent <= self.first else "B" if percent <= self.second else "C"


def thresholds(text: object) -> Thresholds:
    """Return the thresholds that a text such as 80/95 says. Raises `Refusal`."""
    found = _PAIR.fullmatch(text.replace(" ", "")) if isinstance(text, str) else None
    if found is None:
        raise Refusal("Give two whole percentages such as 80/95.", field="thresholds")
    first, second = int(found[1]), int(found[2])
    if not 1 <= first < second <= 99:
        raise Refusal("The threshold of A must lie below that of B, both between 1 and 99 %%.", field="thresholds")
    return Thresholds(first, second)


class Step(NamedTuple):
    """An end of the curve: all items of at least `least` together."""

    percent: int
    """The smallest whole threshold that they are within; 1 for the first step of all."""
    least: Any
    number: int
    cumulative: Any


class Part(NamedTuple):
    """One class: how many items, what they come to, and from which amount up an item is in it (None where it has none)."""

    name: str
    number: int
    amount: Any
    least: Any


@dataclass(frozen=True)
class Curve:
    """The curve of cumulative shares: at most one step for each whole per cent, which is all that any thresholds need."""

    total: Any
    count: int
    steps: tuple[Step, ...]
    without: int = 0
    """Items without sales."""
    returned: int = 0
    """Items of which more came back than was sold."""
    returned_amount: Any = 0

    def percent_of(self, amount: Any) -> int:
        """Return the smallest whole threshold that an item of this amount is within; 0 where it is not on the curve."""
        if amount is None or amount <= 0 or not self.steps:
            return 0
        return self._percents[bisect_left(self._from, -amount)]

    @cached_property
    def _from(self) -> list[Any]:
        return [-step.least for step in self.steps]

    @cached_property
    def _percents(self) -> list[int]:
        return [*(step.percent for step in self.steps), self.steps[-1].percent]

    def parts(self, limits: Thresholds) -> list[Part]:
        """Return the classes A, B and C; those of no item are empty."""
        ends = [self._end(limits.first), self._end(limits.second), self.steps[-1] if self.steps else None]
        found, count, amount = [], 0, 0 * self.total
        for name, end in zip(CLASSES, ends, strict=True):
            if end is None or end.number <= count:
                found.append(Part(name, 0, 0 * self.total, None))
                continue
            found.append(Part(name, end.number - count, end.cumulative - amount, end.least))
            count, amount = end.number, end.cumulative
        return found

    def _end(self, percent: int) -> Step | None:
        within = [step for step in self.steps if step.percent <= percent]
        return within[-1] if within else None

    def plain(self) -> dict[str, Any]:
        """Return the curve as plain data, amounts as text."""
        steps = [[step.percent, str(step.least), step.number, str(step.cumulative)] for step in self.steps]
        return {
            "total": str(self.total), "count": self.count, "steps": steps, "without": self.without, "returned": self.returned,
            "returned_amount": str(self.returned_amount),
        }  # fmt: skip

    @classmethod
    def of_plain(cls, data: dict[str, Any]) -> Curve:
        """Return the curve that plain data says, amounts as `Decimal`."""
        steps = tuple(Step(int(one[0]), Decimal(one[1]), int(one[2]), Decimal(one[3])) for one in data["steps"])
        counts = {name: int(data[name]) for name in ("count", "without", "returned")}
        return cls(total=Decimal(data["total"]), steps=steps, returned_amount=Decimal(data["returned_amount"]), **counts)


def curve(amounts: Iterable[Any], total: Any = None) -> Curve:
    """Return the curve of some amounts, in any order; where `total`, the sum of those above 0, is given they come the largest first.

    With the total a million amounts pass through without being held.
    """
    if total is None:
        amounts = sorted(amounts, reverse=True)
        total = sum((amount for amount in amounts if amount > 0), Decimal(0))
    steps: list[Step] = []
    count, cumulative, without, returned, back = 0, 0 * total, 0, 0, 0 * total
    for amount, equals in groupby(amounts):
        number = sum(1 for _one in equals)
        if amount <= 0:
            if amount == 0:
                without += number
            else:
                returned, back = returned + number, back + amount * number
            continue
        count, cumulative = count + number, cumulative + amount * number
        percent = 1 if not steps else percent_of(cumulative, total)
        step = Step(percent, amount, count, cumulative)
        if steps and steps[-1].percent == percent:
            steps.pop()
        steps.append(step)
    return Curve(total, count, tuple(steps), without, returned, back)


def percent_of(part: Any, total: Any) -> int:
    """Return the smallest whole percentage that a part of a total is within, worked out exactly."""
    whole, rest = divmod(100 * part, total)
    return int(whole) + (1 if rest else 0)


def reason(amount: Any) -> str:
    """Return why an amount stands apart, a key of `REASONS`; '' where it does not."""
    return "" if amount > 0 else RETURNED if amount < 0 else NO_SALES


def moves(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return (percent this year, percent last year) → how many items, from the two percentages of each."""
    found: dict[tuple[int, int], int] = {}
    for pair in pairs:
        found[pair] = found.get(pair, 0) + 1
    return found


def classes_moved(counted: dict[tuple[int, int], int], limits: Thresholds) -> dict[tuple[str, str], int]:
    """Return (class this year, class last year) → how many items; '' is no class."""
    found: dict[tuple[str, str], int] = {}
    for (now, before), number in counted.items():
        place = limits.class_of(now), limits.class_of(before)
        found[place] = found.get(place, 0) + number
    return found


def share(part: Any, total: Any) -> Decimal | None:
    """Return a part of a total in per cent with one decimal; None where there is no total."""
    return None if not total or total < 0 else (Decimal(part) * 100 / Decimal(total)).quantize(_TENTH, ROUND_HALF_UP)


def change(now: Any, before: Any) -> Decimal | None:
    """Return by how many per cent something is more than before, with one decimal; None where there was nothing to compare with."""
    return None if not before or before < 0 else ((Decimal(now) - Decimal(before)) * 100 / Decimal(before)).quantize(_TENTH, ROUND_HALF_UP)
