"""A handwritten signature as a picture: judged by its content, and made anew as dark ink on nothing (quality.md: Files)."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from portal.rules.message import N_, Refusal

LARGEST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 12_000_000
"""A photograph of a telephone; more would only fill memory."""
SIZE = (600, 200)
"""The picture kept is at most this large: 50 mm at 300 dpi."""
SMALLEST = (20, 8)
INK, PAPER = 110, 200
"""Grey values: darker than the first is ink, lighter than the second is paper, between them the edge of a stroke."""
MOST_INK = 0.5


def signature_png(content: bytes) -> bytes:
    """Return the signature as a PNG of at most 600 × 200 pixels: ink on a transparent ground, cut to the strokes.

    Takes PNG and JPEG, whatever the file's name says. Raises `Refusal` (field `picture`) for anything else, for more than
    2 MB or 12 million pixels, and where there is no signature to be seen. Nothing of the file itself is kept.
    """
    if len(content) > LARGEST_BYTES:
        raise Refusal(N_("The picture is larger than %(size)s MB."), field="picture", size=LARGEST_BYTES // 1024 // 1024)
    image = _opened(content)
    alpha = ImageOps.invert(_grey(image)).point(_opacity)
    box = alpha.getbbox()
    if box is None or box[2] - box[0] < SMALLEST[0] or box[3] - box[1] < SMALLEST[1]:
        raise Refusal(N_("There is no signature to be seen in the picture."), field="picture")
    alpha = alpha.crop(box)
    if sum(alpha.histogram()[128:]) > MOST_INK * alpha.width * alpha.height:
        raise Refusal(N_("The picture is too dark: sign in black on white paper and photograph it in good light."), field="picture")
    alpha.thumbnail(SIZE, Image.Resampling.LANCZOS)
    result = Image.new("LA", alpha.size, 0)
    result.putalpha(alpha)
    buffer = io.BytesIO()
    result.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _opened(content: bytes) -> Image.Image:
    """Return the decoded picture, upright."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
            if image.width * image.height > MOST_PIXELS:
                raise Refusal(N_("The picture has more than %(count)s million pixels."), field="picture", count=MOST_PIXELS // 1_000_000)
            image.load()
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise Refusal(N_("The file is not a PNG or JPEG picture."), field="picture") from error
    return ImageOps.exif_transpose(image)


def _grey(image: Image.Image) -> Image.Image:
    """Return the picture in grey, on white where it is transparent."""
    image = image.convert("RGBA")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("L")


def _opacity(darkness: int) -> int:
    """Return how much of a pixel is ink, 0 to 255, by its darkness (255 less its grey value)."""
    return max(0, min(255, (darkness - (255 - PAPER)) * 255 // (PAPER - INK)))
