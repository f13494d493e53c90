"""One cell of an uploaded table turned into a value of a column's kind (AR-40).

A parser takes a cell that is not empty, as the reader gives it (text, number, date, ...), and returns the value, None where
the cell holds nothing but spaces, or raises `Refusal` with the reason.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from portal.exchange.error_cells import ERRORS
from portal.rules import dates, money, text
from portal.rules.identifiers import SHORTEST_PHONE, USUAL_PHONE
from portal.rules.message import N_, Named, Refusal
from portal.rules.sales import MOST_QUANTITY, PRICE_PLACES, QUANTITY_PLACES, parse_number

if TYPE_CHECKING:
    from portal.exchange.columns import Column

CellParser = Callable[[Any], Any]

COUNTED = ("amount", "price", "quantity")
"""Kinds whose figures may be counted in thousands, 万 or 亿, as their head says."""

AN_ERROR = N_("The cell holds an error of the spreadsheet instead of a value. Mend its formula, or empty the cell.")
# Excel keeps fifteen digits of a number; from here on the last ones of an identifier are lost.
EXACT_LIMIT = 10**15
# Distinct texts of a column that are remembered with their value: dates and amounts repeat, and cost the most.
MEMORY = 10_000

_PHONE = re.compile(r"[0-9+()\-–—./,;、 ]*(?:(?:转|ext\.?|x|#)\s*[0-9]+)?[0-9+()\-–—./,;、 ]*", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\.]+(?:\.[^\s@<>()\[\],;:\"\\.]+)+")
_ROUNDED = re.compile(r"-?\d(?:\.\d+)?E\+\d{2,3}", re.IGNORECASE)
"""As a spreadsheet writes a long number into delimited text."""
_SPACES = re.compile(r"\s+")
_TIME = re.compile(r"(上午|下午|晚上|中午)? ?(\d{1,2})[:时](\d{2})(?:[:分](\d{2}))?")
_AFTERNOON = ("下午", "晚上")
_UNIT = re.compile(
    r"[(\[【](?:单位|人民币|rmb|[::\s])*(千|万|百万|千万|亿)(?:元|人民币|rmb|\s)*[)\]】]|(百万|千万|千|万|亿)元$",
)
_FACTORS = {"千": 1000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
_BARE = re.compile(r"([(+\-−]*)\s*(\d[\d,.\s]*|\.\d+)\s*(\)?)")
_YES = ("是", "有", "对", "真", "√", "✓", "✔", "y", "yes", "true", "t", "1")
_NO = ("否", "无", "没有", "错", "假", "×", "✗", "✘", "n", "no", "false", "f", "0")
_BOOLEANS = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)


def cell_parser(column: Column, dates: str = "", head: str = "") -> CellParser:
    """Return the parser for the cells of the column; `dates` says how 1/6/2012 is read: mdy | dmy.

    The `head` of the file may say in what amounts, prices and quantities are counted: bare figures under 金额（万元） are multiplied.
    """
    if column.kind in COUNTED and (factor := unit_of(head)) != 1:
        plain = cell_parser(column, dates)
        return lambda cell: plain(_scaled(cell, factor))
    if column.kind == "text":
        return _text_parser(column.max_length)
    if column.kind == "code":
        return _limited(_parse_code, column.max_length)
    if column.kind == "phone":
        return _limited(_parse_phone, column.max_length)
    if column.kind == "email":
        return _limited(_parse_email, column.max_length)
    if column.kind == "date":
        return _remembering(partial(_parse_date, order=dates))
    if column.kind == "moment":
        return _remembering(partial(_parse_moment, order=dates))
    if column.kind in ("quantity", "price"):
        places = QUANTITY_PLACES if column.kind == "quantity" else PRICE_PLACES
        return _remembering(partial(_parse_number, places=places))
    if column.kind == "amount":
        return _remembering(_parse_amount)
    if column.kind == "integer":
        return _remembering(_parse_integer)
    if column.kind == "boolean":
        return _remembering(_parse_boolean)
    return _remembering(_choice_parser(column))


def unit_of(head: str) -> int:
    """Return for how many a figure under this head counts: 10,000 under 注册资本（万元） and 销售额/万元."""
    found = _UNIT.search(unicodedata.normalize("NFKC", head).strip().casefold())
    return _FACTORS[found[1] or found[2]] if found else 1


def _scaled(cell: Any, factor: int) -> Any:
    """Return a bare figure multiplied; a cell that names its own unit stays."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        # To the fifteen figures that a spreadsheet shows.
        return Decimal(f"{cell:.15g}" if isinstance(cell, float) else cell) * factor
    found = _BARE.fullmatch(unicodedata.normalize("NFKC", cell).strip()) if isinstance(cell, str) else None
    figure = _SPACES.sub("", found[2].replace(",", "")) if found else ""
    if found is None or figure.count(".") > 1:
        return cell
    return f"{found[1]}{Decimal(figure) * factor:f}{found[3]}"


