"""The office in which every test plays: two teams, two reps and a supervisor each, two managers; a fresh database each.

`TEST_DATABASE_URL` says where: a SQLite file by default, or the PostgreSQL server that `tools/postgres.py` starts.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import event

from portal import clock, config, create_app, database, hashing
from portal.database import db
from portal.models import inbox_count
from portal.models.staff import Staff, Team
from tests.client import PortalClient
from tests.place import Place
from tests.stored import put_back, s3_service, stored_contents, take_out_overwritten

settings.register_profile("portal", deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
settings.load_profile("portal")

BEGINS = datetime.fromisoformat(os.environ.get("TESTS_BEGIN", "2026-11-23T10:00:00+08:00"))
"""A Monday morning at the site: from then the clock of every test goes on, whatever day it is, and no run goes over midnight."""
time_machine.travel(BEGINS).start()

PASSWORD = "portal-demo-2026"
CAST = [
    ("rep1", "赵一鸣", "rep", 0),
    ("rep2", "钱二宝", "rep", 0),
    ("rep3", "孙三省", "rep", 1),
    ("rep4", "李四维", "rep", 1),
    ("sup1", "周五行", "supervisor", 0),
    ("sup2", "吴六合", "supervisor", 1),
    ("mgr1", "郑七星", "manager", None),
    ("mgr2", "王八荒", "manager", None),
]


def fill_with_cast() -> None:
    """Create tables and the fixed cast in the empty database of the current app."""
    db.create_all()
    teams = [Team(name="客户一科", department="客户关系部"), Team(name="客户二科", department="客户关系部")]
    db.session.add_all(teams)
    db.session.flush()
    password_hash = hashing.hash_password(PASSWORD)
    for account, name, role, team in CAST:
        db.session.add(
            Staff(
                account=account,
                name=name,
                role=role,
                team_id=teams[team].id if team is not None else None,
                department="客户关系部",
                email=f"{account}@example.com",
                password_hash=password_hash,
                password_changed_at=clock.now(),
                must_change_password=False,
            )
        )
    db.session.commit()


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Place:
    return Place(tmp_path_factory.mktemp("office"), worker_id)


@pytest.fixture(scope="session")
def bucket() -> Iterator[dict[str, Any]]:
    """The settings of an S3 service with an empty bucket."""
    with s3_service() as settings:
        yield settings


@pytest.fixture(scope="session")
def files_settings(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Where files lie: in a folder, or with `TEST_FILES_STORE=s3` in a bucket, in which whatever does not look at the folder passes too."""
    return request.getfixturevalue("bucket") if os.environ.get("TEST_FILES_STORE") == "s3" else {}


def _without_waiting_for_the_disk(connection: Any, record: Any) -> None:
    """No test outlives a power cut; those that kill a server start one of their own, with the settings of the portal."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def bare_app(place: Place, files_settings: dict[str, Any]) -> Flask:
    """The portal of this test process, over the template database."""
    place.empty()
    app = create_app(
        {
            "TESTING": True,
            "PORTAL_ENV": "testing",
            "INSTANCE_FOLDER": place.folder,
            "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests",
            "SQLALCHEMY_DATABASE_URI": config.database_url(place.url),
            "FILES_FOLDER": place.folder / "files",
            "HUEY_PATH": place.folder / "queue.sqlite3",
            "WTF_CSRF_ENABLED": False,
            "JOBS_IMMEDIATE": True,
            "HTMX_ASSET": "local",
            "ARGON2_TIME_COST": 1,
            "ARGON2_MEMORY_KIB": 64,
            # A run asks far more different statements than an office: made again and again, they took a seventh of its time.
            "SQLALCHEMY_ENGINE_OPTIONS": {"query_cache_size": 2000},
            "SERVER_NAME": "localhost",
            **files_settings,
        }
    )
    app.test_client_class = PortalClient
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache()  # every process of every run would compile the same templates
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _without_waiting_for_the_disk)
        database.read_only(False)
        fill_with_cast()
        db.session.remove()
        if db.engine.dialect.name == "sqlite":
            with db.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
            raw = db.engine.raw_connection()
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.close()
        db.engine.dispose()
    place.keep_template()
    gc.freeze()  # what the portal consists of is not looked through again and again for what can go
    gc.set_threshold(50_000, 20, 100)
    return app


@pytest.fixture(scope="session")
def untouched() -> dict[Any, Any]:
    """The statements of the inbox's number that were made in the office as every test finds it."""
    return {}


@pytest.fixture
def app(bare_app: Flask, place: Place, untouched: dict[Any, Any]) -> Iterator[Flask]:
    """The portal over a fresh copy of the office, inside an app context that may write."""
    place.copy_template()
    if len(untouched) >= inbox_count.MOST_MADE:
        untouched.clear()
    inbox_count.begin_with(untouched)
    with bare_app.app_context():
        database.read_only(False)
        yield bare_app
        take_out_overwritten()
        db.session.remove()
        place.let_go(db.engine)


@pytest.fixture(scope="session")
def prepared() -> dict[Callable[[], Any], tuple[str, Any, dict[str, bytes], dict[Any, Any]]]:
    """The offices that are kept, by what prepared them: the name of the database, what the preparation returned, its files, and the
    statements of the inbox's number that were made in it."""
    return {}


@pytest.fixture
def office(app: Flask, place: Place, prepared: dict[Any, Any], untouched: dict[Any, Any]) -> Callable[[Callable[[], Any]], Any]:
    """Return the way to an office where something is prepared: `ids = office(prepare)`, as often as a test wants it fresh.

    What `prepare` records is kept on SQLite and brought back the next time, so it returns ids or other plain data, and no records.
    """

    def with_prepared(prepare: Callable[[], Any]) -> Any:
        db.session.remove()
        place.let_go(db.engine)
        if prepare in prepared:
            name, answer, contents, made = prepared[prepare]
            place.bring(name)
            put_back(contents)
            inbox_count.begin_with(made)
            return answer
        place.copy_template()
        inbox_count.begin_with(untouched)
        answer = prepare()
        db.session.commit()
        if not place.server:
            contents = stored_contents()
            db.session.remove()
            place.let_go(db.engine)
            prepared[prepare] = f"prepared-{len(prepared)}", answer, contents, inbox_count.made
            place.keep(prepared[prepare][0])
        return answer

    return with_prepared


@pytest.fixture
def staff(app: Flask) -> dict[str, Staff]:
    """The cast by account name."""
    return {person.account: person for person in db.session.query(Staff).order_by(Staff.id)}


@pytest.fixture
def client(app: Flask) -> PortalClient:
    """A browser that nobody has signed in."""
    return app.test_client()


@pytest.fixture
def as_(app: Flask) -> Any:
    """Return a browser signed in as an account of the cast: `as_("rep1").get("/")`."""

    def signed_in(account: str) -> PortalClient:
        browser: PortalClient = app.test_client()
        browser.be(account)
        return browser

    return signed_in
