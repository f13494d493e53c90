"""Values of declared fields as a reader sees them: the card's, a contact's, an office register's."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup

from portal import filters
from portal.i18n import is_chinese
from portal.models.card import Field
from portal.rules.identifiers import dialled

_WEB = re.compile(r"https?://", re.IGNORECASE)


def choice(field: Field, code: str) -> str:
    """Return the name of a choice in the reader's language; a code that is no longer listed stays as it is."""
    if field.entries:
        return next((one.zh if is_chinese() else one.en for one in field.entries if one.code == code), code)
    return filters.choice(code, field.choices)


def shown(field: Field, value: Any) -> Any:
    """Return a value as it is read on a page: names of choices, amounts with separators, links for telephone, mail and web."""
    if value in (None, ""):
        return ""
    if field.kind == "choice":
        return choice(field, value)
    if field.kind == "money":
        return Markup('<span class="number">{}</span>').format(filters.yuan(Decimal(value)))
    if field.kind == "figure":
        return Markup('<span class="number">{}</span>').format(value)
    if field.kind == "date":
        return Markup("<time>{}</time>").format(value)
    if field.kind == "integer":
        return f"{int(value):,}"
    if field.kind == "switch":
        return _("yes") if value else _("no")
    if field.kind == "phone":
        number = dialled(value)
        return Markup('<a href="tel:{}">{}</a>').format(number, value) if number else value
    if field.kind == "email":
        return Markup('<a href="mailto:{}">{}</a>').format(value, value)
    if field.kind == "url":
        address = value if _WEB.match(value) else f"https://{value}"
        return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(address, value)
    return value


def plain(field: Field, value: Any) -> str:
    """Return a value (plain data) as text, a dash where there is none."""
    if value in (None, "", False):
        return "—"
    if value is True:
        return _("yes")
    if field.kind == "choice":
        return choice(field, str(value))
    return filters.yuan(Decimal(value)) if field.kind == "money" else str(value)
