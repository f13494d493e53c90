"""HTML of a sheet → PDF/A-2b (PR-1, PR-8) by WeasyPrint, closed against everything that is not ours.

This runs in a process of its own (`press`), which ends and gives its memory back: WeasyPrint and its fonts hold a hundred megabytes and
more. Only that process imports this module. Run as a program without an argument it says what the machine lacks for printing.
"""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import re
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from weasyprint import CSS, HTML, Page
from weasyprint.formatting_structure import boxes
from weasyprint.logger import PROGRESS_LOGGER
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from portal.printing import fonts
from portal.printing.glancing import glance
from portal.printing.order import ForbiddenAddressError, Glance, MissingGlyph, Order, Pdf, Pile, Piled

STATIC = Path(__file__).parent.parent / "static"
IDLE_SECONDS = 180
"""So long a press waits for its next sheet before it ends."""
MEMORY = 3 << 30
"""No sheet may take more bytes of address space: the longest list needs a third of it."""

_STATIC_NAME = re.compile(r"print[a-z0-9-]*\.css")
_PICTURE_TYPES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"<svg", "image/svg+xml"))


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


def _close_frames(box: Any) -> float:
    """Let the frame of each group end under its last row, its name in the middle of what is left; return where rows in `box` end.

    WeasyPrint draws what a page cuts down to the foot of the page, and kept rows may leave much white there.
    """
    if box.element_tag == "tr":
        return float(box.position_y + box.height)
    children = [child for child in getattr(box, "children", ()) if child.element_tag != "h2"]
    foot = max(map(_close_frames, children), default=0.0)
    white = box.content_box_y() + box.height - foot if foot and box.element_tag in ("div", "section") else 0.0
    if white > 1 and box.element.get("class", "").startswith(("s-band", "s-group")):
        box.height -= white
        for name in (child for child in box.children if child.element_tag == "h2"):
            name.translate(dy=-white / 2)
    return foot


def _below(box: Any) -> Iterator[Any]:
    yield box
    for child in getattr(box, "children", ()):
        yield from _below(child)


def _repeat_names(pages: list[Any]) -> None:
    """Let the name of a group that goes on over a page stand in the middle of its band there too, where it has room (PR-3)."""
    names: dict[Any, Any] = {}
    for page in pages:
        for band in _below(page._page_box):
            if band.element_tag != "div" or "s-band" not in band.element.get("class", "").split():
                continue
            name = next((child for child in band.children if child.element_tag == "h2"), None)
            if name is not None:
                names[band.element] = name
            elif band.element in names and max(names[band.element].width, names[band.element].height) < band.height:
                again = names[band.element].deepcopy()
                again.bookmark_label = ""  # the outline leads to where the group begins
                again.translate(dy=band.content_box_y() + band.height / 2 - again.position_y)  # which is its middle: see print.css
                band.children = (again, *band.children)


def _repeat_labels(pages: list[Any]) -> None:
    """Let the label of a text that goes on over a page stand beside it there too (PR-3).

    In HTML a table repeats its heads, not the head of a row that is cut.
    """
    labels: dict[Any, Any] = {}
    for page in pages:
        for row in _below(page._page_box):
            if row.element_tag != "tr" or "s-flows" not in row.element.get("class", "").split():
                continue
            head = row.children[0]
            if row.element not in labels:
                labels[row.element] = head.children[0]
                continue
            again = labels[row.element].deepcopy()
            lines = [one for one in _below(again) if isinstance(one, boxes.LineBox) and one is not again]
            top, foot = lines[0].position_y, lines[-1].position_y + lines[-1].height
            if foot - top < row.height:
                again.translate(dy=row.position_y + (row.height - top - foot) / 2)
                head.children = (again,)


LONG = 20
"""Of a sheet of more pages what the layout left behind goes before it is written: a sixth of the memory of two thousand labels."""


def _lay_out(order: Order) -> tuple[Any, ClosedFetcher]:
    fetcher = ClosedFetcher(order.assets)
    try:
        source = HTML(string=order.html, url_fetcher=fetcher)
        document = source.render(font_config=fonts.font_configuration(), stylesheets=[_stylesheet()])
    except FatalURLFetchingError as error:
        raise ForbiddenAddressError(str(error)) from error
    if len(document.pages) > 1:
        _repeat_names(document.pages)
        _repeat_labels(document.pages)
        for page in document.pages[:-1]:
            _close_frames(page._page_box)
        # Made anew, because a page notes where its turned names stand.
        document = document.copy([Page(page._page_box) for page in document.pages])
    metadata = document.metadata
    metadata.title, metadata.authors, metadata.lang = order.title, [order.author], order.lang
    metadata.created = order.created.isoformat(timespec="seconds") if order.created else None
    return document, fetcher


