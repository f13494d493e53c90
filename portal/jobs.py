"""Background work: Huey carries a job's id to the worker; the job's own row says what, how far, and whether it lives.

A worker that is killed loses nothing: its row has no heartbeat any more, the reaper puts it into the queue again, and
every job can be run twice without harm.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from typing import Any

import click
import structlog
from flask import Flask, current_app
from huey import Huey, SqliteHuey, crontab
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, database
from portal.database import StateConflict, db
from portal.models.job import Job
from portal.models.notice import notify
from portal.printing import press
from portal.rules.message import N_, Message, Refusal

log = structlog.get_logger()

MOST_TRIES = 5
"""A job that failed this often by dying is given up, and says so."""

_kinds: dict[str, Callable[[Job], None]] = {}
_periodic: list[Callable[[], None]] = []


def kind(name: str) -> Callable[[Callable[[Job], None]], Callable[[Job], None]]:
    """Declare what a kind of job does: a function of its `Job`, which commits its own steps and notes its progress."""

    def decorate(work: Callable[[Job], None]) -> Callable[[Job], None]:
        _kinds[name] = work
        return work

    return decorate


def every_minute(work: Callable[[], None]) -> Callable[[], None]:
    """Declare something that the worker does every minute, safe to run twice; it commits by itself."""
    _periodic.append(work)
    return work


def start(job: Job) -> None:
    """Hand a committed job to the worker. In tests (`JOBS_IMMEDIATE`) it is done at once."""
    if current_app.config.get("JOBS_IMMEDIATE"):
        run(job.id)
    else:
        current_app.extensions["huey_task"](job.id)


def run(job_id: int) -> None:
    """Do the job with this id, unless somebody else does it. A refusal or a mistake is kept on its row, never swallowed."""
    database.read_only(False)
    job = db.session.get(Job, job_id)
    if job is None or job.state in ("done", "failed"):
        return
    try:
        job.begin()
        db.session.commit()
    except (StateConflict, StaleDataError):
        db.session.rollback()
        return
    try:
        _kinds[job.kind](job)
        job.state, job.ended_at = "done", clock.now()
        db.session.commit()
    except Refusal as refusal:
        _fail(job_id, refusal.message)
    except Exception:
        db.session.rollback()
        log.error("job failed", job=job_id, exc_info=True)
        _fail(job_id, Message(N_("The job stopped with a mistake of the portal. It is in the log under job %(job)s."), {"job": job_id}))


def _fail(job_id: int, message: Message) -> None:
    db.session.rollback()
    job = db.session.get(Job, job_id)
    assert job is not None  # noqa: S101
    job.fail(message)
    if job.staff is not None:
        notify(job.staff, message)
    db.session.commit()


@every_minute
def reap() -> None:
    """Start lost jobs again; give up those that killed their worker too often."""
    for job in Job.lost():
        if job.tries >= MOST_TRIES:
            _fail(job.id, Message(N_("The job was given up after %(tries)s tries."), {"tries": job.tries}))
        else:
            start(job)


def tick() -> None:
    """Do everything that is done every minute; one that fails does not keep the others from it."""
    database.read_only(False)
    for work in _periodic:
        try:
            work()
        except Exception:
            db.session.rollback()
            log.error("periodic work failed", work=work.__name__, exc_info=True)


def init_app(app: Flask) -> None:
    """Make the queue and the tasks that the worker (`flask worker`) runs."""
    queue: Huey = SqliteHuey("portal", filename=str(app.config["HUEY_PATH"]), store_intermediate_errors=False)

    @queue.task(name="portal_job")
    def portal_job(job_id: int) -> None:
        with app.app_context():
            run(job_id)

    @queue.periodic_task(crontab(minute="*"), name="portal_minute")
    def portal_minute() -> None:
        with app.app_context():
            tick()

    app.extensions["huey"] = queue
    app.extensions["huey_task"] = portal_job

    @app.cli.command("worker")
    @click.option("--with-parent", is_flag=True, help="Stop when the process that started it is gone (make run).")
    def worker(with_parent: bool) -> None:
        """Run background jobs until stopped."""
        if with_parent:
            _die_with_parent()
        press.POOL.width = os.cpu_count() or 1
        with app.app_context():
            tick()
        queue.create_consumer(workers=1, periodic=True, initial_delay=0.2, max_delay=1.0).run()


PR_SET_PDEATHSIG = 1
"""prctl(2): the signal this process gets when its parent dies, even by `kill -9`."""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def progress_of(job: Job) -> dict[str, Any]:
    """Return what a page shows of a job."""
    return {"state": job.state, "done": job.done, "total": job.total, "percent": job.percent}
