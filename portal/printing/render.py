"""Data of a sheet → its HTML, the same for paper and preview (PR-5)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal.printing.catalogue import SHEETS
from portal.printing.labels import Labels, Language, Translator, html_lang
from portal.printing.money import amount, capital_amount

TEMPLATES = Path(__file__).parent.parent / "templates"

# Where the visible seal line goes on the last page, between page number and foot edge, free of print on every sheet:
# left, bottom, right, top in PDF points from the lower left corner.
SEAL_PLACE_PORTRAIT = (200.0, 20.0, 460.0, 50.0)
SEAL_PLACE_LANDSCAPE = (290.0, 20.0, 550.0, 50.0)


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


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(amount=amount, capital_amount=capital_amount, grid=grid)
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
