"""What custody does every minute: loans end on their day, overdue papers are asked for, destroyed contents go (AR-11, AR-20)."""

from __future__ import annotations

from portal.database import db
from portal.jobs import every_minute
from portal.models import disposal_record
from portal.models.loan_desk import end_due, remind_due
from portal.printing import pictures


@every_minute
def look_after_loans() -> None:
    """End the loans whose last day is past and remind of overdue papers."""
    end_due()
    remind_due()
    db.session.commit()


@every_minute
def take_destroyed_contents_out() -> None:
    """Take out of the store what the recording of a destruction did not come to, because it was stopped in between."""
    for disposal in disposal_record.to_purge():
        for digest in disposal_record.purge(disposal):
            pictures.forget(digest)
        db.session.commit()