def _text_parser(max_length: int | None) -> CellParser:
    """Return the parser of plain text. Written out for speed: most cells are text without anything to clean."""
    limit = max_length or 10**9
    clean = text.clean

    def parse(cell: Any) -> str | None:
        value = clean(cell if isinstance(cell, str) else as_text(cell))
        if len(value) > limit:
            raise Refusal("Longer than %(limit)s characters", limit=limit)
        if value in ERRORS:
            raise Refusal(AN_ERROR)
        return value or None

    return parse


def _limited(parser: CellParser, max_length: int | None) -> CellParser:
    """Return the parser with a check of the length of what it returns."""
    if max_length is None:
        return parser

    def parse(cell: Any) -> Any:
        value = parser(cell)
        if value is not None and len(value) > max_length:
            raise Refusal("Longer than %(limit)s characters", limit=max_length)
        return value

    return parse


def _remembering(parser: CellParser) -> CellParser:
    """Return the parser with a memory of the texts it has seen; a text with a problem is parsed again each time."""
    memory: dict[str, Any] = {}

    def parse(cell: Any) -> Any:
        if not isinstance(cell, str):
            return parser(cell)
        if cell in memory:
            return memory[cell]
        value = parser(cell)
        if len(memory) < MEMORY:
            memory[cell] = value
        return value

    return parse


def as_text(cell: Any) -> str:
    """Return a cell that is not text as a user would write it: 11.0 as 11, a midnight without its time."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(Decimal(f"{cell:.15g}"), "f")
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ", "seconds")
    return str(cell)


def _plain(cell: Any) -> str:
    """Return the cell as cleaned text with half-width letters, digits and signs."""
    if isinstance(cell, str) and cell.isascii() and cell.isprintable():
        return cell.strip()
    return unicodedata.normalize("NFKC", text.clean(cell if isinstance(cell, str) else as_text(cell))).strip()


def _identifier(cell: Any) -> str:
    """Return the cell as plain text; raise Refusal for a number so long that Excel has lost its last digits, 9.1E+17 too."""
    plain = _plain(cell)
    if _ROUNDED.fullmatch(plain) or (isinstance(cell, (int, float)) and abs(cell) >= EXACT_LIMIT):
        raise Refusal("Excel has taken it for a number and lost the last digits. Set the column to text and enter it again")
    return plain


def _parse_code(cell: Any) -> str | None:
    """Return an identifier without spaces and in capitals."""
    if isinstance(cell, str) and cell.isascii() and cell.isalnum():
        return cell.upper()
    if cell in ERRORS:
        raise Refusal(AN_ERROR)
    return _SPACES.sub("", _identifier(cell)).upper() or None


def _parse_phone(cell: Any) -> str | None:
    """Return a telephone number as written, one or several, with extensions; Refusal where it cannot be one."""
    if isinstance(cell, str) and USUAL_PHONE.fullmatch(cell):
        return cell
    value = _SPACES.sub(" ", _identifier(cell))
    if not value or (value.isdigit() and len(value) >= SHORTEST_PHONE):
        return value or None
    if sum(char.isdigit() for char in value) < SHORTEST_PHONE or not all(_PHONE.fullmatch(part) for part in re.split(r"[;,、/]", value)):
        raise Refusal("This is not a telephone number")
    return value


def _parse_email(cell: Any) -> str | None:
    """Return an e-mail address, its domain in small letters."""
    value = _plain(cell)
    if not value:
        return None
    if not _EMAIL.fullmatch(value):
        raise Refusal("This is not an e-mail address")
    name, _, domain = value.rpartition("@")
    return f"{name}@{domain.lower()}"


def _parse_number(cell: Any, places: int) -> Decimal | None:
    """Return a number with at most so many decimals; a float of a spreadsheet is taken to the fifteen figures that it shows."""
    if isinstance(cell, float):
        cell = format(Decimal(f"{cell:.15g}"), "f")
    value = _plain(cell)
    return parse_number(value, places, MOST_QUANTITY) if value else None


def _parse_date(cell: Any, order: str = "") -> dt.date | None:
    """Return a date from a date cell, a text or an Excel serial."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    if isinstance(cell, str):
        value = text.clean(cell)
        return dates.parse_date(value, order=order) if value else None
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        raise Refusal("This is not a date")
    return dates.parse_date(cell)


