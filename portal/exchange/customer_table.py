"""The customer card as an importable table: its columns come from `models/card.py`, their heads from `customer_heads.py` (AR-40).

Contacts may stand in the customer's row (up to three, 'contact', 'contact 2', 'contact 3') or in rows of their own.
"""

from __future__ import annotations

from flask_babel import gettext

from portal.exchange.columns import Choice, Column, ImportTable, Kind
from portal.exchange.customer_heads import HEADS, contact_heads
from portal.i18n import in_language, is_chinese
from portal.models import card
from portal.models.standard import value as standard
from portal.rules.message import N_

CONTACTS_IN_A_ROW = 3
CONTACT_COLUMNS = (
    "name",
    "post",
    "department",
    "telephone",
    "email",
    "preferred_way",
    "frequency",
    "decides",
    "emergency",
    "relationship_note",
    "kept_for",
)

_KINDS: dict[str, Kind] = {
    "choice": "choice",
    "date": "date",
    "money": "amount",
    "integer": "integer",
    "phone": "phone",
    "email": "email",
    "code": "code",
    "switch": "boolean",
}

OWN_COLUMNS = (
    Column(
        "number",
        N_("Customer number"),
        "客户编号",
        ("编号", "客户号", "客户代码", "客户编码", "customer id", "customer no", "number"),
        "code",
        max_length=40,
    ),
    Column(
        "owner",
        N_("In charge"),
        "负责人",
        ("客户负责人", "业务员", "客户经理", "专员", "客户关系专员", "跟进人", "所属人", "owner", "sales rep"),
        max_length=80,
    ),
    Column("registered_on", N_("On the register since"), "登记日期", ("入册日期", "建档日期", "建卡日期"), "date"),
)
"""Columns that are not fields of the card: the number that finds a customer, who is in charge, the day of registration."""

_ALL = {column.name: column for column in OWN_COLUMNS}


def customer_table() -> ImportTable:
    """Return the importable table with the lists of choices as they stand today. The name is the only column that a new customer needs."""
    columns = list(OWN_COLUMNS)
    with in_language("zh_Hans_CN"):
        for entry in card.EDITABLE:
            columns.append(_column(entry.name, entry, entry.title, gettext(entry.title), HEADS[entry.name].split()))
        for place in range(1, CONTACTS_IN_A_ROW + 1):
            for name in CONTACT_COLUMNS:
                entry = card.CONTACT[name]
                title, zh = (
                    contact_title(name, place),
                    f"联系人{place if place > 1 else ''}{'' if name == 'name' else gettext(entry.title)}",
                )
                columns.append(_column(f"contact{place}_{name}", entry, title, zh, contact_heads(name, place)))
    return ImportTable("customers", tuple(columns))


TEMPLATE = (
    "full_name",
    "credit_code",
    "short_name",
    "nature",
    "industry",
    "size",
    "province",
    "city",
    "district",
    "street",
    "telephone",
    "fax",
    "email",
    "website",
    "legal_representative",
    "general_manager",
    "registered_capital",
    "established_on",
    "main_business",
    "staff_count",
    "operating_state",
    "banks",
    "payment_terms",
    "route",
    "route_order",
    "first_contact_on",
    "first_deal_on",
    "stage_time",
    "stage_transaction",
    "stage_volume",
    "stage_service",
    "stage_years",
    "owner",
    "registered_on",
    "remarks",
    "contact1_name",
    "contact1_post",
    "contact1_department",
    "contact1_telephone",
    "contact1_email",
    "contact1_kept_for",
    "contact2_name",
    "contact2_post",
    "contact2_telephone",
    "contact2_email",
)
"""The columns of the empty table that is offered for download."""


def template_heads() -> list[str]:
    """Return the heads of the template file in the reader's language."""
    table = customer_table()
    return [column_title(table.by_name[name]) for name in TEMPLATE]


def contact_title(name: str, place: int) -> str:
    """Return the English name of a contact's column: 'Contact 2: Post'."""
    return f"Contact {place}: {card.CONTACT[name].title}" if place > 1 else f"Contact: {card.CONTACT[name].title}"


def column_title(column: Column) -> str:
    """Return the name of a column in the reader's language."""
    return column.title_zh if is_chinese() else column.title


def _column(name: str, entry: card.Field, title: str, zh: str, heads: list[str]) -> Column:
    kind = "text" if entry.name == "kept_for" else _KINDS.get(entry.kind, "text")
    choices: tuple[Choice, ...] = ()
    if kind == "choice":
        choices = tuple(Choice(one["code"], one["en"], one["zh"]) for one in standard(f"choices.{entry.choices}"))
    return Column(
        name,
        title,
        zh,
        tuple(heads),
        kind,
        max_length=None if kind in ("date", "amount", "integer", "choice", "boolean") else entry.length,
        choices=choices,
    )
