"""How much waits for a reader: rail, top bar, bottom bar, inbox and first page show the same figures (AP-8).

Inbox and first page ask at the moment they are shown. On all other pages the figure is that of the last seconds, where nothing was saved
since: by anybody in this process, by the reader in any. What others do elsewhere shows after `KEPT`; the page asks by itself every minute.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import Response, g, request, session
from flask_login import current_user

from portal import clock
from portal.database import SAFE_METHODS
from portal.models import inbox, inbox_count

KEPT = timedelta(seconds=20)
"""So long a figure is shown without being asked again."""


class _Figure(NamedTuple):
    """How much waits for somebody, when that was asked, and what had been saved before."""

    number: int
    at: datetime
    stamp: tuple[Any, ...]


_figures: dict[int, _Figure] = {}


def counts(user: Any) -> list[int]:
    """Return how much of each source of the inbox waits for `user` at this moment; asked once a request."""
    if "waiting_counts" not in g:
        stamp, at = _stamp(user), clock.now()
        g.waiting_counts = inbox.counts(user)
        _figures[user.id] = _Figure(sum(g.waiting_counts), at, stamp)
    return list(g.waiting_counts)


def listed(user: Any) -> list[inbox.Line]:
    """Return what waits for `user` at this moment, the most pressing first; how much of each source it is is known with it."""
    stamp, at = _stamp(user), clock.now()
    lines, g.waiting_counts = inbox.listed_and_counted(user)
    _figures[user.id] = _Figure(sum(g.waiting_counts), at, stamp)
    return lines


def count(user: Any) -> int:
    """Return how much waits for `user` together, as it was at most `KEPT` ago."""
    if "waiting_counts" not in g:
        known = _figures.get(user.id)
        if known is not None and known.stamp == _stamp(user) and timedelta(0) <= clock.now() - known.at < KEPT:
            return known.number
    return sum(counts(user))


def note_act(response: Response) -> Response:
    """Note in the reader's session that they did something: another process then asks anew, too."""
    if request.method not in SAFE_METHODS and current_user.is_authenticated:
        session["acted"] = int(clock.now().timestamp() * 1000)
    return response


def _stamp(user: Any) -> tuple[Any, ...]:
    return inbox_count.saves.number, session.get("acted"), user.role, user.team_id
