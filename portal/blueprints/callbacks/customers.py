"""A customer's calls and the events they follow from; events and calls entered by hand (SV-10)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import DateField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import bulk, clock
from portal.blueprints.callbacks import bp, reading
from portal.blueprints.callbacks.reading import Wrong
from portal.database import db
from portal.forms import PortalForm
from portal.i18n import of_choice
from portal.looks import look
from portal.models import callback, callback_due
from portal.models.callback import STATES, CallbackEvent
from portal.models.customer import NEVER, Customer
from portal.permissions import Permission, requires
from portal.rules.callbacks import EVENTS, LONGEST_TEXT
from portal.rules.message import N_
from portal.rules.text import clean
from portal.saving import saving
from portal.sessions import me

SHOWN = 30
bulk.bulk_action(
    order=57, name="call", title=N_("Plan call-backs"), permission=Permission.CALLBACK_WORK, endpoint="callbacks.calls_of_selection"
)


class CallsForm(PortalForm):
    """When chosen customers are to be called, and for what."""

    due_on = DateField(_l("To be called on"), [InputRequired(_l("Say for which day, today or later."))])
    purpose = SelectField(_l("Purpose of the call"))
    text = TextAreaField(_l("What it is about"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})


@bp.get("/customers/<int:customer_id>/call-backs")
@requires(Permission.CALLBACK_WORK, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the calls to a customer, and the events that they follow from."""
    return _page(customer)


def _page(customer: Customer, wrong: Wrong | None = None, status: int = 200) -> Any:
    look(customer)
    events = select(CallbackEvent).where(CallbackEvent.customer_id == customer.id).order_by(CallbackEvent.id.desc()).limit(SHOWN)
    page = render_template(
        "callbacks/customer.html",
        customer=customer,
        calls=callback.of_customer(customer.id),
        events=db.session.scalars(events).all(),
        kinds=EVENTS,
        states=STATES,
        can_enter=callback_due.can_enter(customer, me()),
        purposes=reading.purposes(),
        never=NEVER,
        wrong=wrong or Wrong(),
    )
    return page, status


@bp.post("/customers/<int:customer_id>/call-backs/events")
@requires(Permission.CALLBACK_WORK, customer=Customer)
def event_new(customer: Customer) -> Any:
    """Enter an event; the calls that follow from it are made."""
    number = customer.id
    with saving() as saved:
        made = callback_due.enter(customer, request.form.get("kind", ""), on=reading.day("on"), note=reading.line("note"), by=me())
    if saved.refusal:
        return _page(db.session.get_one(Customer, number), Wrong(saved.refusal), 422)
    if made:
        flash(_("Entered. A call is due on %(day)s.", day=made[0].due_on.isoformat()), "ok")
    else:
        flash(_("Entered. Its calls come when their time has come."), "ok")
    return redirect(url_for("callbacks.of_customer", customer_id=number), 303)


@bp.post("/customers/<int:customer_id>/call-backs")
@requires(Permission.CALLBACK_WORK, customer=Customer)
def call_new(customer: Customer) -> Any:
    """Arrange a single call."""
    number = customer.id
    with saving() as saved:
        call = callback_due.arrange(
            customer, on=reading.day("due_on"), purpose=request.form.get("purpose", ""), text=clean(request.form.get("text", "")), by=me()
        )
    if saved.refusal:
        return _page(db.session.get_one(Customer, number), Wrong(saved.refusal), 422)
    flash(_("Arranged. The call is due on %(day)s.", day=call.due_on.isoformat()), "ok")
    return redirect(url_for("callbacks.of_customer", customer_id=number), 303)


@bp.post("/customers/call-backs")
@requires(Permission.CALLBACK_WORK)
def calls_of_selection() -> Any:
    """Ask, then arrange a call to each of the customers that were chosen in the register (AR-5)."""
    chosen, form = bulk.selection(), CallsForm()
    form.purpose.choices = [SelectChoice(one["code"], of_choice(one)) for one in reading.purposes()]
    if not request.form.get("confirmed"):
        form.due_on.data = clock.today()

    def act() -> str:
        on = form.due_on.data
        text = clean(form.text.data or "")
        done = callback_due.arrange_many(chosen.ids, on=on, purpose=form.purpose.data, text=text, by=me())
        said = [_("Calls planned for %(day)s: %(count)s.", day=on.isoformat() if on else "", count=f"{done:,}")]
        if left := len(chosen.ids) - done:
            said.append(_("Left out, because such a call is planned already: %(count)s.", count=f"{left:,}"))
        return " ".join(said)

    one, many = N_("Plan a call to %(name)s"), N_("Plan calls to %(count)s customers")
    note = _("Each call stands on the list of who is in charge of its customer.")
    return bulk.ask_or_do(form, chosen, one, many, _("Plan call-backs"), act, note=note, action=url_for("callbacks.calls_of_selection"))
