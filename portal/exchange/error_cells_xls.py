"""Cells of an .xls that hold an error: the reader gives them as empty, so their places are looked up in the file itself (AR-40).

An .xls is a small file system ([MS-CFB]) with a stream of records ([MS-XLS]), of which few lines are needed here. The reader has loaded
the file already: what it makes no sense of here is left to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

CODES = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A", 0x2B: "#GETTING_DATA",
}  # fmt: skip
_END = 0xFFFFFFF0
"""Sectors from this number on are no sectors but marks, such as that of the end."""
_BOF, _EOF, _SHEET, _BOOL_OR_ERROR, _FORMULAS = 0x0809, 0x000A, 0x0085, 0x0205, (0x0006, 0x0206, 0x0406)

Errors = dict[int, dict[int, str]]
"""Row → column → the error as it is shown; both from 0."""


def errors_of(data: bytes) -> list[Errors]:
    """Return the error cells of each sheet, in the order of the workbook; [] where the file is built in a way that is not known here."""
    try:
        book = _workbook(data)
        offsets = [struct.unpack_from("<I", book, start)[0] for kind, start, _size in _records(book, 0) if kind == _SHEET]
        return [_errors_in(book, offset) for offset in offsets]
    except (struct.error, IndexError, ValueError):
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


def _workbook(data: bytes) -> bytes:
    """Return the stream of records. Raises ValueError where there is none."""
    size, small_size = 1 << struct.unpack_from("<H", data, 30)[0], 1 << struct.unpack_from("<H", data, 32)[0]
    if size not in (512, 4096) or small_size != 64:
        raise ValueError("sectors of another size")
    first, least, first_small = struct.unpack_from("<I4xII", data, 48)

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    def numbers(content: bytes) -> list[int]:
        return [one[0] for one in struct.iter_unpack("<I", content[: len(content) // 4 * 4])]

    tables = list(struct.unpack_from("<109I", data, 76))
    more, _count = struct.unpack_from("<II", data, 68)
    while more < _END and len(tables) < len(data) // size:
        *some, more = numbers(sector(more))
        tables += some
    following = [one for table in tables if table < _END for one in numbers(sector(table))]

    def chain(number: int, after: list[int]) -> Iterator[int]:
        for _step in range(len(after)):
            if number >= _END:
                return
            yield number
            number = after[number]

    entries = b"".join(map(sector, chain(first, following)))
    for start in range(0, len(entries), 128):
        name = entries[start : start + struct.unpack_from("<H", entries, start + 64)[0]].decode("utf-16-le", "replace").rstrip("\0")
        begin, length = struct.unpack_from("<II", entries, start + 116)
        if name not in ("Workbook", "Book"):
            continue
        if length >= least:
            return b"".join(map(sector, chain(begin, following)))[:length]
        whole = b"".join(map(sector, chain(struct.unpack_from("<I", entries, 116)[0], following)))
        after = numbers(b"".join(map(sector, chain(first_small, following))))
        return b"".join(whole[one * small_size : (one + 1) * small_size] for one in chain(begin, after))[:length]
    raise ValueError("no workbook")
