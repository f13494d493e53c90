"""Reading a table that somebody uploads: .xlsx, .xls, .ods and delimited text, judged by content, not by name (AR-40).

Every file that cannot be read gives a `Refusal` in words a user can act on; no other exception leaves this module.
"""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import python_calamine as calamine

from portal.exchange.bounds import Bounds
from portal.exchange.columns import normalise_header
from portal.exchange.defusing import restore
from portal.exchange.error_cells import with_errors_as_text
from portal.exchange.error_cells_xls import Errors, errors_of
from portal.rules.message import N_, Refusal

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The stream of an OLE file in which Office keeps an encrypted .xlsx ([MS-OFFCRYPTO] 2.3.4.4).
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Files that people choose by mistake, or that other systems give the name .xls.
FOREIGN_MAGIC = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"PK\x05\x06")
MARKUP = re.compile(rb"\s*<(?:\?xml|!doctype|html|table|head|meta|style|div|script|workbook)\b", re.IGNORECASE)
# Longer marks first: the mark of UTF-16 begins that of UTF-32.
MARKS = (
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\xff\xfe", "utf-16-le"),
)
DELIMITERS = ",;\t"
SAMPLE_RECORDS = 30
HEADER_SEARCH = 30
MAX_FIELD = 1_000_000
GB2312_SHARE = 0.6
PROBE = str(Path(__file__).with_name("probe.py"))
PROBE_SECONDS = 60
DAMAGED = N_("The file is damaged. Open it in Excel and save it as .xlsx")
SNIFFED = 4096
GLANCE = 4 << 20
"""Bytes of a sheet that show its heads and first rows, whatever it is wide."""
BESIDE = 32 << 20
"""With more than so many bytes beside its sheets a package is read whole at once, because they all have to be read anyway."""
SENTINEL = "\x00end"


@dataclass(frozen=True)
class HeaderRow:
    """The header row of a sheet: its number in the file, from 1, and its cells as text."""

    number: int
    cells: list[str]


class TableFile:
    """An opened file: `kind` is "spreadsheet" or "text", `sheets` its visible sheets, `first_sheet` the first that holds anything."""

    def __init__(self, kind: str, sheets: tuple[str, ...]) -> None:
        self.kind = kind
        self.sheets = sheets
        self.first_sheet = next((name for name in sheets if next(self.rows(name), None)), "")
        if not self.first_sheet:
            raise Refusal("The file is empty")

    def _raw_rows(self, sheet: str) -> Iterator[list[Any]]:
        """Yield every row of the sheet from row 1, empty ones included."""
        raise NotImplementedError

    def rows(self, sheet: str | None = None, after: int = 0) -> Iterator[tuple[int, list[Any]]]:
        """Yield (row number as in the file, cells) of the rows below row `after`; empty rows and trailing empty cells are left out.

        Cells are text, int, float, bool, date, datetime, time or timedelta; an empty cell is "". In delimited text a
        record counts as one row, as Excel shows it. Raises Refusal for a sheet that is not offered, and while reading
        delimited text that is too long or broken.
        """
        name = self._offered(sheet)
        for number, cells in enumerate(self._raw_rows(name), 1):
            if number <= after:
                continue
            while cells and (cells[-1] == "" or (isinstance(cells[-1], str) and cells[-1].isspace())):
                cells.pop()
            if cells:
                yield number, cells

    def last_row(self, sheet: str | None = None) -> int:
        """Return the number of the last row, or for delimited text how many lines there are: for showing progress."""
        raise NotImplementedError

    def find_header(self, sheet: str | None = None, known_headers: Iterable[str] = ()) -> HeaderRow:
        """Return the header row: of the first rows the one with most of `known_headers`, else the first about as wide as the table.

        A `*` before or after a required column's head is ignored. Raises Refusal for a sheet without any row.
        """
        known = {normalise_header(header) for header in known_headers} - {""}
        top = list(islice(self.rows(sheet), HEADER_SEARCH))
        if not top:
            raise Refusal("The sheet is empty")
        filled = [sum(1 for cell in cells if cell != "") for _, cells in top]
        matches = [sum(1 for cell in cells if isinstance(cell, str) and normalise_header(cell) in known) for _, cells in top]
        if max(matches):
            best = matches.index(max(matches))
        else:
            best = next(index for index, count in enumerate(filled) if 2 * count >= max(filled))
        number, cells = top[best]
        return HeaderRow(number, [_header_text(cell) for cell in cells])

    def _offered(self, sheet: str | None) -> str:
        """Return the sheet's name, the first sheet's for None; raise Refusal for any other than `sheets`."""
        name = self.first_sheet if sheet is None else sheet
        if name not in self.sheets:
            raise Refusal("The file has no sheet %(name)s", name=name)
        return name


