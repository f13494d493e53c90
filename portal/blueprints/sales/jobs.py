"""What the worker does for sales: once a day it sees whether the totals still say what the lines say (RL-8)."""

from __future__ import annotations

import structlog
from sqlalchemy import select

from portal import clock, jobs
from portal.database import db
from portal.models import audit
from portal.models.job import Job
from portal.models.sale import Sale
from portal.models.sales_recount import recount
from portal.rules.message import N_

log = structlog.get_logger()
KIND = "sales-recount"


@jobs.kind(KIND, title=N_("Comparing the totals of sales with their lines"), page=lambda _job: ("sales.months", {}))
def compare(job: Job) -> None:
    """Compare, put right and tell. Safe to run twice."""
    found, job_id = [], job.id
    for portion in recount():
        found += portion
        db.session.commit()
        job = db.session.get_one(Job, job_id)
        job.progress(job.done + 1)
        db.session.commit()
    job.result = {"differences": [str(one) for one in found[:100]], "count": len(found)}
    if found:
        log.error("totals of sales differed from their lines and were put right", count=len(found), first=str(found[0]))
        audit.write("system", "sales-recounted", label=str(found[0]), differences=len(found))


@jobs.every_minute
def compare_daily() -> None:
    """Begin the comparison once a day, where there are sales."""
    today = clock.local(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    last = db.session.scalar(select(Job).where(Job.kind == KIND).order_by(Job.id.desc()).limit(1))
    if (last is not None and last.created_at >= today) or db.session.scalar(select(Sale.id).limit(1)) is None:
        db.session.commit()
        return
    if last is not None and last.state in ("done", "failed"):
        db.session.delete(last)  # one row is enough to tell how it went
    job = Job.queue(KIND, by=None)
    db.session.commit()
    jobs.start(job)
