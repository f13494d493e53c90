"""HTML of a sheet → PDF/A-2b (PR-1, PR-8) by WeasyPrint, closed against everything that is not ours."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from weasyprint import CSS, HTML
from weasyprint.logger import PROGRESS_LOGGER
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from portal.printing import fonts
from portal.printing.catalogue import SHEETS
from portal.printing.labels import Labels, Language, Translator, html_lang
from portal.printing.money import amount, capital_amount
from portal.rules.message import Refusal

TEMPLATES = Path(__file__).parent.parent / "templates"
STATIC = Path(__file__).parent.parent / "static"

# Where the visible seal line goes on the last page, between page number and foot edge, free of print on every sheet:
# left, bottom, right, top in PDF points from the lower left corner.
SEAL_PLACE_PORTRAIT = (200.0, 20.0, 460.0, 50.0)
SEAL_PLACE_LANDSCAPE = (290.0, 20.0, 550.0, 50.0)

_STATIC_NAME = re.compile(r"print[a-z0-9-]*\.css")
_PICTURE_TYPES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"<svg", "image/svg+xml"))

_rendering = threading.Lock()


class MissingGlyph(Refusal):
    """A character that no installed font can draw; printing it as an empty box would falsify a name (PR-3)."""


class ForbiddenAddressError(ValueError):
    """A sheet asked for an address that is neither one of our print stylesheets nor an asset given with it."""


class ClosedFetcher(URLFetcher):
    """Serves `static:print….css` from `portal/static` and `asset:<name>` from the given assets; refuses all else.

    A refused address stops the rendering: a sheet with a hole in it must not be signed.
    """

    def __init__(self, assets: Mapping[str, bytes] | None = None) -> None:
        """`assets`: name → PNG, JPEG or SVG made by us, such as a signature picture."""
        super().__init__(allowed_protocols=("static", "asset"), allow_redirects=False, fail_on_errors=True)
        self._assets = dict(assets or {})
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:
        """Return the content of `url`. Raises ForbiddenAddressError where it is not ours; nothing is ever opened by address."""
        scheme, _, name = url.partition(":")
        if scheme == "static" and _STATIC_NAME.fullmatch(name) and (STATIC / name).is_file():
            return URLFetcherResponse(url, (STATIC / name).read_bytes(), {"Content-Type": "text/css; charset=utf-8"})
        if scheme == "asset" and name in self._assets:
            content = self._assets[name]
            kind = next((kind for head, kind in _PICTURE_TYPES if content.lstrip().startswith(head)), None)
            if kind:
                return URLFetcherResponse(url, content, {"Content-Type": kind})
        self.refused.append(url[:200])
        raise ForbiddenAddressError(f"not served to sheets: {url[:200]}")


@cache
def _stylesheet() -> CSS:
    return CSS(string=(STATIC / "print.css").read_text(encoding="utf-8"), url_fetcher=ClosedFetcher(), base_url=None)


def _paint(
    html: str,
    *,
    language: Language,
    title: str,
    author: str,
    assets: Mapping[str, bytes] | None = None,
    created: datetime | None = None,
) -> tuple[bytes, Any]:
    fetcher = ClosedFetcher(assets)
    # Jobs print in threads of the web process too; Pango and fontconfig keep state that two threads must not share.
    with _rendering:
        try:
            source = HTML(string=html, url_fetcher=fetcher)
            document = source.render(font_config=fonts.font_configuration(), stylesheets=[_stylesheet()])
            metadata = document.metadata
            metadata.title, metadata.authors, metadata.lang = title, [author], html_lang(language)
            metadata.created = created.isoformat(timespec="seconds") if created else None
            content = document.write_pdf(pdf_variant="pdf/a-2b", pdf_tags=True, finisher=fonts.compact_fonts)
        except FatalURLFetchingError as error:
            raise ForbiddenAddressError(str(error)) from error
    # Inside an SVG, WeasyPrint logs the refusal and leaves the place empty.
    if fetcher.refused:
        raise ForbiddenAddressError(f"not served to sheets: {fetcher.refused[0]}")
    missing = fonts.missing_characters(document)
    if missing:
        shown = ", ".join(f"{character} (U+{ord(character):04X})" for character in missing[:10])
        raise MissingGlyph("No installed font can print %(characters)s", characters=shown)
    return cast(bytes, content), document


def render_pdf(
    html: str,
    *,
    language: Language,
    title: str,
    author: str,
    assets: Mapping[str, bytes] | None = None,
    created: datetime | None = None,
) -> bytes:
    """Return `html` as a tagged PDF/A-2b with title, author and language set (PR-8); `print.css` is always applied.

    `assets` are the pictures that the HTML names as `asset:<name>`; `created` is the time of printing, with its zone.
    Raises MissingGlyph (PR-3) and ForbiddenAddressError.
    """
    content, _ = _paint(html, language=language, title=title, author=author, assets=assets, created=created)
    return content


class _Pages(logging.Handler):
    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, str) and "layout - Page" in record.msg and record.args:
            self._tell(int(cast(tuple[Any, ...], record.args)[0]))


@contextmanager
def layout_progress(tell: Callable[[int], None]) -> Iterator[None]:
    """Tell the number of each page as it is laid out, as WeasyPrint logs it; for the progress of long sheets."""
    handler, level = _Pages(tell), PROGRESS_LOGGER.level
    PROGRESS_LOGGER.addHandler(handler)
    PROGRESS_LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        PROGRESS_LOGGER.removeHandler(handler)
        PROGRESS_LOGGER.setLevel(level)


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
    `print.css`; `asset_url(name)` then gives the address of a picture (default: `asset:<name>`, for `render_pdf`).
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


def check_environment() -> list[str]:
    """Return what this machine lacks for printing, in English for the log at start; empty when all is there.

    Prints a probe, which also warms the fonts.
    """
    problems = []
    if fonts.subsetter_missing():
        problems.append("libharfbuzz-subset0 is not installed: printing one form takes seconds instead of a fraction of one")
    probe = "".join(
        f'<p class="{css_class}">{text}</p>'
        for css_class, text in (("", "堃"), ("sheet-title", "表"), ("s-signature", "签"), ("s-rare", "\U000323af"))
    )
    try:
        _, document = _paint(f'<article class="sheet">{probe}</article>', language="zh", title="probe", author="probe")
    except MissingGlyph as error:
        problems.append(f"{error}: install {', '.join(sorted(set(fonts.PACKAGES.values())))}")
    else:
        absent = set(fonts.PACKAGES) - fonts.families_used(document)
        problems.extend(f"the font {family} is not installed ({fonts.PACKAGES[family]})" for family in sorted(absent))
    return problems
