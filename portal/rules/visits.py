"""Visits to customers 拜访 (SV-20): how often each grade is visited, days planned along a route, and letters of thanks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from portal.rules.message import N_, Message, Refusal

LONGEST_TEXT = 2000
LONGEST_LINE = 200
LONGEST_NAMES = 200
MOST_YEARLY = 52
MOST_DAYS, MOST_A_DAY = 20, 20
"""So many days ahead are planned at once, with so many visits a day."""

GRADES = ("A", "B", "C", "")
"""Grades that customers on the register can have; '' for none."""
PROSPECT = "prospect"

PLANNED, DONE, MISSED, CANCELLED = "planned", "done", "missed", "cancelled"
STATES = {
    PLANNED: (N_("To be visited"), ""),
    DONE: (N_("Visited"), "ok"),
    MISSED: (N_("Nobody met"), "warn"),
    CANCELLED: (N_("Cancelled"), ""),
}
NOT_MET, MOVED = "not-met", "moved"
OUTCOMES = {NOT_MET: N_("Nobody met"), MOVED: N_("Moved to another day")}
"""What attempts come to that are no visit."""

LETTER, CARD = "letter", "card"
LETTER_KINDS = {LETTER: N_("Letter of thanks"), CARD: N_("Card of thanks")}
PLACES = {
    "customer": N_("the customer's name"),
    "contact": N_("whom it is written to"),
    "deal_on": N_("the day of the deal"),
    "site": N_("the name of the site"),
}
"""What a template of letters may name, each in braces, and what stands there then."""
_PLACE = re.compile(r"\{([^{}]*)\}")
LONGEST_LETTER = 3000


# --- how often ----------------------------------------------------------------


def days_between(yearly: int) -> int:
    """Return after how many days a customer is due again who is visited so many times a year; 0 where there are no visits by rule."""
    return round(365 / yearly) if yearly > 0 else 0


def due_on(visited_on: date, yearly: int) -> date | None:
    """Return from which day a visit is due after the last one; None where there are no visits by rule."""
    days = days_between(yearly)
    return visited_on + timedelta(days=days) if days else None


# --- planning ----------------------------------------------------------------


class Stop(NamedTuple):
    """A customer put on a day."""

    customer_id: int
    day: date


def along(route: Iterable[int], days: Sequence[date], most: int, taken: Mapping[date, int]) -> list[Stop]:
    """Return customers put on days in the order of their route, at most `most` a day with those `taken` already, none twice (SV-20).

    A day that is full is passed over; what does not fit is left out.
    """
    stops: list[Stop] = []
    free = [day for day in days for _place in range(max(0, most - taken.get(day, 0)))]
    for customer_id, day in zip(dict.fromkeys(route), free, strict=False):
        stops.append(Stop(customer_id, day))
    return stops


def check_day(day: date | None, today: date, *, is_working: bool, last: date, field: str = "day") -> date:
    """Return the day of a visit that is planned. Raises `Refusal`: it is missing, past, too far ahead or no working day."""
    if day is None:
        raise Refusal("Say on which day.", field=field)
    if day < today:
        raise Refusal("A visit is not planned for a day that has passed.", field=field)
    if day > last:
        raise Refusal("Visits are planned up to %(last)s.", field=field, last=last.isoformat())
    if not is_working:
        raise Refusal("%(day)s is no working day of the site's calendar.", field=field, day=day.isoformat())
    return day


# --- what came of it ----------------------------------------------------------------


class Sheet(NamedTuple):
    """What is written down of a visit (SV-20): the line of the daily report 客户访问日报."""

    met: str
    """Whom: contacts by name and post."""
    purpose: str
    review: str = ""
    """How the last order went."""
    effect: str = ""
    """What came of what was bought."""
    needs: str = ""
    next_step: str = ""


SHEET = {
    "review": N_("Performance of the last order"),
    "effect": N_("Effect of what was bought"),
    "needs": N_("Needs heard"),
    "next_step": N_("Next step"),
}
"""The texts of a sheet in their order."""


def problems(sheet: Sheet, purposes: Collection[str]) -> list[Refusal]:
    """Return everything that is wrong with a sheet, each with its field."""
    found = []
    if not sheet.met:
        found.append(Refusal("Say whom you met.", field="met"))
    elif len(sheet.met) > LONGEST_NAMES:
        found.append(Refusal("At most %(most)s characters.", field="met", most=LONGEST_NAMES))
    if sheet.purpose not in purposes:
        found.append(Refusal("Choose what the visit was for.", field="purpose"))
    texts = {name: getattr(sheet, name) for name in SHEET}
    if not any(texts.values()):
        found.append(Refusal("Write down what came of the visit: at least one of the four.", field="review"))
    found += [
        Refusal("At most %(most)s characters.", field=name, most=LONGEST_TEXT) for name, text in texts.items() if len(text) > LONGEST_TEXT
    ]
    return found


# --- letters ----------------------------------------------------------------


def check_letter(text: str, places: Collection[str] = PLACES) -> Message | None:
    """Return what is wrong with a template of letters, None where nothing is; `places` are filled in."""
    if not text.strip():
        return Message(N_("Write the text of the letter."))
    if len(text) > LONGEST_LETTER:
        return Message(N_("At most %(most)s characters."), {"most": LONGEST_LETTER})
    unknown = next((name for name in _PLACE.findall(text) if name not in places), None)
    if unknown is not None:
        return Message(N_("{%(name)s} is no place that can be filled in."), {"name": unknown[:40]})
    return None


def fill(template: str, values: Mapping[str, str]) -> str:
    """Return a letter: the template with its places filled in."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), template)


WEEK = re.compile(r"(\d{4})-W(\d{2})")


def week_of(day: date) -> str:
    """Return the code of the week of a day, such as 2026-W10."""
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02d}"


def days_of_week(code: str) -> tuple[date, date] | None:
    """Return Monday and Sunday of a week by its code, None for what is none."""
    found = WEEK.fullmatch(code)
    try:
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
        return (first, first + timedelta(days=6)) if first else None
    except (ValueError, OverflowError):
        return None


# --- labels ----------------------------------------------------------------


class Grid(NamedTuple):
    """Labels on a sheet of A4, in millimetres: so many across and down, each so wide and high, from the left and upper edge on."""

    across: int
    down: int
    width: float
    height: float


LABELS = Grid(3, 8, 63.0, 27.0)
"""3 × 8 on A4 within the margins that the sheet's head and foot leave."""


def pages_of_labels(count: int, skip: int = 0, grid: Grid = LABELS) -> list[list[int | None]]:
    """Return which label stands in each place of each sheet, row by row; None for places `skip`ped at the beginning and left at the end.

    A sheet that was begun goes on where its labels were taken off.
    """
    size = grid.across * grid.down
    places: list[int | None] = [*([None] * (skip % size)), *range(count)]
    places += [None] * (-len(places) % size)
    return [places[start : start + size] for start in range(0, len(places), size)] if count else []
