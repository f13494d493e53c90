"""The entries of an office register as a table: in from files and out to files (AR-30, AR-31, AR-40, AR-41)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from portal.exchange.columns import Choice, Column, ImportTable, Kind
from portal.exchange.customer_table import customer_table
from portal.i18n import in_language, is_chinese
from portal.models import register_list
from portal.models.register_list import EntryQuery
from portal.models.staff import Staff
from portal.registers import REGISTERS, OfficeRegister, RegisterField
from portal.rules.message import N_

PREFIX = "register:"
"""Tables of office registers are called `register:parking-permits`."""

_KINDS: dict[str, Kind] = {
    "choice": "choice",
    "date": "date",
    "money": "amount",
    "integer": "integer",
    "phone": "phone",
    "email": "email",
    "switch": "boolean",
}

OWN_COLUMNS = (
    Column("entry_number", N_("Entry number"), "登记编号", ("编号", "登记号", "entry", "number"), "code", max_length=40),
    Column("customer_number", N_("Customer number"), "客户编号", ("客户号", "客户代码", "customer no"), "code", max_length=40),
    Column(
        "customer_code",
        N_("Unified social credit code"),
        "统一社会信用代码",
        ("社会信用代码", "信用代码", "税号", "uscc"),
        "code",
        max_length=40,
    ),
    Column(
        "customer_name",
        N_("Customer name"),
        "客户名称",
        ("客户", "单位名称", "公司名称", "企业名称", "单位", "公司", "customer", "company"),
        max_length=200,
    ),
)
"""What finds an entry, and its customer: by number, credit code or whole name, whichever a row gives."""
OUT = ("entry_number", "customer_number", "customer_name")


def register_of(table: str) -> OfficeRegister | None:
    """Return the register whose entries the table holds, None for other tables."""
    return REGISTERS.get(table.removeprefix(PREFIX)) if table.startswith(PREFIX) else None


def entry_table(register: OfficeRegister) -> ImportTable:
    """Return the importable table of a register."""
    with in_language("zh_Hans_CN"):
        return ImportTable(PREFIX + register.code, (*OWN_COLUMNS, *(_column(one) for one in register.fields)))


def table_of(name: str) -> ImportTable:
    """Return the importable table of this name: the customers, a register's entries, or a table of the books."""
    from portal.exchange.book_tables import book_of

    book = book_of(name)
    if book is not None:
        return book.table()
    register = register_of(name)
    return entry_table(register) if register is not None else customer_table()


def _column(one: RegisterField) -> Column:
    kind = _KINDS.get(one.kind, "text")
    return Column(
        one.name,
        one.title,
        gettext(one.title),
        (),
        kind,
        max_length=None if kind in ("date", "amount", "integer", "choice", "boolean") else one.length,
        choices=tuple(Choice(choice.code, choice.en, choice.zh) for choice in one.entries),
    )


def heads(register: OfficeRegister) -> list[str]:
    """Return the heads of a file of the register, in the reader's language: the same for the empty table and the export."""
    own = {column.name: column for column in OWN_COLUMNS}
    return [*(own[name].title_zh if is_chinese() else own[name].title for name in OUT), *(gettext(one.title) for one in register.fields)]


def rows(user: Staff, query: EntryQuery) -> Iterator[list[Any]]:
    """Yield the entries that `user` sees of a query as cells: dates and amounts as such, choices in words."""
    fields = query.declared.fields
    for entry in register_list.rows(user, query):
        yield [entry.number, entry.customer.number, entry.customer.full_name, *(_cell(one, entry.data.get(one.name, "")) for one in fields)]


def _cell(one: RegisterField, value: Any) -> Any:
    if one.kind == "switch":
        return gettext("yes") if value else gettext("no")
    if value == "":
        return None
    if one.kind == "choice" and value in one.options:
        return one.options[value].zh if is_chinese() else one.options[value].en
    if one.kind == "date":
        return date.fromisoformat(value)
    if one.kind in ("money", "figure"):
        return Decimal(value)
    return int(value) if one.kind == "integer" else value
