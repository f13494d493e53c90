"""Writing an application, changing a draft, amending an approved visit; what is refused stands beside its field with its standard."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.reception import bp
from portal.blueprints.reception.forms import ReceptionForm, sent_version, unread
from portal.database import StateConflict, commit, db
from portal.looks import look
from portal.models import search
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.reception import Reception
from portal.models.reception_judging import policy, problems_of, proposed_class
from portal.models.standard import why
from portal.permissions import Permission, ensure, requires
from portal.rules.message import Refusal
from portal.rules.reception import CLASSES, SERVICES
from portal.rules.text import clean_line
from portal.saving import saving, submitted_if_asked
from portal.sessions import me

SUGGESTED = 8


@bp.route("/receptions/new", methods=["GET", "POST"])
@requires(Permission.RECEPTION_WORK)
def reception_new() -> Any:
    """Write an application; of a customer where the address names one."""
    form = (ReceptionForm() if request.method == "POST" else ReceptionForm(formdata=None)).offer()
    if request.method == "GET":
        given = db.session.scalar(Customer.visible_to(me()).where(Customer.id == request.args.get("customer", 0, int)))
        form.host_id.data, form.pass_kind.data = str(me().id), "each"
        if given is not None:
            look(given)
            form.customer.data, form.class_.data = f"{given.number} {given.full_name}", proposed_class(given)
        return _page(form)
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        form.class_.data = form.class_.data or _class_of(form.customer.data)
        return _page(form)
    customer, unknown = _customer(form.customer.data or "")
    refusals, whys = _judge(form, customer, None)
    if form.validate() and customer is not None and not refusals:
        with saving(form.refuse) as saved:
            reception = Reception.begin(customer, form.values(), by=me())
            approval = submitted_if_asked(reception)
        if saved:
            return _saved(reception, approval)
    for one in [*([unknown] if unknown else []), *refusals]:
        form.refuse(one)
    return _page(form, whys=whys, hits=_hits(unknown, form.customer.data), status=422)


def _class_of(text: str) -> str | None:
    customer, _unknown = _customer(text)
    return proposed_class(customer) if customer is not None else None


def _customer(text: str) -> tuple[Customer | None, Refusal | None]:
    try:
        return chosen(me(), clean_line(text)), None
    except Refusal as refusal:
        return None, refusal


def _hits(refusal: Refusal | None, text: str | None) -> list[search.Hit]:
    return search.search(me(), text, SUGGESTED) if refusal is not None and text else []


def _judge(
    form: ReceptionForm, customer: Customer | None, reception: Reception | None, before: Reception | None = None
) -> tuple[list[Refusal], dict[str, list[Any]]]:
    """Return what is refused, and field → the standards that refuse, with the figures of the case (ST-2)."""
    whys: dict[str, list[Any]] = {}
    refusals = unread(form)
    for one in problems_of(customer, form.values(), reception, before=before):
        if refusals and one.refusal.field == refusals[0].field == "count":
            continue
        refusals.append(one.refusal)
        if one.standard:
            whys.setdefault(one.refusal.field or "", []).append(why(one.standard, **one.figures))
    return refusals, whys


@bp.route("/receptions/<int:reception_id>/edit", methods=["GET", "POST"])
@requires(Permission.RECEPTION_WORK, reception=Reception)
def reception_edit(reception: Reception) -> Any:
    """Change a draft."""
    if not reception.can_edit(me()):
        raise StateConflict(f"reception {reception.id}")
    if request.method == "GET":
        look(reception.customer)
        return _page(ReceptionForm(formdata=None).offer(reception).fill(reception), reception=reception)
    form, number = ReceptionForm().offer(reception), reception.id
    refusals, whys = _judge(form, reception.customer, reception, reception.amends)
    if form.validate() and not refusals:
        with saving(form.refuse) as saved:
            version = sent_version(form.version.data)
            reception.edit(form.values(), by=me(), version=version, reason=clean_line(form.reason.data or ""))
            approval = submitted_if_asked(reception)
        if saved:
            return _saved(reception, approval)
    for one in refusals:
        form.refuse(one)
    return _page(form, reception=db.session.get_one(Reception, number), whys=whys, status=422)


@bp.route("/receptions/<int:reception_id>/amendment/new", methods=["GET", "POST"])
@requires(Permission.RECEPTION_WORK, reception=Reception)
def amendment_new(reception: Reception) -> Any:
    """Change an approved visit: another application, which takes its place when it is approved."""
    if not reception.can_amend(me()):
        raise StateConflict(f"reception {reception.id}")
    if request.method == "GET":
        look(reception.customer)
        form = ReceptionForm(formdata=None).offer(reception).fill(reception)
        form.reason.data = ""
        return _page(form, before=reception)
    form, number = ReceptionForm().offer(reception), reception.id
    refusals, whys = _judge(form, reception.customer, None, reception)
    if form.validate() and not refusals:
        with saving(form.refuse) as saved:
            amendment = Reception.amend(reception, form.values(), reason=clean_line(form.reason.data or ""), by=me())
            approval = submitted_if_asked(amendment)
        if saved:
            return _saved(amendment, approval)
    for one in refusals:
        form.refuse(one)
    return _page(form, before=db.session.get_one(Reception, number), whys=whys, status=422)


def _saved(reception: Reception, approval: Approval | None) -> Any:
    if approval is not None:
        flash(_("The application is submitted, and the room is kept."), "ok")
        return redirect(url_for("approvals.show", approval_id=approval.id), 303)
    flash(_("The draft is saved. The room is kept when it is submitted."), "ok")
    return redirect(url_for("reception.reception", reception_id=reception.id), 303)


def _page(
    form: ReceptionForm,
    *,
    reception: Reception | None = None,
    before: Reception | None = None,
    whys: dict[str, list[Any]] | None = None,
    hits: list[search.Hit] | None = None,
    status: int = 200,
) -> Any:
    before = before or (reception.amends if reception else None)
    page = render_template(
        "reception/form.html",
        form=form,
        reception=reception,
        before=before,
        whys=whys or {},
        hits=hits or [],
        policy=policy(),
        classes=CLASSES,
        services=SERVICES,
    )
    return page, status


@bp.post("/receptions/<int:reception_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, reception=Reception)
def reception_submit(reception: Reception) -> Any:
    """Send an application through its chain."""
    ensure(me().may(Permission.RECEPTION_WORK))
    if not reception.can_edit(me()):
        raise StateConflict(f"reception {reception.id}")
    approval = reception.submit(by=me())
    commit()
    flash(_("The application is submitted, and the room is kept."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/receptions/<int:reception_id>/giving-up")
@requires(Permission.RECEPTION_WORK, reception=Reception)
def reception_give_up(reception: Reception) -> Any:
    """Let a draft go."""
    reception.give_up(by=me())
    commit()
    flash(_("The application is given up."), "ok")
    return redirect(url_for("reception.receptions"), 303)
