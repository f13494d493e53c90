"""Who reads, and lists as files (AR-41)."""

from __future__ import annotations

from flask_login import current_user

from portal.list_files import answer
from portal.models.staff import Staff

__all__ = ["answer", "me"]


def me() -> Staff:
    """Return the reader as a record."""
    return current_user._get_current_object()  # type: ignore[no-any-return]
