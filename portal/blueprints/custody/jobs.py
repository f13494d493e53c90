"""What custody does every minute: loans end on their day, and overdue papers are asked for (AR-20)."""

from __future__ import annotations

from portal.database import db
from portal.jobs import every_minute
from portal.models.loan_desk import end_due, remind_due


@every_minute
def look_after_loans() -> None:
    """End the loans whose last day is past and remind of overdue papers."""
    end_due()
    remind_due()
    db.session.commit()
