"""Whose account and password these are, at sign-in and before each signature.

A site with LDAP or OpenID Connect asks there instead, in `is_right`: nothing else compares a password with what the portal keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import current_app
from sqlalchemy import select

from portal import hashing
from portal.database import db, release

if TYPE_CHECKING:
    from portal.models.staff import Staff


def is_right(account: str, stored: str | None, password: str) -> bool:
    """Return whether `password` is that of `account`, whose stored hash is `stored` (None: there is no such account), after the same time.

    Called without a transaction, so that whoever is asked may take long.
    """
    return hashing.matches(stored, password)


def authenticate(account: str, password: str) -> Staff | None:
    """Return the active person with this account and password, else None after the same time, whatever is wrong.

    A password that was changed while it was compared opens nothing any more. A hash made with older parameters is renewed (the caller
    commits). Demonstration accounts open nothing in production.
    """
    from portal.models.staff import Staff

    staff = Staff.by_account(account)
    stored = staff.password_hash if staff else None
    release()
    right = is_right(account, stored, password)
    if staff is None or stored is None or not right:
        return None
    renewed = hashing.hash_password(password) if hashing.outdated(stored) else stored
    # Locked: who changes the password or deactivates the account at this moment ends the session that is begun now.
    if db.session.scalar(select(Staff.password_hash).where(Staff.id == staff.id).with_for_update()) != stored or not staff.active:
        return None
    if staff.is_demo and current_app.config["PORTAL_ENV"] == "production":
        return None
    if renewed != stored:
        staff.password_hash = renewed
    return staff
