"""What a sheet on paper is worth: by its QR code, or by its code typed by hand (PR-2)."""

from __future__ import annotations

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_login import current_user

from portal import clock
from portal.blueprints.prints import bp
from portal.database import db
from portal.i18n import translate
from portal.models.reception import Reception
from portal.models.reception_pass import VisitorPass
from portal.models.sheet import PrintedSheet
from portal.permissions import Permission, requires
from portal.printing.catalogue import SHEETS
from portal.printing.papers import PRINTABLES
from portal.printing.standing import STATES, VERDICTS, standing
from portal.rules.message import N_, Refusal


@bp.get("/v")
@requires(Permission.CUSTOMER_READ)
def code() -> Any:
    """Ask for the code that stands on a sheet, and lead to what it is worth."""
    typed = request.args.get("code", "").strip()
    problem = ""
    if typed:
        try:
            shown, found = VisitorPass.by_code(typed), PrintedSheet.by_code(typed, current_user)
        except Refusal as refusal:
            problem = translate(refusal.message)
        else:
            if shown is not None:
                return redirect(url_for("prints.verification", code=shown.code), 303)
            if found is not None:
                return redirect(url_for("prints.verification", code=found.code), 303)
            problem = translate(N_("There is no sheet with this code among those you may see. Compare it letter by letter."))
    return render_template("prints/code.html", typed=typed[:40], problem=problem), 422 if problem else 200


@bp.get("/v/<code>")
@requires(Permission.CUSTOMER_READ)
def verification(code: str) -> Any:
    """Show which sheet this is, whether it is the latest version, and what belongs into the binder instead; a visitor pass, whether it
    is valid today (SV-21).
    """
    shown = VisitorPass.by_code(code)
    if shown is not None:
        return _pass_at_the_gate(shown)
    try:
        printed = PrintedSheet.by_code(code, current_user)
    except Refusal:
        printed = None
    if printed is None:
        abort(404)
    return render_template(
        "prints/verification.html",
        printed=printed,
        declared=SHEETS.get(printed.sheet),
        standing=standing(printed),
        verdicts=VERDICTS,
        states=STATES,
        printable=PRINTABLES.get(printed.sheet),
    )


def _pass_at_the_gate(shown: VisitorPass) -> Any:
    """Return whether a visitor pass lets its bearer in today, and what stands on it; the way to the visit for who sees it."""
    refused = shown.refused_because(clock.today())
    own = db.session.scalar(Reception.visible_to(current_user).where(Reception.id == shown.reception_id))
    return render_template("prints/pass.html", shown=shown, reception=shown.reception, refused=refused, seen=own is not None)
