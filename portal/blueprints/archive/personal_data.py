"""What is kept about one person at a customer, on a page and as a file to hand out (PIPL)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import Length

from portal import list_files, log_words
from portal.blueprints.archive import bp, card_view
from portal.database import db
from portal.filters import colon
from portal.forms import PortalForm
from portal.looks import look
from portal.models import audit, personal_data
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.personal_data import Mention
from portal.permissions import Permission, requires
from portal.rules.message import N_, Refusal


class PersonForm(PortalForm):
    """Whose data are asked for."""

    name = StringField(_l("Name of the person"), [Length(max=80)], render_kw={"maxlength": 80, "list": "people"})
    telephone = StringField(_l("Telephone, where known"), [Length(max=60)], render_kw={"maxlength": 60})


@bp.get("/customers/<int:customer_id>/personal-data")
@requires(Permission.CUSTOMER_EXPORT, customer=Customer)
def personal_data_of(customer: Customer) -> Any:
    """Show what is kept about a person at a customer, or answer it as a file with `format`; the log says who looked."""
    look(customer)
    form = PersonForm(request.args, meta={"csrf": False})
    found: list[Mention] = []
    name = " ".join((form.name.data or "").split())
    if "name" in request.args and form.validate():
        try:
            found = personal_data.mentions(current_user, customer, name, form.telephone.data or "")
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            audit.write_view("personal-data-read", actor=current_user, record=customer, label=customer.full_name, person=name)
            if "format" in request.args:
                asked, title = {"customer": customer.number, "name": name}, _("Personal data of %(name)s", name=name)
                return list_files.answer(title, [_(one) for one in HEADS], _rows(found), what="personal-data", filters=asked)
    contacts = db.session.scalars(select(Contact).where(Contact.customer_id == customer.id).order_by(Contact.id)).all()
    page = render_template(
        "archive/personal_data.html", customer=customer, form=form, found=found, name=name, said=said, contacts=contacts,
        most=personal_data.MOST, asked=bool(name) and not form.problems,
        pages=log_words.addresses_of([(one.kind, one.number) for one in found], current_user),
    )  # fmt: skip
    return page, 422 if form.problems else 200


HEADS = (N_("Where it stands"), N_("Record number"), N_("Day"), N_("What is kept"))


def _rows(found: list[Mention]) -> list[list[Any]]:
    return [[_(one.area), one.number, one.day, "\n".join(said(one))] for one in found]


def said(mention: Mention) -> list[str]:
    """Return what stands in a place, a line each: 'Telephone: 0755-1234567'."""
    between = colon()
    lines = []
    kind = "Contact" if mention.kind == "AuditEvent" else mention.kind  # changes of contacts are what it has of the log
    for name, text in mention.words:
        field, title = log_words.field_of(kind, name), log_words.title_of_field(kind, name)
        shown = card_view.plain(field, text) if field else text
        lines.append(f"{title}{between}{shown}" if title else shown)
    return list(dict.fromkeys(lines))
