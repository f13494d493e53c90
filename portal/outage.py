"""What goes wrong in the database or on the disk by nobody's mistake, and may go right the next time: it is away, busy or full, or two met.

Codes of PostgreSQL are SQLSTATE (its manual, appendix A); those of SQLite its primary result codes.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

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
    sqlite3.SQLITE_READONLY,
}
"""A disk that has failed is read-only from then on: systems do that by themselves."""

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}
"""The disk is full, or the share of this account, or what a file may have; it takes nothing any more, or has failed."""
LEAST_ROOM = 1 << 20
"""Bytes; with less, nothing that is worth keeping can be written."""


def _state(error: StatementError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def others_were_first(error: StatementError) -> bool:
    """Return whether the transaction was undone because another was at the same records."""
    return _state(error) in MET


def no_room(error: OSError) -> bool:
    """Return whether the disk could not take what was written: to a folder for what is made, or of an upload."""
    return error.errno in _NO_ROOM


def ensure_room(folder: Path) -> None:
    """Raise OSError where the disk of `folder` is full, or only to be read."""
    disk = os.statvfs(folder)
    if disk.f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(folder))
    if disk.f_bavail * disk.f_frsize < LEAST_ROOM:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


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
