"""The time. One place, so that tests can set it and nothing else asks the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SITE_ZONE = ZoneInfo("Asia/Shanghai")

_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _pretended.get() or datetime.now(UTC)


@contextmanager
def pretend(moment: datetime) -> Iterator[None]:
    """Let the clock stand at `moment` inside the block: demonstration data has a past."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)


def today() -> date:
    """Return today's date at the site."""
    return now().astimezone(SITE_ZONE).date()


def local(moment: datetime) -> datetime:
    """Return `moment` in the site's time zone."""
    return moment.astimezone(SITE_ZONE)
