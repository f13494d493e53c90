"""Sheets of the office registers: one for an entry and one for the register as a list, made from its declaration (AR-31, PR-1)."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import register_list
from portal.models.card import Choice
from portal.models.customer import Customer
from portal.models.register_entry import REMOVED, RegisterEntry, is_in_use
from portal.models.register_list import TABS, EntryQuery
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.filters import named
from portal.printing.labels import Label, Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable
from portal.registers import OfficeRegister, RegisterField, for_each
from portal.rules.message import N_, Message

BLANK = "blank"
WIDTHS = (0, 10, 17, 22, 28, 34, 44, 54)
"""Millimetres of the columns `s-w1` … `s-w7` (print.css)."""
PORTRAIT, LANDSCAPE = 170, 273
"""Millimetres for the table of a list."""
_OWN = ((N_("Entry number"), "__number", 5, ""), (N_("Customer"), "__customer", 6, ""))
"""Columns that each list begins with."""
_LINES = 2
"""Least height of a long text, in lines."""

Cell = tuple[Label, str, int, str]


def columns_of(register: OfficeRegister, labels: Labels) -> list[tuple[Label, str, str, str]]:
    """Return the heads of the register as a list, with the width class of each; too wide together, each takes a step less."""
    found = [(labels(title), name, width, kind) for title, name, width, kind in _OWN]
    found += [(labels(one.title), one.name, one.width, "amount" if one.kind == "money" else "") for one in register.columns]
    widths = fitting(register)
    return [(label, name, f"s-w{widths[name]}", kind) for label, name, _width, kind in found]


def fitting(register: OfficeRegister) -> dict[str, int]:
    """Return the widths of the columns by name, the widest narrowed until all fit a sheet sideways.

    Numbers, dates, telephones and plates stay on one line.
    """
    widths = {"__number": 5, "__customer": 6, **{one.name: one.width for one in register.columns}}
    least = {"__number": 5, "__customer": 5}
    for one in register.columns:
        least[one.name] = {"date": one.width, "phone": 4, "plate": 3}.get(one.kind, max(one.width - 2, 2))
    while sum(WIDTHS[width] for width in widths.values()) > LANDSCAPE:
        wide = [name for name, width in widths.items() if width > least[name]]
        if not wide:
            break
        widths[max(wide, key=lambda name: widths[name])] -= 1
    return widths


def is_landscape(register: OfficeRegister) -> bool:
    """Return whether the columns of the register do not fit a sheet upright."""
    return sum(WIDTHS[width] for _title, _name, width, _kind in _OWN) + sum(WIDTHS[one.width] for one in register.columns) > PORTRAIT


def declare(register: OfficeRegister) -> None:
    """Make the sheets of a register."""
    entry = catalogue.Sheet(register.sheet, register.form_number, register.title, "register_entry.html", register.version)
    whole = catalogue.Sheet(
        register.list_sheet, register.form_number, register.title, "register_list.html", register.version, landscape=is_landscape(register)
    )
    catalogue.SHEETS.update({entry.name: entry, whole.name: whole})
    papers.declare(
        Printable(
            sheet=register.sheet,
            model=RegisterEntry,
            content=_content,
            blank={"entry": {}, "customer": {}, BLANK: "1"},
            label=lambda record: record.label,
            page=lambda record: ("registers.entry", {"entry_id": record.id}),
            permission=Permission.REGISTER_READ,
            boxes=tuple(Box(Message(title), "") for title in register.boxes),
            state=lambda record: "withdrawn" if record.state == REMOVED else "",
            amounts=tuple(f"entry.{one.name}" for one in register.fields if one.kind == "money"),
            finish=partial(_finish_entry, register),
            fits=lambda record: record.register == register.code,
            offered=lambda: is_in_use(register.code),
        )
    )
    lists.declare(
        ListSheet(
            register.list_sheet,
            "entries",
            _rows,
            {},
            Source(
                read=partial(EntryQuery.of, register.code),
                ids=_ids,
                records=_records,
                conditions=_conditions,
                page=lambda query: ("registers.register", {"register": query.register, **query.args()}),
                place=register.title,
                counted=N_("%(count)s entries are on this list."),
                empty=N_("There is no entry on this list."),
                too_many=N_("A list of more than %(most)s entries is not printed. Narrow the list, or export it."),
            ),
            amounts=tuple(f"entries.{one.name}" for one in register.fields if one.kind == "money"),
            finish=partial(_finish_list, register),
        )
    )


# --- one entry -----------------------------------------------------------------------------------------------------------


def _content(entry: RegisterEntry) -> dict[str, Any]:
    customer = entry.customer
    return {
        **({"removed": _removal(entry)} if entry.state == REMOVED else {}),
        "entry": {"entry_number": entry.number, **entry.data},
        "customer": {"number": customer.number, "full_name": customer.full_name, "owner": customer.owner.name if customer.owner else ""},
    }


def _removal(entry: RegisterEntry) -> dict[str, str]:
    return {"on": clock.local(entry.updated_at).date().isoformat(), "by": entry.updated_by.name, "because": entry.removed_because}


def _finish_entry(register: OfficeRegister, document: dict[str, Any], labels: Labels) -> None:
    entry, blank = document["entry"], BLANK in document
    for one in register.fields:
        entry[one.name] = _boxes(one, labels) if blank else _said(one, entry.get(one.name, ""), labels)
    document["blocks"] = blocks(register, labels)


def blocks(register: OfficeRegister, labels: Labels) -> list[tuple[str, Any]]:
    """Return the form as blocks: ("facts", rows of two cells), ("texts", long texts), in the order of the declaration."""
    found: list[tuple[str, Any]] = []
    for one in register.fields:
        label = labels(one.title)
        if one.kind == "long":
            if not found or found[-1][0] != "texts":
                found.append(("texts", []))
            found[-1][1].append((label, one.name, _LINES))
            continue
        if not found or found[-1][0] != "facts":
            found.append(("facts", [[]]))
        rows: list[list[Cell]] = found[-1][1]
        cell: Cell = (label, one.name, 8, "amount" if one.kind == "money" else "")
        if one.wide or len(rows[-1]) == 2 or (rows[-1] and rows[-1][0][2] == 20):
            rows.append([])
        rows[-1].append((*cell[:2], 20, cell[3]) if one.wide else cell)
    for kind, rows in found:
        if kind == "facts":
            # A field that has its row for itself takes all of it.
            rows[:] = [[(*row[0][:2], 20, row[0][3])] if len(row) == 1 else row for row in rows if row]
    return found


def _said(one: RegisterField, value: Any, labels: Labels) -> Any:
    if one.kind == "choice" and value in one.options:
        return _named(one.options[value], labels)
    if one.kind == "switch":
        return value if isinstance(value, Label) else labels(N_("No"))
    return value


def _boxes(one: RegisterField, labels: Labels) -> list[Label]:
    """Return what an empty form offers to tick."""
    return [labels(N_("Yes")), labels(N_("No"))] if one.kind == "switch" else [_named(choice, labels) for choice in one.entries]


def _named(choice: Choice, labels: Labels) -> Label:
    return labels.named(choice.zh, choice.en)


# --- the register as a list ------------------------------------------------------------------------------------------------


def _ids(user: Staff, query: EntryQuery, most: int) -> list[int]:
    return [entry.id for entry in register_list.rows(user, query, most=most + 1)]


def _records(ids: list[int]) -> list[RegisterEntry]:
    query = select(RegisterEntry).where(RegisterEntry.id.in_(ids)).options(joinedload(RegisterEntry.customer))
    found = {entry.id: entry for entry in db.session.scalars(query)}
    return [found[number] for number in ids if number in found]


def _rows(entries: list[RegisterEntry]) -> list[dict[str, Any]]:
    return [
        {
            **{one.name: entry.data.get(one.name, "") for one in entry.declared.columns},
            "__number": entry.number,
            "__customer": entry.customer.full_name,
        }
        for entry in entries
    ]


def _finish_list(register: OfficeRegister, document: dict[str, Any], labels: Labels) -> None:
    for row in document["entries"]:
        for one in register.columns:
            row[one.name] = _said(one, row[one.name], labels) if row[one.name] != "" else ""
    document["heads"] = columns_of(register, labels)


def _conditions(user: Staff, query: EntryQuery, labels: Labels) -> str:
    colon, semicolon = (": ", "; ") if labels.language == "en" else ("：", "；")
    said = [labels(TABS[query.state]).text]
    for name, value in query.filters.items():
        said.append(f"{labels(EntryQuery.FILTERS[name]).text}{colon}{_value(user, name, value, labels)}")
    return semicolon.join(said)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    if name in ("team", "customer"):
        return named(user, Team if name == "team" else Customer, value)
    return labels(N_("within %(days)s days"), days=register_list.ENDING_DAYS).text if name == "ending" else value


for_each(declare)
