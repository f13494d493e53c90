"""Passwords as Argon2id hashes; parameters are settings, so that a hash made with older ones is renewed at the next sign-in.

The parameters make a hash cost 50 to 100 ms on a server's core. No more are made at once than there are cores: a morning on
which everybody signs in takes neither all threads' memory nor, hash by hash, longer.
"""

from __future__ import annotations

import os
import secrets
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app

from portal.rules.passwords import LONGEST

_decoys: dict[tuple[int, int], str] = {}
_at_once = threading.BoundedSemaphore(os.cpu_count() or 1)


def _hasher() -> PasswordHasher:
    return PasswordHasher(
        time_cost=current_app.config["ARGON2_TIME_COST"], memory_cost=current_app.config["ARGON2_MEMORY_KIB"], parallelism=1
    )


def _decoy(hasher: PasswordHasher) -> str:
    """Return a hash that nothing opens, made with the same parameters as the real ones."""
    key = (hasher.time_cost, hasher.memory_cost)
    if key not in _decoys:
        _decoys[key] = hasher.hash(secrets.token_urlsafe(16))
    return _decoys[key]


def hash_password(password: str) -> str:
    """Return the Argon2id hash to store."""
    with _at_once:
        return _hasher().hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Return whether `password` belongs to the `stored` hash. Without one (an unknown account) it is False after as long a time."""
    hasher = _hasher()
    try:
        with _at_once:
            hasher.verify(stored or _decoy(hasher), password[:LONGEST])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None and len(password) <= LONGEST


def outdated(stored: str) -> bool:
    """Return whether the hash was made with other parameters than those of today."""
    return _hasher().check_needs_rehash(stored)
