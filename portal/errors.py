"""Answers when something is not as hoped, as pages of the portal: 400, 403, 404, 409, 413, 422, 429, 500, 503."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, current_app, g, render_template, request
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError
from werkzeug.routing import RequestRedirect

from portal import htmx, outage
from portal.database import StateConflict, db
from portal.i18n import translate
from portal.rules.message import Refusal
from portal.stores import StoreFailed

log = structlog.get_logger()
Answer = Callable[[Any], Any]
"""What makes the page of an error."""


def _page(status: int, title: str, text: str) -> Any:
    """Return the error's page; for a fragment of a page only its message, which goes to the messages above the content."""
    if htmx.wants_fragment():
        said = render_template("components/refused.html", title=title, text=text)
        return said, status, {"HX-Retarget": "#messages", "HX-Reswap": "innerHTML", "Vary": "HX-Request"}
    return render_template("error.html", status=status, title=title, text=text, back=_way_back()), status


def _way_back() -> str | None:
    """Return the address of the page from which something was sent, where it is a page of the portal that can be opened again."""
    came, rule, here = urlsplit(request.referrer or ""), current_app.create_url_adapter(request), urlsplit(request.host_url)
    if request.method == "GET" or rule is None or (came.scheme, came.netloc) != (here.scheme, here.netloc):
        return None
    try:
        rule.match(came.path, method="GET")
    except (HTTPException, RequestRedirect):  # what was sent wrong once already stands at an address that only takes forms
        return None
    return f"{came.path}?{came.query}" if came.query else came.path


def _nobody(app: Flask) -> None:
    """Let the page be for nobody where the database cannot be asked who reads it."""
    for _try in range(2):
        try:
            bool(current_user.is_authenticated)
        except SQLAlchemyError:
            db.session.rollback()  # a transaction that failed answers nothing more
        else:
            return
    g._login_user = app.login_manager.anonymous_user()  # type: ignore[attr-defined]


def init_app(app: Flask) -> None:
    """Register the error pages."""

    def answers(*errors: type[Exception] | int) -> Callable[[Answer], Answer]:
        """Declare what answers such errors."""

        def declare(answer: Answer) -> Answer:
            @wraps(answer)
            def answered(error: Any) -> Any:
                _nobody(app)
                return answer(error)

            for one in errors:
                app.register_error_handler(one, answered)
            return answer

        return declare

    @app.errorhandler(SecurityError)
    def foreign_host(_error: SecurityError) -> Any:
        # No page: every link on it would lead to the host that was asked for.
        return Response("This portal does not answer to this host name (PORTAL_HOSTS).\n", 400, mimetype="text/plain")

    @answers(400)
    def bad_request(_error: Any) -> Any:
        return _page(400, _("This request cannot be understood"), _("Go back, reload the page and try again."))

    @answers(OverflowError, DataError)
    def out_of_range(error: Exception) -> Any:
        # A number or a day beyond what the database, or the calendar, holds: typed into an address, never by our own forms.
        db.session.rollback()
        log.warning("input out of range", path=request.path, method=request.method, error=type(error).__name__)
        return bad_request(error)

    @answers(StatementError)
    def not_stored(error: StatementError) -> Any:
        if isinstance(error.orig, (OverflowError, UnicodeEncodeError)):
            return out_of_range(error)
        if outage.others_were_first(error):
            return conflict(error)
        if outage.is_away(error):
            return no_database(error)
        raise error

    def no_database(error: StatementError) -> Any:
        db.session.rollback()
        log.error("database away", path=request.path, method=request.method, exc_info=error)
        _nobody(app)
        return _page(
            503,
            _("The database does not answer"),
            _(
                "Try again in some minutes; if it fails again, tell those who run the portal. If you have just sent something, "
                "look whether it was saved before you send it again."
            ),
        )

    def note_refused(why: str) -> None:
        """Note who tried what they may not, by number: whoever watches the log sees it (ASVS 16.3.2)."""
        log.warning("access refused", why=why, path=request.path, method=request.method, staff=getattr(current_user, "id", None))

    @answers(CSRFError)
    def forged(_error: CSRFError) -> Any:
        note_refused("token of the form")
        return _page(
            400,
            _("This form is too old"),
            _("Your session has changed since the form was opened. Go back, reload the page and send it again."),
        )

    @answers(403)
    def forbidden(_error: Any) -> Any:
        note_refused("role")
        return _page(
            403, _("You are not allowed to do this"), _("Your role does not include this action. Ask your supervisor or a manager.")
        )

    @answers(404)
    def missing(_error: Any) -> Any:
        return _page(404, _("There is nothing here for you"), _("The page does not exist, or the record is not among those you see."))

    @answers(405)
    def wrong_method(_error: Any) -> Any:
        return _page(405, _("This address does not answer that way"), _("Go back and use the buttons of the page."))

    @answers(StateConflict, StaleDataError, IntegrityError, 409)
    def conflict(error: Any) -> Any:
        db.session.rollback()
        if isinstance(error, StatementError):  # somebody wrote the same at the same moment; a mistake of ours would show here too
            log.warning("refused by the database", path=request.path, method=request.method, exc_info=error)
        return _page(409, _("Somebody was faster"), _("The record has changed since you opened it. Reload it to see how it stands now."))

    @answers(413)
    def too_large(_error: Any) -> Any:
        return _page(413, _("The file is too large"), _("Choose a smaller file, or split it."))

    @answers(Refusal)
    def refused(error: Refusal) -> Any:
        db.session.rollback()
        return _page(422, _("This cannot be done"), translate(error.message))

    @answers(OSError)
    def no_room(error: OSError) -> Any:
        # Of an upload that is larger than memory should hold, or of what is made in the course of an answer.
        if not outage.no_room(error):
            raise error
        log.error("no room", path=request.path, method=request.method, exc_info=error)
        return no_files(error)

    @answers(StoreFailed)
    def no_files(_error: Exception) -> Any:
        db.session.rollback()
        return _page(
            503,
            _("The files cannot be reached"),
            _("Nothing of what you sent was saved. Try again in some minutes; if it fails again, tell those who run the portal."),
        )

    @answers(429)
    def too_many(_error: Any) -> Any:
        return _page(429, _("Too many attempts"), _("Wait a few minutes and try again."))

    @answers(InternalServerError)
    def failed(error: InternalServerError) -> Any:
        db.session.rollback()
        log.error("request failed", path=request.path, method=request.method, exc_info=error.original_exception)
        return _page(
            500,
            _("The portal has made a mistake"),
            _("It has been written to the log. Nothing of what you sent was saved; try again, or tell the manager."),
        )

    @answers(HTTPException)
    def other(error: HTTPException) -> Any:
        # The library's own words are English; its name of the error is for whoever is asked about it.
        return _page(
            error.code or 500,
            _("This request cannot be answered"),
            _(
                "The portal does not answer what the browser has asked for (%(name)s). Go back, reload the page and try again.",
                name=error.name,
            ),
        )
