"""Cells that a spreadsheet would take for a formula, and characters that XML cannot carry (AR-41)."""

from __future__ import annotations

import re

# Spreadsheets take = + - @ for the beginning of a formula, also after spaces, a tab or a line break, also full-width.
# A leading apostrophe counts too, so that defusing and restoring are exact opposites.
FORMULA = re.compile(r"'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])")
# Outside XML 1.0's Char production, section 2.2; lone surrogates cannot be encoded at all.
NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def without_illegal(text: str) -> str:
    """Return the text without characters that XML 1.0 cannot carry."""
    return text if text.isprintable() else NOT_XML.sub("", text)


def defuse(text: str) -> str:
    """Return the text with an apostrophe before it where a spreadsheet would take it for a formula."""
    return "'" + text if FORMULA.match(text) else text


def restore(text: str) -> str:
    """Return what `defuse` was given: the apostrophe before a would-be formula is taken off."""
    return text[1:] if text[:1] == "'" and FORMULA.match(text, 1) else text
