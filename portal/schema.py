"""The schema of the database: where it stands, and its way to the newest version. Alembic is loaded only to change it."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.database import db

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
_REVISION = re.compile(r"^(down_)?revision\b.*?=\s*[\"'](\w+)[\"']", re.MULTILINE)


def is_current() -> bool:
    """Return whether the database has the newest schema: one query, and a look at the migrations' first lines."""
    made: set[str] = set()
    passed: set[str] = set()
    for path in (FOLDER / "versions").glob("*.py"):
        for down, revision in _REVISION.findall(path.read_text(encoding="utf-8")):
            (passed if down else made).add(revision)
    try:
        found = set(db.session.scalars(text("SELECT version_num FROM alembic_version")))
    except DBAPIError:  # no table: a new database
        found = set()
    db.session.rollback()
    return found == made - passed


def prepare(app: Flask) -> None:
    """Make `flask db` and Flask-Migrate's functions work on this app."""
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(FOLDER), render_as_batch=True)


def upgrade(app: Flask) -> None:
    """Bring the database to the newest schema, inside the app's context."""
    prepare(app)
    from flask_migrate import upgrade as carry_out

    carry_out()
