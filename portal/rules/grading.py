"""Grading 客户质量等级评定 (RL-1 to RL-4): scores, weights, grades, and the days of the yearly campaign.

Every figure is exact: weights and scores have one decimal at most, so that a total has four at most and is printed as it is. Who has the
sheet and the standards in force reckons it again by hand: total = sum of weight × score, in hundredths.

An indicator is `{"code", "zh", "en", "weight": "30", "source": "data" | "judgement", "bands": [["1000000", "100"], …, ["", "20"]]}`.
A band says from which figure on which score is given, from the highest figure down; the last one, without a figure, holds for all below.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, NamedTuple

from portal.rules.message import N_, Message, Refusal

GRADES = ("A", "B", "C")
"""From the best down (RL-2). Each has its approval chain."""
NO_GRADE = len(GRADES)
"""The rank of who has no grade: behind every grade."""
DATA, JUDGEMENT = "data", "judgement"
SOURCES = {DATA: N_("data"), JUDGEMENT: N_("judgement")}
"""Where a score comes from."""
SALES = "sales"
FIGURES = {
    SALES: N_("Sales in the period (yuan)"),
    "price_level": N_("Prices paid against the average of the same products, in per cent"),
    "recovery": N_("Paid of what was sold, in per cent"),
    "complaints": N_("Complaints and breaches on file"),
}
"""The indicators for which the portal has figures, and what is counted."""
HUNDRED = Decimal(100)
MOST_INDICATORS = 10
MOST_BANDS = 12

_SCORE = re.compile(r"[0-9]{1,3}(\.[0-9])?")
_FIGURE = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")


def _named(code: str, zh: str, en: str, weight: str, *bands: tuple[str, str]) -> dict[str, Any]:
    source = DATA if bands else JUDGEMENT
    return {"code": code, "zh": zh, "en": en, "weight": weight, "source": source, "bands": [list(one) for one in bands]}


START_INDICATORS = [
    _named(
        "sales", "年销售额", "Annual sales", "30",
        ("1000000", "100"), ("500000", "90"), ("200000", "80"), ("100000", "70"), ("50000", "60"), ("10000", "40"), ("", "20"),
    ),
    _named("price_level", "售价水平", "Selling price level", "10", ("105", "100"), ("100", "90"), ("98", "80"), ("95", "60"), ("", "40")),
    _named("recovery", "货款回收", "Payment recovery", "20", ("100", "100"), ("95", "90"), ("90", "80"), ("80", "60"), ("", "30")),
    _named("cooperation", "合作与诚信", "Cooperation and good faith", "15"),
    _named("potential", "发展潜力", "Development potential", "10"),
    _named("competitiveness", "竞争能力", "Competitiveness", "5"),
    _named("complaints", "投诉与违约", "Complaints and breaches", "10", ("5", "0"), ("3", "40"), ("2", "60"), ("1", "80"), ("", "100")),
]  # fmt: skip
START_THRESHOLDS = [{"code": "C", "from": 0, "to": 60}, {"code": "B", "from": 60, "to": 80}, {"code": "A", "from": 80, "to": 100}]


class Band(NamedTuple):
    """A span of figures with one score: from `low` (None: no lower end) up to, but without, `high` (None: no upper end)."""

    low: Decimal | None
    high: Decimal | None
    score: Decimal

    @property
    def words(self) -> Message:
        """Return the span in words."""
        if self.low is None and self.high is None:
            return Message(N_("any figure"))
        if self.low is None:
            return Message(N_("below %(high)s"), {"high": shown(self.high)})
        if self.high is None:
            return Message(N_("%(low)s and more"), {"low": shown(self.low)})
        return Message(N_("%(low)s to below %(high)s"), {"low": shown(self.low), "high": shown(self.high)})


@dataclass(frozen=True)
class Indicator:
    """One indicator as it is reckoned with."""

    code: str
    zh: str
    en: str
    weight: Decimal
    source: str
    bands: tuple[Band, ...]

    def band(self, figure: Decimal) -> Band:
        """Return the band in which a figure lies; of an indicator with bands there is always one."""
        return next(one for one in self.bands if one.low is None or figure >= one.low)

    def points(self, score: Decimal) -> Decimal:
        """Return what a score adds to the total: weight × score, in hundredths; exact."""
        return self.weight * score / HUNDRED


# --- what the site may set -----------------------------------------------------------------------------------------------


def check_indicators(entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse weights that do not add up to 100 %, and bands that are out of order or leave figures without a score (RL-1, ST-3)."""
    if not entries:
        raise Refusal("Weights need at least one indicator.")
    if len(entries) > MOST_INDICATORS:
        raise Refusal("At most %(most)s indicators.", most=MOST_INDICATORS)
    total = Decimal(0)
    for entry in entries:
        code = entry["code"]
        if not _is_score(entry["weight"]):
            raise Refusal("The weight of %(code)s must lie between 0 and 100 %%, with one decimal at most.", code=code)
        total += Decimal(entry["weight"])
        if entry["source"] not in SOURCES:
            raise Refusal("%(value)s is not a complete entry of this list.", value=code)
        if entry["source"] == DATA:
            if code not in FIGURES:
                raise Refusal("The portal has no data for %(code)s: it is scored by judgement.", code=code)
            _check_bands(code, entry["bands"])
        elif entry["bands"]:
            raise Refusal("%(code)s is scored by judgement and has no bands.", code=code)
    if total != HUNDRED:
        raise Refusal("The weights add up to %(total)s %%, not to 100 %%.", total=shown(total))


