"""Work in the background that writes without a pause lets people write between two of its transactions (quality.md: Correct under load)."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import text

from portal import database, jobs
from portal.database import db
from portal.models.team import Team

MOST = 80
"""Transactions of the work, some 30 ms each: without a pause between them it ends before those who wait."""
WRITES = 8
SLOW = text("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000) SELECT count(*) FROM numbers")


def test_who_waits_writes_before_the_work_is_over(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("only SQLite lets one write at a time")
    begun, ended, failed, done = threading.Event(), threading.Event(), list[Exception](), [0]

    def work() -> None:
        with app.app_context(), database.behind_people():
            for number in range(MOST):
                db.session.add(Team(name=f"科{number}"))
                db.session.flush()
                db.session.execute(SLOW)
                db.session.commit()
                done[0] += 1
                begun.set()
                if ended.is_set():
                    return

    def write(person: int) -> None:
        with app.app_context():
            begun.wait()
            try:
                for number in range(WRITES):
                    db.session.add(Team(name=f"组{person}-{number}"))
                    db.session.commit()
            except Exception as error:
                failed.append(error)

    threads = [threading.Thread(target=write, args=(person,)) for person in range(2)]
    background = threading.Thread(target=work)
    for thread in (background, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    background.join()
    assert not failed
    assert done[0] < MOST


def test_the_worker_is_such_work(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[bool]()
    monkeypatch.setattr(jobs, "tick", lambda: seen.append(database.is_behind_people()))
    monkeypatch.setattr(jobs, "run", lambda _number: seen.append(database.is_behind_people()))
    queues = jobs.Queues(app)
    queues.minute.call_local()
    for name in ("import", "print"):
        queues.of(name).call_local(1)
    assert seen == [True, True, True]
    assert not database.is_behind_people()


def test_pages_compile_nothing_and_begin_no_processes(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL does")
    settings = ("jit", "max_parallel_workers_per_gather")
    assert [db.session.scalar(text(f"SHOW {name}")) for name in settings] == ["off", "0"]