def _write(document: Any, fetchers: list[ClosedFetcher]) -> bytes:
    try:
        content = document.write_pdf(pdf_variant="pdf/a-2b", pdf_tags=True, finisher=fonts.compact_fonts)
    except FatalURLFetchingError as error:
        raise ForbiddenAddressError(str(error)) from error
    # Inside an SVG, WeasyPrint logs the refusal and leaves the place empty.
    refused = [address for fetcher in fetchers for address in fetcher.refused]
    if refused:
        raise ForbiddenAddressError(f"not served to sheets: {refused[0]}")
    missing = fonts.missing_characters(document)
    if missing:
        shown = ", ".join(f"{character} (U+{ord(character):04X})" for character in missing[:10])
        raise MissingGlyph("No installed font can print %(characters)s", characters=shown)
    return cast(bytes, content)


def _paint(order: Order) -> tuple[bytes, Any]:
    document, fetcher = _lay_out(order)
    if len(document.pages) > LONG:
        gc.collect()
    return _write(document, [fetcher]), document


def paint(order: Order) -> Pdf:
    """Return a sheet as a tagged PDF/A-2b with title, author and language set (PR-8); `print.css` is always applied.

    Raises MissingGlyph (PR-3) and ForbiddenAddressError.
    """
    content, document = _paint(order)
    return Pdf(content, len(document.pages))


def paint_pile(pile: Pile) -> Piled:
    """Return sheets in one PDF, each with its own page numbers, under the first one's title. Raises as `paint` does."""
    laid_out = [_lay_out(order) for order in pile.orders]
    document = laid_out[0][0].copy([page for one, _fetcher in laid_out for page in one.pages])
    return Piled(_write(document, [fetcher for _one, fetcher in laid_out]), [len(one.pages) for one, _fetcher in laid_out])


class _Pages(logging.Handler):
    def __init__(self, tell: Callable[[int], None]) -> None:
        super().__init__(logging.INFO)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, str) and "layout - Page" in record.msg and record.args:
            self._tell(int(cast(tuple[Any, ...], record.args)[0]))


@contextlib.contextmanager
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


def check_environment() -> list[str]:
    """Return what this machine lacks for printing, in English for the log at start; empty when all is there."""
    problems = []
    if fonts.subsetter_missing():
        problems.append("libharfbuzz-subset0 is not installed: printing one form takes seconds instead of a fraction of one")
    probe = "".join(
        f'<p class="{css_class}">{text}</p>'
        for css_class, text in (("", "堃"), ("sheet-title", "表"), ("s-signature", "签"), ("s-rare", "\U000323af"))
    )
    try:
        _, document = _paint(Order(f'<article class="sheet">{probe}</article>', lang="zh-CN", title="probe", author="probe"))
    except MissingGlyph as error:
        problems.append(f"{error}: install {', '.join(sorted(set(fonts.PACKAGES.values())))}")
    else:
        absent = set(fonts.PACKAGES) - fonts.families_used(document)
        problems.extend(f"the font {family} is not installed ({fonts.PACKAGES[family]})" for family in sorted(absent))
    return problems


def _done(order: Order | Glance | Pile) -> Pdf | Piled:
    if isinstance(order, Pile):
        return paint_pile(order)
    return glance(order) if isinstance(order, Glance) else paint(order)


def serve(orders: Connection) -> None:
    """Print what comes in through `orders` until nothing comes for a while, or nobody is there any more.

    Comes: (order of a sheet, pile of sheets or glance at a file, seconds it may take). Goes: `{"page": …}` for each page laid out, at
    the end `{"pages": …}` and the file (of a glance the picture), or `{"missing": …}` or `{"forbidden": …}`; as JSON, so that who asked
    never unpickles what came out of a sheet. A mistake ends the process.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def say(**what: Any) -> None:
        orders.send_bytes(json.dumps(what).encode())

    gc.freeze()  # what the libraries made stays; the collector need not look at it again with every sheet
    with contextlib.suppress(EOFError, ConnectionError), layout_progress(lambda page: say(page=page)):
        while orders.poll(IDLE_SECONDS):
            order, seconds = orders.recv()
            signal.alarm(round(seconds) + 1)  # who asked gives up before; this is for when they are gone
            try:
                printed = _done(order)
            except MissingGlyph as error:
                say(missing=error.message.params["characters"])
            except ForbiddenAddressError as error:
                say(forbidden=str(error))
            else:
                say(**({"pages": sum(printed.each), "each": printed.each} if isinstance(printed, Piled) else {"pages": printed.pages}))
                orders.send_bytes(printed.content)
            signal.alarm(0)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(Connection(int(sys.argv[1])))
    else:
        found = check_environment()
        for problem in found:
            print(f"WARNING: {problem}", file=sys.stderr)
        print("Printing lacks something." if found else "Printing works.")
