"""The worker: short work goes on while a long job runs, nothing is done twice, and what runs is not taken for lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal import clock, jobs
from portal.database import db
from portal.models.job import DEAD_AFTER, Job
from portal.models.notice import Notice
from portal.rules.message import Refusal
from tests.approving import person

PATIENCE = 20
"""Seconds after which a test gives up waiting; it waits for events, never for time to pass."""


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, jobs.Kind]:
    """Kinds of jobs that only this test knows."""
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    monkeypatch.setattr(jobs, "_periodic", [])
    return jobs.KINDS


@contextmanager
def at_work(app: Flask) -> Iterator[jobs.Queues]:
    """Take from the queues as the worker does, without its signal handlers."""
    app.config["JOBS_IMMEDIATE"] = False
    queues: jobs.Queues = app.extensions["job_queues"]
    consumers = queues.consumers()
    threads = [thread for consumer in consumers for _worker, thread in consumer.worker_threads]
    assert len(threads) == 2
    for thread in threads:
        thread.start()
    try:
        yield queues
    finally:
        for consumer in consumers:
            consumer.stop_flag.set()
        for thread in threads:
            thread.join(PATIENCE)
        queues.long.flush()
        queues.short.flush()
        app.config["JOBS_IMMEDIATE"] = True


def start(*queued: Job) -> None:
    """Hand jobs to the worker, and let go of the database, which the worker's threads write to."""
    for job in queued:
        jobs.start(job)
    db.session.rollback()


def queued(kind: str) -> Job:
    job = Job.queue(kind, by=None)
    db.session.commit()
    return job


def test_short_work_and_that_of_every_minute_go_on_while_a_long_job_runs(app: Flask, kinds: dict[str, jobs.Kind]) -> None:
    read, ticked, began, ended = (threading.Event() for _number in range(4))
    seen: list[bool] = []

    @jobs.kind("long")
    def _long(_job: Job) -> None:
        began.set()
        seen.append(read.wait(PATIENCE) and ticked.wait(PATIENCE))
        ended.set()

    @jobs.kind("short", short=True)
    def _short(_job: Job) -> None:
        read.set()

    jobs.every_minute(ticked.set)
    long, short = queued("long"), queued("short")
    with at_work(app) as queues:
        start(long)
        assert began.wait(PATIENCE)
        start(short)
        queues.minute()
        assert ended.wait(PATIENCE)
    assert seen == [True]
    db.session.expire_all()
    assert [job.state for job in db.session.scalars(select(Job).order_by(Job.id))] == ["done", "done"]


def test_a_job_that_is_queued_three_times_is_done_once(app: Flask, kinds: dict[str, jobs.Kind]) -> None:
    done: list[int] = []
    last = threading.Event()

    @jobs.kind("once")
    def _once(job: Job) -> None:
        done.append(job.id)

    @jobs.kind("last")
    def _last(_job: Job) -> None:
        last.set()

    once, after = queued("once"), queued("last")
    number = once.id
    with at_work(app):
        start(once, once, once, after)
        assert last.wait(PATIENCE)
    assert done == [number]


def test_a_job_that_the_queue_does_not_take_is_handed_over_later(
    app: Flask, kinds: dict[str, jobs.Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was saved is saved: a full disk of the queue is no reason to say the contrary."""
    done: list[int] = []

    @jobs.kind("late")
    def _late(job: Job) -> None:
        done.append(job.id)

    def full(*_arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    job = queued("late")
    monkeypatch.setitem(app.config, "JOBS_IMMEDIATE", False)
    monkeypatch.setattr(app.extensions["job_queues"], "of", lambda _kind: full)
    jobs.start(job)
    monkeypatch.setitem(app.config, "JOBS_IMMEDIATE", True)
    with time_machine.travel(clock.now() + DEAD_AFTER + timedelta(seconds=1)):
        jobs.reap()
    assert done == [job.id]


def test_a_lost_job_goes_on_though_the_clock_was_put_back(app: Flask, kinds: dict[str, jobs.Kind]) -> None:
    done: list[int] = []

    @jobs.kind("before")
    def _before(job: Job) -> None:
        done.append(job.id)

    job = queued("before")
    with time_machine.travel(clock.now() + timedelta(hours=3)):
        job.begin()
        db.session.commit()
    jobs.reap()
    db.session.refresh(job)
    assert (done, job.state) == ([job.id], "done")


def test_what_this_process_is_doing_is_not_lost(app: Flask, kinds: dict[str, jobs.Kind]) -> None:
    started: list[int] = []

    @jobs.kind("silent")
    def _silent(job: Job) -> None:
        started.append(job.id)
        job.heartbeat, job.tries = clock.now() - timedelta(minutes=10), jobs.MOST_TRIES
        db.session.commit()
        assert [one.id for one in Job.lost()] == [job.id]
        jobs.reap()

    job = queued("silent")
    jobs.start(job)
    assert (job.state, started) == ("done", [job.id])


def test_who_started_a_job_that_fails_is_told_which_and_where(app: Flask, kinds: dict[str, jobs.Kind], as_: Any) -> None:
    @jobs.kind("table", title="Making a file", page=lambda job: ("exchange.export_made", {"job_id": job.id}))
    def _table(_job: Job) -> None:
        raise Refusal("The file is empty.")

    job = Job.queue("table", by=person("rep1"))
    db.session.commit()
    jobs.start(job)
    notice = db.session.scalars(select(Notice)).one()
    assert str(notice.message) == "Not finished: Making a file. The file is empty."
    assert notice.link == f"/exports/{job.id}"
    assert "未完成：" in as_("rep1").get("/notices").get_data(as_text=True)
    assert str(job.failure) == "The file is empty.", "its page says what it is by itself"


def test_every_kind_says_what_it_is_called_and_where_its_page_is(app: Flask) -> None:
    declared = {name: kind for name, kind in jobs.KINDS.items() if kind.work.__module__.startswith("portal.")}
    assert len(declared) >= 7
    assert not [name for name, kind in declared.items() if kind.page is None or kind.title == "Work in the background"]


def test_work_that_ends_while_a_beat_waits_for_it_does_not_wait_for_the_beat(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite has one writer: the beat waits for what the work has written, and the work must not wait for the beat."""
    job = Job(kind="tests", args={}, done=0, total=2)
    db.session.add(job)
    db.session.flush()
    number, waiting, written = job.id, threading.Event(), threading.Event()
    db.session.commit()
    real = jobs.write_apart

    @contextmanager
    def apart() -> Iterator[object]:
        waiting.set()
        with real() as session:
            yield session
        written.set()

    monkeypatch.setattr(jobs, "write_apart", apart)
    monkeypatch.setattr(jobs, "_BEAT_SECONDS", 0.01)

    def work() -> None:
        with app.app_context():
            with jobs.beating(number) as note:
                db.session.get_one(Job, number).progress(2, 2)
                db.session.flush()
                note(1)
                waiting.clear()
                assert waiting.wait(PATIENCE)
            db.session.commit()
            done.set()

    done = threading.Event()
    threading.Thread(target=work, daemon=True).start()
    assert done.wait(5)
    assert written.wait(PATIENCE)
    db.session.expire_all()
    assert db.session.get_one(Job, number).done == 2
