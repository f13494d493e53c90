"""Who is signed in: the cookie carries a token, the table says whether it still opens anything (quality.md: Sessions)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask, Response, flash, g, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from portal import clock, jobs, outage
from portal.database import SAFE_METHODS, db, read_only, release, write_apart
from portal.extensions import login_manager
from portal.models.session import StaffSession, clear_away
from portal.models.staff import Staff
from portal.permissions import FOREIGN_ENDPOINTS

SEEN_STEP = timedelta(minutes=1)
"""How exactly `seen_at` is kept: a write for every page would cost more than it tells."""

OPEN_WHILE_PASSWORD_IS_DUE = {
    "accounts.password",
    "accounts.sign_in",
    "accounts.sign_out",
    "accounts.language",
    "home.htmx_asset",
    "healthz",
    "readyz",
    "metrics",
}
"""What somebody can still do who has to change the password first."""


LONGEST_WAY_BACK = 3_000
"""Signs of the address to sign in at, which has the one that was asked for in it; proxies let 4 KB of headers through.

A list with many filters in Chinese is longer: then the way leads back to the list without them.
"""

ASKED_BY_ITSELF = "X-Asked-By-Itself"
"""The header of what an open page asks for without anybody (`portal.js`), such as how far a job is: it keeps no session awake."""


def me() -> Staff:
    """Return who reads the page, as a record; to be called where somebody is signed in."""
    return current_user._get_current_object()  # type: ignore[no-any-return]


def sign_in(staff: Staff) -> None:
    """Open a new session for `staff` in this browser, and end the one that it had (the caller commits)."""
    _end_present()
    session.clear()
    token = StaffSession.begin(staff, address=request.remote_addr or "", browser=request.user_agent.string)
    session["token"] = token
    login_user(staff)


def sign_out() -> None:
    """End this browser's session (the caller commits)."""
    _end_present()
    logout_user()
    session.clear()


def _end_present() -> None:
    record = StaffSession.find(session.get("token", ""))
    if record is not None:
        record.end()


def _load(_user_id: str) -> Any:
    token = session.get("token")
    record = StaffSession.find(token) if token else None
    if record is None:
        g.session_ended = True
        return None
    if clock.now() - record.seen_at > SEEN_STEP and ASKED_BY_ITSELF not in request.headers:
        _note_seen(record.id)
    return record.staff


def _note_seen(session_id: int) -> None:
    try:
        with write_apart() as apart:
            apart.execute(update(StaffSession).where(StaffSession.id == session_id).values(seen_at=clock.now()))
    except DBAPIError as error:
        # Where nothing can be written at the moment, reading goes on; the next request notes it.
        if not outage.passes(error):
            raise


def _unauthorized() -> Any:
    if request.headers.get("HX-Request") == "true":
        response = Response(status=401)
        response.headers["HX-Redirect"] = url_for("accounts.sign_in")
        return response
    if g.get("session_ended"):
        session.clear()
        flash(_("Your session has ended. Please sign in again."), "warning")
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    there = url_for("accounts.sign_in", next=target if target not in (None, "/") else None)
    if len(there) > LONGEST_WAY_BACK:
        there = url_for("accounts.sign_in", next=request.path)
    return redirect(there, 303)


def _load_reader() -> Any:
    """Find out who asks, in a transaction that only reads; then let the request write, if that is what it is for."""
    if request.endpoint is None or request.endpoint in FOREIGN_ENDPOINTS:
        return None
    due = current_user.is_authenticated and current_user.password_due
    if request.method not in SAFE_METHODS:
        # On SQLite a writing request begins with the lock for writing. It is taken as late as can be, and the reader,
        # whose session may have been noted as seen in between, is read again under it.
        release()
        read_only(False)
    if due and request.endpoint not in OPEN_WHILE_PASSWORD_IS_DUE:
        return redirect(url_for("accounts.password"), 303)
    return None


@jobs.every_minute
def clear_away_sessions() -> None:
    """Remove attempts and sessions that serve nothing any more."""
    clear_away()
    db.session.commit()


def init_app(app: Flask) -> None:
    """Wire Flask-Login to the table of sessions, and send people whose password is due to change it."""
    login_manager.session_protection = None
    login_manager.user_loader(_load)
    login_manager.unauthorized_handler(_unauthorized)
    app.before_request(_load_reader)
