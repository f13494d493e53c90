"""Plain content under its names: codes of choices, amounts, switches and provinces in the language of a sheet (PR-10)."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from portal.models.choice_names import Names
from portal.models.standard import value as standard
from portal.printing.labels import Label, Labels
from portal.rules.message import N_
from portal.rules.money import parse_amount
from portal.rules.regions import find_province


def named(value: Any, labels: Labels, names: Names, amounts: Collection[str], path: str = "") -> Any:
    """Return plain content as a sheet shows it: codes under their `names`, one that has none as it is.

    `names` and `amounts` go by path; the entries of a list have the path of the list.
    """
    if isinstance(value, dict):
        return {key: named(one, labels, names, amounts, f"{path}.{key}" if path else key) for key, one in value.items()}
    if isinstance(value, list):
        return [named(one, labels, names, amounts, path) for one in value]
    if isinstance(value, bool):
        return labels(N_("Yes")) if value else labels(N_("No"))
    if value in ("", None):
        return ""
    if path in amounts:
        return parse_amount(value)
    if path in names and str(value) in names[path]:
        entry = names[path][str(value)]
        return labels.named(entry["zh"], entry["en"])
    if path.endswith("province"):
        return province(value, labels)
    return value if isinstance(value, Decimal) else str(value)


def choice(name: str, code: str, labels: Labels) -> Label | str:
    """Return the name of a choice of the standard `choices.<name>`; a code that is no longer listed stays as it is."""
    found = next((entry for entry in standard(f"choices.{name}") if entry["code"] == code), None)
    return labels.named(found["zh"], found["en"]) if found else code


def province(name: str, labels: Labels) -> str:
    """Return a province as it stands in an address: its English name on an English sheet, else the Chinese one."""
    found = find_province(name) if labels.language == "en" else None
    return found.en if found else name