class _Workbook(TableFile):
    """A spreadsheet. One sheet is held at a time, as the reader's own compact rectangle."""

    def __init__(self, source: Path | bytes, bounds: Bounds) -> None:
        self._bounds = bounds
        self._held: tuple[str, Any] | None = None
        self._errors: dict[str, Errors] = {}
        errors: list[Errors] = []
        with _spreadsheet_errors(), ExitStack() as opened:
            file = opened.enter_context(_opened(source))
            if file.read(len(ZIP_MAGIC)) == ZIP_MAGIC:
                with zipfile.ZipFile(file) as package:
                    file = opened.enter_context(with_errors_as_text(file, package, bounds.check_package(package)))
            else:
                data = _whole(file)
                if data.startswith(OLE_MAGIC) and ENCRYPTED in data:
                    _refuse_protected()
                _probe(data)
                errors = errors_of(data)
            file.seek(0)
            # The file and not its path, by the ending of which the reader would judge it.
            self._workbook = calamine.load_workbook(file)
            self._errors = {meta.name: found for meta, found in zip(self._workbook.sheets_metadata, errors, strict=False) if found}
            sheets = tuple(
                meta.name
                for meta in self._workbook.sheets_metadata
                if meta.visible == calamine.SheetVisibleEnum.Visible and meta.typ == calamine.SheetTypeEnum.WorkSheet
            )
        if not sheets:
            raise Refusal("The file has no visible sheet")
        super().__init__("spreadsheet", sheets)

    def _sheet(self, name: str) -> Any:
        """Return the reader's sheet, checked against the bounds."""
        if self._held is None or self._held[0] != name:
            self._held = None
            with _spreadsheet_errors():
                sheet = self._workbook.get_sheet_by_name(name)
            if sheet.end:
                self._bounds.check_area(sheet.end[0] + 1, sheet.end[1] + 1)
            self._held = (name, sheet)
        return self._held[1]

    def last_row(self, sheet: str | None = None) -> int:
        """Return the number of the last row of the sheet's filled rectangle."""
        end = self._sheet(self._offered(sheet)).end
        return end[0] + 1 if end else 0

    def _raw_rows(self, sheet: str) -> Iterator[list[Any]]:
        loaded = self._sheet(sheet)
        # The reader leaves out the empty columns to the left of the table; they are put back, or heads would shift between files.
        margin = [""] * loaded.start[1] if loaded.start else []
        # A number beyond any date in a cell formatted as one is found only here.
        errors = self._errors.get(sheet, {})
        with _spreadsheet_errors():
            for number, row in enumerate(loaded.iter_rows() if loaded.start else ()):
                cells = margin + row if margin else row
                for column, error in errors.get(number, {}).items():
                    cells[column] = error
                yield cells


class _Delimited(TableFile):
    """Delimited text: one sheet, named after the file."""

    def __init__(self, data: bytes, name: str, bounds: Bounds) -> None:
        self._bounds = bounds
        self._text = _decode(data)
        self._delimiter, self._skip_first = _find_delimiter(self._text)
        super().__init__("text", (name,))

    def last_row(self, sheet: str | None = None) -> int:
        """Return how many lines there are; a record with line breaks counts more than once."""
        return self._text.count("\n") + 1

    def _raw_rows(self, sheet: str) -> Iterator[list[Any]]:
        for number, record in enumerate(self._records(), 1):
            self._bounds.check_area(number, len(record))
            if number == 1 and self._skip_first:
                yield []
                continue
            yield [restore(cell) if cell[:1] == "'" else cell for cell in record]

    def _records(self) -> Iterator[list[str]]:
        """Yield the records; raise Refusal for a quotation mark that is never closed, which would swallow the rest unseen."""
        csv.field_size_limit(MAX_FIELD)
        reader = csv.reader(_with_sentinel(self._text), delimiter=self._delimiter)
        begun = 1
        try:
            for record in reader:
                if record == [SENTINEL]:
                    return
                if record and record[-1].endswith(SENTINEL):
                    break
                yield record
                begun = reader.line_num + 1
        except csv.Error:
            pass
        raise Refusal('A quotation mark (") opened in line %(line)s is not closed', line=begun)