def _parse_moment(cell: Any, order: str = "") -> dt.datetime | None:
    """Return day and time of day from a cell with both, a text or an Excel serial; a day alone is its beginning."""
    if isinstance(cell, dt.datetime):
        return cell.replace(tzinfo=None)
    found = _TIME.search(unicodedata.normalize("NFKC", cell)) if isinstance(cell, str) else None
    day = _parse_date(found.string[: found.start()] if found else cell, order)
    if day is None:
        return None
    if isinstance(cell, float):
        return dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=round(cell % 1 * 86400))
    if found is None:
        return dt.datetime.combine(day, dt.time())
    later = 12 if found[1] in _AFTERNOON and int(found[2]) < 12 else 0
    try:
        time = dt.time(int(found[2]) + later, int(found[3]), int(found[4] or 0))
    except ValueError:
        raise Refusal("%(typed)s is not a time of day.", typed=str(cell)[:40]) from None
    return dt.datetime.combine(day, time)


def _parse_amount(cell: Any) -> Decimal | None:
    """Return an amount from a number or a text with separators, full-width digits, 万 or 亿."""
    if not isinstance(cell, str):
        return money.parse_amount(cell if isinstance(cell, (int, float)) else str(cell))
    value = text.clean(cell)
    return money.parse_amount(value) if value else None


def _parse_integer(cell: Any) -> int | None:
    """Return a whole number, written in any way an amount may be."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT_LIMIT:
        return int(cell)
    try:
        amount = _parse_amount(cell)
    except Refusal:
        raise Refusal("This is not a whole number") from None
    if amount is not None and amount != amount.to_integral_value():
        raise Refusal("This is not a whole number")
    return None if amount is None else int(amount)


def _parse_boolean(cell: Any) -> bool | None:
    """Return yes or no from 是 否, yes no, 1 0, √ × and the like."""
    if isinstance(cell, bool):
        return cell
    value = _plain(cell).casefold()
    if not value:
        return None
    if value not in _BOOLEANS:
        raise Refusal("Write yes or no")
    return _BOOLEANS[value]


def _choice_parser(column: Column) -> CellParser:
    """Return the parser of a choice, given by code, Chinese or English name."""
    known: dict[str, str] = {}
    for choice in column.choices:
        for name in (choice.code, choice.title, choice.title_zh, *choice.aliases):
            known.setdefault(_choice_key(name), choice.code)
    shown, more = column.choices[:12], "…" if len(column.choices) > 12 else ""
    offered = Named("、".join(one.title_zh for one in shown) + more, ", ".join(one.title for one in shown) + more)

    def parse(cell: Any) -> str | None:
        key = _choice_key(cell)
        if not key:
            return None
        if key not in known:
            raise Refusal("Not one of: %(choices)s", choices=offered)
        return known[key]

    return parse


def _choice_key(cell: Any) -> str:
    """Return a name for comparing: case, width and spaces evened out."""
    return _SPACES.sub("", _plain(cell)).casefold()
