"""How large a spreadsheet may be, judged before it is loaded.

The reader holds a sheet as a full rectangle. A file of a few kilobytes with one value in the last row and one in the
last column, or with a cell repeated a million times, would take all the memory of the machine, and the process with it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from portal.rules.message import Refusal

BLOCK = 1 << 20

_ROOT = re.compile(rb"<(?:[\w.-]+:)?worksheet[\s>]")
_FAR_CELL = re.compile(rb"""<c(?! r="[A-Z](?:[0-9]{1,5}|1[0-9]{5})")[\s>]""")
_TAG = re.compile(rb"<(?:[\w.-]+:)?(row|c)((?:\s[^>]*)?)>")
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Z]*)([0-9]+)["']""")
_REPEATED_ROW = re.compile(
    rb"""<table:table-row\b[^>]*?number-rows-repeated\s*=\s*["']([0-9]+)["'][^>]*(?<!/)>(.*?)</table:table-row>""", re.DOTALL
)
_REPEATED_CELL = re.compile(rb"""<table:table-cell\b[^>]*?number-columns-repeated\s*=\s*["']([0-9]+)["'][^>]*(?<!/)>""")
_ERROR = re.compile(rb">(?:#[A-Z]|Err:|\xe9\x94\x99\xe8\xaf\xaf)")
"""A paragraph that begins as an error does, 错误 in Chinese."""
_FILLED_CELL = re.compile(rb"""<table:table-cell\b[^>]*(?<!/)>""")


@dataclass(frozen=True)
class Bounds:
    """The largest file that is read: bytes as uploaded and unzipped, rows, columns, cells of one sheet's rectangle."""

    file_bytes: int = 50 * 1024 * 1024
    unzipped_bytes: int = 500 * 1024 * 1024
    rows: int = 200_000
    columns: int = 500
    cells: int = 6_000_000

    def check_file(self, size: int) -> None:
        """Raise Refusal for an empty file and for one larger than `file_bytes`."""
        if size == 0:
            raise Refusal("The file is empty")
        if size > self.file_bytes:
            raise Refusal("The file is larger than %(limit)s MB", limit=self.file_bytes // (1024 * 1024))

    def check_area(self, rows: int, columns: int) -> None:
        """Raise Refusal where a table reaching to `rows` and `columns` is more than may be read."""
        if columns > self.columns:
            raise Refusal("The table has %(count)s columns, at most %(limit)s can be read", count=columns, limit=self.columns)
        if rows > self.rows:
            raise Refusal(
                "The table reaches to row %(count)s, at most %(limit)s can be read; divide the file, or delete what is below the table",
                count=rows,
                limit=self.rows,
            )
        if rows * columns > self.cells:
            raise Refusal(
                "The table has %(rows)s rows and %(columns)s columns, too many cells; divide the file, or delete what is beside it",
                rows=rows,
                columns=columns,
            )

    def check_package(self, package: zipfile.ZipFile) -> frozenset[str]:
        """Return the names of the sheets that may have a cell with an error in an .xlsx or .ods (`error_cells`), found by the way.

        Raises Refusal where it would unzip to too much or holds a cell too far out (see the module).
        The declared sizes can be relied on: the reader stops at an entry that unzips to more than it declares.
        """
        entries = package.infolist()
        if sum(entry.file_size for entry in entries) > self.unzipped_bytes:
            raise Refusal("The file unzips to more than %(limit)s MB", limit=self.unzipped_bytes // (1024 * 1024))
        found = set()
        for entry in entries:
            if entry.filename == "content.xml":
                errors = self._check_repeats(package, entry)
            else:
                errors = entry.filename.endswith(".xml") and self._check_worksheet(package, entry)
            if errors:
                found.add(entry.filename)
        return frozenset(found)

    def _check_worksheet(self, package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
        """Return whether this is a worksheet with cells that hold errors; raise Refusal where it has a filled cell beyond the bounds."""
        with package.open(entry) as stream:
            if not _ROOT.search(stream.read(4096)):
                return False
        far = errors = False
        for block in blocks(package, entry, b"<"):
            # Nearly every table stays within 26 columns and 199,999 rows and needs no closer look, which would cost as much as reading it.
            far = far or b":c" in block or _FAR_CELL.search(block) is not None
            errors = errors or b't="e"' in block or b"t='e'" in block
        if far:
            self._check_cells(package, entry)
        return errors

    def _check_cells(self, package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        """Raise Refusal where the rectangle around the filled cells, told tag by tag, is beyond the bounds."""
        rows = columns = row = column = 0
        for block in blocks(package, entry, b"<"):
            for tag in _TAG.finditer(block):
                place = _REFERENCE.search(tag[2])
                if tag[1] == b"row":
                    row, column = (int(place[2]) if place else row + 1), 0
                    continue
                row, column = (int(place[2]), _column_number(place[1])) if place else (row, column + 1)
                # A cell with a format and no value is written as one tag or as two.
                if not tag[2].endswith(b"/") and not block.startswith(b"</", tag.end()):
                    rows, columns = max(rows, row), max(columns, column)
            self.check_area(rows, columns)

    def _check_repeats(self, package: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
        """Return whether OpenDocument sheets may have cells with errors; raise Refusal where repeated filled cells go beyond the bounds."""
        rows, columns = 0, 1
        errors = False
        for block in blocks(package, entry, b"<table:table-row"):
            for found in _REPEATED_CELL.finditer(block):
                columns = max(columns, int(found[1]))
            for found in _REPEATED_ROW.finditer(block):
                if _FILLED_CELL.search(found[2]):
                    rows += int(found[1])
            self.check_area(rows, columns)
            errors = errors or _ERROR.search(block) is not None
        return errors


def blocks(package: zipfile.ZipFile, entry: zipfile.ZipInfo, before: bytes) -> Iterator[bytes]:
    """Yield the unzipped entry in blocks that end before a tag, so that none is cut in two; text without any tag is not held."""
    rest = b""
    with package.open(entry) as stream:
        while block := stream.read(BLOCK):
            block = rest + block
            cut = block.rfind(before)
            if cut <= 0:
                cut = len(block) if len(block) > 4 * BLOCK else 0
            yield block[:cut]
            rest = block[cut:]
    yield rest


def _column_number(letters: bytes) -> int:
    """Return 1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
