"""Whose account and password these are. A site with LDAP or OpenID Connect asks there instead, in this one function."""

from __future__ import annotations

from flask import current_app

from portal import hashing
from portal.database import release
from portal.models.staff import Staff


def authenticate(account: str, password: str) -> Staff | None:
    """Return the active person with this account and password, else None after the same time, whatever is wrong.

    A hash made with older parameters is renewed (the caller commits). Demonstration accounts open nothing in production.
    """
    staff = Staff.by_account(account)
    stored = staff.password_hash if staff else None
    release()
    right = hashing.matches(stored, password)
    if staff is None or stored is None or not right or not staff.active:
        return None
    if staff.is_demo and current_app.config["PORTAL_ENV"] == "production":
        return None
    if hashing.outdated(stored):
        release()
        staff.password_hash = hashing.hash_password(password)
    return staff
