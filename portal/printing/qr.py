"""QR code of a sheet (PR-2) as inline SVG."""

from __future__ import annotations

import segno


def qr_svg(url: str) -> str:
    """Return an `<svg>` element with the QR code of `url`: error level M, 4 modules of quiet zone, sized by the stylesheet.

    Level M still reads with about 15 % of the symbol lost to a hole punch, a fold or a stamp. The `<title>` is the figure's
    alternative text in the tagged PDF (PR-8).
    """
    code = segno.make(url, error="m", micro=False)
    return code.svg_inline(scale=1, border=4, omitsize=True, dark="#000", title="QR", svgclass="s-qr", lineclass=None)
