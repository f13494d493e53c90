"""The database away, busy, full, or started anew: a clear answer, nothing half saved, and jobs that go on afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from flask import Flask
from sqlalchemy import create_engine, event, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from portal import clock, database, jobs, outage
from portal.database import db
from portal.models import audit
from portal.models.job import Job
from portal.models.session import StaffSession
from portal.models.staff import Staff, Team
from tests import factories
from tests.place import OTHERS_OUT

AWAY = "数据库没有应答"


def _on_server() -> bool:
    return bool(db.engine.dialect.name == "postgresql")


def _close_all() -> None:
    """Close every connection to the server from outside, as it does itself when it is started anew."""
    engine = create_engine(db.engine.url)
    with engine.connect() as connection:
        connection.execute(text(OTHERS_OUT))
    engine.dispose()


@contextmanager
def _unreachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing new can be opened: the server is down, or the folder of the file is gone."""
    db.session.remove()
    db.engine.dispose()

    def refuse(*_args: Any, **_options: Any) -> Any:
        if not _on_server():
            return sqlite3.connect("/nowhere/at/all.sqlite3")
        return psycopg.connect("host=127.0.0.1 port=1 connect_timeout=5")

    with monkeypatch.context() as patch:
        patch.setattr(db.engine.dialect, "connect", refuse)
        yield
    db.engine.dispose()


def test_connections_that_the_server_closed_are_noticed_by_nobody(app: Flask, as_: Any) -> None:
    if not _on_server():
        pytest.skip("SQLite is no server")
    customer = factories.customer("rep1").id
    reader = as_("rep1")
    assert reader.get("/customers").status_code == 200
    db.session.remove()
    _close_all()
    assert reader.get(f"/customers/{customer}").status_code == 200


def test_a_connection_lost_in_the_middle_of_a_page_is_told_and_forgotten(app: Flask, as_: Any) -> None:
    if not _on_server():
        pytest.skip("SQLite is no server")
    reader, engine, asked = as_("rep1"), db.engine, iter(range(3))
    db.session.remove()

    def lose(connection: Any, *_rest: Any) -> None:
        if next(asked, None) == 2:  # after the reader was found
            _close_all()

    event.listen(engine, "before_cursor_execute", lose)
    try:
        lost = reader.get("/customers")
    finally:
        event.remove(engine, "before_cursor_execute", lose)
    assert (lost.status_code, AWAY in lost.text) == (503, True)
    assert reader.get("/customers").status_code == 200