def _check_bands(code: str, bands: Any) -> None:
    if not isinstance(bands, list) or not bands:
        raise Refusal("%(code)s needs bands: from which figure on which score is given.", code=code)
    if len(bands) > MOST_BANDS:
        raise Refusal("At most %(most)s bands an indicator.", most=MOST_BANDS)
    before: Decimal | None = None
    scores = []
    for place, band in enumerate(bands, start=1):
        if not isinstance(band, list) or len(band) != 2 or not all(isinstance(one, str) for one in band):
            raise Refusal("%(value)s is not a complete entry of this list.", value=code)
        low, score = band
        if not _is_score(score):
            raise Refusal("Band %(place)s of %(code)s: a score lies between 0 and 100, with one decimal at most.", place=place, code=code)
        scores.append(Decimal(score))
        if place == len(bands):
            if low:
                raise Refusal("The last band of %(code)s holds for all below: leave its figure empty.", code=code)
            break
        if not _FIGURE.fullmatch(low):
            raise Refusal("Band %(place)s of %(code)s needs a figure from which on it holds.", place=place, code=code)
        figure = Decimal(low)
        if before is not None and figure >= before:
            raise Refusal("Band %(place)s of %(code)s does not lie below the one before it.", place=place, code=code)
        before = figure
    steps = [after - first for first, after in pairwise(scores)]
    if not (all(step < 0 for step in steps) or all(step > 0 for step in steps)):
        raise Refusal("The scores of %(code)s must fall, or rise, from band to band.", code=code)


def _is_score(text: Any) -> bool:
    return isinstance(text, str) and _SCORE.fullmatch(text) is not None and Decimal(text) <= HUNDRED


# --- reckoning ------------------------------------------------------------------------------------------------------------


def indicators(value: Sequence[Mapping[str, Any]]) -> tuple[Indicator, ...]:
    """Return a checked value of the standard `grading.indicators` as it is reckoned with."""
    return tuple(Indicator(one["code"], one["zh"], one["en"], Decimal(one["weight"]), one["source"], _bands(one["bands"])) for one in value)


def _bands(bands: Sequence[Sequence[str]]) -> tuple[Band, ...]:
    found: list[Band] = []
    for low, score in bands:
        found.append(Band(Decimal(low) if low else None, found[-1].low if found else None, Decimal(score)))
    return tuple(found)


def total(of: Sequence[Indicator], scores: Mapping[str, Decimal]) -> Decimal:
    """Return the sum of weight × score of all indicators, 0 to 100, exact (RL-1). Raises KeyError where a score is missing."""
    return sum((one.points(scores[one.code]) for one in of), Decimal(0))


