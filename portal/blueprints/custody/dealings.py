"""The end of dealings with a customer, and their beginning again (AR-11)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import clock
from portal.blueprints.custody import bp
from portal.database import StateConflict, db
from portal.forms import PortalForm
from portal.looks import look
from portal.models import dealings, relation
from portal.models.customer import Customer, CustomerState
from portal.models.dealings import DealingsEnd
from portal.permissions import Permission, requires
from portal.rules.disposal import ENDINGS
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

_WHY = _l("Say why: the reason stands in the customer's history.")


class EndOfDealingsForm(PortalForm):
    """How, since when and why dealings ended."""

    kind = RadioField(
        _l("How dealings ended"),
        [InputRequired(_l("Say how the dealings ended."))],
        choices=[SelectChoice(code, _l(t)) for code, t in ENDINGS.items()],
    )
    ended_on = DateField(_l("Ended on"), [InputRequired(_l("Enter the day on which dealings ended; it cannot lie ahead."))])
    reason = TextAreaField(_l("Reason"), [InputRequired(_WHY), Length(max=500)])


class AgainForm(PortalForm):
    """Why dealings begin again."""

    reason = TextAreaField(_l("Reason"), [InputRequired(_WHY), Length(max=500)])


@bp.route("/customers/<int:customer_id>/dealings-end", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_END, customer=Customer)
def dealings_end(customer: Customer) -> Any:
    """Say what is open, ask for reason and day, then put the customer among past customers."""
    if customer.state != CustomerState.ACTIVE:
        raise StateConflict(f"customer {customer.id}")
    look(customer)
    advised = relation.advised_end(customer)
    reason = _("Relation assessment of %(day)s: %(result)s", day=advised.assessed_on.isoformat(), result=advised.result) if advised else ""
    form, customer_id = EndOfDealingsForm(ended_on=clock.today(), reason=reason[:500]), customer.id
    if request.method == "POST" and _complete(form):
        with saving(form.refuse) as saved:
            dealings.end(customer, by=me(), **_written(form))
        if saved:
            flash(_("%(name)s is a past customer now.", name=customer.full_name), "ok")
            return redirect(url_for("archive.customer", customer_id=customer_id), 303)
        customer = db.session.get_one(Customer, customer_id)
    page = render_template(
        "custody/dealings_end.html",
        customer=customer,
        form=form,
        advised=relation.advised_end(customer),
        obstacles=dealings.obstacles(customer),
        left_open=dealings.left_open(customer),
    )
    return page, 422 if form.problems else 200


def _written(form: EndOfDealingsForm) -> dict[str, Any]:
    return {"kind": form.kind.data or "", "reason": clean_line(form.reason.data or ""), "ended_on": form.ended_on.data}


def _complete(form: EndOfDealingsForm) -> bool:
    """Return whether the form says all there is to say; what is lacking stands beside its field."""
    complete, lacking = form.validate(), list(dealings.problems(**_written(form)))
    form.refuse_all(lacking, str)
    return complete and not lacking


@bp.route("/customers/<int:customer_id>/dealings-again", methods=["GET", "POST"])
@requires(Permission.CUSTOMER_END, customer=Customer)
def dealings_again(customer: Customer) -> Any:
    """Ask for the reason, then take a past customer back onto the register."""
    if customer.state != CustomerState.PAST:
        raise StateConflict(f"customer {customer.id}")
    look(customer)
    form, customer_id = AgainForm(), customer.id
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            dealings.begin_again(customer, reason=clean_line(form.reason.data), by=me())
        if saved:
            flash(_("%(name)s is on the register again.", name=customer.full_name), "ok")
            return redirect(url_for("archive.customer", customer_id=customer_id), 303)
        customer = db.session.get_one(Customer, customer_id)
    page = render_template(
        "custody/dealings_again.html",
        customer=customer,
        form=form,
        end=DealingsEnd.standing(customer),
        why_not=dealings.why_not_again(customer),
    )
    return page, 422 if form.problems else 200
