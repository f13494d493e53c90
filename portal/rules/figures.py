"""Figures of meters and measures: read from what people type, written in one way (AR-30)."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from portal.rules.message import Refusal

PLACES = 3
"""Decimals that a meter shows at most."""
LIMIT = Decimal(10) ** 9

_FIGURE = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+")


def parse_figure(value: str | int | float | Decimal) -> Decimal:
    """Return the figure that `value` says, not below nothing, with at most three decimals: '1,204.5', '０１２０４' (AR-30).

    Raises `Refusal` for anything else, and from 1,000,000,000 on.
    """
    typed = f"{Decimal(repr(value)):f}" if isinstance(value, float) else str(value)
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", typed))
    if isinstance(value, bool) or not _FIGURE.fullmatch(plain):
        raise Refusal("%(typed)s is not a figure such as 1204.5.", typed=typed[:40])
    figure = Decimal(plain.replace(",", ""))
    if figure >= LIMIT or figure != round(figure, PLACES):
        raise Refusal("%(typed)s: a figure here is below %(limit)s and has at most %(places)s decimals.",
                      typed=typed[:40], limit=f"{LIMIT:,f}", places=PLACES)  # fmt: skip
    return Decimal(format_figure(figure))


def format_figure(figure: Decimal | str) -> str:
    """Return a figure without needless zeros behind the point: '1204.5', '300'."""
    text = f"{Decimal(figure):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