def grade_of(points: Decimal, thresholds: Sequence[Mapping[str, Any]]) -> str:
    """Return the grade of a total by the checked thresholds (RL-2): the lower bound belongs to a grade; the best has the maximum too."""
    found = str(thresholds[0]["code"])
    for one in thresholds:
        if points >= Decimal(str(one["from"])):
            found = str(one["code"])
    return found


def read_score(text: str, field: str) -> Decimal:
    """Return the score that was typed. Raises `Refusal` with the field unless it is 0 to 100 with one decimal at most (RL-1)."""
    if not _is_score(text):
        raise Refusal("A score lies between 0 and 100, with one decimal at most.", field=field)
    return Decimal(text)


def grade_rank(grade: str) -> int:
    """Return the place of a grade in every queue of requests and complaints: 0 for A, which comes first, `NO_GRADE` for none (RL-6)."""
    return GRADES.index(grade) if grade in GRADES else NO_GRADE


def move_of(before: str, grade: str) -> int:
    """Return 1 for a better grade than before, -1 for a worse one, 0 for the same or where there was none."""
    if before not in GRADES or grade not in GRADES:
        return 0
    places = GRADES.index(before) - GRADES.index(grade)
    return (places > 0) - (places < 0)


class Step(NamedTuple):
    """How much one indicator adds to the total more, or less, than last time."""

    code: str
    before: Decimal
    after: Decimal
    points: Decimal


def steps_between(
    before_of: Sequence[Indicator], before: Mapping[str, Decimal], after_of: Sequence[Indicator], after: Mapping[str, Decimal]
) -> list[Step]:
    """Return why a total is another than last time: the indicators whose points changed, the greatest change first (RL-3).

    Weights may have changed too; an indicator that one of them lacks counts nothing there.
    """
    old = {one.code: one.points(before[one.code]) for one in before_of if one.code in before}
    new = {one.code: one.points(after[one.code]) for one in after_of if one.code in after}
    nothing = Decimal(0)
    found = [
        Step(code, before.get(code, nothing), after.get(code, nothing), new.get(code, nothing) - old.get(code, nothing))
        for code in dict.fromkeys([*new, *old])
    ]
    return sorted((one for one in found if one.points), key=lambda one: (-abs(one.points), one.code))


def shown(value: Decimal | None) -> str:
    """Return a figure as it is printed: without zeros at its end, with separators: 1,000,000 or 82.35; '' for none."""
    if value is None:
        return ""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def plain(value: Decimal) -> str:
    """Return a figure as it is stored: without separators and without zeros at its end."""
    return shown(value).replace(",", "")


# --- days ------------------------------------------------------------------------------------------------------------------


def window(year: int, first_day: str, days: int) -> tuple[date, date]:
    """Return first and last day of a year's campaign (RL-3): so many days from the day MM-DD on."""
    month, day = (int(part) for part in first_day.split("-"))
    first = date(year, month, min(day, monthrange(year, month)[1]))
    return first, first + timedelta(days=days - 1)


def valid_until(graded_on: date, year: int | None, first_day: str, days: int) -> date:
    """Return until when a grade holds (RL-2): the last day of the next yearly grading.

    `year` is that of the campaign by which it was given, however late that was decided; None between two campaigns.
    """
    if year is None:
        year = graded_on.year if graded_on >= window(graded_on.year, first_day, days)[0] else graded_on.year - 1
    while window(year + 1, first_day, days)[1] < graded_on:
        year += 1
    return window(year + 1, first_day, days)[1]


def year_before(year: int) -> tuple[date, date]:
    """Return the period whose figures a yearly grading judges: the calendar year before."""
    return date(year - 1, 1, 1), date(year - 1, 12, 31)


def twelve_months_before(day: date) -> tuple[date, date]:
    """Return the twelve whole months before a day: what a grading between two campaigns judges."""
    first = day.replace(day=1)
    return first.replace(year=first.year - 1), first - timedelta(days=1)


def months_after(day: date, months: int) -> date:
    """Return the day so many months later, or the last day of that month (RL-4); with less than nothing, earlier."""
    place = day.year * 12 + day.month - 1 + months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
