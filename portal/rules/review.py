"""When the half-yearly reviews 半年核对 are, and until when (AR-21): in February and in August."""

from __future__ import annotations

import re
from datetime import date, timedelta

from portal.rules.message import N_, Message
from portal.rules.working_time import Calendar

MONTHS = {"H1": 2, "H2": 8}
"""The month of each half's review."""
_HALF = re.compile(r"(\d{4})-(H[12])")

OPEN, CONFIRMED, CORRECTED, GONE = "open", "confirmed", "corrected", "gone"
STATES = {
    OPEN: (N_("To be reviewed"), ""),
    CONFIRMED: (N_("Confirmed"), "ok"),
    CORRECTED: (N_("Corrected"), "ok"),
    GONE: (N_("No longer on the register"), ""),
}
"""Words and tones of what becomes of a customer in a review."""
MISSING, DAMAGED, SURPLUS = "missing", "damaged", "surplus"
EXCEPTIONS = {MISSING: N_("Missing"), DAMAGED: N_("Damaged"), SURPLUS: N_("Too much")}
"""What can be wrong with a binder on the shelf."""


def half_year(day: date) -> str:
    """Return the half-year of a day: '2026-H1'."""
    return f"{day.year}-H{1 if day.month <= 6 else 2}"


def month_of(half: str) -> date:
    """Return the first day of the month in which a half-year is reviewed. Raises ValueError for what is no half-year."""
    found = _HALF.fullmatch(half)
    if found is None:
        raise ValueError(f"no half-year: {half}")
    return date(int(found[1]), MONTHS[found[2]], 1)


def title_of(half: str) -> Message:
    """Return what a half-year is called. Raises ValueError for what is no half-year."""
    month = month_of(half)
    return Message(N_("H1 %(year)s") if month.month == MONTHS["H1"] else N_("H2 %(year)s"), {"year": month.year})


def last_of_month(day: date) -> date:
    """Return the last day of the month of `day`."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def due_on(half: str, opened_on: date, calendar: Calendar, *, working: bool = False) -> date:
    """Return the last day of a review: that of its month, or of the month in which it is opened where that is later.

    With `working` it is the last working day of the month, unless that has passed when the review is opened.
    """
    last = last_of_month(max(month_of(half), opened_on))
    if not working:
        return last
    before = last if calendar.is_working_day(last) else calendar.add_working_days(last, -1)
    return before if before >= opened_on and before.month == last.month else last


def opened_by_calendar(today: date, calendar: Calendar) -> str:
    """Return the half-year whose review the calendar opens on `today`: from the first working day of its month on; '' for none."""
    half = half_year(today)
    first = month_of(half)
    if (today.year, today.month) != (first.year, first.month) or today < calendar.add_working_days(first, 0):
        return ""
    return half


def reminded_on(due: date, days: int, calendar: Calendar) -> date:
    """Return the day on which everybody is reminded: so many working days before the last day of the review."""
    return calendar.add_working_days(due, -days)