def open_table(source: str | Path | bytes, filename: str, bounds: Bounds | None = None) -> TableFile:
    """Return the opened table of an uploaded file, given by path or content; `filename` only names the sheet of delimited text (AR-40).

    Raises Refusal for a file that is empty, too large, protected by a password, damaged, or not a table.
    """
    bounds = bounds or Bounds()
    source = Path(source) if isinstance(source, str) else source
    try:
        with _opened(source) as file:
            if sniff(file, bounds) == "text":
                return _Delimited(_whole(file), Path(filename).stem.strip() or "CSV", bounds)
    except OSError as error:
        raise Refusal("The file cannot be read") from error
    return _Workbook(source, bounds)


def glance_at(source: Path | bytes, filename: str, bounds: Bounds | None = None) -> TableFile:
    """Return a table of which only sheets, heads and first rows are asked: of a large .xlsx no more than that is loaded (AR-40).

    Raises Refusal as `open_table`; what is wrong further down in a large file is found when it is opened whole.
    """
    bounds = bounds or Bounds()
    try:
        with _opened(source) as file:
            if sniff(file, bounds) == "spreadsheet" and (beginnings := _beginnings(file, bounds)) is not None:
                return _Workbook(beginnings, bounds)
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error, Refusal):
        pass  # opened whole, it says what is wrong
    return open_table(source, filename, bounds)


def _beginnings(file: BinaryIO, bounds: Bounds) -> bytes | None:
    """Return an .xlsx with nothing but the first rows of its large sheets, None for any other file and where that saves nothing."""
    file.seek(0)
    if not zipfile.is_zipfile(file):
        return None
    with zipfile.ZipFile(file) as package:
        entries = package.infolist()
        long = {entry.filename for entry in entries if _SHEET.fullmatch(entry.filename) and entry.file_size > GLANCE}
        beside = sum(entry.file_size for entry in entries if entry.filename not in long)
        if not long or beside > BESIDE or sum(entry.file_size for entry in entries) > bounds.unzipped_bytes:
            return None
        copy = io.BytesIO()
        with zipfile.ZipFile(copy, "w") as cut:
            for entry in entries:
                with package.open(entry) as part:
                    content = part.read(GLANCE if entry.filename in long else -1)
                if entry.filename in long:
                    rows, end, _rest = content.rpartition(b"</row>")
                    if not end:
                        return None
                    content = rows + end + b"</sheetData></worksheet>"
                cut.writestr(entry.filename, content)
    return copy.getvalue()


_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


