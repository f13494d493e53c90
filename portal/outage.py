"""What goes wrong in the database by nobody's mistake, and may go right the next time: it is away, busy or full, or two met.

Codes of PostgreSQL are SQLSTATE (its manual, appendix A); those of SQLite its primary result codes.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, StatementError

MET = {"40P01", "40001"}
"""Two waited for each other, or wrote the same; one of them was undone."""

AWAY = ("08", "53", "57P")
"""No connection; no room, memory or connections left; shut down or starting."""

_AWAY_IN_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}


def _state(error: StatementError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def others_were_first(error: StatementError) -> bool:
    """Return whether the transaction was undone because another was at the same records."""
    return _state(error) in MET


def passes(error: Exception) -> bool:
    """Return whether the same may succeed later, without anybody's doing."""
    return isinstance(error, StatementError) and (is_away(error) or others_were_first(error))


def is_away(error: StatementError) -> bool:
    """Return whether the database could not be reached, or could not take anything."""
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _AWAY_IN_SQLITE
    if not isinstance(error, DBAPIError):
        return False
    # A server that did not answer at all gives no state, and was asked nothing yet.
    never_there = error.statement is None and type(error.orig).__name__ == "OperationalError" and not _state(error)
    return error.connection_invalidated or never_there or _state(error).startswith(AWAY)
