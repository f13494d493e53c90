"""Taking a request in while the customer is on the telephone (SV-1)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.blueprints.service import bp
from portal.blueprints.service.forms import IntakeForm, moment
from portal.database import db
from portal.models import search
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.customer_choice import Chosen
from portal.models.request_intake import problems, take_in
from portal.permissions import Permission, requires
from portal.rules.message import Refusal
from portal.rules.requests import COMPLAINT, KINDS
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SUGGESTED = 8
WRITTEN = ("kind", "channel", "priority", "caller", "telephone", "promise", "text", "answer")


@bp.route("/requests/new", methods=["GET", "POST"])
@requires(Permission.REQUEST_WORK)
def request_new() -> Any:
    """Take a request in. A name that is no customer's is asked about once, with those that come near, and then kept as it was said."""
    given = _given()
    kind = request.args.get("kind", "")
    form = IntakeForm(data={"customer": f"{given.number} {given.full_name}" if given else "", "kind": kind if kind in KINDS else COMPLAINT})
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _page(form)
    if not form.is_submitted():
        return _page(form)
    if not form.validate():
        return _page(form, status=422)
    text = clean_line(form.customer.data or "")
    unknown = ""
    values: dict[str, Any] = {name: (form[name].data or "").strip() for name in WRITTEN}
    values |= {"received_at": moment(form.received_at), "promised_at": moment(form.promised_at), "customer_name": text}
    values["customer"] = customer = Chosen(me(), [text]).find(text)
    if wrong := list(problems(values)):
        form.refuse_all(wrong, str)
        return _page(form, status=422)
    with saving(form.refuse) as saved:
        if customer is None and not request.form.get("unknown"):
            unknown = text
            raise Refusal("No customer you see has this number, credit code or name.", field="customer")
        made = take_in(values, by=me())
    if not saved:
        return _page(form, hits=search.search(me(), unknown, SUGGESTED) if unknown else None, unknown=unknown, status=422)
    flash(_("%(number)s is taken in; %(name)s has it in hand.", number=made.number, name=made.assignee.name), "ok")
    return redirect(url_for("service.request", request_id=made.id), 303)


def _given() -> Customer | None:
    """Return the customer of the address, None where there is none in scope."""
    given = request.args.get("customer", "")
    if not given.isdecimal() or len(given) > 9:
        return None
    return db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(given)))


def _page(form: IntakeForm, *, hits: list[search.Hit] | None = None, unknown: str = "", status: int = 200) -> Any:
    customer = Chosen(me(), [form.customer.data or ""]).find(form.customer.data or "") if form.customer.data and not unknown else None
    people = db.session.scalars(select(Contact).where(Contact.customer_id == customer.id).limit(20)).all() if customer else []
    return render_template("service/new.html", form=form, hits=hits or [], unknown=unknown, people=people), status
