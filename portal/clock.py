"""The time. One place, so that tests can set it and nothing else asks the machine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SITE_ZONE = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return today's date at the site."""
    return now().astimezone(SITE_ZONE).date()


def local(moment: datetime) -> datetime:
    """Return `moment` in the site's time zone."""
    return moment.astimezone(SITE_ZONE)
