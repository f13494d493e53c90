"""Who waits for whom in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, text

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def until_somebody_waits(engine: Engine, ended: Callable[[], bool]) -> None:
    """Return when somebody waits for a lock, or it has ended without.

    Each look is a transaction of its own: within one, PostgreSQL shows the moment of the first look again and again.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        while not (watching.scalar(WAITING) or ended()):
            pass
