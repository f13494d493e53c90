"""Health: `/healthz` says that the process answers, `/readyz` that it can work; `/metrics` for the machine itself."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, abort, current_app, request
from prometheus_flask_exporter import PrometheusMetrics
from sqlalchemy import text

from portal.database import db
from portal.outage import ensure_room
from portal.permissions import public
from portal.stores import store

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
"""What proxies add to a request that they pass on."""


def _from_this_machine() -> bool:
    """Return whether the request surely comes from a program on this machine, and not from somebody behind a proxy on it.

    With proxies configured, the proxy has to say so; without, nothing may look as if one had passed the request on.
    """
    said = current_app.config["TRUSTED_PROXIES"] > 0
    known = "X-Forwarded-For" in request.headers if said else not any(name in request.headers for name in FORWARDED)
    return known and request.remote_addr in ("127.0.0.1", "::1")


def init_app(app: Flask) -> None:
    """Add the three addresses."""
    metrics = PrometheusMetrics(app=None, path=None, group_by="endpoint", default_labels=None)
    if not app.testing and not app.config.get("TESTING"):
        metrics.init_app(app)

    @app.get("/healthz", endpoint="healthz")
    @public
    def healthz() -> tuple[dict[str, str], int]:
        return {"state": "alive"}, 200

    @app.get("/readyz", endpoint="readyz")
    @public
    def readyz() -> tuple[dict[str, str], int]:
        try:
            db.session.execute(text("SELECT 1 FROM staff LIMIT 1"))
            store().check()
            if db.engine.dialect.name == "sqlite":
                ensure_room(Path(str(db.engine.url.database)).parent)
        except Exception as error:
            db.session.rollback()
            return {"state": "not ready", "why": type(error).__name__}, 503
        return {"state": "ready"}, 200

    @app.get("/metrics", endpoint="metrics")
    @public
    def figures() -> tuple[bytes, int, dict[str, str]]:
        if not _from_this_machine():
            abort(404)
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(), 200, {"Content-Type": CONTENT_TYPE_LATEST}
