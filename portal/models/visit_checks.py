"""What keeps a visit from being planned, moved or written down (SV-20): the forms show all of it, the visits themselves ask again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from portal import clock
from portal.models.calendar import site_calendar
from portal.models.standard import value as standard
from portal.rules import visits as rules
from portal.rules.message import Refusal
from portal.rules.visits import Sheet


def check_day(day: date | None, *, field: str = "day") -> date:
    """Return a day on which a visit can be planned. Raises `Refusal` with the field."""
    today = clock.today()
    last = today + timedelta(days=standard("visit.ahead_days"))
    return rules.check_day(day, today, is_working=day is None or site_calendar().is_working_day(day), last=last, field=field)


def check_past(day: date | None) -> date:
    """Return the day on which a visit was, today where none is given. Raises `Refusal` (field `on`) ahead, or too long ago."""
    today = clock.today()
    on = day or today
    first = today - timedelta(days=standard("visit.late_days"))
    if on > today:
        raise Refusal("Written down is what has been: the day cannot lie ahead.", field="on")
    if on < first:
        raise Refusal("Visits are written down for days from %(first)s on.", field="on", first=first.isoformat())
    return on


def purposes(also: str = "") -> list[dict[str, Any]]:
    """Return the purposes that can be chosen, and `also` one that a visit has already: {code, zh, en, active}."""
    return [one for one in standard("choices.visit_purpose") if one["active"] or one["code"] == also]


def of_plan(day: date | None, purpose: str, aim: str) -> Iterator[Refusal]:
    """Yield all that keeps a visit from being planned, to whomever, each with its field (day, purpose, aim)."""
    try:
        check_day(day)
    except Refusal as refusal:
        yield refusal
    if purpose not in {one["code"] for one in purposes()}:
        yield Refusal("Choose what the visit is for.", field="purpose")
    if len(aim) > rules.LONGEST_TEXT:
        yield Refusal("At most %(most)s characters.", field="aim", most=rules.LONGEST_TEXT)


def of_sheet(sheet: Sheet, on: date | None, also: str = "") -> Iterator[Refusal]:
    """Yield all that keeps a sheet from being written down for a day (none: today); `also`: the purpose it was planned for."""
    try:
        check_past(on)
    except Refusal as refusal:
        yield refusal
    yield from rules.problems(sheet, {one["code"] for one in purposes(also)})


def of_move(day: date | None, reason: str, from_day: date) -> Iterator[Refusal]:
    """Yield all that keeps a visit from being put on another day than `from_day` (fields day, reason)."""
    if not reason:
        yield Refusal("Say why.", field="reason")
    try:
        if check_day(day) == from_day:
            yield Refusal("It is planned for this day already.", field="day")
    except Refusal as refusal:
        yield refusal


def of_miss(note: str, on: date | None, to_day: date | None) -> Iterator[Refusal]:
    """Yield all that keeps it from being noted that nobody was met, and when one goes again if a day is given (note, on, later_on)."""
    if not note:
        yield Refusal("Say what happened: closed, away, not let in.", field="note")
    try:
        check_past(on)
        if to_day is not None:
            check_day(to_day, field="later_on")
    except Refusal as refusal:
        yield refusal


def ensure(problems: Iterator[Refusal]) -> None:
    """Raise the first of what is wrong."""
    for refusal in problems:
        raise refusal
