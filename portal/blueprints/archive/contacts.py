"""Contacts of a customer: add, change, remove."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError
from wtforms import StringField
from wtforms.fields.choices import SelectChoice

from portal import clock
from portal.blueprints.archive import bp, card_view
from portal.database import StateConflict, db
from portal.looks import look
from portal.models import card
from portal.models.contact import Contact, lacking
from portal.models.customer import Customer
from portal.models.edits import Clash
from portal.models.review import ReviewLine
from portal.permissions import Permission, fetch, requires
from portal.record_form import ReasonForm
from portal.saving import saving

OWN_WORDS = "other"


class ContactForm(ReasonForm):
    """A contact; what it is kept for is chosen from the list or said in own words."""

    kept_for_words = StringField(_l("Kept for, in your own words"), render_kw={"maxlength": 200})

    def __init__(self, contact: Contact | None = None) -> None:
        super().__init__(card.CONTACT_FIELDS, contact, data={"effective_on": clock.today().isoformat()})
        self["kept_for"].choices = [*self["kept_for"].choices, SelectChoice(OWN_WORDS, _("Something else, in your own words"))]

    def read(self) -> dict[str, Any] | None:
        """Return the values sent, the own words in the place of the list's code where they were chosen."""
        values = super().read()
        if values is not None and values["kept_for"] == OWN_WORDS:
            values["kept_for"] = card.CONTACT["kept_for"].read(self.kept_for_words.data)
        return values


@bp.route("/customers/<int:customer_id>/contacts/new", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_EDIT, customer=Customer)
def contact_new(customer: Customer) -> Any:
    """Add a contact or emergency contact."""
    customer.ensure_open()
    form = ContactForm()
    values = form.read()
    if values is not None:
        form.refuse_all(list(lacking(values)), str)
    if values is not None and not form.problems:
        with saving(form.refuse) as saved:
            contact = Contact.add(customer, values, by=current_user)
        if saved:
            flash(_("%(name)s is added to the contacts.", name=contact.name), "ok")
            return redirect(_to_contacts(customer), 303)
    return _page(form, customer, None, [], 422 if form.problems else 200)


@bp.route("/customers/<int:customer_id>/contacts/<int:contact_id>/edit", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_EDIT, customer=Customer, contact=Contact)
def contact_edit(customer: Customer, contact: Contact) -> Any:
    """Change a contact; who comes second sees what changed meanwhile and chooses (AR-4)."""
    _check(customer, contact)
    form = ContactForm(contact)
    values = form.read()
    if values is None:
        return _page(form, customer, contact, [], 422 if form.problems else 200)
    found = form.clashes(contact, values)
    if found:
        form.rebase(contact, found)
        return _page(form, customer, contact, found, 409)
    contact_id = contact.id
    try:
        with saving(form.refuse) as saved:
            contact.change(values, by=current_user, **form.reason_and_day())
    except (StateConflict, StaleDataError):
        return _overtaken(form, contact_id, values)
    if not saved:
        return _page(form, customer, contact, [], 422)
    flash(_("%(name)s is saved.", name=contact.name), "ok")
    return redirect(_to_contacts(customer), 303)


def _overtaken(form: ContactForm, contact_id: int, values: dict[str, Any]) -> Any:
    """Answer the form again with what somebody saved in the same moment (PostgreSQL; SQLite lets one writer in at a time)."""
    db.session.rollback()
    now = fetch(Contact, contact_id, current_user)
    _check(now.customer, now)
    found = form.clashes(now, values)
    form.rebase(now, found)
    return _page(form, now.customer, now, found, 409)


@bp.route("/customers/<int:customer_id>/contacts/<int:contact_id>/removal", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_EDIT, customer=Customer, contact=Contact)
def contact_removal(customer: Customer, contact: Contact) -> Any:
    """Ask for the reason, then take a contact off the card."""
    _check(customer, contact)
    form = ReasonForm((), data={"effective_on": clock.today().isoformat()})
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            contact.remove(by=current_user, **form.reason_and_day())
        if saved:
            flash(_("%(name)s is no longer among the contacts.", name=contact.name), "ok")
            return redirect(_to_contacts(customer), 303)
    page = render_template("archive/contact_removal.html", form=form, customer=customer, contact=contact)
    return page, 422 if form.problems else 200


def _check(customer: Customer, contact: Contact) -> None:
    if contact.customer_id != customer.id:
        abort(404)
    customer.ensure_open()
    look(customer)


def _page(form: ContactForm, customer: Customer, contact: Contact | None, found: list[Clash], status: int) -> Any:
    page = render_template(
        "archive/contact_form.html",
        form=form,
        customer=customer,
        contact=contact,
        fields=card.CONTACT_FIELDS,
        clashes=found,
        plain=card_view.plain,
        back=_to_contacts(customer),
    )
    return page, status


def _to_contacts(customer: Customer) -> str:
    """Return where the form leads: to the contacts on the card, or back to the half-yearly review that it was opened from (AR-21)."""
    line = ReviewLine.of(customer) if "review" in request.args else None
    if line is not None:
        return url_for("review.line", line_id=line.id)
    return url_for("archive.customer", customer_id=customer.id, _anchor="contacts")
