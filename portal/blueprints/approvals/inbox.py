"""The inbox, its count, and one's own submissions (AP-8)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import htmx, waiting
from portal.blueprints.approvals import bp
from portal.blueprints.approvals.view import STATES
from portal.database import db
from portal.models import inbox as desk
from portal.models.approval import Approval
from portal.models.approval_round import ApprovalRound
from portal.permissions import Permission, requires

PAGE = 50
LISTED = 25
"""So much of the inbox stands on a page: it is looked at more often than any other."""
MOST_LISTED = 2500


@bp.get("/inbox")
@requires(Permission.APPROVAL_READ)
def inbox() -> Any:
    """Show all that waits for the reader, most overdue first, then newest; by group and kind, some to a page."""
    group, kind = request.args.get("group", ""), request.args.get("kind", "")
    before = min(max(request.args.get("after", 0, type=int), 0), MOST_LISTED) // LISTED * LISTED
    everything = waiting.listed(current_user)
    found = desk.listed(current_user, kind, group) if kind or group else everything
    kinds, offered = desk.kinds(), desk.kinds_of(current_user, everything, group)
    if len(found) <= before:  # they were dealt with meanwhile: the last page there is
        before = max(len(found) - 1, 0) // LISTED * LISTED
    return htmx.render(
        "approvals/inbox.html",
        "list",
        entries=desk.told(current_user, found[before : before + LISTED]),
        before=before,
        step=LISTED,
        following=len(found) > before + LISTED,
        group=group,
        kind=kind,
        kinds=kinds,
        offered={code: title for code, title in kinds.items() if code in offered or code == kind},
        unlisted=not (kind or group) and waiting.count(current_user) > len(found),
    )


@bp.get("/inbox/count")
@requires(Permission.APPROVAL_READ)
def inbox_count() -> Any:
    """Answer the counts of the top bar, which ask for themselves every minute."""
    waiting.counts(current_user)  # at this moment
    return render_template("components/inbox_count.html")


@bp.get("/submissions")
@requires(Permission.APPROVAL_READ)
def submissions() -> Any:
    """Show where the reader's own documents stand and whom they wait for."""
    state, before = request.args.get("state", ""), request.args.get("before", type=int)
    query = select(Approval).where(Approval.submitter_id == current_user.id).order_by(Approval.id.desc()).limit(PAGE + 1)
    if state:
        query = query.where(Approval.state == state)
    if before:
        query = query.where(Approval.id < before)
    rounds = selectinload(Approval.rounds)
    found = list(db.session.scalars(query.options(rounds.defer(ApprovalRound.content), rounds.selectinload(ApprovalRound.steps))))
    return htmx.render("approvals/submissions.html", "list", approvals=found[:PAGE], more=len(found) > PAGE, state=state, states=STATES)
