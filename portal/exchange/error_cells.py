"""Cells of a spreadsheet that hold an error, #N/A or #DIV/0!, instead of a value (AR-40).

The reader gives them as empty, and a value would be missing without a word. So a package that has some is read from a copy in
which they are text; those of an .xls are put back by their places (`error_cells_xls.py`); delimited text has them as text anyway.
Whoever turns cells into values asks `ERRORS`.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from typing import BinaryIO, cast

from portal.exchange.bounds import blocks

ERRORS = frozenset(
    (
        *("#N/A", "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#GETTING_DATA", "#SPILL!", "#CALC!", "#FIELD!"),
        *("#CONNECT!", "#BLOCKED!", "#UNKNOWN!", "#BUSY!", "#PYTHON!", "#EXTERNAL!", "#ERROR!"),
        *(f"{word}:{number}" for word in ("Err", "错误", "错误:") for number in range(501, 541)),
    )
)
"""Errors as spreadsheets write them; those of OpenDocument have a number where Excel has no name for them."""

IN_MEMORY = 16 << 20
"""A copy of more bytes lies in a temporary file."""

_XLSX = re.compile(rb"""(<(?:[\w.-]+:)?c\s(?:[^>]*\s)?t\s*=\s*)(["'])e\2""")
_ODS = re.compile(
    rb"""<table:table-cell\b([^>]*)(?<!/)>(?=\s*<text:p[^>]*>(?:"""
    + "|".join(re.escape(error) for error in sorted(ERRORS)).encode()
    + rb""")</text:p>)"""
)
_ODS_VALUE = re.compile(
    rb"""\s(?:office|calcext):(?:value|value-type|string-value|date-value|time-value|boolean-value|currency)="[^"]*\""""
)


def with_errors_as_text(file: BinaryIO, package: zipfile.ZipFile, entries: frozenset[str]) -> BinaryIO:
    """Return the package `file` with the error cells of these entries as text; `file` itself where there are none."""
    if not entries:
        return file
    copy = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - it is handed to who reads it
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as changed:
        for entry in package.infolist():
            table = entry.filename == "content.xml"
            with changed.open(entry.filename, "w", force_zip64=True) as target:
                for block in blocks(package, entry, b"<table:table-row" if table else b"<"):
                    if entry.filename in entries:
                        block = _ODS.sub(_spelled_out, block) if table else _XLSX.sub(rb"\1\2str\2", block)
                    target.write(block)
    copy.seek(0)
    return cast("BinaryIO", copy)


def _spelled_out(cell: re.Match[bytes]) -> bytes:
    """Return the beginning of a cell whose value is what it shows."""
    return b'<table:table-cell office:value-type="string"' + _ODS_VALUE.sub(b"", cell[1]) + b">"
