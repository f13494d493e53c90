"""Reporting periods: months, quarters and half-years of the calendar, and how often a customer owes a report (AR-22)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from portal.rules.message import N_, Message

NONE, MONTH, QUARTER, HALF = "none", "month", "quarter", "half"
CYCLES = {NONE: N_("no report"), MONTH: N_("every month"), QUARTER: N_("every quarter"), HALF: N_("every half-year")}
"""How often a report is owed."""
_MONTHS = {MONTH: 1, QUARTER: 3, HALF: 6}
_LETTERS = {MONTH: "M", QUARTER: "Q", HALF: "H"}
_TITLES = {
    MONTH: (N_("Month %(number)s of %(year)s"),) * 12,
    QUARTER: (N_("Q%(number)s %(year)s"),) * 4,
    HALF: (N_("H1 %(year)s"), N_("H2 %(year)s")),
}
_CODE = re.compile(r"(\d{4})-([MQH])(\d{1,2})")
OFFERED = 3
"""So many past periods of each length are offered beside the one that runs."""


class Period(NamedTuple):
    """A month, quarter or half-year: its length, and its first day."""

    cycle: str
    first: date

    @classmethod
    def of(cls, cycle: str, day: date) -> Period:
        """Return the period of this length in which a day lies."""
        months = _MONTHS[cycle]
        return cls(cycle, date(day.year, (day.month - 1) // months * months + 1, 1))

    @classmethod
    def read(cls, code: str) -> Period | None:
        """Return the period of a code such as 2026-M03, 2026-Q1 or 2026-H1; None for what is no such code."""
        found = _CODE.fullmatch(code)
        if found is None:
            return None
        cycle = next(name for name, letter in _LETTERS.items() if letter == found[2])
        number, months = int(found[3]), _MONTHS[cycle]
        if not 1 <= number <= 12 // months or not int(found[1]):
            return None
        period = cls(cycle, date(int(found[1]), (number - 1) * months + 1, 1))
        return period if period.code == code else None

    @property
    def number(self) -> int:
        """Return its number within the year."""
        return (self.first.month - 1) // _MONTHS[self.cycle] + 1

    @property
    def code(self) -> str:
        """Return how it is stored: 2026-M03, 2026-Q1, 2026-H1."""
        return f"{self.first.year:04d}-{_LETTERS[self.cycle]}{self.number:0{2 if self.cycle == MONTH else 1}d}"

    @property
    def last(self) -> date:
        """Return its last day."""
        month = self.first.month + _MONTHS[self.cycle]
        following = date(self.first.year, month, 1) if month <= 12 else None
        return following - timedelta(days=1) if following else date(self.first.year, 12, 31)

    @property
    def title(self) -> Message:
        """Return what it is called."""
        return Message(_TITLES[self.cycle][self.number - 1], {"number": self.number, "year": self.first.year})

    @property
    def before(self) -> Period:
        """Return the period before this one."""
        return Period.of(self.cycle, self.first - timedelta(days=1))


def last_ended(cycle: str, today: date) -> Period:
    """Return the newest period of this length that has ended before today."""
    return Period.of(cycle, today).before


def offered(today: date) -> list[Period]:
    """Return the periods that a report can be begun for: of each length the one that runs and some before it, the newest first."""
    found = []
    for cycle in _MONTHS:
        period = Period.of(cycle, today)
        for _place in range(OFFERED + 1):
            found.append(period)
            period = period.before
    return found
