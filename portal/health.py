"""Health: `/healthz` says that the process answers, `/readyz` that it can work; `/metrics` for the machine itself."""

from __future__ import annotations

from flask import Flask, abort, request
from prometheus_flask_exporter import PrometheusMetrics
from sqlalchemy import text

from portal.database import db
from portal.permissions import public


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
        folder = app.config["FILES_FOLDER"]
        try:
            db.session.execute(text("SELECT 1 FROM staff LIMIT 1"))
            folder.mkdir(parents=True, exist_ok=True)
        except Exception as error:
            db.session.rollback()
            return {"state": "not ready", "why": type(error).__name__}, 503
        return {"state": "ready"}, 200

    @app.get("/metrics", endpoint="metrics")
    @public
    def figures() -> tuple[bytes, int, dict[str, str]]:
        if request.remote_addr not in ("127.0.0.1", "::1"):
            abort(404)
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(), 200, {"Content-Type": CONTENT_TYPE_LATEST}
