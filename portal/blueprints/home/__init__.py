"""Blueprint `home`: the first page, and assets that are not files of ours."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, g, redirect, render_template, url_for
from flask_login import current_user

from portal import clock, config, htmx, jobs, navigation
from portal.models import callback_desk, gift_desk, home, inbox, proposal_desk, reception_desk, request_desk, survey_desk, visit_desk
from portal.permissions import Permission, public, requires
from portal.printing import filing
from portal.rules.message import N_

bp = Blueprint("home", __name__)
navigation.area(order=0, endpoint="home.index", title=N_("Home"), icon="house", permission=Permission.APPROVAL_READ, key="h")


@bp.get("/")
@requires(Permission.HOME_READ)
def index() -> Any:
    """Show what the day holds (IN-1)."""
    user = current_user
    if user.is_department:  # all that it has are the proposals routed to it
        return redirect(url_for("proposals.proposals"), 303)
    return render_template(
        "home/index.html",
        waiting=home.waiting(user),
        drafts=home.drafts(user),
        proposals=proposal_desk.figures(user) if user.may(Permission.PROPOSAL_WORK) else (0, 0),
        expected=reception_desk.expected(user, clock.today()) if user.may(Permission.RECEPTION_WORK) else [],
        requests=request_desk.figures(user) if user.may(Permission.REQUEST_WORK) else (0, 0),
        gifts=gift_desk.running(user),
        calls=callback_desk.due_today(user) if user.may(Permission.CALLBACK_WORK) else (0, 0),
        to_ask=survey_desk.to_ask(user) if user.may(Permission.SURVEY_WORK) else 0,
        visits=visit_desk.due_today(user) if user.may(Permission.VISIT_WORK) else (0, 0, 0),
        states=home.customers_by_state(user),
        grades=home.customers_by_grade(user),
        changes=home.recent_changes(user),
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
