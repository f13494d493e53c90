"""Numbers of customers and codes of sheets (AR-1, PR-1, PR-2)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import NamedTuple

from portal.rules.message import Refusal

SERIAL_DIGITS = 6
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Figures and capitals without 0 and O, 1, I and L, U beside V: a code is read from paper and typed."""
CODE_LENGTH = 12
"""30^12 is more than 2^58: codes are not found by trying."""

_PREFIX = re.compile(r"[A-Z]{1,6}")
_NUMBER = re.compile(r"(?P<prefix>[A-Z]{1,6})(?P<year>[12]\d{3})(?P<serial>\d{6}|[1-9]\d{6,11})")


class CustomerNumber(NamedTuple):
    """The parts of a customer's number."""

    prefix: str
    year: int
    serial: int


def customer_number(prefix: str, year: int, serial: int) -> str:
    """Return a customer's number: site prefix, four-digit year, serial of six digits or, from 1,000,000 on, more (AR-1).

    C2026000123 is the 123rd of 2026. The parts never run into each other, so that a number is read back in one way.
    Raises ValueError where prefix (1 to 6 capitals), year (1000 to 2999) or serial (from 1) are out of range.
    """
    if not _PREFIX.fullmatch(prefix) or not 1000 <= year <= 2999 or not 1 <= serial < 10**12:
        raise ValueError(f"no customer number from {prefix!r}, {year}, {serial}")
    return f"{prefix}{year}{serial:0{SERIAL_DIGITS}d}"


def parse_customer_number(text: str) -> CustomerNumber:
    """Return the parts of a customer's number typed in any width or case, with spaces or hyphens between (AR-1, AR-6).

    Raises `Refusal` where `text` is not such a number.
    """
    match = _NUMBER.fullmatch(_typed(text))
    if not match or int(match["serial"]) == 0:
        raise Refusal("%(typed)s is not a customer number such as %(example)s.", typed=text[:40], example="C2026000123")
    return CustomerNumber(match["prefix"], int(match["year"]), int(match["serial"]))


def verification_code() -> str:
    """Return a new random code of 12 characters for a printed sheet, as it is stored and stands in `/v/<code>` (PR-1, PR-2)."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


def grouped_verification_code(code: str) -> str:
    """Return a verification code in three groups of four, as it is printed: 'K7QM-2XDR-9TBC' (PR-1)."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def normalise_verification_code(text: str) -> str:
    """Return the stored form of a code that somebody typed: any width and case, hyphens and spaces allowed (PR-2).

    Raises `Refusal` where `text` cannot be a code.
    """
    code = _typed(text)
    if len(code) != CODE_LENGTH or any(letter not in CODE_ALPHABET for letter in code):
        raise Refusal("A verification code has %(count)s letters and figures, without 0, O, 1, I, L and U.", count=CODE_LENGTH)
    return code


def _typed(text: str) -> str:
    return re.sub(r"[\s\-_.·—–]", "", unicodedata.normalize("NFKC", text)).upper()
