"""How much waits for a reader, asked once a request: rail, top bar, bottom bar, inbox and first page show the same figures (AP-8)."""

from __future__ import annotations

from typing import Any

from flask import g

from portal.models import inbox


def counts(user: Any) -> list[int]:
    """Return how much of each source of the inbox waits for `user`."""
    if "waiting_counts" not in g:
        g.waiting_counts = inbox.counts(user)
    return list(g.waiting_counts)


def count(user: Any) -> int:
    """Return how much waits for `user` together."""
    return sum(counts(user))
