"""An entry that each register takes, and a nineteenth register as somebody would declare it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from portal.models import standard_effects
from portal.models.register_entry import RegisterEntry
from portal.models.staff import Staff
from portal.printing import catalogue, lists, papers
from portal.registers import REGISTERS, OfficeRegister, RegisterField
from portal.registers.declaring import choices, declare, in_order
from portal.rules import standards
from tests import factories

_OF_KIND: dict[str, Any] = {
    "text": "甲-1203",
    "long": "第一行\n第二行",
    "date": "2026-03-05",
    "integer": "3",
    "money": "1,200.50",
    "figure": "1204.5",
    "phone": "13900001234",
    "email": "a@example.com",
    "plate": "粤BD12345",
    "switch": "1",
}
_NOT = {"returned_on", "withdrawn_on", "given_up_on", "given_back_on", "moved_out_on", "left_on", "to_unit"}


def typed(register: OfficeRegister, **more: str) -> dict[str, str]:
    """Return what somebody types into the form of a register; every field that does not end the entry is filled."""
    found = {one.name: one.entries[0].code if one.entries else _OF_KIND[one.kind] for one in register.fields if one.name not in _NOT}
    found |= {one.name: _OF_KIND[one.kind] for one in register.fields if one.required and one.name not in found}
    if "to_unit" in register.by_name:
        found["to_unit"] = "乙-0101"
    return {**found, **more}


def values(register: OfficeRegister, **more: str) -> dict[str, Any]:
    """Return the same as values."""
    return {one.name: one.read(text) for one in register.fields if (text := typed(register, **more).get(one.name)) is not None}


def entry(code: str = "parking-permits", owner: str = "rep1", customer: Any = None, **more: str) -> RegisterEntry:
    """Return a committed entry on a customer of `owner`."""
    from portal.database import db

    person = Staff.by_account(owner)
    assert person is not None
    register = REGISTERS[code]
    made = RegisterEntry.add(register, customer or factories.customer(owner), values(register, **more), by=person)
    db.session.commit()
    return made


@contextmanager
def nineteenth() -> Iterator[OfficeRegister]:
    """Declare a nineteenth register, and forget it again."""
    register = declare(
        OfficeRegister(
            code="lost-property", form_number="QMS-PM-31319", title="Lost property", note="What was found.",
            title_field="thing", dated_by="found_on", unique=("label",), until="kept_until", check=in_order("found_on", "kept_until"),
            fields=(
                RegisterField("found_on", "Found on", kind="date", required=True, width=3),
                RegisterField("thing", "Thing", required=True, width=5),
                RegisterField("label", "Label of the thing", required=True, width=3),
                RegisterField("kind", "Kind", kind="choice", entries=choices(("bag", "包", "Bag"), ("phone", "手机", "Telephone"))),
                RegisterField("worth", "Worth (yuan)", kind="money", width=3),
                RegisterField("kept_until", "Kept until", kind="date"),
            ),
        )
    )  # fmt: skip
    try:
        yield register
    finally:
        del REGISTERS[register.code], catalogue.SHEETS[register.sheet], catalogue.SHEETS[register.list_sheet]
        del papers.PRINTABLES[register.sheet], lists.LISTS[register.list_sheet], standards.STANDARDS[register.switch]
        standard_effects._effects.pop(register.switch)