def _opened(source: Path | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def sniff(file: BinaryIO, bounds: Bounds | None = None) -> str:
    """Return what an uploaded file claims to be, "spreadsheet" or "text", from its size, its beginning and its end alone (AR-40).

    Raises Refusal for what is no table at a glance. `open_table` finds out the rest, in a job: only there is memory for a large file.
    """
    (bounds or Bounds()).check_file(file.seek(0, io.SEEK_END))
    file.seek(0)
    start = file.read(SNIFFED)
    if start.startswith(ZIP_MAGIC):
        if not zipfile.is_zipfile(file):
            raise Refusal(DAMAGED)
        return "spreadsheet"
    if start.startswith(OLE_MAGIC):
        return "spreadsheet"
    if start.startswith(FOREIGN_MAGIC):
        _refuse_foreign()
    if MARKUP.match(start[:200].removeprefix(b"\xef\xbb\xbf")):
        raise Refusal("The file is a web page or XML, not a spreadsheet. Open it in Excel and save it as .xlsx")
    if b"\x00" in start and not start.startswith(tuple(mark for mark, _encoding in MARKS)):
        _refuse_foreign()
    return "text"


def _refuse_protected(cause: Exception | None = None) -> NoReturn:
    raise Refusal("The file is protected by a password. Save it without one and upload it again") from cause


def _refuse_foreign(cause: Exception | None = None) -> NoReturn:
    raise Refusal("The file is not a spreadsheet. Choose an .xlsx, .xls, .ods or .csv file") from cause


def _probe(data: bytes) -> None:
    """Raise Refusal where loading an .xls would end the process (see `probe`)."""
    try:
        # The program and its arguments are our own; the file goes in as data.
        done = subprocess.run([sys.executable, "-I", PROBE], input=data, capture_output=True, timeout=PROBE_SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired as error:
        raise Refusal(DAMAGED) from error
    if done.returncode:
        raise Refusal(DAMAGED)


@contextmanager
def _spreadsheet_errors() -> Iterator[None]:
    """Turn whatever the spreadsheet reader raises into a Refusal in words."""
    try:
        yield
    except Refusal:
        raise
    except calamine.PasswordError as error:
        _refuse_protected(error)
    except (calamine.XmlError, calamine.ZipError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise Refusal(DAMAGED) from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        _refuse_foreign(error)
    except BaseException as error:
        # A panic of the compiled reader is not an Exception; it has no importable class.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise Refusal(DAMAGED) from error
        raise


def _decode(data: bytes) -> str:
    """Return the text: by its byte order mark, else strictly UTF-8, else strictly GB18030; raise Refusal otherwise."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        if not _looks_chinese(data):
            raise Refusal("The encoding of the file is neither UTF-8 nor GB18030. Save it as UTF-8 and upload it again") from None
        return _decoded(data, "gb18030")
    return _checked(text)


def _decoded(data: bytes, encoding: str) -> str:
    """Return the text in a known encoding; raise Refusal where the bytes do not keep to it."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise Refusal(
            "The text of the file is not well-formed %(encoding)s. Save it as UTF-8 and upload it again", encoding=encoding.upper()
        ) from None
    return _checked(text)


def _checked(text: str) -> str:
    """Return the text; raise Refusal where it holds NUL, as binary files and unmarked UTF-16 do and no table does."""
    if "\x00" in text:
        _refuse_foreign()
    return text


def _looks_chinese(data: bytes) -> bool:
    """Whether bytes that are not UTF-8 are plausibly GB18030.

    Accented letters of Windows-1252 followed by plain ones are valid GB18030 as well, but as rare characters: ordinary
    Chinese text and punctuation is in the old GB 2312 part, where both bytes are above 0xA0.
    """
    try:
        foreign = re.sub(r"[\x00-\x7f]+", "", data.decode("gb18030"))[:20_000]
    except UnicodeDecodeError:
        return False
    common = sum(1 for char in foreign if min(char.encode("gb18030")[:2]) > 0xA0)
    return common >= GB2312_SHARE * len(foreign)


def _with_sentinel(text: str) -> Iterator[str]:
    """Yield the lines as the csv module wants them, then a last line of our own."""
    for line in io.StringIO(text, newline=""):
        yield line if line.endswith(("\n", "\r")) else line + "\n"
    yield SENTINEL


def _find_delimiter(text: str) -> tuple[str, bool]:
    """Return the delimiter and whether row 1 only names it (Excel's `sep=;`).

    It is the one that cuts most of the first records into the same number of fields, more than one.
    """
    first = text[:10].split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and first[4:5] in DELIMITERS and len(first) <= 5:
        return first[4:5] or "\t", True
    sample = text[:65536]
    best, best_score = ",", (0, 0)
    for delimiter in DELIMITERS:
        try:
            records = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), SAMPLE_RECORDS))
        except csv.Error:
            continue
        widths = Counter(len(record) for record in records if len(record) > 1)
        if widths:
            width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
            best_score, best = max((best_score, best), ((count, width), delimiter), key=lambda item: item[0])
    return best, False


def _header_text(cell: Any) -> str:
    """Return a header cell as text: whole numbers without a decimal point, dates as ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.strip() if isinstance(cell, str) else str(cell)
