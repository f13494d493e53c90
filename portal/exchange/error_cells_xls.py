"""Cells of an .xls that hold an error: the reader gives them as empty, so their places are looked up in the file itself (AR-40).

An .xls is a small file system, which olefile opens, with a stream of records ([MS-XLS]), of which few kinds are needed here. What makes
no sense is left to the reader.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile

CODES = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}  # fmt: skip
_STREAMS = ("Workbook", "Book")
"""What the records are called within the file, since Excel 97 and before."""
_BOF, _EOF, _SHEET, _BOOL_OR_ERROR, _FORMULAS = 0x0809, 0x000A, 0x0085, 0x0205, (0x0006, 0x0206, 0x0406)

Errors = dict[int, dict[int, str]]
"""Row → column → the error as it is shown; both from 0."""


def errors_of(data: bytes) -> list[Errors]:
    """Return the error cells of each sheet, in the order of the workbook; [] where the file is built in a way that is not known here."""
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as file:
            book = file.openstream(next(name for name in _STREAMS if file.exists(name))).read()
        offsets = [struct.unpack_from("<I", book, start)[0] for kind, start, _size in _records(book, 0) if kind == _SHEET]
        return [_errors_in(book, offset) for offset in offsets]
    except (OSError, struct.error, IndexError, StopIteration):
        return []


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, where its content begins, how long that is) from the beginning of a part to its end, parts within it left out."""
    depth = 0
    while at + 4 <= len(book):
        kind, size = struct.unpack_from("<HH", book, at)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, at + 4, size
        at += 4 + size


def _errors_in(book: bytes, offset: int) -> Errors:
    found: Errors = {}
    for kind, start, _size in _records(book, offset):
        if kind == _BOOL_OR_ERROR:
            row, column, _format, code, is_error = struct.unpack_from("<HHHBB", book, start)
        elif kind in _FORMULAS:
            row, column, _format, what, _none, code, mark = struct.unpack_from("<HHHBBB3xH", book, start)
            is_error = mark == 0xFFFF and what == 2
        else:
            continue
        if is_error:
            found.setdefault(row, {})[column] = CODES.get(code, "#N/A")
    return found
