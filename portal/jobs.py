"""Background work: Huey carries a job's id to the worker; the job's own row says what, how far, and whether it lives.

A worker that is killed loses nothing: its row has no heartbeat any more, the reaper puts it into the queue again, and
every job can be run twice without harm.

There are two queues with a thread each, so that mail, the work of every minute and short jobs go on while a long job runs. A kind of
job has one queue for good, so no job is ever done by two threads at once. On SQLite one writes at a time: long jobs write in portions.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import click
import structlog
from flask import Flask, current_app
from huey import SqliteHuey, crontab
from huey.consumer import Consumer
from sqlalchemy import update
from sqlalchemy.exc import OperationalError, StatementError
from sqlalchemy.orm.exc import StaleDataError

from portal import clock, database, outage
from portal.config import ConfigurationError
from portal.database import StateConflict, db, write_apart
from portal.models.job import Job
from portal.models.notice import notify
from portal.printing import press
from portal.rules.message import N_, Message, Refusal
from portal.stores import StoreFailed, store

log = structlog.get_logger()

TITLE = N_("Work in the background")
MOST_TRIES = 5
"""A job that failed this often by dying is given up, and says so."""
FILES_AWAY = N_("The files cannot be reached. It goes on by itself when they can.")
FILES_WAITED_FOR = timedelta(hours=6)
"""So long a job waits for the store of files to answer again."""
WAITS_SINCE = "waits_for_files_since"
"""Where a job notes in its `state_data` when it began to wait."""


@dataclass(frozen=True)
class Kind:
    """What a kind of job does, what it is called, where its page is, and whether it is over in seconds."""

    work: Callable[[Job], None]
    title: str
    """English message id."""
    page: Callable[[Job], tuple[str, dict[str, Any]]] | None
    """Endpoint and values of the page that shows how far a job is."""
    short: bool


KINDS: dict[str, Kind] = {}
_periodic: list[Callable[[], None]] = []
_running: set[int] = set()
"""Jobs that this process does now: they are not lost, however long ago their last heartbeat was."""


def kind(
    name: str,
    *,
    title: str = TITLE,
    page: Callable[[Job], tuple[str, dict[str, Any]]] | None = None,
    short: bool = False,
) -> Callable[[Callable[[Job], None]], Callable[[Job], None]]:
    """Declare what a kind of job does: a function of its `Job`, which commits its own steps and notes its progress.

    `short` is for what somebody waits for and what is over in seconds: it does not queue behind imports and exports.
    """

    def decorate(work: Callable[[Job], None]) -> Callable[[Job], None]:
        KINDS[name] = Kind(work, title, page, short)
        return work

    return decorate


def every_minute(work: Callable[[], None]) -> Callable[[], None]:
    """Declare something that the worker does every minute, safe to run twice; it commits by itself."""
    _periodic.append(work)
    return work


def start(job: Job) -> None:
    """Hand a committed job to the worker. In tests (`JOBS_IMMEDIATE`) it is done at once.

    Where the queue takes nothing (its disk is full, somebody holds it), the job stands all the same: the reaper hands it over.
    """
    if current_app.config.get("JOBS_IMMEDIATE"):
        run(job.id)
        return
    try:
        current_app.extensions["job_queues"].of(job.kind)(job.id)
    except sqlite3.Error:
        log.error("job not handed over", job=job.id, exc_info=True)


def run(job_id: int) -> None:
    """Do the job with this id, unless somebody else does it. A refusal or a mistake is kept on its row, never swallowed."""
    database.read_only(False)
    try:
        _run(job_id)
    except StatementError as error:
        db.session.rollback()
        if not outage.passes(error):
            raise
        # Neither done nor failed: from now on it has no heartbeat, the reaper starts it again and counts its tries.
        log.warning("job interrupted", job=job_id, exc_info=True)


def _run(job_id: int) -> None:
    job = db.session.get(Job, job_id)
    if job is None or job.state in ("done", "failed"):
        return
    name = job.kind  # read now: the work begins without a transaction, and takes the lock for writing when it needs it
    try:
        job.begin()
        db.session.commit()
    except (StateConflict, StaleDataError):
        db.session.rollback()
        return
    _running.add(job_id)
    # The search for unused cycles, which a job over many rows sets off again and again, leaves out what was there before.
    gc.freeze()
    try:
        KINDS[name].work(job)
        job.state, job.ended_at, job.error = "done", clock.now(), ""
        db.session.commit()
    except Exception as error:
        _ended_by(error, job_id)
    finally:
        gc.unfreeze()
        _running.discard(job_id)


def _ended_by(error: Exception, job_id: int) -> None:
    """Note on its row what a job has ended with. Raises the error where the database could not take what the job wrote."""
    db.session.rollback()
    if isinstance(error, Refusal):
        _fail(job_id, error.message)
    elif isinstance(error, StoreFailed) or (isinstance(error, OSError) and outage.no_room(error)):
        if not isinstance(error, StoreFailed):
            log.error("no room", job=job_id, exc_info=error)
        _wait_for_files(job_id)
    elif outage.passes(error):
        raise error
    else:
        log.error("job failed", job=job_id, exc_info=error)
        _fail(job_id, Message(N_("The job stopped with a mistake of the portal. It is in the log under job %(job)s."), {"job": job_id}))


def _fail(job_id: int, message: Message) -> None:
    db.session.rollback()
    job = db.session.get(Job, job_id)
    assert job is not None  # noqa: S101
    job.fail(message)
    if job.staff is not None:
        kind = KINDS.get(job.kind)
        figures = {"work": Message(kind.title if kind else TITLE), "why": message}
        notify(job.staff, Message(N_("Not finished: %(work)s. %(why)s"), figures), link=_page_of(job))
    db.session.commit()


def _page_of(job: Job) -> str:
    """Return the path of the page that shows a job, '' where there is none: the worker knows no request."""
    kind = KINDS.get(job.kind)
    if kind is None or kind.page is None:
        return ""
    endpoint, values = kind.page(job)
    return current_app.url_map.bind("portal").build(endpoint, values)


def _wait_for_files(job_id: int) -> None:
    """Note that a job waits for the store of files. It has no heartbeat from now on, so that the reaper finds it.

    Where the store answers whenever it is asked and takes nothing all the same, it is given up after as long as where it does not answer.
    """
    job, moment = db.session.get_one(Job, job_id), clock.now()
    first = job.state_data.get(WAITS_SINCE) or moment.isoformat()
    if moment - datetime.fromisoformat(first) > FILES_WAITED_FOR:
        _give_up(job_id)
        return
    job.state_data = {**job.state_data, WAITS_SINCE: first}
    job.error, job.error_params, job.heartbeat = FILES_AWAY, {}, moment
    job.tries -= 1  # it is not the job that fails
    db.session.commit()


def _give_up(job_id: int) -> None:
    _fail(job_id, Message(N_("It was given up: the files could not be reached for %(hours)s hours."), {"hours": 6}))


def _files_answer() -> bool:
    try:
        store().check()
    except (StoreFailed, OSError):
        return False
    return True


@every_minute
def reap() -> None:
    """Start lost jobs again, those that wait for files when these answer; give up those that killed their worker too often."""
    lost = Job.lost()
    db.session.commit()
    files_answer = not any(job.error == FILES_AWAY for job in lost) or _files_answer()
    for job in lost:
        if job.id in _running:
            continue
        if job.error == FILES_AWAY and not files_answer:
            since = job.heartbeat or job.created_at  # it has had none since it waits; it may have been queued long before
            if clock.now() - since > FILES_WAITED_FOR:
                _give_up(job.id)
        elif job.tries >= MOST_TRIES:
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


class Queues:
    """The two queues between web and worker: long jobs in one, everything that must not wait for them in the other."""

    def __init__(self, app: Flask) -> None:
        path = app.config["HUEY_PATH"]
        try:
            self.long, self.short = (
                SqliteHuey(name, filename=str(path), store_intermediate_errors=False) for name in ("portal", "portal-short")
            )
        except sqlite3.Error as error:
            raise ConfigurationError(f"{path}: {error}. The portal's user has to be able to write to this file and its folder.") from error

        def work(job_id: int) -> None:
            with app.app_context(), database.behind_people():
                run(job_id)

        def minute() -> None:
            with app.app_context(), database.behind_people():
                tick()

        self._tasks = [queue.task(name="portal_job")(work) for queue in (self.long, self.short)]
        self.minute = self.short.periodic_task(crontab(minute="*"), name="portal_minute")(minute)

    def of(self, kind_name: str) -> Callable[[int], Any]:
        """Return what puts a job of this kind, by its id, into its queue."""
        declared = KINDS.get(kind_name)
        task: Callable[[int], Any] = self._tasks[declared is not None and declared.short]
        return task

    def consumers(self) -> tuple[Consumer, Consumer]:
        """Return what takes from the queues, one thread each: of long jobs, and of short ones and the work of every minute."""
        waits = {"initial_delay": 0.2, "max_delay": 1.0, "workers": 1}
        return self.long.create_consumer(periodic=False, **waits), self.short.create_consumer(periodic=True, **waits)


def work_until_stopped(queues: Queues) -> None:
    """Take from both queues until a signal stops the process."""
    long, short = queues.consumers()
    short.start()

    def keep() -> None:
        while not short.stop_flag.wait(10):
            short.check_worker_health()

    threading.Thread(target=keep, name="health-of-short-work", daemon=True).start()
    try:
        long.run()
    finally:
        short.stop(graceful=True)


def init_app(app: Flask) -> None:
    """Make the queues and the command that works them off (`flask worker`)."""
    queues = app.extensions["job_queues"] = Queues(app)

    @app.cli.command("worker")
    @click.option("--with-parent", is_flag=True, help="Stop when the process that started it is gone (make run).")
    def worker(with_parent: bool) -> None:
        """Run background jobs until stopped."""
        if with_parent:
            _die_with_parent()
        press.POOL.width = os.cpu_count() or 1
        with app.app_context():
            tick()
        work_until_stopped(queues)


PR_SET_PDEATHSIG = 1
"""prctl(2): the signal this process gets when its parent dies, even by `kill -9`."""


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


_BEAT_SECONDS = 3


@contextmanager
def beating(job_id: int) -> Iterator[Callable[[int], None]]:
    """Keep a job alive while slow work goes on without the database; what is yielded notes how much is done.

    The caller has released the database before.
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    ended, done = threading.Event(), [0]

    def beat() -> None:
        with app.app_context():
            while not ended.wait(_BEAT_SECONDS):
                # Where somebody writes for long, a beat is left out: the next one says the same.
                with suppress(OperationalError), write_apart() as session:
                    session.connection()
                    if not ended.is_set():
                        session.execute(update(Job).where(Job.id == job_id).values(heartbeat=clock.now(), done=done[0]))

    def note(count: int) -> None:
        done[0] = count

    thread = threading.Thread(target=beat, name=f"job-{job_id}-heartbeat", daemon=True)
    thread.start()
    try:
        yield note
    finally:
        ended.set()
        # A beat may be waiting for what this transaction holds: nobody waits for it then, it finds the work ended and writes nothing.
        if not db.session().in_transaction():
            thread.join()


def progress_of(job: Job) -> dict[str, Any]:
    """Return what a page shows of a job."""
    return {"state": job.state, "done": job.done, "total": job.total, "percent": job.percent}
