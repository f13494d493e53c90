"""The customer portal 客户管理门户. `create_app` is the only place that wires things."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask


def create_app(overrides: dict[str, Any] | None = None) -> Flask:
    """Return the portal, ready to serve. Raises `config.ConfigurationError` where the settings would be unsafe."""
    # Here, because importing any part of the portal imports this file first, and a press (`printing/press.py`) needs one part alone.
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from portal import (
        assets,
        commands,
        config,
        errors,
        extensions,
        file_commands,
        filters,
        health,
        i18n,
        jobs,
        logs,
        mail,  # noqa: F401 - work of every minute
        models,  # noqa: F401 - registers every table
        navigation,
        seal_commands,
        security,
        sessions,
        stores,
    )
    from portal.blueprints import (
        accounts,
        approvals,
        archive,
        assessments,
        audit,
        callbacks,
        custody,
        exchange,
        gifts,
        grading,
        hand_overs,
        home,
        insights,
        maintenance,
        orders,
        prints,
        proposals,
        reception,
        registers,
        relations,
        reports,
        review,
        sales,
        service,
        standards,
        surveys,
        visits,
    )
    from portal.database import db, end_reading
    from portal.permissions import check_routes

    overrides = overrides or {}
    root = Path(__file__).resolve().parent.parent
    instance = Path(overrides.get("INSTANCE_FOLDER") or os.environ.get("PORTAL_INSTANCE") or root / "instance").resolve()
    app = Flask(__name__, instance_path=str(instance))
    app.config.update(config.load(instance, overrides))
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.do")
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]

    db.init_app(app)
    app.teardown_request(end_reading)
    security.init_app(app)  # before the extensions: its part of a request comes first
    extensions.babel.init_app(
        app, locale_selector=i18n.choose_locale, default_translation_directories=str(root / "portal" / "translations")
    )
    extensions.bootstrap.init_app(app)
    extensions.csrf.init_app(app)
    extensions.login_manager.init_app(app)
    for part in (logs, i18n, assets, sessions, errors, filters, navigation, health, stores, jobs, commands, file_commands, seal_commands):
        part.init_app(app)
    parts = (
        callbacks,
        visits,
        home,
        accounts,
        archive,
        hand_overs,
        custody,
        service,
        reports,
        review,
        grading,
        relations,
        maintenance,
        orders,
        gifts,
        registers,
        sales,
        reception,
        proposals,
        surveys,
        assessments,
        insights,
        approvals,
        prints,
        standards,
        exchange,
        audit,
    )
    for blueprint in parts:
        app.register_blueprint(blueprint.bp)
    check_routes(app)
    return app


__all__ = ["create_app"]
