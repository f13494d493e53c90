"""Scans of signed sheets, judged by their content and not by their name (AP-6, quality bars: Files)."""

from __future__ import annotations

import io

from PIL import Image, UnidentifiedImageError
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from portal.rules.message import Refusal

MOST_PAGES = 200
MOST_PIXELS = 120_000_000
"""An A3 sheet at 600 dpi has 70 million."""

_PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png"}
ENDINGS = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}


def media_type_of_scan(content: bytes, size_limit_mb: int) -> str:
    """Return application/pdf, image/jpeg or image/png. Raises `Refusal` (field `scan`) for anything else, and for what is too large."""
    if not content:
        raise Refusal("The file is empty.", field="scan")
    if len(content) > size_limit_mb * 1024 * 1024:
        raise Refusal("The file is larger than %(limit)s MB.", field="scan", limit=size_limit_mb)
    return _pdf(content) if content.startswith(b"%PDF-") else _picture(content)


def _pdf(content: bytes) -> str:
    try:
        reader = PdfReader(io.BytesIO(content))
        locked, pages = reader.is_encrypted, 0 if reader.is_encrypted else len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal("The PDF cannot be read.", field="scan") from error
    if locked:
        raise Refusal("The PDF is protected by a password.", field="scan")
    if not 1 <= pages <= MOST_PAGES:
        raise Refusal("The PDF has %(pages)s pages; from 1 to %(most)s can be filed.", field="scan", pages=pages, most=MOST_PAGES)
    return "application/pdf"


def _picture(content: bytes) -> str:
    try:
        with Image.open(io.BytesIO(content), formats=list(_PICTURES)) as picture:
            kind, (width, height) = picture.format, picture.size
            picture.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refusal("This is neither a PDF nor a JPEG or PNG picture.", field="scan") from error
    if width * height > MOST_PIXELS:
        raise Refusal("The picture has too many pixels: scan with at most 600 dpi.", field="scan")
    return _PICTURES[str(kind)]
