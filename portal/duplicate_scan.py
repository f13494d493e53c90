"""The job that scans a register for duplicates (AR-3)."""

from __future__ import annotations

from portal import jobs
from portal.database import db
from portal.models.duplicate_scan import DuplicateScan
from portal.models.job import Job
from portal.models.notice import notify
from portal.rules.message import N_, Message


@jobs.kind("duplicate-scan")
def scan(job: Job) -> None:
    """Do the scan. Safe to run twice: it begins anew."""
    record = db.session.get(DuplicateScan, job.args["scan"])
    if record is None:
        return  # a newer scan took its place
    for done, total in record.work():
        job.progress(done, total)
        db.session.commit()
    notify(record.staff, Message(N_("The scan for duplicates has ended: %(count)s pairs."), {"count": record.found}), link="/duplicates")
    job.result = {"pairs": record.found}
