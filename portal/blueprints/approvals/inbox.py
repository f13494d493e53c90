"""The inbox, its count, and one's own submissions (AP-8)."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal import htmx
from portal.blueprints.approvals import bp, waiting_count
from portal.database import db
from portal.models import inbox as waiting
from portal.models.approval import Approval
from portal.models.approval_round import ApprovalRound
from portal.permissions import Permission, requires

PAGE = 50


@bp.get("/inbox")
@requires(Permission.APPROVAL_READ)
def inbox() -> Any:
    """Show all that waits for the reader, most overdue first, then newest; by group and kind."""
    group, kind = request.args.get("group", ""), request.args.get("kind", "")
    found = waiting.entries(current_user, kind, group)[: waiting.MOST]
    return htmx.render("approvals/inbox.html", "list", entries=found, group=group, kind=kind, kinds=waiting.kinds(), most=waiting.MOST)


@bp.get("/inbox/count")
@requires(Permission.APPROVAL_READ)
def inbox_count() -> Any:
    """Answer the counts of the top bar, which ask for themselves every minute."""
    return render_template("components/inbox_count.html", number=waiting_count(current_user))


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
    return htmx.render("approvals/submissions.html", "list", approvals=found[:PAGE], more=len(found) > PAGE, state=state)
