"""Spine labels 背脊: how wide they are, which stand on a sheet, and how a name is set downwards in the room it has (PR-6).

Widths as label makers have them (38 mm for a 40 mm spine, 190 to 192 mm high): a label is 2 mm narrower than its spine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from unicodedata import east_asian_width

HEIGHT = 192.0
"""Millimetres of every label."""
ROOM = 190.0
"""Millimetres of labels beside each other on an A4 sheet upright."""
NARROWER = 2.0

_TURNED = "（）《》〈〉「」『』【】〔〕—…～－"
"""Chinese signs that lie on their side where text runs downwards."""
_NARROW, _BROAD = frozenset(" iIjl.,:;'|!()[]·-/"), frozenset("MWmw@%&")
STEP = 0.25


def label_width(spine: int) -> float:
    """Return the width of a binder's label from that of its spine, in millimetres."""
    return spine - NARROWER


def sheets(widths: Sequence[float], room: float = ROOM) -> list[list[int]]:
    """Return which labels stand on each sheet, by their place in `widths`: in the order given, as many as fit beside each other.

    Raises ValueError for a label that is wider than a sheet.
    """
    found: list[list[int]] = []
    left = 0.0
    for place, width in enumerate(widths):
        if not 0 < width <= room:
            raise ValueError(f"a label of {width} mm")
        if not found or width > left:
            found.append([])
            left = room
        found[-1].append(place)
        left -= width
    return found


def length(text: str) -> float:
    """Return how long a text is at most when it is set in one line, in its own size."""
    return sum(_width(sign) for sign in text)


def _width(sign: str) -> float:
    if is_wide(sign):
        return 1.04
    if sign in _NARROW:
        return 0.42
    return 1.0 if sign in _BROAD else 0.76 if sign.isupper() else 0.62


def is_wide(sign: str) -> bool:
    """Return whether a sign fills a square, as Chinese characters do."""
    return east_asian_width(sign) in "WF"


@dataclass(frozen=True)
class Piece:
    """A part of a text that runs downwards: a character that stands upright, or some that lie on their side."""

    text: str
    column: int
    """From 0, the first one on the right."""
    start: float
    length: float
    upright: bool


@dataclass(frozen=True)
class Fitted:
    """A text set downwards: the size of its characters in millimetres, its columns and pieces."""

    size: float
    columns: int
    pieces: tuple[Piece, ...]
    cut: bool = False
    """Whether it did not fit at the smallest size, and ends with …"""


LEADING = 1.2
"""Width of a column, by the size of its characters."""


def set_downwards(text: str, width: float, height: float, largest: float, smallest: float = 2.25, most: int = 2) -> Fitted:
    """Return `text` running downwards in a room of so many millimetres, in the largest size in which it fits.

    Chinese characters stand one under the other, Latin letters and figures lie on their side; columns go from right to left, at most
    `most` of them and no word cut in two, as long as that does not make the text too small.
    """
    runs = _runs(text)
    for columns, whole_words in ((most, True), (100, True), (100, False)):
        size = max(min(largest, width / LEADING), smallest)
        while size >= smallest:
            room = max(1, min(columns, int(width / (size * LEADING) + 1e-9)))
            pieces, whole = _placed(runs, size, height, room, whole_words)
            if whole:
                return Fitted(size, max((piece.column for piece in pieces), default=0) + 1, tuple(pieces))
            size -= STEP
    pieces = _with_end(_placed(runs, smallest, height, max(1, int(width / (smallest * LEADING) + 1e-9)), False)[0], smallest, height)
    return Fitted(smallest, max(piece.column for piece in pieces) + 1, tuple(pieces), cut=True)


def _runs(text: str) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for wide, signs in groupby(" ".join(text.split()), is_wide):
        if wide:
            found += [(sign, sign not in _TURNED) for sign in signs]
        else:
            words = "".join(signs).split(" ")
            found += [(word + (" " if place < len(words) - 1 else ""), False) for place, word in enumerate(words)]
    return [(run, upright) for run, upright in found if run]


def _placed(runs: list[tuple[str, bool]], size: float, height: float, most: int, whole_words: bool) -> tuple[list[Piece], bool]:
    """Return the pieces in at most so many columns, and whether all are there."""
    pieces: list[Piece] = []
    column, start = 0, 0.0
    for run, upright in runs:
        for part in [run] if whole_words else _parts(run, size, height):
            long = length(part.rstrip() or part) * size
            if long > height + 1e-6:
                return pieces, False
            if start + long > height + 1e-6:
                column, start = column + 1, 0.0
            if column >= most:
                return pieces, False
            pieces.append(Piece(part, column, start, long, upright))
            start += length(part) * size
    return pieces, True


def _parts(run: str, size: float, height: float) -> list[str]:
    """Return a run in parts that are no longer than a column."""
    parts = [""]
    for sign in run:
        if parts[-1] and sign != " " and length(parts[-1] + sign) * size > height:
            parts.append("")
        parts[-1] += sign
    return parts


def _with_end(pieces: list[Piece], size: float, height: float) -> list[Piece]:
    end = length("…") * size
    while pieces and pieces[-1].start + pieces[-1].length + end > height:
        pieces = pieces[:-1]
    last = pieces[-1] if pieces else Piece("", 0, 0.0, 0.0, True)
    return [*pieces, Piece("…", last.column, last.start + last.length, end, False)]
