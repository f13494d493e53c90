"""Where the parts of a chart stand: geometry alone, in the units of its drawing. `components/charts.html` draws them as SVG (look.md).

Charts are drawn on the server, need no script and print. Every figure that a chart shows stands in words on it or in the table beside it;
what two series say is told apart by outline, pattern or marker, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from unicodedata import east_asian_width

from portal.rules.abc import Curve, Thresholds

WIDTH = 720
ROW, BAR = 38, 14
"""Height of a row of a bar chart: its words above, its bar below."""
ROOM = 120
"""Room beside the longest bar for its figure."""
LEFT, TOP, RIGHT, BOTTOM = 56, 16, 24, 44
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, 300
APART = 15
"""Least distance between two labels that stand under each other."""


class BarRow(NamedTuple):
    """One row to draw: its words, its figure and the one it is compared with, and both in words."""

    label: str
    value: Any
    before: Any
    text: str
    note: str = ""
    link: str = ""


class Bar(NamedTuple):
    """One drawn row: the bar from `x`, `width` wide, the outline of the figure before, and where its words stand."""

    row: BarRow
    label_y: float
    y: float
    x: float
    width: float
    before_x: float
    before_width: float
    text_x: float


@dataclass(frozen=True)
class Bars:
    """A chart of horizontal bars."""

    bars: tuple[Bar, ...]
    width: int
    height: float
    zero: float
    """Where nothing is: bars below nothing go to the left of it."""


def bars(rows: Sequence[BarRow]) -> Bars:
    """Return the chart of some rows, in their order; the longest figure of either series fills the width."""
    figures = [float(value) for row in rows for value in (row.value, row.before) if value is not None]
    most, least = max([0.0, *figures]), min([0.0, *figures])
    scale = (WIDTH - ROOM) / ((most - least) or 1)
    zero = abs(least) * scale

    def span(value: Any) -> tuple[float, float]:
        length = float(value or 0) * scale
        return round(min(zero, zero + length), 1), round(abs(length), 1)

    drawn = []
    for place, row in enumerate(rows):
        x, width = span(row.value)
        before_x, before_width = span(row.before)
        end = max(x + width, before_x + before_width, zero)
        drawn.append(Bar(row, place * ROW + 13, place * ROW + 19, x, width, before_x, before_width, round(end + 6, 1)))
    return Bars(tuple(drawn), WIDTH, len(rows) * ROW + 4, round(zero, 1))


class Point(NamedTuple):
    """A place of the drawing."""

    x: float
    y: float


class Area(NamedTuple):
    """What lies under a stretch of the curve: one class with its corners, and where its name stands."""

    name: str
    corners: str
    name_at: Point
    end: Point
    """Where it ends on the curve."""


class Line(NamedTuple):
    """A threshold across the plot, and how far up it is, in per cent."""

    percent: int
    y: float
    label_y: float


class Word(NamedTuple):
    """Words on a drawing, which begin at a place; and how wide they are, reckoned generously."""

    text: str
    at: Point
    width: float

    def overlaps(self, other: Word) -> bool:
        """Return whether two words touch."""
        across = self.at.x < other.at.x + other.width and other.at.x < self.at.x + self.width
        return across and abs(self.at.y - other.at.y) < APART

    @classmethod
    def of(cls, text: Any, x: float, y: float) -> Word:
        """Return the words as they begin at a place."""
        return cls(str(text), Point(round(x, 1), round(y, 1)), _width(str(text)))


def _width(text: str) -> float:
    """Return at most how wide words of 12.5 units are: Chinese ones are square, others narrower."""
    return round(sum(12.5 if east_asian_width(one) in "WF" else 8 for one in text), 1)


@dataclass(frozen=True)
class Pareto:
    """A curve of cumulative shares: items from left to right, the largest first; the sum of their shares from below upwards."""

    curve: str
    before: str
    """The curve of the year before; '' where there is none."""
    before_end: Point | None
    areas: tuple[Area, ...]
    lines: tuple[Line, ...]
    ticks: tuple[tuple[float, int], ...]
    """Where on the left which per cent stand."""
    across: tuple[tuple[float, int], ...]
    """Where below which per cent of the items stand."""
    width: int = WIDTH
    height: int = TOP + PLOT_HEIGHT + BOTTOM
    left: int = LEFT
    top: int = TOP
    right: int = LEFT + PLOT_WIDTH
    bottom: int = TOP + PLOT_HEIGHT

    def words(self, classes: Mapping[str, Any], before: Any) -> list[tuple[str, Word]]:
        """Return the words in the plot, none over another: of the thresholds, the classes, and of the curve of the year before.

        Each with what it names: 'line', the name of a class, or 'before'. They stand within the plot, as near as can be to their place.
        """
        found = [("line", Word.of(f"{line.percent} %", self.left + 6, line.label_y)) for line in self.lines]
        for area in reversed(self.areas):
            found.append((area.name, self._free(str(classes[area.name]), area.name_at, found, middle=True)))
        if self.before_end is not None and before:
            place = Point(self.before_end.x + 26, self.before_end.y + 36)
            found.append(("before", self._free(str(before), place, found, middle=False)))
        return found

    def _free(self, text: str, place: Point, taken: Sequence[tuple[str, Word]], *, middle: bool) -> Word:
        """Return words at the free place that is nearest, in steps upwards and downwards, kept between the sides of the plot."""
        width = _width(text)
        x = max(self.left + 5.0, min(place.x - width / 2 if middle else place.x, self.right - 5 - width))
        rows = sorted(range(self.top + 14, self.bottom - 4), key=lambda y: abs(y - place.y))
        for y in rows:
            word = Word.of(text, x, y)
            if not any(word.overlaps(other) for _name, other in taken):
                return word
        return Word.of(text, x, place.y)


Steps = Sequence[tuple[int, Any]]
"""Number of items and their sum, growing."""


def pareto(steps: Steps, before: Steps, ends: Sequence[tuple[str, int]], limits: Sequence[int]) -> Pareto:
    """Return the curve of `steps`, that of the year before, the classes that end at some number of items, and the thresholds."""
    placed = _placed(steps)
    former = _placed(before)
    areas, start = [], Point(float(LEFT), float(TOP + PLOT_HEIGHT))
    total = steps[-1][0] if steps else 0
    for name, end in ends:
        stop = _at(placed, _across(end, total))
        between = [point for point in placed if start.x < point.x < stop.x]
        corners = [Point(start.x, TOP + PLOT_HEIGHT), start, *between, stop, Point(stop.x, TOP + PLOT_HEIGHT)]
        areas.append(Area(name, _text(corners), Point(round((start.x + stop.x) / 2, 1), TOP + PLOT_HEIGHT - 10), stop))
        start = stop
    lines: list[Line] = []
    for percent in sorted(limits, reverse=True):
        y = _up(percent, 100)
        label = y - 4 if not lines else max(y - 4, lines[-1].label_y + APART)
        lines.append(Line(percent, y, label))
    return Pareto(
        _text([Point(float(LEFT), float(TOP + PLOT_HEIGHT)), *placed]) if placed else "",
        _text([Point(float(LEFT), float(TOP + PLOT_HEIGHT)), *former]) if former else "",
        _middle(former),
        tuple(areas),
        tuple(lines),
        tuple((_up(percent, 100), percent) for percent in range(0, 101, 20)),
        tuple((_across(percent, 100), percent) for percent in range(0, 101, 20)),
    )


def _placed(steps: Steps) -> list[Point]:
    if not steps:
        return []
    count, total = steps[-1]
    return [Point(_across(number, count), _up(amount, total)) for number, amount in steps]


def _across(number: Any, count: Any) -> float:
    return round(LEFT + PLOT_WIDTH * float(number) / float(count), 1) if count else float(LEFT)


def _up(amount: Any, total: Any) -> float:
    return round(TOP + PLOT_HEIGHT * (1 - float(amount) / float(total)), 1) if total else float(TOP + PLOT_HEIGHT)


def _at(points: Sequence[Point], x: float) -> Point:
    """Return the point of the curve at `x`: classes end where a step ends."""
    return min(points, key=lambda point: abs(point.x - x))


def _middle(points: Sequence[Point]) -> Point | None:
    """Return where the words of a second curve stand: below it, a third of its way along."""
    return _at(points, LEFT + PLOT_WIDTH / 3) if points else None


def _text(points: Sequence[Point]) -> str:
    return " ".join(f"{point.x:g},{point.y:g}" for point in points)


def abc_curve(now: Curve, before: Curve, limits: Thresholds) -> Pareto:
    """Return the chart of an ABC analysis: this year's curve over its classes, and last year's."""
    steps, then = ([(step.number, step.cumulative) for step in one.steps] for one in (now, before))
    ends, end = [], 0
    for part in now.parts(limits):
        end += part.number
        if part.number:
            ends.append((part.name, end))
    return pareto(steps, then, ends, limits)


class Stop(NamedTuple):
    """One moment to draw: when, the two figures and their words, and a note under it."""

    label: str
    first: Any
    second: Any
    first_text: str
    second_text: str
    note: str = ""


class Mark(NamedTuple):
    """A marker on a line, and where its words stand: on the side away from the other line."""

    x: float
    y: float
    text: str
    text_y: float


@dataclass(frozen=True)
class OverTime:
    """Two lines over some moments, the oldest on the left, each the same way from the next."""

    first: tuple[Mark, ...]
    second: tuple[Mark, ...]
    stops: tuple[tuple[float, Stop], ...]
    ticks: tuple[tuple[float, str], ...]
    """Where on the left which figure stands."""
    width: int = WIDTH
    height: int = TOP + PLOT_HEIGHT + BOTTOM
    left: int = LEFT
    top: int = TOP
    right: int = LEFT + PLOT_WIDTH
    bottom: int = TOP + PLOT_HEIGHT

    def line(self, marks: Sequence[Mark]) -> str:
        """Return the line through some markers."""
        return _text([Point(mark.x, mark.y) for mark in marks])


def over_time(stops: Sequence[Stop]) -> OverTime:
    """Return the chart of two figures, neither below nothing, at some moments in their order."""
    top = _round_up(max([0.0, *(float(figure) for stop in stops for figure in (stop.first, stop.second))]))
    apart = PLOT_WIDTH / max(len(stops), 1)
    first, second, placed = [], [], []
    for place, stop in enumerate(stops):
        x = round(LEFT + apart * (place + 0.5), 1)
        y, other = _up(stop.first, top), _up(stop.second, top)
        above, below = -APART * 0.6, APART * 1.2
        first.append(Mark(x, y, stop.first_text, round(y + (above if y <= other else below), 1)))
        second.append(Mark(x, other, stop.second_text, round(other + (below if y <= other else above), 1)))
        placed.append((x, stop))
    ticks = tuple((_up(top * part / 4, top), f"{top * part / 4:g}") for part in range(5))
    return OverTime(tuple(first), tuple(second), tuple(placed), ticks)


def _round_up(most: float) -> float:
    """Return the end of an axis that has room for `most`, with quarters that are easily read."""
    power = 1.0
    while True:
        for quarter in (1, 2, 2.5, 3, 4, 5, 6, 8):
            if 4 * quarter * power >= most * 1.05:
                return 4 * quarter * power
        power *= 10
