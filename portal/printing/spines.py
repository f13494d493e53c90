"""Spine labels 背脊 as drawings, a sheet of A4 each, with cut marks (PR-6).

Drawn as SVG, because WeasyPrint cannot set text downwards: each piece has its place. The same drawing stands in the preview.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from portal.printing.qr import qr_svg
from portal.rules import spines
from portal.rules.spines import HEIGHT, LEADING, ROOM, label_width, length, set_downwards

UNIT = 10
"""Units of the drawing in a millimetre: fonts are set in sizes that they are made for."""
EDGE = 6.0
"""Millimetres around the labels, for the marks."""
_PAD = 1.5
_SERIF, _SANS = "Noto Serif CJK SC, BabelStone Han", "Noto Sans CJK SC, BabelStone Han"


def sheets(labels: Sequence[Mapping[str, Any]]) -> list[Markup]:
    """Return the drawings of labels {width_mm, customer, title, code, first, last, years, retention, shelf, address}, a sheet each."""
    widths = [label_width(int(one["width_mm"])) for one in labels]
    return [_sheet([labels[place] for place in places], [widths[place] for place in places]) for places in spines.sheets(widths)]


def _sheet(labels: list[Mapping[str, Any]], widths: list[float]) -> Markup:
    parts, x, edges = [], EDGE, [EDGE]
    for one, width in zip(labels, widths, strict=True):
        parts.append(Markup('<g transform="translate({:.0f} {:.0f})">{}</g>').format(x * UNIT, EDGE * UNIT, _label(one, width)))
        x += width
        edges.append(x)
    whole, high = (ROOM + 2) * UNIT, (HEIGHT + 2 * EDGE) * UNIT
    names = ", ".join(str(one["code"]) for one in labels)
    return Markup(
        '<svg class="s-spines" xmlns="http://www.w3.org/2000/svg" viewBox="{:.0f} 0 {:.0f} {:.0f}" role="img"><title>{}</title>{}{}</svg>'
    ).format(EDGE * UNIT - UNIT, whole, high, names, _marks(edges), Markup("").join(parts))


def _marks(edges: list[float]) -> Markup:
    """Return the marks along which labels are cut: above and below each edge, and beside the outer ones."""
    top, bottom = EDGE, EDGE + HEIGHT
    lines = [(x, top - 5, x, top - 1) for x in edges] + [(x, bottom + 1, x, bottom + 5) for x in edges]
    path = "".join(f"M{x1 * UNIT:.0f} {y1 * UNIT:.0f}L{x2 * UNIT:.0f} {y2 * UNIT:.0f}" for x1, y1, x2, y2 in lines)
    across = "".join(f"M{(x - 1) * UNIT:.0f} {y * UNIT:.0f}h{2 * UNIT}" for x in edges for y in (top, bottom))
    return Markup('<path d="{}{}" stroke="#000" stroke-width="1.8" fill="none"/>').format(path, across)


def _label(one: Mapping[str, Any], width: float) -> Markup:
    room = width - 2 * _PAD
    name = str(one["customer"])
    title = str(one["title"] or "")
    upper, lower = (17.0, 76.0 if title else 96.0), (78.0, 96.0)
    parts = [
        _across(str(one["retention"]), width, 7.0, 4.5, bold=True),
        _across(str(one["years"]), width, 12.5, 3.8),
        _line(15.0, width),
        _downwards(name, width / 2, room, upper, min(width * 0.5, 13.0), bold=True),
        _downwards(title, width / 2, room, lower, 5.0) if title else Markup(""),
        _line(98.5, width),
    ]
    texts = [text for text in dict.fromkeys((str(one["code"]), str(one["first"]), str(one["last"]))) if text]
    column = room / len(texts)
    for place, text in enumerate(texts):
        middle = width - _PAD - column * (place + 0.5)
        parts.append(_downwards(text, middle, column, (100.5, 161.0), 6.0 if place == 0 else 4.2, bold=place == 0))
    side = min(room, 18.0)
    parts += [
        _line(163.0, width),
        _across(str(one["shelf"]), width, 168.0, 4.2, bold=True),
        _qr(str(one["address"]), width, side, 190.5 - side),
    ]
    return Markup("").join(parts)


def _text(x: float, y: float, size: float, text: str, *, bold: bool, anchor: str = "middle", turned: bool = False) -> Markup:
    turn = Markup(' transform="rotate(90 {:.0f} {:.0f})"').format(x * UNIT, y * UNIT) if turned else ""
    return Markup('<text x="{:.0f}" y="{:.0f}" font-size="{:.1f}" font-family="{}" font-weight="{}" text-anchor="{}"{}>{}</text>').format(
        x * UNIT, y * UNIT, size * UNIT, _SANS if bold else _SERIF, "bold" if bold else "normal", anchor, turn, escape(text)
    )


def _across(text: str, width: float, y: float, largest: float, *, bold: bool = False) -> Markup:
    """Return a text across the label, as large as it fits."""
    if not text:
        return Markup("")
    return _text(width / 2, y, min(largest, (width - 2 * _PAD) / length(text)), text, bold=bold)


def _downwards(text: str, middle: float, width: float, between: tuple[float, float], largest: float, *, bold: bool = False) -> Markup:
    """Return a text running downwards about the line `middle`, as large as it fits, in the middle of its height."""
    top, bottom = between
    fitted = set_downwards(text, width, bottom - top, largest)
    step = fitted.size * LEADING
    used = max((piece.start + piece.length for piece in fitted.pieces), default=0.0)
    begin = top + (bottom - top - used) / 2
    drawn = []
    for piece in fitted.pieces:
        x = middle + step * ((fitted.columns - 1) / 2 - piece.column)
        if piece.upright:
            drawn.append(_text(x, begin + piece.start + 0.9 * fitted.size, fitted.size, piece.text, bold=bold))
        else:
            # The line on which letters stand runs down, left of the middle by a third of their size.
            drawn.append(
                _text(x - 0.34 * fitted.size, begin + piece.start, fitted.size, piece.text, bold=bold, anchor="start", turned=True)
            )
    return Markup("").join(drawn)


def _line(y: float, width: float) -> Markup:
    place = (_PAD * UNIT, y * UNIT, (width - 2 * _PAD) * UNIT)
    return Markup('<path d="M{:.0f} {:.0f}h{:.0f}" stroke="#000" stroke-width="2.5" fill="none"/>').format(*place)


_PATH = re.compile(r"<path[^>]*/>")
_BOX = re.compile(r'viewBox="0 0 (\d+) \d+"')


def _qr(address: str, width: float, side: float, y: float) -> Markup:
    """Return the QR code of an address, `side` millimetres wide."""
    drawing = qr_svg(address)
    path, box = _PATH.search(drawing), _BOX.search(drawing)
    assert path is not None  # noqa: S101 - drawn by our own library
    assert box is not None  # noqa: S101
    place = ((width - side) / 2 * UNIT, y * UNIT, side * UNIT / int(box.group(1)))
    # Drawn by our own library from an address of the portal.
    return Markup('<g transform="translate({:.1f} {:.1f}) scale({:.4f})">{}</g>').format(*place, Markup(path.group()))  # noqa: S704
