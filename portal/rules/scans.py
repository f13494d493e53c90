"""Scans of signed sheets: a PDF or a picture, judged by its content and not by its name (AP-6, quality bars: Files)."""

from __future__ import annotations

from portal.rules import file_content
from portal.rules.file_content import ENDINGS, JPEG, PDF, PNG
from portal.rules.message import Refusal

__all__ = ["ENDINGS", "MOST_PAGES", "media_type_of_scan"]

MOST_PAGES = 200


def media_type_of_scan(content: bytes, size_limit_mb: int) -> str:
    """Return application/pdf, image/jpeg or image/png. Raises `Refusal` (field `scan`) for anything else, and for what is too large."""
    if content and not content.startswith(b"%PDF-") and len(content) <= size_limit_mb * 1024 * 1024:
        try:
            file_content.picture_type(content)
        except Refusal as refusal:
            raise refusal.at("scan") from None
    judged = file_content.judge(content, "", size_limit_mb, field="scan")
    if judged.media_type not in (PDF, JPEG, PNG):
        raise Refusal("This is neither a PDF nor a JPEG or PNG picture.", field="scan")
    if (judged.pages or 0) > MOST_PAGES:
        raise Refusal("The PDF has %(pages)s pages; from 1 to %(most)s can be filed.", field="scan", pages=judged.pages, most=MOST_PAGES)
    return judged.media_type
