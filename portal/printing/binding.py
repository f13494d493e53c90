"""Binds PDFs: counts pages of filed files, numbers them, puts them behind a cover, with bookmarks (PR-6, PR-7). A process of its own.

What comes in from outside is opened here, where nothing is known of the portal. Files are taken in portions: however many there are,
only the pages' descriptions are in memory, never the files.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pikepdf

from portal.printing.pages_of_files import Failures, number_font, pages_of, stamp

PORTION = 50
"""So many files are open at once."""
MEMORY = 3 << 30
"""It may not take more bytes of address space."""

Telling = Iterator[dict[str, Any]]


def count(files: list[dict[str, Any]]) -> Telling:
    """Yield {"pages": …} for each file {path, media_type}; 0 for one that cannot be read."""
    for file in files:
        try:
            with pages_of(Path(file["path"]), file["media_type"]) as pdf:
                pages = len(pdf.pages)
        except Failures:
            pages = 0
        yield {"pages": pages}


def bind(front: str, parts: list[dict[str, Any]], back: str, out: str, **about: Any) -> Telling:
    """Write `front`, `parts` and `back` (paths of PDFs; "" for none) as one PDF to `out`, and yield {"done": …} as parts are done.

    A part is {path, media_type, title, page, pages}: `page` is the page of a PDF of ours from which it begins, `pages` how many it has;
    without them the whole file is taken. `about`: title, author, lang, `numbered` (pages of the parts get running numbers from 1),
    `front_marks` ([title, page] of bookmarks in the front) and `back_title`.
    """
    folder, number = Path(out).parent, 0
    portions: list[Path] = []
    titles: list[tuple[str, int]] = []
    rest = iter(parts)
    while portion := list(islice(rest, PORTION)):
        path = folder / f"portion-{len(portions)}.pdf"
        number = yield from _portion(portion, path, number, titles, about["numbered"])
        portions.append(path)
    with ExitStack() as opened:
        book = opened.enter_context(pikepdf.open(front) if front else pikepdf.new())
        first = len(book.pages)
        for path in portions:
            book.pages.extend(opened.enter_context(pikepdf.open(path)).pages)
        last = len(book.pages)
        if back:
            pages = opened.enter_context(pikepdf.open(back)).pages
            for page in pages:
                _let_go(page)
            book.pages.extend(pages)
        _describe(book, about)
        _labels(book, first, last, about["numbered"])
        with book.open_outline() as outline:
            outline.root.clear()  # what the front had of its own
            marks = [(title, place) for title, place in about.get("front_marks", ())]
            marks += [(title, first + place) for title, place in titles]
            marks += [(about.get("back_title", ""), last)] if back else []
            outline.root.extend(pikepdf.OutlineItem(title, place) for title, place in marks)
        book.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        whole = len(book.pages)
    for path in portions:
        path.unlink()
    yield {"pages": number, "whole": whole}


def _portion(portion: list[dict[str, Any]], path: Path, number: int, titles: list[tuple[str, int]], numbered: bool) -> Any:
    with ExitStack() as opened, pikepdf.new() as part:
        font = number_font(part)
        ours: dict[str, pikepdf.Pdf] = {}
        for one in portion:
            if "page" in one:
                if one["path"] not in ours:
                    ours[one["path"]] = opened.enter_context(pikepdf.open(one["path"]))
                pages = list(ours[one["path"]].pages[one["page"] : one["page"] + one["pages"]])
                for page in pages:
                    _let_go(page)
            else:
                pages = list(opened.enter_context(pages_of(Path(one["path"]), one["media_type"])).pages)
            titles.append((one["title"], number))
            for page in pages:
                number += 1
                part.pages.append(page)
                if numbered:
                    stamp(part, part.pages[-1], number, font)
            yield {"done": 1, "number": number}
        part.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return number


def _let_go(page: pikepdf.Page) -> None:
    """Cut a page's ties to the tags of its own PDF, which are left behind."""
    for key in ("/StructParents", "/Annots"):
        if key in page.obj:
            del page.obj[key]


def _describe(book: pikepdf.Pdf, about: dict[str, Any]) -> None:
    """Set title, author and language. What is bound is no longer PDF/A nor tagged as a whole, and does not say so."""
    for key in ("/StructTreeRoot", "/MarkInfo", "/OutputIntents", "/AcroForm", "/OpenAction", "/AA"):
        if key in book.Root:
            del book.Root[key]
    for page in book.pages:
        if "/StructParents" in page.obj:
            del page.obj["/StructParents"]
    book.Root.Lang = pikepdf.String(about["lang"])
    book.Root.PageMode = pikepdf.Name.UseOutlines
    book.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
    with book.open_metadata(set_pikepdf_as_editor=False) as said:
        for name in ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part"):
            if name in said:
                del said[name]
        said["dc:title"], said["dc:creator"], said["dc:language"] = about["title"], [about["author"]], {about["lang"]}


def _labels(book: pikepdf.Pdf, first: int, last: int, numbered: bool) -> None:
    """Let viewers call the pages by the numbers that stand on them; what stands before and behind has Roman ones."""
    if not numbered:
        return
    numbers: list[Any] = []
    if first:
        numbers += [0, pikepdf.Dictionary(S=pikepdf.Name.r)]
    if last > first:
        numbers += [first, pikepdf.Dictionary(S=pikepdf.Name.D)]
    if len(book.pages) > last:
        numbers += [last, pikepdf.Dictionary(S=pikepdf.Name.r, St=first + 1)]
    book.Root.PageLabels = pikepdf.Dictionary(Nums=numbers)


def main() -> None:
    """Do what standard input asks, {"do": "count" or "bind", …}, and tell each step as a line of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.load(sys.stdin)
    steps = count(asked["files"]) if asked.pop("do") == "count" else bind(**asked)
    for step in steps:
        print(json.dumps(step), flush=True)


if __name__ == "__main__":
    main()
