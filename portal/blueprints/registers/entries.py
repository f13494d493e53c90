"""One entry of a register: enter, read, change, remove."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy.orm.exc import StaleDataError
from wtforms import StringField

from portal import field_values
from portal.blueprints.registers import bp
from portal.blueprints.registers.lists import opened
from portal.database import StateConflict, db
from portal.filters import colon, semicolon
from portal.forms import PortalForm
from portal.looks import look
from portal.models import history, search
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.edits import Clash
from portal.models.register_entry import RegisterEntry, field_of
from portal.permissions import Permission, requires
from portal.record_form import RecordForm
from portal.registers import OfficeRegister
from portal.rules.message import N_, Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SUGGESTED = 8


class EntryForm(RecordForm):
    """The form of an entry; a new one also asks for the customer."""

    customer = StringField(_l("Customer"))

    def read(self) -> dict[str, Any] | None:
        """Return the values sent; None, with everything that is missing named at once, where something is."""
        values = super().read()
        if self.is_submitted():
            for one in self.fields:
                if one.required and one.kind != "switch" and not self[one.name].data:
                    self.refuse(Refusal(N_("Required, but empty"), field=one.name))
            if not self.start and not self.customer.data:
                self.refuse(Refusal("Choose the customer.", field="customer"))
        return None if self.errors else values


class RemovalForm(PortalForm):
    """Why an entry is removed."""

    reason = StringField(_l("Reason"), render_kw={"maxlength": 500})


@bp.route("/registers/<register>/new", methods=["GET", "POST"])
@requires(Permission.REGISTER_EDIT)
def entry_new(register: str) -> Any:
    """Enter something into a register, for the customer of the address or for one who is chosen in the form."""
    declared = opened(register)
    form = EntryForm(declared.fields, data={"customer": _given_customer()})
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _form_page(form, declared, None)
    values = form.read()
    if values is None:
        return _form_page(form, declared, None, status=422 if form.problems else 200)
    with saving(form.refuse) as saved:
        customer = chosen(current_user, form.customer.data or "")
        entry = RegisterEntry.add(declared, customer, values, by=me())
    if not saved:
        hits = search.search(current_user, form.customer.data, SUGGESTED) if form.customer.errors and form.customer.data else []
        return _form_page(form, declared, None, status=422, hits=hits)
    flash(_("%(number)s is entered.", number=entry.number), "ok")
    return redirect(url_for("registers.entry", entry_id=entry.id), 303)


@bp.get("/registers/entries/<int:entry_id>")
@requires(Permission.REGISTER_READ, entry=RegisterEntry)
def entry(entry: RegisterEntry) -> Any:
    """Show an entry and what happened to it."""
    look(entry.customer)
    facts, record = [], entry.as_record()
    for one in entry.declared.fields:
        value = getattr(record, one.name)
        facts.append((_(one.title), field_values.shown(one, value), one.wide and len(str(value)) > SUGGESTED))
    return render_template(
        "registers/entry.html",
        entry=entry,
        register=entry.declared,
        facts=facts,
        events=[_event(event) for event in history.of_record("RegisterEntry", entry.id)],
    )


@bp.route("/registers/entries/<int:entry_id>/edit", methods=["GET", "POST"])
@requires(Permission.REGISTER_EDIT, entry=RegisterEntry)
def entry_edit(entry: RegisterEntry) -> Any:
    """Change an entry; who comes second sees what changed meanwhile and chooses."""
    entry.ensure_open()
    look(entry.customer)
    declared, entry_id, record = entry.declared, entry.id, entry.as_record()
    form = EntryForm(declared.fields, record)
    values = form.read()
    if values is None:
        return _form_page(form, declared, entry, status=422 if form.problems else 200)
    found = form.clashes(record, values)
    if found:
        form.rebase(record, found)
        return _form_page(form, declared, entry, found=found, status=409)
    try:
        with saving(form.refuse) as saved:
            changes = entry.change(values, by=me())
    except (StateConflict, StaleDataError):
        db.session.rollback()
        now = db.session.get_one(RegisterEntry, entry_id)
        now.ensure_open()
        found = form.clashes(now.as_record(), values)
        form.rebase(now.as_record(), found)
        return _form_page(form, declared, now, found=found, status=409)
    if not saved:
        return _form_page(form, declared, db.session.get_one(RegisterEntry, entry_id), status=422)
    flash(_("Saved: %(count)s fields changed.", count=len(changes)) if changes else _("Nothing was changed."), "ok")
    return redirect(url_for("registers.entry", entry_id=entry_id), 303)


@bp.route("/registers/entries/<int:entry_id>/removal", methods=["GET", "POST"])
@requires(Permission.REGISTER_EDIT, entry=RegisterEntry)
def entry_removal(entry: RegisterEntry) -> Any:
    """Ask for the reason, then take an entry out of its register; it stays readable."""
    entry.ensure_open()
    look(entry.customer)
    form = RemovalForm()
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            entry.remove(by=me(), reason=clean_line(form.reason.data or "")[:500])
        if saved:
            flash(_("%(number)s is removed from the register.", number=entry.number), "ok")
            return redirect(url_for("registers.entry", entry_id=entry.id), 303)
    return render_template("registers/removal.html", form=form, entry=entry, register=entry.declared), 422 if form.problems else 200


def _given_customer() -> str:
    """Return the customer of the address as the field shows it, '' where there is none in scope."""
    given = request.args.get("customer", "")
    if not given.isdecimal() or len(given) > 9:
        return ""
    found = db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(given)))
    return f"{found.number} {found.full_name}" if found else ""


def _form_page(
    form: EntryForm,
    register: OfficeRegister,
    entry: RegisterEntry | None,
    *,
    found: list[Clash] | None = None,
    hits: list[search.Hit] | None = None,
    status: int = 200,
) -> Any:
    page = render_template(
        "registers/form.html", form=form, register=register, entry=entry, clashes=found or [], hits=hits or [], plain=field_values.plain
    )
    return page, status


def _event(event: Any) -> dict[str, Any]:
    """Return an entry of the log for the timeline macro, each changed field with its old and its new value."""
    changes = []
    for change in event.data.get("changes") or []:
        field = field_of(event.data.get("register", ""), change["field"])
        if field is None:
            continue
        new = field_values.plain(field, change["new"])
        changes.append(f"{_(field.title)}{colon()}{field_values.plain(field, change['old'])} → {new}")
    return {
        "at": event.at,
        "who": event.actor_name,
        "text": _(history.title_of(event)),
        "note": event.data.get("reason") or ("" if event.action == "added" else semicolon().join(changes)),
        "tone": "seal" if event.action == "removed" else "",
    }
