"""A page of a filed PDF or picture as a small PNG to look at (AR-10): drawn anew, so that nothing of the file itself reaches a browser.

Only a press imports this: what comes in from outside is opened in a process that knows nothing of the portal.
"""

from __future__ import annotations

import io

import pypdfium2
from PIL import Image, ImageOps

from portal.printing.order import Glance, Pdf

MOST_PIXELS = 120_000_000
LONGEST = 4
"""A page is shown at most so many times as high as it is wide."""


def glance(order: Glance) -> Pdf:
    """Return the picture of a page, and of how many pages; the picture is empty where the file has no such page or cannot be drawn."""
    try:
        if order.media_type == "application/pdf":
            return _of_pdf(order)
        return _of_picture(order)
    except (pypdfium2.PdfiumError, OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return Pdf(b"", 0)


def _of_pdf(order: Glance) -> Pdf:
    document = pypdfium2.PdfDocument(order.content)
    try:
        pages = len(document)
        if not 1 <= order.page <= pages:
            return Pdf(b"", pages)
        page = document[order.page - 1]
        width, height = page.get_size()
        scale = min(order.width / max(width, 1), order.width * LONGEST / max(height, 1))
        return Pdf(_png(page.render(scale=scale, may_draw_forms=False).to_pil()), pages)
    finally:
        document.close()


def _of_picture(order: Glance) -> Pdf:
    if order.page != 1:
        return Pdf(b"", 1)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with Image.open(io.BytesIO(order.content), formats=["JPEG", "PNG"]) as picture:
        picture.draft("RGB", (order.width * 2, order.width * 2))
        turned = ImageOps.exif_transpose(picture)
        turned.thumbnail((order.width, order.width * LONGEST))
        return Pdf(_png(turned), 1)


def _png(picture: Image.Image) -> bytes:
    if picture.mode in ("RGBA", "LA", "P"):
        paper = Image.new("RGB", picture.size, "white")
        rgba = picture.convert("RGBA")
        paper.paste(rgba, mask=rgba.getchannel("A"))
        picture = paper
    buffer = io.BytesIO()
    picture.convert("L" if picture.mode in ("1", "L") else "RGB").save(buffer, "PNG")
    return buffer.getvalue()
