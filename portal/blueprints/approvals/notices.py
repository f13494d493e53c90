"""Notices: what the portal told the reader, read and unread (AP-9)."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_login import current_user

from portal import htmx
from portal.blueprints.approvals import bp
from portal.database import commit, db
from portal.models.notice import Notice, mark_all_read
from portal.permissions import Permission, requires

PAGE = 50


@bp.get("/notices")
@requires(Permission.NOTICE_READ)
def notices() -> Any:
    """Show the reader's notices, the newest first."""
    before, unread = request.args.get("before", type=int), request.args.get("unread") == "1"
    query = Notice.visible_to(current_user).order_by(Notice.id.desc()).limit(PAGE + 1)
    if before:
        query = query.where(Notice.id < before)
    if unread:
        query = query.where(Notice.read_at.is_(None))
    found = list(db.session.scalars(query))
    return htmx.render("approvals/notices.html", "list", notices=found[:PAGE], more=len(found) > PAGE, unread=unread)


@bp.post("/notices/reading")
@requires(Permission.NOTICE_READ)
def notices_reading() -> Any:
    """Mark all as read."""
    mark_all_read(current_user)
    commit()
    return redirect(url_for("approvals.notices"), 303)


@bp.post("/notices/<int:notice_id>/reading")
@requires(Permission.NOTICE_READ, notice=Notice)
def notice_reading(notice: Notice) -> Any:
    """Mark one as read and go where it leads."""
    notice.mark_read()
    commit()
    return redirect(notice.link or url_for("approvals.notices"), 303)
