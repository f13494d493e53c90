"""Changes of a customer's credit: list, draft, submission (RL-5, AP-3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from wtforms.fields.choices import SelectChoice

from portal import clock
from portal.blueprints.approvals import bp
from portal.blueprints.approvals.forms import CreditForm, WhyForm
from portal.database import StateConflict, commit, db
from portal.filters import yuan
from portal.i18n import of_choice
from portal.looks import look
from portal.models import sales_totals
from portal.models.approval import Approval
from portal.models.credit import NAME, STATES, CreditChange
from portal.models.customer import Customer
from portal.models.draft import DRAFT
from portal.models.standard import Why, held_at, why
from portal.models.standard import value as standard
from portal.permissions import Permission, ensure, requires
from portal.rules.message import N_
from portal.saving import saving
from portal.sessions import me


@bp.get("/customers/<int:customer_id>/credit-changes")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def credit_changes(customer: Customer) -> Any:
    """Show what the customer's credit is, and how it came to be."""
    look(customer)
    query = select(CreditChange).where(CreditChange.customer_id == customer.id).order_by(CreditChange.id.desc()).limit(200)
    changes = list(db.session.scalars(query))
    return render_template(
        "approvals/credit_changes.html",
        customer=customer,
        changes=changes,
        words=STATES,
        can_propose=_may_propose(customer),
        owed=_owed(customer),
    )


@bp.get("/customers/<int:customer_id>/credit-changes/new")
@requires(Permission.CREDIT_CHANGE, customer=Customer)
def credit_change_new(customer: Customer) -> Any:
    """Show the empty form."""
    return _form_page(customer, None, _form(effective_on=clock.today()))


@bp.post("/customers/<int:customer_id>/credit-changes")
@requires(Permission.CREDIT_CHANGE, customer=Customer)
def credit_change_draft(customer: Customer) -> Any:
    """Keep a draft."""
    form = _form()
    if not form.validate():
        return _form_page(customer, None, form, 422)
    try:
        with saving(form.refuse) as saved:
            change = CreditChange.propose(customer, form.values(), by=current_user)
    except IntegrityError:
        raise StateConflict("credit change") from None
    if not saved:
        return _form_page(customer, None, form, 422)
    return redirect(url_for("approvals.credit_change", customer_id=customer.id, change_id=change.id), 303)


@bp.get("/customers/<int:customer_id>/credit-changes/<int:change_id>")
@requires(Permission.CUSTOMER_READ, customer=Customer, change=CreditChange)
def credit_change(customer: Customer, change: CreditChange) -> Any:
    """Show a change: what it sets, why, and where it stands."""
    _belongs(customer, change)
    look(customer)
    return _page(customer, change, WhyForm(formdata=None))


def _page(customer: Customer, change: CreditChange, form: WhyForm, status: int = 200) -> Any:
    approval = Approval.latest_for(NAME, change.id)
    may_edit = change.can_edit(current_user)
    words = STATES[change.state]
    return render_template(
        "approvals/credit_change.html",
        customer=customer,
        change=change,
        approval=approval,
        can_edit=may_edit,
        words=words,
        why_finance=_why_finance(change, approval),
        can_cancel=change.can_cancel(me()),
        cancelled=change.cancelled(),
        form=form,
    ), status


def _why_finance(change: CreditChange, approval: Approval | None) -> Why | None:
    """Return why finance signs or not: by the standard as it was when the change was submitted, of a draft by today's (ST-2).

    The figure of the case is the limit as it will stand; None where the customer has no limit at all.
    """
    limit = change.old_credit_limit if change.credit_limit is None else change.credit_limit
    if limit is None:
        return None
    version = None
    if approval is not None and change.state != DRAFT:
        version = held_at("credit.finance_limit", approval.current_round.submitted_at).version
    figures: dict[str, Any] = {N_("Credit limit (yuan)"): yuan(limit)}
    return why("credit.finance_limit", version=version, **figures)


@bp.route("/customers/<int:customer_id>/credit-changes/<int:change_id>/edit", methods=["GET", "POST"])
@requires(Permission.CREDIT_CHANGE, customer=Customer, change=CreditChange)
def credit_change_edit(customer: Customer, change: CreditChange) -> Any:
    """Change a draft."""
    _belongs(customer, change)
    if request.method == "GET":
        return _form_page(customer, change, _form(obj=change))
    form = _form()
    if not form.validate():
        return _form_page(customer, change, form, 422)
    with saving(form.refuse) as saved:
        change.edit(form.values(), by=current_user)
    if not saved:
        return _form_page(customer, change, form, 422)
    return redirect(url_for("approvals.credit_change", customer_id=customer.id, change_id=change.id), 303)


@bp.post("/customers/<int:customer_id>/credit-changes/<int:change_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, customer=Customer, change=CreditChange)
def credit_change_submission(customer: Customer, change: CreditChange) -> Any:
    """Send it through its chain; sent twice, it counts once (AP-5)."""
    _belongs(customer, change)
    ensure(current_user.may(Permission.CREDIT_CHANGE))
    approval = change.submit(by=current_user)
    commit()
    flash(_("The change is submitted. You are told when it is decided."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/customers/<int:customer_id>/credit-changes/<int:change_id>/giving-up")
@requires(Permission.CREDIT_CHANGE, customer=Customer, change=CreditChange)
def credit_change_give_up(customer: Customer, change: CreditChange) -> Any:
    """Let a draft go."""
    _belongs(customer, change)
    change.give_up(by=me())
    commit()
    flash(_("The draft is given up."), "ok")
    return redirect(url_for("approvals.credit_changes", customer_id=customer.id), 303)


@bp.post("/customers/<int:customer_id>/credit-changes/<int:change_id>/cancellation")
@requires(Permission.CREDIT_CHANGE, customer=Customer, change=CreditChange)
def credit_change_cancel(customer: Customer, change: CreditChange) -> Any:
    """Let an approved change that is not set on the card yet never be."""
    _belongs(customer, change)
    ensure(me().is_manager)
    form = WhyForm()
    if form.validate():
        with saving(form.refuse) as saved:
            change.cancel(reason=form.reason.data, by=me())
        if saved:
            flash(_("The change is cancelled. Who asked for it is told."), "ok")
            return redirect(url_for("approvals.credit_change", customer_id=customer.id, change_id=change.id), 303)
    return _page(customer, change, form, 422)


def _belongs(customer: Customer, change: CreditChange) -> None:
    if change.customer_id != customer.id:
        abort(404)


def _may_propose(customer: Customer) -> bool:
    return CreditChange.can_propose(customer, current_user)


def _form(**values: Any) -> CreditForm:
    form = CreditForm(**values)
    terms = [SelectChoice(one["code"], of_choice(one)) for one in standard("choices.payment_terms") if one["active"]]
    form.payment_terms.choices = [SelectChoice("", _("as it is")), *terms]
    return form


def _form_page(customer: Customer, change: CreditChange | None, form: CreditForm, status: int = 200) -> Any:
    ahead = CreditChange.ahead_for(customer)
    return render_template(
        "approvals/credit_form.html", customer=customer, change=change, form=form, owed=_owed(customer), ahead=ahead
    ), status


def _owed(customer: Customer) -> Decimal:
    """Return what the customer owes today, in yuan, for the reader to hold against the limit (RL-5)."""
    return sales_totals.open_balances([customer.id]).get(customer.id, Decimal(0))
