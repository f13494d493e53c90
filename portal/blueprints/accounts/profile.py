"""The own profile: language, e-mail, telephone, signature, and where one is signed in."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Response, abort, flash, redirect, render_template, send_file, session, url_for
from flask_babel import gettext as _

from portal.blueprints.accounts import bp
from portal.blueprints.accounts.forms import ProfileForm, SignatureForm
from portal.database import commit
from portal.models import audit
from portal.models.session import StaffSession
from portal.models.signature_picture import keep_signature, remove_signature, signature_of
from portal.permissions import Permission, requires
from portal.rules.signature_picture import LARGEST_BYTES
from portal.saving import saving
from portal.sessions import me


def _page(form: ProfileForm | None = None, signature: SignatureForm | None = None) -> Any:
    form, signature = form or ProfileForm(formdata=None, obj=me()), signature or SignatureForm(formdata=None)
    page = render_template(
        "accounts/profile.html",
        form=form,
        signature=signature,
        sessions=StaffSession.of(me()),
        here=StaffSession.hash_of(session.get("token", "")),
    )
    return page, 422 if form.problems or signature.problems else 200


@bp.get("/profile")
@requires(Permission.PROFILE_EDIT)
def profile() -> Any:
    """Show the own profile."""
    return _page()


@bp.post("/profile")
@requires(Permission.PROFILE_EDIT)
def save_profile() -> Any:
    """Save language, e-mail and telephone."""
    form = ProfileForm()
    if not form.validate():
        return _page(form)
    with saving(form.refuse) as saved:
        me().change_own(language=form.language.data, email=form.email.data or "", telephone=form.telephone.data or "")
    if not saved:
        return _page(form)
    flash(_("Your profile is saved."), "success")
    response = redirect(url_for("accounts.profile"), 303)
    response.delete_cookie("language")
    return response


@bp.post("/profile/signature")
@requires(Permission.PROFILE_EDIT)
def save_signature() -> Any:
    """Keep an uploaded or drawn picture as the own signature."""
    form = SignatureForm()
    if not form.validate():
        return _page(signature=form)
    with saving(form.refuse) as saved:
        keep_signature(me(), form.picture.data.read(LARGEST_BYTES + 1))
    if not saved:
        return _page(signature=form)
    flash(_("Your signature is saved. It is printed where you sign from now on."), "success")
    return redirect(url_for("accounts.profile"), 303)


@bp.post("/profile/signature/removal")
@requires(Permission.PROFILE_EDIT)
def remove_own_signature() -> Any:
    """Take the own signature's picture away; sheets then leave room to sign by hand."""
    remove_signature(me())
    commit()
    flash(_("Your signature is removed."), "success")
    return redirect(url_for("accounts.profile"), 303)


@bp.get("/profile/signature.png")
@requires(Permission.PROFILE_EDIT)
def own_signature() -> Response:
    """Answer the picture of the own signature; nobody gets somebody else's as a file."""
    picture = signature_of(me())
    if picture is None:
        abort(404)
    response = send_file(BytesIO(picture.content()), mimetype="image/png", download_name="signature.png", etag=False)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/profile/sessions/others/end")
@requires(Permission.PROFILE_EDIT)
def end_other_sessions() -> Any:
    """Sign out everywhere but here."""
    count = StaffSession.end_all(me(), but=session.get("token", ""))
    audit.write("sign-in", "sessions-ended", actor=me(), record=me(), label=me().name, count=count)
    commit()
    flash(_("You are signed out everywhere else."), "success")
    return redirect(url_for("accounts.profile"), 303)
