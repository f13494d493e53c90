"""Headers of every answer (quality.md: Security), and what an address is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, request
from sqlalchemy import func, inspect, select
from werkzeug.routing import IntegerConverter

from portal import config, database
from portal.models import audit
from portal.models.staff import Staff


def content_security_policy(app: Flask) -> str:
    """Return the policy: nothing inline, nothing from elsewhere but htmx from its CDN when it is used."""
    cdn = f" https://{urlsplit(config.HTMX_URL).hostname}" if app.config["HTMX_ASSET"] == "cdn" else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self'{cdn}",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "frame-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
        )
    )


def safe_next(target: str | None) -> str | None:
    """Return `target` if it is a path of this portal, else None: an open redirect helps only thieves of passwords."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target or any(ord(sign) < 32 for sign in target):
        return None
    return target


class RecordId(IntegerConverter):
    """Numbers in addresses: what no database holds as an id leads nowhere (404)."""

    regex = r"\d{1,10}"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max": 2**31 - 1, **kwargs})


def is_text(address: str) -> bool:
    """Return whether a part of an address is text that can be stored, compared and shown: PostgreSQL refuses U+0000, HTML more."""
    return not any(sign < " " and sign not in "\t\n\r" for sign in address)


def check_accounts(app: Flask) -> None:
    """Refuse to serve a production site that has demonstration accounts, whose passwords everybody can read.

    Raises `ConfigurationError` with what to do. A database that is still empty has none.
    """
    if app.config["PORTAL_ENV"] != "production":
        return
    with app.app_context():
        database.read_only(True)
        if not inspect(database.db.engine).has_table(Staff.__tablename__):
            return
        count = database.db.session.scalar(select(func.count()).select_from(Staff).where(Staff.is_demo, Staff.active)) or 0
        database.db.session.remove()
    if count:
        raise config.ConfigurationError(
            f"PORTAL_ENV=production, but {count} demonstration accounts are active. Remove them (flask demo remove) "
            "or use another database."
        )


def init_app(app: Flask) -> None:
    """Add the headers, the reader's address for the audit log, and read-only transactions for safe methods."""
    policy = content_security_policy(app)
    app.url_map.converters["int"] = RecordId

    @app.before_request
    def begin() -> None:
        audit.address.set(request.remote_addr or "")
        database.read_only(True)  # until it is known who asks (sessions.py)
        if not is_text(request.path):  # no page: it would repeat the path
            abort(Response("This address cannot be understood.\n", 400, mimetype="text/plain"))
        if not all(is_text(part) for pair in request.args.items(multi=True) for part in pair):
            abort(400)

    @app.after_request
    def headers(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if not request.path.startswith("/static/") and not request.path.startswith("/bootstrap/") and "public_asset" not in g:
            response.headers.setdefault("Cache-Control", "no-store")
        return response
