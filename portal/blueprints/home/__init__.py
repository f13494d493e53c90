"""Blueprint `home`: the first page, and assets that are not files of ours."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, url_for
from flask_login import current_user

from portal import clock, config, htmx, jobs, navigation, waiting
from portal.models import callback_desk, gift_desk, home, inbox, proposal_desk, reception_desk, request_desk, survey_desk, visit_desk
from portal.models.scope import scope_of
from portal.permissions import Permission, public, requires
from portal.printing import filing
from portal.rules.message import N_

bp = Blueprint("home", __name__)
FIGURES = {
    "proposals": proposal_desk.FIGURES,
    "requests": request_desk.FIGURES,
    "calls": callback_desk.FIGURES,
    "to_ask": survey_desk.FIGURES,
    "visits": visit_desk.FIGURES,
}
navigation.area(order=0, endpoint="home.index", title=N_("Home"), icon="house", permission=Permission.APPROVAL_READ, key="h")


@bp.get("/")
@requires(Permission.HOME_READ)
def index() -> Any:
    """Show what the day holds (IN-1)."""
    user = current_user
    if user.is_department:  # all that it has are the proposals routed to it
        return redirect(url_for("proposals.proposals"), 303)
    scope = scope_of(user)
    return render_template(
        "home/index.html",
        waiting=home.waiting(user, waiting.listed(user)),
        drafts=home.drafts(user, scope),
        **home.figures(user, FIGURES),
        expected=reception_desk.expected(user, clock.today(), scope=scope) if user.may(Permission.RECEPTION_WORK) else [],
        gifts=gift_desk.running(user),
        states=home.customers_by_state(user, scope),
        grades=home.customers_by_grade(user, scope),
        changes=home.recent_changes(user, scope),
        jobs=[(job, jobs.KINDS.get(job.kind)) for job in home.jobs(user)],
        notices=home.unread(user),
        unannounced=home.unannounced_year(),
        seal_trouble=filing.trouble(home.CAP) if user.may(Permission.STANDARD_EDIT) else None,
        kinds=inbox.kinds(),
    )


@bp.get("/assets/htmx-<string:version>.js")
@public
def htmx_asset(version: str) -> Response:
    """Answer htmx from the portal itself, for an intranet that does not reach the CDN."""
    if version != config.HTMX_VERSION:
        abort(404)
    g.public_asset = True
    response = Response(htmx.local_asset(), mimetype="text/javascript")
    response.set_etag(version)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
