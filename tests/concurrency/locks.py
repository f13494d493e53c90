"""Two at one moment, and who waits for whom in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from sqlalchemy import Engine, text

from portal import database
from portal.database import StateConflict, commit, db
from portal.rules.message import Refusal

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def until_somebody_waits(engine: Engine, ended: Callable[[], bool]) -> None:
    """Return when somebody waits for a lock, or it has ended without.

    Each look is a transaction of its own: within one, PostgreSQL shows the moment of the first look again and again.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        while not (watching.scalar(WAITING) or ended()):
            pass


def meanwhile(app: Flask, first: Callable[[], object], second: Callable[[], object]) -> str:
    """Let `second` begin when all of `first` is done but its commit; return how `second` ended: "done", or what refused it.

    On SQLite it waits for the commit from the beginning.
    """

    def beside() -> str:
        with app.app_context():
            database.read_only(False)
            try:
                second()
                commit()
            except (StateConflict, Refusal) as refused:
                db.session.rollback()
                return type(refused).__name__
            return "done"

    engine = db.engine
    db.session.commit()
    with ThreadPoolExecutor(1) as threads:
        first()
        db.session.flush()
        going = threads.submit(beside)
        if engine.dialect.name == "postgresql":
            until_somebody_waits(engine, going.done)
        commit()
        ended = going.result(timeout=60)
    db.session.expire_all()
    return ended
