"""What people enter, made fit to store: every text passes here once, at input."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_REMOVED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters; tab and line feed stay
    "\ud800-\udfff\ufffe\uffff"  # XML cannot carry them: one of them breaks a whole spreadsheet
    "\u200b\ufeff"  # invisible spaces make equal names unequal
    "\u202a-\u202e\u2066-\u2069]"  # direction overrides show a text as what it is not
)
_LINE_END = re.compile("\r\n?|\x0b|\x0c|\x85|\u2028|\u2029")


def clean(text: str) -> str:
    """Return `text` fit to store: NFC, line ends as line feeds, no characters that XML cannot carry, no surrounding spaces.

    NFC and not NFKC: rare characters of names, full-width forms and ① stay as typed (AR-40, PR-3; Security in the
    quality bars for U+FFFE and U+FFFF). Ideographic spaces around are stripped too. Cleaning twice changes nothing.
    """
    if not text.isprintable():  # nothing of what is removed is printable; imports clean a million cells and more
        text = _REMOVED.sub("", _LINE_END.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def read_json(text: str) -> Any:
    """Return what `text` says in JSON. Raises ValueError for what is none, and for halves of characters, which cannot be stored."""
    found = json.loads(text)
    json.dumps(found, ensure_ascii=False).encode()
    return found


def clean_line(text: str) -> str:
    """Return `text` cleaned and on one line, with single spaces inside (AR-40)."""
    return " ".join(clean(text).split())
