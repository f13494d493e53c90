"""Hours in which requests are answered and solved (SV-4): by kind, priority and grade, in a table whose first row that fits counts.

A row is `{"kind": "complaint", "priority": "", "grade": "A", "first": 2, "solve": 16}`; an empty word fits everything. The last row fits
every request, so that none is left without deadlines. Hours are those of the site's working calendar.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, NamedTuple

from portal.rules.grading import GRADES
from portal.rules.message import Refusal
from portal.rules.requests import KINDS, PRIORITIES
from portal.rules.working_time import Calendar

COLUMNS = ("kind", "priority", "grade", "first", "solve")
WORDS = {"kind": tuple(KINDS), "priority": tuple(PRIORITIES), "grade": GRADES}
MOST_HOURS = 1000
MOST_ROWS = 120
Span = tuple[datetime, datetime]


def _row(kind: str, priority: str, grade: str, first: float, solve: float) -> dict[str, Any]:
    return {"kind": kind, "priority": priority, "grade": grade, "first": first, "solve": solve}


START = [
    _row("special-event", "", "", 0.5, 8),
    _row("complaint", "urgent", "A", 0.5, 8),
    _row("complaint", "urgent", "", 1, 16),
    _row("complaint", "", "A", 2, 16),
    _row("complaint", "", "", 4, 30),
    _row("repair", "urgent", "", 0.5, 8),
    _row("repair", "", "A", 1, 16),
    _row("repair", "", "", 2, 24),
    _row("inquiry", "urgent", "", 0.5, 4),
    _row("inquiry", "", "A", 1, 8),
    _row("inquiry", "", "", 2, 16),
    _row("suggestion", "", "A", 8, 80),
    _row("", "", "", 8, 120),
]


class Hours(NamedTuple):
    """What is allowed to a request, in hours of working time, and the row (counted from 1) that says so."""

    first: float
    solve: float
    row: int


def hours_for(rows: list[dict[str, Any]], *, kind: str, priority: str, grade: str) -> Hours:
    """Return the hours of the first row that fits. Raises ValueError where none does, which a checked table rules out."""
    case = {"kind": kind, "priority": priority, "grade": grade}
    for number, row in enumerate(rows, start=1):
        if all(row[name] in ("", word) for name, word in case.items()):
            return Hours(row["first"], row["solve"], number)
    raise ValueError(f"no row for {case}")


def check(rows: list[dict[str, Any]]) -> None:
    """Refuse a table with unknown words or hours out of range, a row that never counts, or one that leaves requests out (ST-3)."""
    if len(rows) > MOST_ROWS:
        raise Refusal("At most %(most)s rows.", most=MOST_ROWS)
    for number, row in enumerate(rows, start=1):
        for name, words in WORDS.items():
            if row[name] not in ("", *words):
                raise Refusal("Row %(row)s: %(value)s is not known.", row=number, value=str(row[name])[:60])
        if not all(math.isfinite(row[name]) and 0 < row[name] <= MOST_HOURS for name in ("first", "solve")):
            raise Refusal("Row %(row)s: hours lie above 0, up to %(most)s.", row=number, most=MOST_HOURS)
        if row["first"] > row["solve"]:
            raise Refusal("Row %(row)s: the first answer cannot be due after the solution.", row=number)
        for earlier, before in enumerate(rows[: number - 1], start=1):
            if all(before[name] in ("", row[name]) for name in WORDS):
                raise Refusal("Row %(row)s never counts: row %(earlier)s fits first.", row=number, earlier=earlier)
    if not rows or any(rows[-1][name] for name in WORDS):
        raise Refusal("The last row must fit every request: leave its kind, priority and grade open.")


def due(calendar: Calendar, start: datetime, minutes: int, waits: list[Span]) -> datetime:
    """Return when `minutes` of working time have passed since `start`, spans of waiting for the customer left out (SV-4)."""
    return calendar.add_working_hours(start, minutes / 60, waits)


def minutes_between(calendar: Calendar, start: datetime, end: datetime, waits: list[Span]) -> tuple[int, int]:
    """Return how long something took in minutes: of working time without waiting for the customer, and by the clock without it."""
    worked = calendar.working_time_between(start, end, waits)
    still = sum((max(0.0, (min(until, end) - max(since, start)).total_seconds()) for since, until in waits), 0.0)
    return int(worked.total_seconds() // 60), max(0, int(((end - start).total_seconds() - still) // 60))
