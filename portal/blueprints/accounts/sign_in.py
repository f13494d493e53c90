"""Sign-in, sign-out, language, own password."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal import sessions
from portal.authentication import authenticate
from portal.blueprints.accounts import bp
from portal.blueprints.accounts.forms import PasswordForm, SignInForm
from portal.database import commit, db
from portal.i18n import LANGUAGES
from portal.models import audit
from portal.models.session import SignInAttempt, Throttled, WrongPassword, confirm_password
from portal.models.staff import Staff
from portal.permissions import Permission, public, requires
from portal.rules.message import N_, Refusal
from portal.saving import saving
from portal.security import safe_next
from portal.sessions import me


def _answer(form: SignInForm, status: int) -> Any:
    demo = list(db.session.scalars(select(Staff).where(Staff.is_demo, Staff.active).order_by(Staff.id)))
    return render_template("accounts/sign_in.html", form=form, demo=demo), status


@bp.get("/sign-in")
@public
def sign_in() -> Any:
    """Show the sign-in page."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"), 303)
    return _answer(SignInForm(next=request.args.get("next", "")), 200)


@bp.post("/sign-in")
@public
def begin_session() -> Any:
    """Sign in. Unknown accounts get the same answer in the same time as wrong passwords."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _answer(form, 422)
    account = form.account.data.lower()
    try:
        SignInAttempt.count(account, request.remote_addr or "")
    except Throttled as refusal:
        return _refused(form, "throttled", refusal, 429)
    staff = authenticate(account, form.password.data)
    if staff is None:
        return _refused(form, "failed", Refusal(N_("Account or password is wrong.")), 422)
    SignInAttempt.forget(account, db.session())
    sessions.sign_in(staff)
    audit.write("sign-in", "signed-in", actor=staff, record=staff, label=staff.name)
    db.session.commit()
    return redirect(safe_next(form.next.data) or url_for("home.index"), 303)


def _refused(form: SignInForm, action: str, refusal: Refusal, status: int) -> Any:
    """Log the attempt and show the page again. Names of accounts that do not exist are not kept: some are passwords in the wrong field."""
    known = Staff.by_account(form.account.data)
    audit.write("sign-in", action, record=known, label=known.account if known else "")
    db.session.commit()
    form.refuse(refusal)
    return _answer(form, status)


@bp.post("/sign-out")
@public
def sign_out() -> Any:
    """End this browser's session."""
    if current_user.is_authenticated:
        audit.write("sign-in", "signed-out", actor=current_user, record=me(), label=current_user.name)
        sessions.sign_out()
        db.session.commit()
    return redirect(url_for("accounts.sign_in"), 303)


@bp.post("/language")
@public
def language() -> Any:
    """Change the language of the screen, for the account when signed in, else for the browser."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        abort(400)
    if current_user.is_authenticated:
        current_user.change_own(language=chosen, email=current_user.email, telephone=current_user.telephone)
        commit()
    response = redirect(safe_next(request.form.get("next")) or url_for("home.index"), 303)
    response.set_cookie("language", chosen, max_age=31_536_000, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


@bp.route("/profile/password", methods=["GET", "POST"])
@requires(Permission.PROFILE_EDIT)
def password() -> Any:
    """Change the own password; every session of the account ends, and this browser gets a new one."""
    form = PasswordForm()
    if form.validate_on_submit():
        staff = me()
        with saving(lambda refusal: _refuse_password(form, refusal)) as saved:
            confirm_password(staff, form.current.data, request.remote_addr or "")
            if form.password.data != form.again.data:
                raise Refusal(N_("The two new passwords differ."), field="again")
            if form.password.data == form.current.data:
                raise Refusal(N_("The new password is the old one."), field="password")
            staff.set_password(form.password.data, by=staff)
            sessions.sign_in(staff)
        if saved:
            flash(_("Your password is changed. Other browsers where you were signed in are signed out."), "success")
            return redirect(url_for("home.index"), 303)
    return render_template("accounts/password.html", form=form), 422 if form.problems else 200


def _refuse_password(form: PasswordForm, refusal: Refusal) -> None:
    if isinstance(refusal, WrongPassword):
        refusal.field = "current"
    form.refuse(refusal)
