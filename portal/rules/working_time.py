"""The site's working days and office hours (SV-4, MB-4, SV-21)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
from chinese_calendar.constants import holidays, workdays

from portal.rules.message import N_, Message

ZONE = ZoneInfo("Asia/Shanghai")

Span = tuple[dt.time, dt.time]
Pause = tuple[dt.datetime, dt.datetime]
"""Two aware moments between which a clock stands still: waiting for the customer."""
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

WEEKDAYS = (N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"))
_KINDS = {
    "working": (N_("Working day"), N_("Working day")),
    "make-up": (N_("Working weekend"), N_("Working weekend for %(why)s")),
    "weekend": (N_("Weekend"), N_("Weekend")),
    "holiday": (N_("Public holiday"), N_("Public holiday: %(why)s")),
    "own-working": (N_("Open by the site"), N_("Open by the site: %(why)s")),
    "own-free": (N_("Closed by the site"), N_("Closed by the site: %(why)s")),
}
"""What is said of a day, without and with the name of a holiday or the site's own words."""


@dataclass(frozen=True)
class CountedDay:
    """A day of a count: what it is, and how much of it counted."""

    day: dt.date
    kind: str
    """As `Calendar.kind_of_day` returns it."""
    name: str
    """English name of the holiday, or the site's own words for its own day; empty for none."""
    spans: tuple[Span, ...]
    """The local times that counted, where hours are counted."""
    counted: dt.timedelta | int
    """Office time, or 1 and 0 where days are counted; `total` is the sum up to and including this day."""
    total: dt.timedelta | int

    @property
    def weekday(self) -> str:
        """Return the English name of the weekday."""
        return WEEKDAYS[self.day.weekday()]

    @property
    def why(self) -> Message:
        """Return in words why the day is worked or free."""
        short, long = _KINDS[self.kind]
        if not self.name:
            return Message(short)
        return Message(long, {"why": Message(self.name) if self.name in HOLIDAYS else self.name})

    @property
    def is_worked(self) -> bool:
        """Return whether the office works on it."""
        return self.kind in ("working", "make-up", "own-working")


@dataclass(frozen=True)
class Count:
    """A deadline or span counted day by day, as screen and form show it (SV-4): from `start` to `end`, `total` in all.

    Where hours are counted start and end are moments in the zone of Shanghai; where days are, dates, and `start` itself does not count.
    """

    start: dt.datetime | dt.date
    end: dt.datetime | dt.date
    days: tuple[CountedDay, ...]

    @property
    def total(self) -> dt.timedelta | int:
        """Return the office time, or the number of working days."""
        return self.days[-1].total if self.days else 0

    @property
    def is_of_hours(self) -> bool:
        """Return whether hours were counted, not days."""
        return isinstance(self.start, dt.datetime)


