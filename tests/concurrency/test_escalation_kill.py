"""A worker killed in the middle of letting requests go up leaves none out and tells nobody twice (SV-4; quality.md, under load)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, update

from portal import clock, jobs
from portal.database import db
from portal.models import request_escalation
from portal.models.job import DEAD_AFTER, Job
from portal.models.notice import Notice
from portal.models.request import ServiceRequest
from portal.models.request_step import RequestEscalation, RequestStep
from tests import factories
from tests.service.requesting import taken

REQUESTS, PORTION = 11, 4

# As in `test_import_kill.py` the worker kills itself, in the portion given: after it is written, before it is committed.
WORKER = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from portal import create_app, database, jobs
from portal.models import request_escalation

app = create_app({"TESTING": True, "PORTAL_ENV": "testing", "INSTANCE_FOLDER": sys.argv[2], "SECRET_KEY": "only-for-tests-" * 4,
                  "SQLALCHEMY_DATABASE_URI": sys.argv[3], "FILES_FOLDER": Path(sys.argv[4])})
whole, portions = request_escalation.escalate_portion, []

def killing(now, size):
    done = whole(now, size)
    portions.append(done)
    if len(portions) == int(sys.argv[6]):
        os.kill(os.getpid(), signal.SIGKILL)
    return done

request_escalation.escalate_portion, request_escalation.PORTION = killing, int(sys.argv[7])
with app.app_context():
    database.read_only(False)
    jobs.run(int(sys.argv[5]))
"""


def number(model) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_killed_in_the_middle_it_goes_on_and_nothing_goes_up_twice(app: Flask, tmp_path: Path) -> None:
    customer = factories.customer()
    for _one in range(REQUESTS):
        taken(customer)
    past = clock.now() - timedelta(hours=1)
    db.session.execute(update(ServiceRequest).values(due_at=past, due_on=clock.local(past).date(), escalate_at=past))
    job = request_escalation.queue(clock.now())
    assert job is not None
    db.session.commit()
    job_id = job.id
    db.session.remove()
    root = Path(__file__).resolve().parents[2]
    arguments = [str(root), str(tmp_path), app.config["SQLALCHEMY_DATABASE_URI"], str(app.config["FILES_FOLDER"]), str(job_id)]
    for portion, gone_up in ((2, PORTION), (1, PORTION)):
        command = [sys.executable, "-c", WORKER, *arguments, str(portion), str(PORTION)]
        process = subprocess.run(command, capture_output=True, check=False, env={**os.environ})
        assert process.returncode == -signal.SIGKILL, process.stderr.decode()
        assert number(RequestEscalation) == gone_up
        # A worker without a heartbeat is found after a while.
        job = db.session.get_one(Job, job_id)
        job.heartbeat = clock.now() - DEAD_AFTER - timedelta(seconds=1)
        db.session.commit()
    jobs.reap()
    job = db.session.get_one(Job, job_id)
    db.session.refresh(job)
    assert (job.state, job.done) == ("done", REQUESTS)
    assert number(RequestEscalation) == REQUESTS
    assert set(db.session.scalars(select(ServiceRequest.escalation))) == {1}
    gone_up = select(func.count()).select_from(RequestStep).where(RequestStep.kind == "escalated")
    assert db.session.scalar(gone_up) == REQUESTS
    # Told with the first portion, which was committed, and with the rest; of those rolled back nothing is told.
    counts = [one.params["count"] for one in db.session.scalars(select(Notice).order_by(Notice.id)) if one.staff.account == "sup1"]
    assert counts == [PORTION, REQUESTS - PORTION]
