"""What the worker does for requests: what is overdue goes up, repair visits that overrun are noticed, figures are counted (SV-4, SV-8)."""

from __future__ import annotations

from portal import clock, jobs
from portal.database import db
from portal.models import request_escalation, request_tally, request_visits
from portal.models.job import Job
from portal.rules.message import N_

MOST_OVERRUNS = 200


@jobs.kind(
    request_escalation.KIND,
    title=N_("Overdue requests go up"),
    page=lambda _job: ("service.requests", {"whose": "all", "overdue": "1"}),
)
def escalate(job: Job) -> None:
    """Let everything that is due go up, portion by portion, each in a transaction of its own."""
    done, portion = job.done, request_escalation.PORTION
    while portion == request_escalation.PORTION:
        portion = request_escalation.escalate_portion(clock.now(), request_escalation.PORTION)
        done += portion
        job.progress(done, done)
        db.session.commit()


@jobs.every_minute
def look_after_requests() -> None:
    """Let go up what is past its deadline, notice visits that overrun their time, and count the figures of months that changed."""
    request_visits.note_overruns(MOST_OVERRUNS)
    db.session.commit()
    job = request_escalation.queue(clock.now())
    db.session.commit()
    if job is not None:
        jobs.start(job)
    while request_tally.count_changed():
        db.session.commit()
    db.session.rollback()
