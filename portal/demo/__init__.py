"""Demonstration data: made by the portal itself, plausible, and taken out whole by `flask demo remove`.

What invents it is loaded by the commands that need it: a portal at work does not carry it along.
"""

from __future__ import annotations

from sqlalchemy import exists, select

from portal.database import db
from portal.models.staff import Staff


def is_empty() -> bool:
    """Return whether nobody has an account yet: only then is demonstration data loaded by itself."""
    return not db.session.scalar(select(exists().where(Staff.id > 0)))
