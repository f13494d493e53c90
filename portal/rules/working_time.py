"""The site's working days and office hours (SV-4, MB-4, SV-21)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

import chinese_calendar
from chinese_calendar.constants import holidays, workdays

from portal.rules.message import N_

ZONE = ZoneInfo("Asia/Shanghai")

Span = tuple[dt.time, dt.time]
DEFAULT_HOURS: tuple[Span, ...] = ((dt.time(8, 30), dt.time(12, 0)), (dt.time(13, 30), dt.time(17, 30)))

HOLIDAYS = (
    N_("New Year's Day"),
    N_("Spring Festival"),
    N_("Tomb-sweeping Day"),
    N_("Labour Day"),
    N_("Dragon Boat Festival"),
    N_("Mid-autumn Festival"),
    N_("National Day"),
    N_("Anti-Fascist 70th Day"),
)
"""Names of the official holidays as the calendar knows them."""

_ANNOUNCED = range(min(holidays).year, max(holidays).year + 1)
_SEARCH_DAYS = 3660
"""How far a working day is looked for: a table that closes the office for ten years is a mistake, not a calendar."""


class Calendar:
    """Working days after the State Council's notices, under the site's own table of days, and office hours (SV-4)."""

    def __init__(self, office_hours: Sequence[Span] = DEFAULT_HOURS, days: Mapping[dt.date, bool] | None = None) -> None:
        """Take office hours as ordered spans of local time, and the site's own days: True works, False is free.

        Raises ValueError where there are no hours or spans are empty or overlap.
        """
        closings = [dt.time.min, *(closing for _, closing in office_hours)]
        if not office_hours or any(not last <= opening < closing for last, (opening, closing) in zip(closings, office_hours, strict=False)):
            raise ValueError(f"office hours out of order: {office_hours}")
        self.office_hours = tuple(office_hours)
        self.days = dict(days or {})

    def is_announced(self, year: int) -> bool:
        """Return whether the State Council's days of `year` are known; where not, only weekends are free (SV-4)."""
        return year in _ANNOUNCED

    def is_working_day(self, day: dt.date) -> bool:
        """Return whether the office works on `day`: the site's own table first, then the official days, else weekends."""
        own = self.days.get(day)
        if own is not None:
            return own
        if day.year in _ANNOUNCED:
            return bool(chinese_calendar.is_workday(day))
        return day.weekday() < 5

    def kind_of_day(self, day: dt.date) -> str:
        """Return what `day` is: own-working or own-free (the site's own days), holiday, make-up, weekend or working (SV-4)."""
        own = self.days.get(day)
        if own is not None:
            return "own-working" if own else "own-free"
        if self.is_working_day(day):
            return "working" if day.weekday() < 5 else "make-up"
        return "holiday" if self.holiday_name(day) else "weekend"

    def holiday_name(self, day: dt.date) -> str:
        """Return the English name of the official holiday that `day` is, or for which it is worked in; empty for none."""
        if day.year not in _ANNOUNCED:
            return ""
        return str(holidays.get(day) or workdays.get(day) or "")

    def free_holiday(self, day: dt.date) -> str:
        """Return the English name of the official holiday on which `day` is free; empty for none, and for days worked in for one."""
        return str(holidays.get(day) or "") if day.year in _ANNOUNCED else ""

    def working_days_between(self, start: dt.date, end: dt.date) -> int:
        """Return how many working days lie after `start` up to and including `end`; negative where `end` is before `start`.

        For n > 0, `add_working_days(day, n)` is the first day with n working days between (MB-4).
        """
        if end < start:
            return -self.working_days_between(end, start)
        return sum(self.is_working_day(start + dt.timedelta(days=n)) for n in range(1, (end - start).days + 1))

    def add_working_days(self, day: dt.date, count: int) -> dt.date:
        """Return the `count`-th working day after `day`, before it for a negative count; for 0 the first from `day` on (MB-4, SV-21)."""
        if count == 0:
            return next(self._working_days(day, 1))
        step = 1 if count > 0 else -1
        found = self._working_days(day + dt.timedelta(days=step), step)
        for _ in range(abs(count) - 1):
            next(found)
        return next(found)

    def add_working_hours(self, moment: dt.datetime, hours: float) -> dt.datetime:
        """Return the moment when `hours` of office time have passed since `moment`, both aware; in the zone of Shanghai (SV-4).

        Time outside office hours does not count. With 0 hours the answer is `moment`, or the next opening. The end of
        a span is reached on that day, not at the next opening. Raises ValueError for naive moments and negative hours.
        """
        local = _local(moment)
        if hours < 0:
            raise ValueError("hours of a deadline cannot be negative")
        left = dt.timedelta(hours=hours)
        for day in self._working_days(local.date(), 1):
            for opening, closing in self._spans(day):
                start = max(opening, local)
                if start >= closing:
                    continue
                if start + left <= closing:
                    return (start + left).replace(tzinfo=ZONE)
                left -= closing - start
        raise AssertionError("unreachable: working days do not end")

    def working_time_between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Return the office time between two aware moments, zero where `end` is not after `start` (SV-4).

        Raises ValueError for naive moments.
        """
        begin, finish = _local(start), _local(end)
        total = dt.timedelta()
        day = begin.date()
        while day <= finish.date():
            if self.is_working_day(day):
                for opening, closing in self._spans(day):
                    total += max(dt.timedelta(), min(closing, finish) - max(opening, begin))
            day += dt.timedelta(days=1)
        return total

    def _working_days(self, day: dt.date, step: int) -> Iterator[dt.date]:
        misses = 0
        while misses < _SEARCH_DAYS:
            if self.is_working_day(day):
                misses = 0
                yield day
            misses += 1
            day += dt.timedelta(days=step)
        raise ValueError("the calendar has no working day in ten years")

    def _spans(self, day: dt.date) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        for opening, closing in self.office_hours:
            yield dt.datetime.combine(day, opening), dt.datetime.combine(day, closing)


def _local(moment: dt.datetime) -> dt.datetime:
    """Return an aware moment as naive local time: office hours are wall-clock hours."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(ZONE).replace(tzinfo=None)
