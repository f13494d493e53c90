"""Delegation (代理): who signs for whom between two dates (RO-6)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal import clock
from portal.blueprints.accounts import bp
from portal.blueprints.accounts.forms import DelegationForm
from portal.database import commit, db
from portal.models.delegation import Delegation, may_give
from portal.models.staff import Staff
from portal.permissions import Permission, Role, ensure, fetch, requires
from portal.saving import saving
from portal.sessions import me


def _form(**values: Any) -> DelegationForm:
    """Return the form with those for whom the reader may name somebody, and those who may be named."""
    signers = (
        Staff.visible_to(current_user)
        .where(Staff.active, Staff.role.in_((Role.SUPERVISOR, Role.MANAGER)))
        .order_by(Staff.team_id, Staff.account)
    )
    people = list(db.session.scalars(signers))
    principals = sorted((one for one in people if may_give(current_user, one)), key=lambda one: one.id != current_user.id)
    delegates = [one for one in people if Role(one.role).rank >= Role(current_user.role).rank or current_user.is_manager]
    return DelegationForm(
        principals=[(one.id, one.name) for one in principals],
        delegates=[(one.id, f"{one.name} ({one.account})") for one in delegates if len(principals) > 1 or one.id != current_user.id],
        **values,
    )


def _page(form: DelegationForm) -> Any:
    query = Delegation.visible_to(current_user).order_by(Delegation.ended_at.is_not(None), Delegation.to_date.desc(), Delegation.id.desc())
    found = list(db.session.scalars(query.limit(100)))
    return render_template("accounts/delegations.html", delegations=found, form=form), 422 if form.problems else 200


@bp.get("/delegations")
@requires(Permission.DELEGATION_EDIT)
def delegations() -> Any:
    """Show the delegations and the form of a new one."""
    return _page(_form(formdata=None, data={"from_date": clock.today(), "principal_id": current_user.id}))


@bp.post("/delegations")
@requires(Permission.DELEGATION_EDIT)
def give_delegation() -> Any:
    """Name somebody to sign between two dates."""
    form = _form()
    if form.validate():
        principal, delegate = fetch(Staff, form.principal_id.data, current_user), fetch(Staff, form.delegate_id.data, current_user)
        ensure(may_give(current_user, principal))
        with saving(form.refuse) as saved:
            Delegation.give(
                principal,
                delegate,
                from_date=form.from_date.data,
                to_date=form.to_date.data,
                reason=form.reason.data or "",
                by=me(),
            )
        if saved:
            flash(_("%(delegate)s signs for %(principal)s on these days.", delegate=delegate.name, principal=principal.name), "success")
            return redirect(url_for("accounts.delegations"), 303)
    return _page(form)


@bp.post("/delegations/<int:delegation_id>/end")
@requires(Permission.DELEGATION_EDIT, delegation=Delegation)
def end_delegation(delegation: Delegation) -> Any:
    """End a delegation early."""
    ensure(delegation.may_end(current_user))
    delegation.end(by=me())
    commit()
    flash(_("The delegation is ended."), "success")
    return redirect(url_for("accounts.delegations"), 303)