def amount(counted: dt.timedelta | int) -> Message:
    """Return office time in words, such as 3 h 30 min, or a number of working days."""
    if not isinstance(counted, dt.timedelta):
        return Message(N_("%(count)s working days"), {"count": counted})
    minutes = round(counted.total_seconds() / 60)
    if minutes % 60 == 0:
        return Message(N_("%(hours)s h"), {"hours": minutes // 60})
    return Message(N_("%(hours)s h %(minutes)s min"), {"hours": minutes // 60, "minutes": minutes % 60})


class Calendar:
    """Working days after the State Council's notices, under the site's own table of days, and office hours (SV-4)."""

    def __init__(
        self,
        office_hours: Sequence[Span] = DEFAULT_HOURS,
        days: Mapping[dt.date, bool] | None = None,
        *,
        notes: Mapping[dt.date, str] | None = None,
        version: int = 0,
    ) -> None:
        """Take office hours as ordered spans of local time, and the site's own days: True works, False is free.

        `notes` are the site's words for its own days, `version` that of the office hours, which a running case keeps (ST-2).
        Raises ValueError where there are no hours or spans are empty or overlap.
        """
        closings = [dt.time.min, *(closing for _, closing in office_hours)]
        if not office_hours or any(not last <= opening < closing for last, (opening, closing) in zip(closings, office_hours, strict=False)):
            raise ValueError(f"office hours out of order: {office_hours}")
        self.office_hours = tuple(office_hours)
        self.days = dict(days or {})
        self.notes = dict(notes or {})
        self.version = version

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

    def add_working_hours(self, moment: dt.datetime, hours: float, pauses: Sequence[Pause] = ()) -> dt.datetime:
        """Return the moment when `hours` of office time have passed since `moment`, both aware; in the zone of Shanghai (SV-4).

        Time outside office hours and in pauses does not count. With 0 hours the answer is `moment`, or the next opening. The end of
        a span is reached on that day, not at the next opening. Raises ValueError for naive moments and negative hours.
        """
        end = self.explain_hours(moment, hours, pauses).end
        assert isinstance(end, dt.datetime)  # noqa: S101 - hours lead to a moment
        return end

    def explain_hours(self, moment: dt.datetime, hours: float, pauses: Sequence[Pause] = ()) -> Count:
        """Return how `add_working_hours` counts, with every day from the first to the last. Raises as it does (SV-4)."""
        local, still = _local(moment), _local_pauses(pauses)
        if hours < 0:
            raise ValueError("hours of a deadline cannot be negative")
        left, days, misses, day = dt.timedelta(hours=hours), list[CountedDay](), 0, local.date()
        while misses < _SEARCH_DAYS:
            counted: list[tuple[dt.datetime, dt.datetime]] = []
            for opening, closing in self._open(day, local, None, still):
                counted.append((opening, min(closing, opening + left)))
                left -= closing - opening
                if left <= dt.timedelta():
                    days.append(self._counted(day, counted, days))
                    return Count(local.replace(tzinfo=ZONE), counted[-1][1].replace(tzinfo=ZONE), tuple(days))
            days.append(self._counted(day, counted, days))
            misses = 0 if self.is_working_day(day) else misses + 1
            day += dt.timedelta(days=1)
        raise ValueError(_NO_DAY)

    def working_time_between(self, start: dt.datetime, end: dt.datetime, pauses: Sequence[Pause] = ()) -> dt.timedelta:
        """Return the office time between two aware moments, pauses left out; zero where `end` is not after `start` (SV-4).

        Raises ValueError for naive moments.
        """
        begin, finish, still = _local(start), _local(end), _local_pauses(pauses)
        total, day = dt.timedelta(), begin.date()
        while day <= finish.date():
            total += sum((closing - opening for opening, closing in self._open(day, begin, finish, still)), dt.timedelta())
            day += dt.timedelta(days=1)
        return total

    def explain_between(self, start: dt.datetime, end: dt.datetime, pauses: Sequence[Pause] = ()) -> Count:
        """Return how `working_time_between` counts, day by day. Raises as it does (SV-4)."""
        begin, finish, still = _local(start), _local(end), _local_pauses(pauses)
        days, day = list[CountedDay](), begin.date()
        while day <= max(begin, finish).date():
            days.append(self._counted(day, list(self._open(day, begin, finish, still)), days))
            day += dt.timedelta(days=1)
        return Count(begin.replace(tzinfo=ZONE), finish.replace(tzinfo=ZONE), tuple(days))

    def explain_days(self, day: dt.date, count: int) -> Count:
        """Return how `add_working_days` counts: every day after `day` up to the one found, before it for a negative count (MB-4)."""
        end, step = self.add_working_days(day, count), 1 if count >= 0 else -1
        days: list[CountedDay] = []
        for n in range(1, abs((end - day).days) + 1):
            one = day + dt.timedelta(days=n * step)
            kind, worked = self.kind_of_day(one), int(self.is_working_day(one))
            days.append(CountedDay(one, kind, self._name(one, kind), (), worked, worked + (days[-1].total if days else 0)))  # type: ignore[operator]
        return Count(day, end, tuple(days))

    def _counted(self, day: dt.date, spans: list[tuple[dt.datetime, dt.datetime]], before: list[CountedDay]) -> CountedDay:
        kind, counted = self.kind_of_day(day), sum((closing - opening for opening, closing in spans), dt.timedelta())
        total: Any = before[-1].total if before else dt.timedelta()
        times = tuple((opening.time(), closing.time()) for opening, closing in spans if closing > opening)
        return CountedDay(day, kind, self._name(day, kind), times, counted, total + counted)

    def _name(self, day: dt.date, kind: str) -> str:
        return self.notes.get(day, "") if kind.startswith("own-") else self.holiday_name(day) if kind in ("holiday", "make-up") else ""

    def _working_days(self, day: dt.date, step: int) -> Iterator[dt.date]:
        misses = 0
        while misses < _SEARCH_DAYS:
            if self.is_working_day(day):
                misses = 0
                yield day
            misses += 1
            day += dt.timedelta(days=step)
        raise ValueError(_NO_DAY)

    def _open(
        self, day: dt.date, begin: dt.datetime, finish: dt.datetime | None, pauses: list[tuple[dt.datetime, dt.datetime]]
    ) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """Yield the office time of a day from `begin` to `finish`, without pauses, which are in order; no span is empty."""
        if not self.is_working_day(day):
            return
        for opens, closes in self.office_hours:
            opening, closing = max(dt.datetime.combine(day, opens), begin), dt.datetime.combine(day, closes)
            closing = closing if finish is None else min(closing, finish)
            for stop, go_on in pauses:
                if opening < min(stop, closing):
                    yield opening, min(stop, closing)
                opening = max(opening, go_on) if go_on > stop else opening
            if opening < closing:
                yield opening, closing


_NO_DAY = "the calendar has no working day in ten years"


def _local_pauses(pauses: Sequence[Pause]) -> list[tuple[dt.datetime, dt.datetime]]:
    return sorted((_local(start), _local(end)) for start, end in pauses)


def _local(moment: dt.datetime) -> dt.datetime:
    """Return an aware moment as naive local time: office hours are wall-clock hours."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(ZONE).replace(tzinfo=None)
