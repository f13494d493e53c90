"""What the worker does for surveys: those whose last day is past are closed."""

from __future__ import annotations

from portal import clock, jobs
from portal.database import commit
from portal.models import survey_desk


@jobs.every_minute
def close_what_is_over() -> None:
    """Close surveys whose last day is past, each portion in a transaction of its own (SV-30)."""
    while survey_desk.close_due(clock.today()):
        commit()
    commit()
