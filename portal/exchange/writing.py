"""Writing tables as .xlsx and .csv, row by row, in memory that does not grow with the rows (AR-41).

Text stays text: nothing a user typed is written as a formula. Dates are real dates, amounts are numbers.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import rustpy_xlsxwriter

from portal.exchange.defusing import defuse, without_illegal
from portal.rules.message import Refusal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# Excel specifications and limits: rows of a sheet (one is the head), characters of a cell, digits of a number.
MAX_ROWS = 1_048_575
MAX_TEXT = 32_767
EXACT_LIMIT = 10**15
FIRST_DATE = dt.date(1900, 3, 1)  # before it Excel's calendar has a day that never was
WIDTH_SAMPLE = 100
CSV_BLOCK = 500
_SHEET_NAME = re.compile(r"[\[\]:*?/\\]")


def write_xlsx(path: str | Path, headers: Sequence[str], rows: Iterable[Sequence[Any]], sheet_name: str = "Sheet1") -> int:
    """Write the table as .xlsx and return the number of rows, the head not counted (AR-41).

    `rows` is read once. Cells may be str, int, float, Decimal, bool, date, datetime (local time), None. The head is bold
    and frozen, columns are as wide as the first rows need. A column that holds dates holds no numbers: they would be
    shown as dates. Raises Refusal above 1,048,575 rows, the format's limit; the
    file is then not usable.
    """
    names = _distinct([without_illegal(str(header)) for header in headers])
    iterator = iter(rows)
    sample = list(islice(iterator, WIDTH_SAMPLE))
    counted = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal counted
        for row in chain(sample, iterator):
            if counted == MAX_ROWS:
                raise Refusal("An .xlsx sheet holds at most %(limit)s rows. Narrow the list, or choose CSV", limit=MAX_ROWS)
            counted += 1
            yield dict(zip(names, [_CONVERT.get(type(cell), _other)(cell) for cell in row], strict=True))
        if not counted:
            # The writer takes the head from the first record.
            yield dict.fromkeys(names)

    rustpy_xlsxwriter.write_worksheet(
        records(),
        str(path),
        sheet_name=_sheet_name(sheet_name),
        freeze_row=1,
        bold_headers=True,
        column_widths=_widths(names, sample),
        datetime_format="yyyy-mm-dd",
        column_formats={name: rustpy_xlsxwriter.Format().set_num_format("yyyy-mm-dd hh:mm") for name in _timed(names, sample)},
    )
    return counted


def iter_csv(headers: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Yield the table as CSV, UTF-8 with byte order mark, in blocks of some hundred rows (AR-41).

    Text that a spreadsheet would take for a formula gets a leading apostrophe, which our own reading takes off again.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([_csv_text(str(header)) for header in headers])
    iterator = iter(rows)
    while True:
        block = list(islice(iterator, CSV_BLOCK))
        writer.writerows([[_CSV_CONVERT.get(type(cell), _csv_other)(cell) for cell in row] for row in block])
        yield buffer.getvalue().encode()
        if len(block) < CSV_BLOCK:
            return
        buffer.seek(0)
        buffer.truncate()


def _text(cell: str) -> str:
    """Return text that .xlsx can carry. The format marks it as text, so it is never a formula."""
    if not cell.isprintable():
        cell = without_illegal(cell)
    if len(cell) > MAX_TEXT // 2 and len(cell.encode("utf-16-le")) > 2 * MAX_TEXT:
        # The limit counts UTF-16 units; a pair cut in two is dropped.
        cell = cell.encode("utf-16-le")[: 2 * (MAX_TEXT - 1)].decode("utf-16-le", "ignore") + "…"
    return cell


def _integer(cell: int) -> int | str:
    """Return the number, as text where Excel would lose its last digits."""
    return cell if -EXACT_LIMIT < cell < EXACT_LIMIT else str(cell)


def _decimal(cell: Decimal) -> Decimal | str | None:
    """Return the amount, as text where Excel would lose its last digits, None for no number."""
    if not cell.is_finite():
        return None
    return cell if len(cell.as_tuple().digits) <= 15 else format(cell, "f")


def _float(cell: float) -> float | None:
    return cell if math.isfinite(cell) else None


def _date(cell: dt.date) -> dt.datetime | str:
    """Return the date, as text where Excel's calendar does not reach or is wrong.

    A date goes out as its midnight: where a column begins with a date, the writer cuts the time off later datetimes.
    """
    return dt.datetime(cell.year, cell.month, cell.day) if cell >= FIRST_DATE else cell.isoformat()  # noqa: DTZ001 - Excel knows no zones


def _datetime(cell: dt.datetime) -> dt.datetime | str:
    return cell.replace(tzinfo=None) if cell.date() >= FIRST_DATE else cell.isoformat(" ", "seconds")


def _same(cell: Any) -> Any:
    return cell


def _other(cell: Any) -> Any:
    """Return a cell of any other type: subclasses as their base, the rest as text."""
    for base in (bool, int, float, Decimal, dt.datetime, dt.date):
        if isinstance(cell, base):
            return _CONVERT[base](cell)
    return _text(str(cell))


_CONVERT: dict[type, Any] = {
    str: _text,
    int: _integer,
    Decimal: _decimal,
    dt.date: _date,
    dt.datetime: _datetime,
    type(None): _same,
    bool: _same,
    float: _float,
}


def _csv_text(cell: str) -> str:
    return defuse(cell if cell.isprintable() else without_illegal(cell))


def _csv_datetime(cell: dt.datetime) -> str:
    return cell.replace(tzinfo=None).isoformat(" ", "seconds")


def _csv_other(cell: Any) -> Any:
    """Return a cell of any other type: dates as such, the rest as guarded text."""
    if isinstance(cell, dt.datetime):
        return _csv_datetime(cell)
    if isinstance(cell, (int, float, Decimal, dt.date)):
        return str(cell)
    return _csv_text(str(cell))


_CSV_CONVERT: dict[type, Any] = {
    str: _csv_text,
    int: str,
    float: lambda cell: repr(cell) if math.isfinite(cell) else "",
    Decimal: lambda cell: format(cell, "f") if cell.is_finite() else "",
    bool: lambda cell: "TRUE" if cell else "FALSE",
    dt.date: dt.date.isoformat,
    dt.datetime: _csv_datetime,
    type(None): lambda _: "",
}


def _distinct(headers: list[str]) -> list[str]:
    """Return the heads, repeated ones numbered: the writer keeps a row by its heads."""
    seen: set[str] = set()
    result = []
    for header in headers:
        name, number = header, 2
        while name in seen:
            name, number = f"{header} ({number})", number + 1
        seen.add(name)
        result.append(name)
    return result


def _sheet_name(name: str) -> str:
    """Return a name that Excel accepts: at most 31 characters, none of its reserved signs, no apostrophe at the ends."""
    return _SHEET_NAME.sub(" ", without_illegal(name))[:31].strip().strip("'") or "Sheet1"


def _timed(headers: Sequence[str], sample: list[Sequence[Any]]) -> set[str]:
    """Return the heads of the columns that hold times of day."""
    return {header for row in sample for header, cell in zip(headers, row, strict=True) if isinstance(cell, dt.datetime)}


def _widths(headers: Sequence[str], sample: list[Sequence[Any]]) -> list[float]:
    """Return column widths in characters, 8 to 50, for the heads and the first rows; Han characters take two."""
    widths = [_width(header) for header in headers]
    for row in sample:
        widths = [max(width, _width(cell)) for width, cell in zip(widths, row, strict=True)]
    return [float(min(max(width + 2, 8), 50)) for width in widths]


def _width(cell: Any) -> int:
    if cell is None:
        return 0
    if isinstance(cell, dt.datetime):
        return 16
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in str(cell)[:60])
