"""A customer's visits: the one that is planned, those that were, and a plan for another (SV-20)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.blueprints.visits import bp
from portal.blueprints.visits.forms import PlanForm
from portal.database import db
from portal.looks import look
from portal.models import visit as visits
from portal.models import visit_due
from portal.models.customer import NEVER, Customer
from portal.models.staff import Staff
from portal.models.standard import why
from portal.models.visit import VISITED, Visit
from portal.models.visit_thanks import ThankYouLetter
from portal.permissions import Permission, requires
from portal.rules.message import N_, Refusal
from portal.rules.text import clean
from portal.rules.visits import LETTER_KINDS, STATES, days_between
from portal.saving import saving
from portal.sessions import me

SHOWN = 20


@bp.get("/customers/<int:customer_id>/visits")
@requires(Permission.VISIT_WORK, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the visits to a customer, and since when it is due."""
    tomorrow = visit_due.working_days(clock.today() + timedelta(days=1), 1)[0]
    return _page(customer, PlanForm(formdata=None, data={"day": tomorrow, "purpose": "regular"}))


def _page(customer: Customer, form: PlanForm, status: int = 200) -> Any:
    look(customer)
    since, yearly, version = visits.due_of(customer)
    figures: dict[str, Any] = {N_("Grade"): customer.grade or "—", N_("Days between two visits"): days_between(yearly) or "—"}
    letters = select(ThankYouLetter).where(ThankYouLetter.customer_id == customer.id).order_by(ThankYouLetter.id.desc()).limit(SHOWN)
    found = visits.of_customer(customer.id)
    page = render_template(
        "visits/customer.html",
        customer=customer,
        visits=found,
        planned=next((one for one in found if one.state == "planned"), None),
        letters=db.session.scalars(letters).all(),
        letter_kinds=LETTER_KINDS,
        states=STATES,
        form=form.offer(customer.owner_id),
        since=since,
        yearly=yearly,
        why=why(visits.rhythm(customer.state, customer.grade), version=version, **figures),
        can_plan=customer.state in VISITED,
        never=NEVER,
    )
    return page, status


@bp.post("/customers/<int:customer_id>/visits")
@requires(Permission.VISIT_WORK, customer=Customer)
def plan_one(customer: Customer) -> Any:
    """Plan a visit to a customer."""
    form, number = PlanForm().offer(), customer.id
    if form.validate():
        with saving(form.refuse) as saved:
            staff = db.session.get(Staff, form.staff.data or 0)
            if staff is None:
                raise Refusal("Choose somebody whose account is active.", field="staff")
            aim = clean(form.aim.data or "").strip()
            made = Visit.plan(customer, form.day.data, staff=staff, purpose=form.purpose.data or "", aim=aim, by=me())
        if saved:
            flash(_("The visit is planned for %(day)s.", day=made.day.isoformat()), "ok")
            return redirect(url_for("visits.of_customer", customer_id=number), 303)
    return _page(db.session.get_one(Customer, number), form, 422)
