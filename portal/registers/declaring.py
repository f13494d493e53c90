"""How an office register 登记簿 is declared (AR-31). Everything else follows: list, form, checks, history, prints, import, export.

A register is an `OfficeRegister` that was given to `declare`. What is made from each register (its sheets, its switch) is made by
`for_each`, for those declared before and after.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.models.card import Choice, Field
from portal.rules.message import N_, Refusal

Check = Callable[[Mapping[str, Any]], None]
"""Takes the values of an entry by field, None where empty; raises `Refusal` with the field where they do not go together."""


@dataclass(frozen=True, kw_only=True)
class RegisterField(Field):
    """One field of an office register: as a field of the card is, with its place in the printed register."""

    width: int = 0
    """Its column in the register as a list, in steps of `s-w1` … `s-w7` (10 to 54 mm); 0: it stands on the sheet of an entry alone."""

    @property
    def options(self) -> dict[str, Choice]:
        """Return the choices by code."""
        return {one.code: one for one in self.entries}


@dataclass(frozen=True, kw_only=True)
class OfficeRegister:
    """One register: its form, and what its fields mean for lists, uniqueness and ends."""

    code: str
    """Its name in addresses: kebab-case."""
    form_number: str
    title: str
    note: str
    """What it is for, in a sentence."""
    fields: tuple[RegisterField, ...]
    title_field: str
    """The field that an entry is called by."""
    dated_by: str
    """The date by which it is listed and filtered; a required field."""
    boxes: tuple[str, ...] = (N_("Handled by"), N_("Reviewed by"))
    """Titles of the boxes to sign by hand."""
    check: Check | None = None
    unique: tuple[str, ...] = ()
    """Fields whose values together stand in the register once."""
    until: str = ""
    """The date on which what is registered runs out."""
    ended: str = ""
    """The date on which it was given back or ended before; from then on it does not run out."""
    free_when_ended: bool = False
    """Whether the unique values may be given again once it has ended: a parking space, but not the number of a permit."""
    version: str = "A/0"
    by_name: dict[str, RegisterField] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.fields})
        named = (self.title_field, self.dated_by, *self.unique, *filter(None, (self.until, self.ended)))
        unknown = [name for name in named if name not in self.by_name]
        unknown += sorted(TAKEN & set(self.by_name))
        if unknown or len(self.by_name) != len(self.fields) or not re.fullmatch(r"[a-z]+(-[a-z]+)*", self.code):
            raise ValueError(f"{self.code}: {', '.join(unknown) or 'a field is declared twice, or the code is not kebab-case'}")
        if not self.by_name[self.dated_by].required or not self.by_name[self.title_field].required:
            raise ValueError(f"{self.code}: title and date of an entry are required fields")

    @property
    def prefix(self) -> str:
        """Return the beginning of its entries' numbers: 31306."""
        return self.form_number.rpartition("-")[2]

    @property
    def sheet(self) -> str:
        """Return the name of the sheet of one entry."""
        return f"register_{self.code.replace('-', '_')}"

    @property
    def list_sheet(self) -> str:
        """Return the name of the sheet of the whole register."""
        return f"{self.sheet}_list"

    @property
    def switch(self) -> str:
        """Return the name of the standard that says whether the register is in use."""
        return f"register.{self.code}"

    @property
    def columns(self) -> tuple[RegisterField, ...]:
        """Return the columns of the register as a list."""
        return tuple(one for one in self.fields if one.width)


REGISTERS: dict[str, OfficeRegister] = {}
TAKEN = {"customer", "version", "base", "clashed"}
"""Names that the form of an entry has for itself."""
_followers: list[Callable[[OfficeRegister], None]] = []


def declare(register: OfficeRegister) -> OfficeRegister:
    """Add a register. Raises ValueError for a code or form number that another one has."""
    if any(one.code == register.code or one.form_number == register.form_number for one in REGISTERS.values()):
        raise ValueError(f"{register.code} or {register.form_number} is declared twice")
    REGISTERS[register.code] = register
    for follow in _followers:
        follow(register)
    return register


def for_each(follow: Callable[[OfficeRegister], None]) -> Callable[[OfficeRegister], None]:
    """Have something made from every register."""
    _followers.append(follow)
    for register in REGISTERS.values():
        follow(register)
    return follow


# --- choices and checks that several registers share ---------------------------------------------------------------------


def choices(*entries: tuple[str, str, str]) -> tuple[Choice, ...]:
    """Return choices from (code, Chinese name, English name)."""
    return tuple(Choice(*entry) for entry in entries)


def in_order(*names: str) -> Check:
    """Return the check that the dates of these fields, where they are given, do not lie before the first one."""

    def check(values: Mapping[str, Any]) -> None:
        first: date | None = values[names[0]]
        for name in names[1:]:
            if first is not None and values[name] is not None and values[name] < first:
                raise Refusal("This day lies before %(day)s.", field=name, day=first.isoformat())

    return check


def together(*checks: Check) -> Check:
    """Return the check that makes all of these."""

    def check(values: Mapping[str, Any]) -> None:
        for one in checks:
            one(values)

    return check


def needs(*wanted: str, given: Callable[[Mapping[str, Any]], Any]) -> Check:
    """Return the check that the `wanted` fields are filled where `given` holds of the values."""

    def check(values: Mapping[str, Any]) -> None:
        if given(values):
            for one in wanted:
                if values[one] in (None, "", False):
                    raise Refusal("This is needed together with what else is filled in.", field=one)

    return check
