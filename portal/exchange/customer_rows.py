"""A row of a file read as a customer: cells turned into what the card stores, in plain data (AR-40)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from portal import clock
from portal.exchange.cells import cell_parser
from portal.exchange.columns import Column, ImportTable, Problem, compile_mapping, head_of
from portal.exchange.customer_table import CONTACT_COLUMNS, CONTACTS_IN_A_ROW
from portal.models import card
from portal.models.customer import derived
from portal.rules.dates import has_come
from portal.rules.identifiers import Phone, check_credit_code, normalise_credit_code, normalise_phone
from portal.rules.message import N_, Message, Refusal
from portal.rules.names import normalise_company_name
from portal.rules.regions import find_province
from portal.rules.text import clean_line

OWN = ("number", "owner", "registered_on")
MEMORY = 1000
"""Distinct texts of a column that are remembered with what they are stored as: places, posts, dates and choices repeat."""
NO_NAME = N_("A contact needs a name.")


@dataclass(slots=True)
class Record:
    """One row of a file as it would be stored: `card` holds the fields that the row fills, in stored form, `keys` what it is found by."""

    row: int
    number: str = ""
    owner: str = ""
    registered_on: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """What is kept as the file says it, or left out, and is to be looked at."""
    derived: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    """Number, credit code and name in comparable form, the strongest first."""
    further: bool = False
    """Staged as a further row of a customer that a row further up makes: it makes none itself."""

    def find_keys(self) -> list[str]:
        """Return `keys`, worked out once the row is read."""
        if not self.keys:
            name, code = self.card.get("full_name"), self.card.get("credit_code")
            self.keys = [key for key in ("#" + self.number, "c" + (code or "")) if len(key) > 1]
            if name:
                self.keys.append("n" + normalise_company_name(name))
        return self.keys

    @property
    def name_key(self) -> str:
        """Return the comparable form of the name, '' where the row has none."""
        keys = self.find_keys()
        return keys[-1][1:] if keys and keys[-1][0] == "n" else ""


Convert = Callable[[Any], Any]


class _Plan(NamedTuple):
    """What is done with the cells of a row in which nothing is wrong: (place of the cell, name of the field, what converts it)."""

    width: int
    own: list[tuple[int, str, Convert]]
    card: list[tuple[int, str, Convert]]
    contacts: list[list[tuple[int, str, Convert]]]


class RowReader:
    """Turns the cells of a row into a `Record`, under one mapping of one file's heads."""

    def __init__(self, table: ImportTable, mapping: dict[int, str], heads: Sequence[str]) -> None:
        self._parse, self._heads = compile_mapping(table, mapping, heads=heads), heads
        names = set(mapping.values())
        self._fields = [name for name in card.CARD if name in names]
        self._polish = {name: polish for name in self._fields if name != "telephone" and (polish := _polish(card.CARD[name]))}
        self._contacts = [
            [(f"contact{place}_{name}", name, _polish(card.CONTACT[name])) for name in CONTACT_COLUMNS if f"contact{place}_{name}" in names]
            for place in range(1, CONTACTS_IN_A_ROW + 1)
        ]
        self._contacts = [columns for columns in self._contacts if columns]
        self._plan = self._planned(table, {name: index for index, name in mapping.items()})

    def _planned(self, table: ImportTable, places: dict[str, int]) -> _Plan:
        def step(column: str, name: str, polish: Convert | None) -> tuple[int, str, Convert]:
            place = places[column]
            return place, name, _converter(table.by_name[column], head_of(self._heads, place), polish)

        return _Plan(
            max(places.values(), default=-1) + 1,
            [step(name, name, _come if name == "registered_on" else None) for name in OWN if name in places],
            [step(name, name, normalise_phone if name == "telephone" else self._polish.get(name)) for name in self._fields],
            [[step(column, name, polish) for column, name, polish in columns] for columns in self._contacts],
        )

    def read(self, row: int, cells: list[Any]) -> Record:
        """Return the record of one row; what is wrong with it stands in `problems`."""
        try:
            return self._read_sound(row, cells)
        except Refusal:
            return self._read_each(row, cells)

    def _read_sound(self, row: int, cells: list[Any]) -> Record:
        """Return the record of a row in which nothing is wrong, as nearly all are: `_read_each` in a third of the time.

        Raises `Refusal` for any other, which then has to be read by `_read_each`.
        """
        width, own, card_columns, contacts = self._plan
        if len(cells) < width:
            cells = [*cells, *[""] * (width - len(cells))]
        record = Record(row)
        for index, name, convert in own:
            cell = cells[index]
            if cell != "" and (value := convert(cell)):
                setattr(record, name, value)
        stored = record.card
        for index, name, convert in card_columns:
            cell = cells[index]
            if cell != "" and (value := convert(cell)) is not None:
                stored[name] = value
        for columns in contacts:
            contact = {}
            for index, name, convert in columns:
                cell = cells[index]
                if cell != "" and (value := convert(cell)) is not None:
                    contact[name] = value
            if contact.get("name"):
                record.contacts.append(contact)
            elif any(value for name, value in contact.items() if name != "kept_for"):
                raise Refusal(NO_NAME)
        self._follow(record, stored.get("telephone"))
        return record

    def _read_each(self, row: int, cells: list[Any]) -> Record:
        """Return the record of a row with everything that is wrong with it, cell by cell."""
        values, problems = self._parse(cells)
        record = Record(row, values.get("number") or "", values.get("owner") or "", problems=problems)
        if values.get("registered_on"):
            try:
                record.registered_on = _come(values["registered_on"])
            except Refusal as refusal:
                problems.append(Problem("registered_on", values["registered_on"], refusal.message))
        stored = record.card
        for name in self._fields:
            value = values[name]
            if value is None:
                continue
            polish = self._polish.get(name)
            if polish is not None:
                try:
                    value = polish(value)
                except Refusal as refusal:
                    problems.append(Problem(name, values[name], refusal.message))
                    continue
            stored[name] = value
        for columns in self._contacts:
            self._read_contact(record, columns, values)
        self._follow(record, normalise_phone(stored["telephone"]) if "telephone" in stored else None)
        return record

    @staticmethod
    def _follow(record: Record, phone: Phone | None) -> None:
        """Work out what follows from the values of the card."""
        stored = record.card
        if stored.get("credit_code"):
            wrong = check_credit_code(stored["credit_code"])
            if wrong is not None:
                record.warnings.append(Problem("credit_code", stored["credit_code"], wrong))
        if "full_name" in stored:
            record.derived = derived({"full_name": stored["full_name"]})
        if phone is not None:
            stored["telephone"], record.derived["telephone_key"] = phone.display, phone.comparable

    def _read_contact(self, record: Record, columns: list[tuple[str, str, Convert | None]], values: dict[str, Any]) -> None:
        contact = {}
        for column, name, polish in columns:
            if values[column] is not None:
                contact[name] = polish(values[column]) if polish else values[column]
        if not any(value for name, value in contact.items() if name != "kept_for"):
            return
        if not contact.get("name"):
            if not any(problem.column == columns[0][0] for problem in record.problems):
                record.problems.append(Problem(columns[0][0], "", Message(NO_NAME)))
            return
        record.contacts.append(contact)


