"""Credit codes, telephone numbers and e-mail addresses: compared in one form, shown in another (AR-1, AR-3)."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

import phonenumbers
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from portal.rules.message import N_, Message

_EXTENSION = re.compile(r"(?:转|轉|分机|分機|ext\.?|extension|x|#|\*)[\s:.]*(\d{1,6})$", re.IGNORECASE)
_HYPHEN_EXTENSION = re.compile(r"^(0\d{2,3}[\s\-)]+[\d\s]{7,9})-(\d{1,6})$")
_MOBILE = re.compile(r"1[3-9]\d{9}")
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}")
_SERVICE = re.compile(r"[48]00\d{7}")
USUAL_PHONE = re.compile(r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}|0(?:10|2[0-9])-[2-9][0-9]{7}|0[3-9][0-9]{2}-[2-9][0-9]{6,7}")
"""How most numbers are written, imported ones above all: nothing more has to be found out about them."""
SHORTEST_PHONE = 3
"""So many figures has a telephone number at least: 110, 119."""
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_MAINLAND_CODE = re.compile(r"^(?:\+|00)86|^86(?=1[3-9]\d{9}$)")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{1,62}")


class Phone(NamedTuple):
    """A telephone number: `comparable` is equal for two spellings of one line, `display` is for people."""

    comparable: str
    """Figures only: mainland numbers as dialled inside the country (13612345678, 01088993108), others with + and country code."""
    display: str
    extension: str = ""
    understood: bool = True
    """False: kept as typed, and compared by its figures."""


def normalise_credit_code(text: str) -> str:
    """Return a unified social credit code as it is stored: half-width, capitals, no spaces or hyphens (AR-1)."""
    return re.sub(r"[\s\-—–·.]", "", unicodedata.normalize("NFKC", text)).upper()


def check_credit_code(text: str) -> Message | None:
    """Return what is wrong with a unified social credit code, or None (AR-1, GB 32100-2015).

    This is a warning, not a refusal: codes that fail the checksum were issued.
    """
    code = normalise_credit_code(text)
    try:
        uscc.validate(code)
    except InvalidLength:
        return Message(N_("A unified social credit code has 18 characters; this one has %(count)s."), {"count": len(code)})
    except InvalidChecksum:
        return Message(N_("The last character of the unified social credit code does not fit the others: probably a slip of the pen."))
    except ValidationError:
        return Message(N_("A unified social credit code has only figures and the capitals without I, O, S, V and Z, in a fixed order."))
    return None


def normalise_phone(text: str, *, area_code: str = "") -> Phone:
    """Return a telephone number in a comparable form and a display form, with its extension apart (AR-1, AR-3).

    Mainland mobiles, lines with area code and 400/800 numbers are told by their shape, numbers with a foreign code (Hong Kong,
    Macao and Taiwan included) by `phonenumbers`. A local number of seven or eight figures gets `area_code` ('0755'), where given.
    What cannot be understood is kept as typed. The extension is not part of `comparable`: it is the same telephone line.
    """
    if USUAL_PHONE.fullmatch(text):
        figures = text.replace(" ", "").replace("-", "")
        return Phone(figures, _display_inland(figures))
    typed = " ".join(unicodedata.normalize("NFKC", text).split())
    number, extension = _split_extension(typed)
    plain = re.sub(r"[^\d+]", "", number.replace("(0)", ""))
    inland = _MAINLAND_CODE.sub("", plain)
    if inland != plain and not _MOBILE.fullmatch(inland) and not _SERVICE.fullmatch(inland) and not inland.startswith("0"):
        inland = "0" + inland
    if area_code and _LOCAL.fullmatch(inland):
        inland = area_code + inland
    display = _display_inland(inland)
    if display:
        return Phone(inland, _with_extension(display, extension), extension)
    if plain.startswith(("+", "00")):
        foreign = _foreign("+" + plain.lstrip("+0"))
        if foreign:
            return Phone(foreign[0], _with_extension(foreign[1], extension), extension)
    return Phone(re.sub(r"\D", "", typed), typed, "", understood=False)


_BETWEEN = re.compile(r"[/／、,，;；]")


def dialled(text: str) -> str:
    """Return what a telephone dials for a number as it was typed: of several the first, without extension; empty without figures."""
    whole = normalise_phone(text)
    return whole.comparable if whole.understood else normalise_phone(_BETWEEN.split(text.strip(), maxsplit=1)[0]).comparable


def check_email(text: str) -> Message | None:
    """Return what is wrong with an e-mail address, or None (AR-1). Only the form is looked at; names of any script are allowed."""
    if len(text) > 254 or not _EMAIL.fullmatch(text) or ".." in text or text.startswith(".") or ".@" in text:
        return Message(N_("%(typed)s is not an e-mail address such as name@example.com."), {"typed": text[:60]})
    return None


def _split_extension(typed: str) -> tuple[str, str]:
    match = _EXTENSION.search(typed)
    if match and match.start():
        return typed[: match.start()].rstrip(" ,-("), match[1]
    match = _HYPHEN_EXTENSION.match(typed.lstrip("("))
    return (match[1], match[2]) if match else (typed, "")


def _display_inland(number: str) -> str:
    """Return a mainland number grouped for reading, '' where it is not one."""
    if _MOBILE.fullmatch(number):
        return f"{number[:3]} {number[3:7]} {number[7:]}"
    if _LANDLINE.fullmatch(number):
        area = 3 if number[1] in "12" else 4
        if number[1] in "12" and len(number) != 11:
            return ""
        return f"{number[:area]}-{number[area:]}"
    if _SERVICE.fullmatch(number):
        return f"{number[:3]}-{number[3:6]}-{number[6:]}"
    return ""


def _foreign(number: str) -> tuple[str, str] | None:
    """Return the comparable and the display form of a number with country code, None where the country has no such numbers."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if parsed.country_code == 86 or not phonenumbers.is_possible_number(parsed):
        return None
    return (
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
    )


def _with_extension(display: str, extension: str) -> str:
    return f"{display} 转 {extension}" if extension else display
