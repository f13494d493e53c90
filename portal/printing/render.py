"""Data of a sheet → its HTML, the same for paper and preview (PR-5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import accumulate, pairwise
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple
from unicodedata import east_asian_width

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from portal.printing.catalogue import SHEETS
from portal.printing.labels import Label, Labels, Language, Translator, html_lang
from portal.printing.money import amount, capital_amount
from portal.rules.regions import in_one_line

TEMPLATES = Path(__file__).parent.parent / "templates"

# Where the visible seal line goes on the last page, between page number and foot edge, free of print on every sheet:
# left, bottom, right, top in PDF points from the lower left corner.
SEAL_PLACE_PORTRAIT = (200.0, 20.0, 460.0, 50.0)
SEAL_PLACE_LANDSCAPE = (290.0, 20.0, 550.0, 50.0)
SEAL_PLACE_LARGE = (465.0, 20.0, 725.0, 50.0)


class Grid(NamedTuple):
    """The columns of a ruled grid, each in units of a row's 24, and the columns that each cell of each row spans."""

    columns: list[int]
    spans: list[list[int]]


def grid(rows: list[list[int]]) -> Grid:
    """Return the fewest columns in which every row of cells (their widths in units) fits: HTML wants a cell to begin in each."""
    edges = sorted({edge for row in rows for edge in accumulate(row)})
    place = {edge: number for number, edge in enumerate([0, *edges])}
    spans = [[place[edge] - place[edge - units] for edge, units in zip(accumulate(row), row, strict=True)] for row in rows]
    return Grid([edge - before for before, edge in pairwise([0, *edges])], spans)


FLOWS_FROM = 7
"""A text of so many lines may be cut by the end of a page; a shorter one goes to the next page whole."""
_LINE = 76
"""At most so many signs stand on a line of a text box; a Chinese one counts two."""
_UNITS = 24
"""So many units wide is a row of a form."""
_TOO_LONG = 3
"""A text of so many lines has a row of its own, where short ones stand beside each other."""
_NAME_ROWS = 3
"""The name of a group needs at most so many rows of a form beside it."""
_ROW = re.compile(r'<tr(?: data-lines="(\d+)")?')


def least_lines(text: str | None) -> int:
    """Return how many lines a text fills in its box at least."""
    lines = (sum(2 if east_asian_width(sign) in "WF" else 1 for sign in line) for line in str(text or "").splitlines())
    return sum(max(1, ceil(signs / _LINE)) for signs in lines)


def parted(form: list[list[tuple[Any, ...]]], source: Mapping[str, Any], label: int) -> list[list[tuple[Any, ...]]]:
    """Return the rows of labels and values, those parted in which a text would fill a narrow column beside white."""
    found = []
    for row in form:
        texts = [source.get(cell[1]) for cell in row if isinstance(cell[1], str)]
        if len(row) > 1 and any(isinstance(text, str) and least_lines(text) >= _TOO_LONG for text in texts):
            found += [[_whole(cell, cell[4] if len(cell) > 4 else label)] for cell in row]
        else:
            found.append(row)
    return found


def _whole(cell: tuple[Any, ...], label: int) -> tuple[Any, ...]:
    return (cell[0], cell[1], _UNITS - label, cell[3] if len(cell) > 3 else "", label)


def rows(body: str) -> int:
    """Return how many rows of one line the tables of a group are as high as, at least."""
    return sum(_heights(body)) + _NAME_ROWS * body.count("s-box-body")


def _heights(body: str) -> list[int]:
    # Four lines of text are as high as three rows.
    return [max(1, int(lines or 1) * 3 // 4) for lines in _ROW.findall(body)]


def keep_ends(body: str) -> Markup:
    """Return the tables of a group with rows marked that must not be parted from the next.

    The first give the name room; the last are no single row on a page of its own.
    """
    heights = _heights(body)
    first = sum(height < _NAME_ROWS for height in accumulate(heights))
    last = sum(height < _NAME_ROWS for height in accumulate(reversed(heights)))
    before, *parts = str(body).split("<tr")
    kept = set(range(first)) | set(range(len(parts) - last - 1, len(parts) - 1))
    marked = (f"<tr data-kept{part}" if number in kept else f"<tr{part}" for number, part in enumerate(parts))
    return Markup(before + "".join(marked))  # noqa: S704 - our own template, escaped already


def room(name: Label) -> int:
    """Return how much height the name of a group needs beside its rows, in rows of a form: 1 to 3."""
    signs = 4.3 * len(name.text) if name.lang != "en" else 0
    letters = 1.75 * max(map(len, name.text.split())) if name.lang == "en" else 1.15 * len(name.english)
    return min(_NAME_ROWS, ceil(max(signs, letters) / 6.4))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["FLOWS_FROM"] = FLOWS_FROM
    environment.filters.update(
        one_line=lambda parts, apart: in_one_line(*parts, apart=apart),
        amount=amount,
        capital_amount=capital_amount,
        grid=grid,
        least_lines=least_lines,
        keep_ends=keep_ends,
        parted=parted,
        room=room,
        rows=rows,
    )
    return environment


def render_sheet_html(
    sheet_name: str,
    language: Language,
    data: Mapping[str, Any],
    translate: Translator,
    *,
    fragment: bool = False,
    asset_url: Any = None,
) -> str:
    """Return the HTML of the sheet `sheet_name` of the catalogue, the same for paper and preview (PR-5).

    `data` is what the head comment of the sheet's template says; `translate(message_id, locale)` gives the text of
    `zh_Hans_CN` or `en`. With `fragment` only the `<article class="sheet">` comes, to stand in a page that loads
    `print.css`; `asset_url(name)` then gives the address of a picture (default: `asset:<name>`, for the press).
    Raises KeyError for a sheet that is not in the catalogue and jinja2.UndefinedError where `data` lacks a part.
    """
    declared = SHEETS[sheet_name]
    labels = Labels(language, translate)
    template = _environment().get_template(f"print/{declared.template}")
    return template.render(
        data,
        _=labels,
        declared=declared,
        lang=language,
        html_lang=html_lang(language),
        fragment=fragment,
        asset_url=asset_url or "asset:{}".format,
    )


def render_seal_html(language: Language, data: Mapping[str, Any], translate: Translator) -> str:
    """Return the HTML of the visible line of the seal (`print/seal.html`), for the press; `data` is what the template's head says."""
    template = _environment().get_template("print/seal.html")
    return template.render(data, _=Labels(language, translate), html_lang=html_lang(language), stylesheet="static:print-seal.css")
