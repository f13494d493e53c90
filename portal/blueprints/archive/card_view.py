"""How values of a card, a contact or an investigation are shown to the reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _

from portal import clock, field_values
from portal.field_values import shown
from portal.models import card
from portal.models.customer import Customer, CustomerState
from portal.rules.message import N_
from portal.rules.regions import PARTS, address_of

STATES = {
    CustomerState.PROSPECT.value: (N_("Prospect"), "accent"),
    CustomerState.ACTIVE.value: (N_("On the register"), "ok"),
    CustomerState.PAST.value: (N_("Past customer"), ""),
    CustomerState.MERGED.value: (N_("Merged"), ""),
}
"""Word and tone of each state of a customer."""

_TEXT = card.Field("", "")

Fact = tuple[str, Any, bool]

_LINES = {"long": 60, "text": 24, "email": 18, "url": 18}
"""From how many characters on a value takes both columns."""


def plain(field: card.Field | None, value: Any) -> str:
    """Return a value of the history (plain data) as text; words of the state where the field is no declared one."""
    if field is None and value not in (None, "", False, True):
        return _(STATES[value][0]) if value in STATES else str(value)
    return field_values.plain(field or _TEXT, value)


def facts(fields: Iterable[card.Field], record: Any) -> tuple[list[Fact], list[str]]:
    """Return the filled facts [(label, value, takes both columns)] and the labels of what is still empty."""
    filled: list[Fact] = []
    empty: list[str] = []
    for field in fields:
        value = getattr(record, field.name)
        if value in (None, ""):
            empty.append(_(field.title))
        else:
            filled.append((_(field.title), shown(field, value), len(str(value)) > _LINES.get(field.kind, 1000)))
    return filled, empty


def groups(customer: Customer) -> list[dict[str, Any]]:
    """Return the groups of the card in the order of the paper: name, title, facts, labels of what is empty."""
    found = []
    for name, title, fields in card.grouped(card.FIELDS, card.GROUPS):
        if name == "address":
            rest = [field for field in fields if field.name not in PARTS]
            filled, empty = facts(rest, customer)
            address = address_of(customer)
            filled, empty = ([(_("Address"), address, True), *filled], empty) if address else (filled, [_("Address"), *empty])
        elif name == "relation":
            filled, empty = facts([field for field in fields if field.name != "grade"], customer)
            own: list[Fact] = [
                (_("In charge"), customer.owner.name if customer.owner else "", False),
                (_("Team"), customer.team.name if customer.team else "", False),
            ]
            if customer.assistants:
                own.append((_("Assisting"), "、".join(assistant.staff.name for assistant in customer.assistants), False))
            if customer.grade:
                own.append((_("Customer grade"), grade_of(customer), False))
            if customer.grade_valid_until:
                own.append((_("Grade valid until"), grade_until(customer), False))
            filled = own + filled
        else:
            filled, empty = facts(fields, customer)
        found.append({"name": name, "title": _(title), "facts": filled, "empty": empty})
    return found


def grade_of(customer: Customer) -> str:
    """Return the grade as it is read, with the word for a provisional one."""
    return _("%(grade)s (provisional)", grade=customer.grade) if customer.grade_provisional else customer.grade


def grade_until(customer: Customer) -> str:
    """Return until when the grade holds, with the word for one that no grading has followed in time (RL-2); '' where it is not said."""
    day = customer.grade_valid_until
    if day is None:
        return ""
    return _("%(day)s (expired)", day=day.isoformat()) if day < clock.today() else day.isoformat()