def _converter(column: Column, head: str, polish: Convert | None) -> Convert:
    """Return what turns a cell that is not empty into what is stored, None where it holds nothing; it raises `Refusal`."""
    parse = cell_parser(column, head=head)
    memory: dict[str, Any] = {}

    def convert(cell: Any) -> Any:
        # Only texts: to Python the number 1 and True are the same key.
        known = isinstance(cell, str)
        if known and cell in memory:
            return memory[cell]
        value = parse(cell) if cell is not None else None
        if value is not None and polish is not None:
            value = polish(value)
        if known and len(memory) < MEMORY:
            memory[cell] = value
        return value

    return convert


def _polish(entry: card.Field) -> Convert | None:
    """Return what brings a parsed value into the form in which the card keeps it, as plain data; None where it is in it already."""
    if entry.kind == "phone":
        return lambda value: normalise_phone(value).display
    if entry.kind == "code":
        return normalise_credit_code
    if entry.kind == "date":
        return _come
    if entry.kind == "money":
        return _money
    if entry.kind == "integer":
        return _whole
    if entry.kind == "province":
        return lambda value: province.zh if (province := find_province(value)) else value
    if entry.kind in ("text", "url"):
        return lambda value: value if value.isprintable() else clean_line(value)
    return None


def _come(day: date) -> str:
    return has_come(day, clock.today()).isoformat()


def _money(value: Decimal) -> str:
    if value < 0:
        raise Refusal("An amount here cannot be less than nothing.")
    return f"{value:.2f}"


def _whole(value: int) -> int:
    if not 0 <= value <= card.MOST_WHOLE:
        raise Refusal("Give a whole number from 0 to %(most)s.", most=f"{card.MOST_WHOLE:,}")
    return value


def as_stored(name: str, value: Any) -> Any:
    """Return a card's value as the column holds it, from the plain data of a `Record`."""
    kind = card.CARD[name].kind
    if kind == "date":
        return date.fromisoformat(value)
    return Decimal(value) if kind == "money" else value
