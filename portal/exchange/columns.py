"""Importable tables: columns declared as data, heads matched to them, cells turned into values (AR-40).

A table is an `ImportTable` of `Column`s. `match_headers` says which column of a file is which; `compile_mapping` makes the
function that turns one row of cells into values and problems.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rapidfuzz import fuzz

from portal.exchange.cells import AN_ERROR, CellParser, cell_parser
from portal.exchange.error_cells import ERRORS
from portal.rules.message import N_, Message, Named, Refusal

Kind = Literal["text", "date", "moment", "amount", "quantity", "price", "integer", "choice", "boolean", "phone", "email", "code"]

# rapidfuzz ratio of two normalised heads, 0 to 100, from which they count as the same. One wrong character in seven
# stays below it: 收货联系人电话 and 发货联系人电话 are two things.
FUZZY_THRESHOLD = 88.0

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|\{[^{}]*\}|<[^<>]*>|〔[^〔〕]*〕")
_UNIT_BEHIND = re.compile(r"(?:百万|千万|千|万|亿)元$")
_NOT_WORD = re.compile(r"[\W_]+")
_NUMERALS = re.compile(r"[0-9一二三四五六七八九十]+")


@dataclass(frozen=True)
class Choice:
    """One value of a choice: its code and its names in both languages; `aliases` are other spellings accepted."""

    code: str
    title: str
    title_zh: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column that can be imported. `title` is its English name (a message id), `title_zh` the Chinese, `max_length` in characters."""

    name: str
    title: str
    title_zh: str
    aliases: tuple[str, ...] = ()
    kind: Kind = "text"
    required: bool = False
    max_length: int | None = None
    choices: tuple[Choice, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """Every head under which the column is known: both names, its own name, the aliases."""
        return (self.title_zh, self.title, self.name, *self.aliases)


@dataclass(frozen=True)
class ImportTable:
    """A table that can be imported: a name and its columns, whose names differ."""

    name: str
    columns: tuple[Column, ...]
    by_name: dict[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        if len(self.by_name) != len(self.columns):
            raise ValueError(f"{self.name}: a column is declared twice")

    @property
    def known_headers(self) -> tuple[str, ...]:
        """The heads of all columns, for finding the header row."""
        return tuple(header for column in self.columns for header in column.headers)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell: the column's name, the cell as it stood, the reason."""

    column: str
    value: Any
    message: Message


RowParser = Callable[[Sequence[Any]], tuple[dict[str, Any], list[Problem]]]


def normalise_header(header: object) -> str:
    """Return a head for comparing: full-width forms, case, spaces, `*` and punctuation are evened out."""
    return _NOT_WORD.sub("", unicodedata.normalize("NFKC", str(header)).casefold())


def _without_brackets(header: object) -> str:
    """Return the normalised head without what stands in brackets, such as a hint or a unit, and without a unit behind: 销售额/万元."""
    return _UNIT_BEHIND.sub("", normalise_header(_BRACKETS.sub("", unicodedata.normalize("NFKC", str(header)))))


def headers_fingerprint(headers: Sequence[object]) -> str:
    """Return 32 hexadecimal digits that are the same for the same heads in the same order, however written (AR-40).

    A mapping is remembered under it. Empty heads at the end do not count.
    """
    normal = [normalise_header(header) for header in headers]
    while normal and not normal[-1]:
        normal.pop()
    return hashlib.sha256("\x1f".join(normal).encode()).hexdigest()[:32]


def match_headers(headers: Sequence[object], table: ImportTable) -> dict[int, str]:
    """Return which column of the file (index from 0) is which column of the table; heads not recognised are left out.

    First heads that are equal when normalised, then equal without brackets, then similar from FUZZY_THRESHOLD on with the same
    numerals. No column of the table is given twice; of several heads the one has it that the column names first: its own name
    before an alias that may also mean something else; of two equal heads the first.
    """
    known = [(normalise_header(text), column.name) for column in table.columns for text in column.headers]
    mapping: dict[int, str] = {}
    taken: set[str] = set()

    def give(index: int, name: str) -> None:
        if index not in mapping and name not in taken:
            mapping[index] = name
            taken.add(name)

    for normalise in (normalise_header, _without_brackets):
        exact = {
            normalise(text): (rank, column.name)
            for column in reversed(table.columns)
            for rank, text in reversed(list(enumerate(column.headers)))
        }
        found = [(*exact[text], index) for index, text in enumerate(map(normalise, headers)) if text and text in exact]
        for _, name, index in sorted(found, key=lambda one: (one[0], one[2])):
            give(index, name)
    similar = []
    for index, header in enumerate(headers):
        text = _without_brackets(header)
        if index in mapping or not text:
            continue
        numerals = _NUMERALS.findall(text)
        for other, name in known:
            score = fuzz.ratio(text, other, score_cutoff=FUZZY_THRESHOLD)
            if score and name not in taken and _NUMERALS.findall(other) == numerals:
                similar.append((-score, index, name))
    for _, index, name in sorted(similar):
        give(index, name)
    return mapping


def check_mapping(table: ImportTable, mapping: dict[int, str]) -> None:
    """Raise Refusal for a mapping, as corrected by a user, that names no column of the table or one of them twice."""
    names = list(mapping.values())
    for name in names:
        if name not in table.by_name:
            raise Refusal("There is no column %(name)s", name=name)
        if names.count(name) > 1:
            raise Refusal("The column %(name)s is chosen twice", name=Named(table.by_name[name].title_zh, table.by_name[name].title))


def compile_mapping(table: ImportTable, mapping: dict[int, str], dates: str = "", heads: Sequence[str] = ()) -> RowParser:
    """Return the function that turns one row's cells into (values by column name, problems) under this mapping.

    Values hold every mapped column: text as str, date, Decimal, int, bool, a choice's code; None for an empty cell and for
    one with a problem. Required columns that are not mapped are a problem of every row. `dates` says how 1/6/2012 is read: mdy | dmy;
    `heads` are the file's, which may say in what figures are counted. Raises Refusal as `check_mapping` does.
    """
    check_mapping(table, mapping)
    steps: list[tuple[int, str, CellParser, bool]] = [
        (index, name, cell_parser(table.by_name[name], dates, head_of(heads, index)), table.by_name[name].required)
        for index, name in sorted(mapping.items())
    ]
    missing = [
        Problem(column.name, None, Message(N_("The file has no such column")))
        for column in table.columns
        if column.required and column.name not in mapping.values()
    ]
    required_message = Message(N_("Required, but empty"))
    error_message = Message(AN_ERROR)
    width = max(mapping, default=-1) + 1

    def parse(cells: Sequence[Any]) -> tuple[dict[str, Any], list[Problem]]:
        values: dict[str, Any] = {}
        problems = list(missing)
        if len(cells) < width:
            cells = [*cells, *[""] * (width - len(cells))]
        for index, name, parser, required in steps:
            cell = cells[index]
            value = None
            if cell != "" and cell is not None:
                if cell in ERRORS:
                    values[name] = None
                    problems.append(Problem(name, cell, error_message))
                    continue
                try:
                    value = parser(cell)
                except Refusal as refusal:
                    values[name] = None
                    problems.append(Problem(name, cell, refusal.message))
                    continue
            if value is None and required:
                problems.append(Problem(name, cell, required_message))
            values[name] = value
        return values, problems

    return parse


def head_of(heads: Sequence[str], index: int) -> str:
    """Return the head of a column of the file, '' where it has none."""
    return heads[index] if index < len(heads) else ""


def parse_row(table: ImportTable, mapping: dict[int, str], cells: Sequence[Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return (values, problems) of one row; for many rows compile the mapping once (`compile_mapping`)."""
    return compile_mapping(table, mapping)(cells)