def test_a_page_says_that_the_database_is_away(app: Flask, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = as_("rep1")
    with _unreachable(monkeypatch):
        for answer in (reader.get("/customers"), reader.get("/sign-in"), reader.post("/customers/new", data={"full_name": "某某"})):
            assert answer.status_code == 503
            assert AWAY in answer.text
        assert 'href="http://localhost/customers?tab=past"' in reader.get("/customers?tab=past").text, "asked for again in one step"
        assert 'href="//' not in reader.get("//elsewhere.example/").text
        part = reader.get("/customers", headers={"HX-Request": "true"})
        assert (part.status_code, part.headers["HX-Retarget"]) == (503, "#messages")
        assert reader.get("/readyz").status_code == 503
        for answer, status in (
            (reader.get("/no-such-page"), 404),
            (reader.post("/healthz"), 405),
            (reader.get("/customers?a=%00"), 400),
            (reader.get("/customers", headers={"HX-Request": "true", "HX-Boosted": "true"}), 503),
        ):
            assert answer.status_code == status
            assert "<h1>" in answer.text, "a page of the portal, though nobody can be asked who reads it"
        assert app.test_client().get("/healthz").status_code == 200
    assert reader.get("/customers").status_code == 200, "nobody was signed out by it"


def test_who_waits_too_long_for_another_writer_is_told(app: Flask, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if _on_server():
        pytest.skip("PostgreSQL lets many write")
    writer = as_("mgr1")
    db.session.remove()
    monkeypatch.setattr(database, "_LONGEST_WAIT", 0.05)
    with closing(sqlite3.connect(db.engine.url.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = writer.post("/teams", data={"name": "新科"})
    assert answer.status_code == 503
    assert AWAY in answer.text


def test_who_only_reads_waits_for_nobody(app: Flask, as_: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """That somebody was seen is noted with what they read; where it cannot be now, the next page notes it."""
    if _on_server():
        pytest.skip("PostgreSQL lets many write")
    reader = as_("rep1")
    db.session.query(StaffSession).update({"seen_at": clock.now() - timedelta(minutes=5)})
    db.session.commit()
    db.session.remove()
    monkeypatch.setattr(database, "_LONGEST_WAIT", 0.05)
    with closing(sqlite3.connect(db.engine.url.database)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert reader.get("/customers").status_code == 200
    assert reader.get("/customers").status_code == 200
    assert clock.now() - db.session.scalars(select(StaffSession.seen_at)).one() < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.SerializationFailure(), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.UndefinedTable(), False),
        (psycopg.errors.NumericValueOutOfRange(), False),
        (psycopg.OperationalError("sending query and params failed: too many parameters"), False),
        (sqlite3.OperationalError("no such table"), False),
    ],
)
def test_what_passes_and_what_is_a_mistake(error: Exception, passes: bool) -> None:
    assert outage.passes(OperationalError("SELECT 1", {}, error)) is passes
    assert not outage.passes(error), "only what came through SQLAlchemy"


def test_a_disk_that_can_only_be_read_any_more_may_be_mended(tmp_path: Path) -> None:
    path = tmp_path / "site.sqlite3"
    with closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE one (id INTEGER)")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as read, pytest.raises(sqlite3.OperationalError) as refused:
        read.execute("INSERT INTO one VALUES (1)")
    assert outage.is_away(OperationalError("INSERT", {}, refused.value))


def test_a_server_that_never_answered_is_away() -> None:
    assert outage.is_away(OperationalError(None, None, psycopg.OperationalError("connection refused")))


def test_a_full_disk_is_told_and_nothing_is_half_saved(app: Flask, as_: Any) -> None:
    if _on_server():
        pytest.skip("the limit that stands for the disk is one of SQLite")
    writer = as_("mgr1")
    teams = db.session.query(Team).count()
    db.session.remove()
    with db.engine.connect() as connection:  # the one that is used next
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    answers = [writer.post("/teams", data={"name": f"新{number}科"}) for number in range(40)]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {303, 503}
    assert AWAY in answers[-1].text
    db.session.remove()
    assert db.session.query(Team).count() - teams == statuses.count(303)
    assert not list(audit.verify()), "no entry without its record, none left out"


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> dict[str, jobs.Kind]:
    """Kinds of jobs that only this test knows."""
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    return jobs.KINDS


def _interrupted(times: int, kinds: dict[str, jobs.Kind]) -> tuple[Job, list[str]]:
    """Return a job that was begun, whose work is interrupted so often before it is done, and what was done."""
    done: list[str] = []
    left = iter(range(times))

    @jobs.kind("interrupted")
    def _work(job: Job) -> None:
        if next(left, None) is None:
            done.append(job.kind)
            return
        db.session.add(Team(name="半科", department="客户关系部"))
        db.session.flush()
        if _on_server():
            _close_all()
            db.session.execute(text("SELECT 1"))
        raise OperationalError("", {}, _locked())

    job = Job.queue("interrupted", by=db.session.query(Staff).first())
    db.session.commit()
    jobs.start(job)
    return db.session.get_one(Job, job.id), done


def _locked() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY  # type: ignore[misc]
    return error


def test_a_job_that_lost_the_database_goes_on_when_it_is_there_again(app: Flask, kinds: dict[str, jobs.Kind]) -> None:
    job, done = _interrupted(2, kinds)
    for tries in (1, 2):
        assert (job.state, job.tries, done) == ("running", tries, [])
        with clock.pretend(clock.now() + timedelta(hours=tries)):
            jobs.reap()
        db.session.expire_all()
    assert (job.state, job.tries, done) == ("done", 3, ["interrupted"])
    assert db.session.query(Team).filter_by(name="半科").count() == 0, "what was begun is undone"


def test_a_job_that_cannot_begin_is_no_mistake_and_begins_later(
    app: Flask, kinds: dict[str, jobs.Kind], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    @jobs.kind("later")
    def _work(job: Job) -> None:
        done.append(job.kind)

    job = Job.queue("later", by=None)
    db.session.commit()
    number = job.id
    with _unreachable(monkeypatch), structlog.testing.capture_logs() as logged:
        jobs.run(number)
    assert [line["event"] for line in logged] == ["job interrupted"]
    with clock.pretend(clock.now() + timedelta(hours=1)):
        jobs.reap()
    assert done == ["later"]


def test_a_job_that_never_gets_through_is_given_up_and_says_so(app: Flask, kinds: dict[str, jobs.Kind]) -> None:
    job, done = _interrupted(100, kinds)
    for hour in range(1, jobs.MOST_TRIES + 1):
        with clock.pretend(clock.now() + timedelta(hours=hour)):
            jobs.reap()
        db.session.expire_all()
    assert (job.state, job.tries, done) == ("failed", jobs.MOST_TRIES, [])


def test_the_log_says_what_the_database_refused_and_nothing_of_the_row(app: Flask) -> None:
    row, written = {"name": "王小姐 13800138000"}, StringIO()
    db.session.execute(insert(Team), row)
    with pytest.raises(IntegrityError) as refused:
        db.session.execute(insert(Team), row)
    factory = structlog.PrintLoggerFactory(written)
    structlog.wrap_logger(factory(), processors=structlog.get_config()["processors"]).error("request failed", exc_info=refused.value)
    assert "INSERT INTO team" in written.getvalue()
    assert "uq_team_name" in written.getvalue() or "team.name" in written.getvalue()
    assert "王小姐" not in written.getvalue()
