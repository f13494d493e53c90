"""What is in a PDF that is filed: its pages, and nothing that runs or hides (AR-10, AP-6, quality bars: Files)."""

from __future__ import annotations

import io
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from portal.rules.message import Refusal

MOST_PAGES = 2000
_ACTIVE = ("/JavaScript", "/JS", "/Launch", "/EmbeddedFiles", "/RichMedia", "/XFA")


def pdf_pages(content: bytes) -> int:
    """Return how many pages a PDF has. Raises `Refusal` for one that is broken, locked, too long, or carries programs or files."""
    try:
        reader = PdfReader(io.BytesIO(content))
        locked = reader.is_encrypted
        pages = 0 if locked else len(reader.pages)
        active = None if locked else _active(reader)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise Refusal("The PDF cannot be read.") from error
    if locked:
        raise Refusal("The PDF is protected by a password.")
    if not 1 <= pages <= MOST_PAGES:
        raise Refusal("The PDF has %(pages)s pages; from 1 to %(most)s can be filed.", pages=pages, most=MOST_PAGES)
    if active:
        raise Refusal("The PDF carries a program or another file (%(what)s). Print it to a PDF anew and file that.", what=active)
    return pages


def _active(reader: PdfReader) -> str | None:
    """Return the name of something in a PDF that runs or hides, looked for from its catalogue and its pages."""
    catalogue: Any = reader.trailer["/Root"]
    seen: set[int] = set()
    for start in (catalogue.get("/OpenAction"), catalogue.get("/AA"), catalogue.get("/Names"), catalogue.get("/AcroForm")):
        found = _named(start, seen, 0)
        if found:
            return found
    for page in reader.pages:
        for key in ("/AA", "/Annots"):
            found = _named(page.get(key), seen, 0)
            if found:
                return found
    return None


def _named(part: Any, seen: set[int], depth: int) -> str | None:
    if isinstance(part, IndirectObject):
        if part.idnum in seen:
            return None
        seen.add(part.idnum)
        part = part.get_object()
    if depth > 20 or not isinstance(part, DictionaryObject | ArrayObject):
        return None
    if isinstance(part, DictionaryObject):
        for name in _ACTIVE:
            if name in part or part.get("/S") == name:
                return name
        # A way back to the page or the parent is no way on.
        inside = [value for key, value in part.items() if key not in ("/P", "/Parent", "/Page", "/Dest", "/D")]
    else:
        inside = list(part)
    return next((found for one in inside if (found := _named(one, seen, depth + 1))), None)
