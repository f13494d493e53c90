"""The database: one declarative base, types, write transactions and guarded transitions.

SQLite begins write transactions IMMEDIATE, because a deferred one that turns into a writer answers `database is locked`
when somebody else wrote in between. A request that only reads begins deferred and never waits for writers.

SQLite knows no queue of writers: who waits asks again, by itself ten times a second in the end, and never meets the moment between two
transactions of work that goes on. So who waits asks every few milliseconds here, and the worker leaves as much time between its own.
"""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask import has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Engine, MetaData, Table, event, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, registry
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import Pool
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

JsonValue = JSON().with_variant(JSONB(), "postgresql")
"""JSON column type: jsonb on PostgreSQL."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Requests of these methods only read."""

_reading_only: ContextVar[bool] = ContextVar("reading_only", default=False)
_many_rows: ContextVar[bool] = ContextVar("many_rows", default=False)
_behind_people: ContextVar[bool] = ContextVar("behind_people", default=False)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware moments, stored as UTC. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return the value to store. Raises ValueError for a naive moment: its zone would be a guess."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Return the stored moment, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all models. Every table has an integer `id`."""

    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UtcDateTime(), dict[str, Any]: JsonValue, list[Any]: JsonValue},
    )

    id: Mapped[int] = mapped_column(primary_key=True)


@event.listens_for(Table, "before_create")
def _number_once(table: Table, connection: Any, **_options: Any) -> None:
    """Let SQLite give no number twice, as PostgreSQL does not: the log, approvals and prints name records by their numbers.

    Of itself it takes the highest there is and one more, which after the last record went is the number of that. Migrations make their
    tables by this too.
    """
    if connection.dialect.name == "sqlite" and "id" in table.c and not table.c.id.foreign_keys:
        table.dialect_options["sqlite"]["autoincrement"] = True


db = SQLAlchemy(metadata=Base.metadata)


class StateConflict(Exception):  # noqa: N818 - it is an outcome, not a mistake
    """Somebody was faster: the record is no longer in the state, or the version, that the action began from (409)."""


def transition(record: Any, *, expect: dict[str, Any], change: dict[str, Any]) -> None:
    """Change `record` in the database only if the columns of `expect` still hold there.

    A value of `expect` may be a list or tuple: any of them. The loaded object is refreshed. Raises `StateConflict` if
    no row was changed, so that of eight simultaneous signatures one counts.
    """
    model = type(record)
    session = db.session
    session.flush()
    conditions = [
        getattr(model, name).in_(value) if isinstance(value, (list, tuple)) else getattr(model, name) == value
        for name, value in expect.items()
    ]
    statement = update(model).where(model.id == record.id, *conditions).values(**change).execution_options(synchronize_session=False)
    if session.execute(statement).rowcount != 1:  # type: ignore[attr-defined]
        raise StateConflict(f"{model.__name__} {record.id}")
    session.refresh(record)


def commit() -> None:
    """Commit the session. Raises `StateConflict` where a versioned row was changed by somebody else meanwhile.

    A request answers with what it has just written, and does not begin another transaction to read it again.
    """
    session = db.session()
    session.expire_on_commit = not has_request_context()
    try:
        session.commit()
    except StaleDataError as error:
        session.rollback()
        raise StateConflict(str(error)) from error


def release() -> None:
    """End the transaction, in which nothing may have been changed yet: slow work that follows keeps nobody from writing.

    Records are read again when they are next looked at. Raises RuntimeError where there are changes that would be lost.
    """
    session = db.session()
    if session.new or session.dirty or session.deleted or session.info.get("audit"):
        raise RuntimeError("release() after something was changed")
    _end_reading(session)
    session.rollback()


def end_reading(error: BaseException | None = None) -> None:
    """End the transaction of a request in which nothing was changed; nothing where there was an error, or is something to be undone.

    psycopg forgets what it has prepared whenever a transaction is rolled back, as every session's is that ends: PostgreSQL would plan each
    statement of each page anew, which takes longer than to answer most of them.
    """
    if error is None:
        _end_reading(db.session())


def _end_reading(session: Session) -> None:
    if session.new or session.dirty or session.deleted or not session.in_transaction() or not session.is_active:
        return
    if db.engine.dialect.name == "postgresql" and _CHANGED not in (connection := session.connection()).info:
        # The driver's own: the rollback that follows then has nothing left to do.
        connection.connection.commit()


@event.listens_for(Engine, "before_cursor_execute")
def _executing(connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if connection.dialect.name == "postgresql" and not _READS.match(statement):
        connection.info[_CHANGED] = True


@event.listens_for(Engine, "commit")
@event.listens_for(Engine, "rollback")
def _ended(connection: Any) -> None:
    if not connection.invalidated:  # of one that is lost nothing is left, and to ask for it would open another
        connection.info.pop(_CHANGED, None)


def read_only(value: bool) -> None:
    """Say whether transactions begun from here on in this context only read (a GET request)."""
    _reading_only.set(value)


def is_reading() -> bool:
    """Return whether transactions of this context only read."""
    return _reading_only.get()


@contextmanager
def write_apart() -> Iterator[Session]:
    """Yield a session of its own that commits at the end: for what a reading request must write (views, last seen).

    Raises RuntimeError inside a writing transaction, for which it would wait in vain: write there instead, or `release()` first.
    """
    if not _reading_only.get() and db.session().in_transaction():
        raise RuntimeError("write_apart() inside a writing transaction")
    token = _reading_only.set(False)
    try:
        with Session(db.engine, expire_on_commit=False) as session:
            session.info["portal"] = session.info["apart"] = True
            yield session
            session.commit()
    finally:
        _reading_only.reset(token)


@contextmanager
def only_reading() -> Iterator[None]:
    """Only read meanwhile: for commands that look at much, while people write. What was begun before is rolled back."""
    db.session.rollback()
    token = _reading_only.set(True)
    try:
        yield
    finally:
        db.session.rollback()
        _reading_only.reset(token)


@contextmanager
def many_rows() -> Iterator[None]:
    """Let SQLite keep more of its pages in memory, 64 MB, while this context writes many rows: a fifth less work, nothing else changes.

    Each row goes to some twenty places of the indexes, which are read again and again where the pages do not fit.
    """
    token = _many_rows.set(True)
    try:
        yield
    finally:
        _many_rows.reset(token)


@contextmanager
def behind_people() -> Iterator[None]:
    """Let people write between two transactions of this context: for work in the background, which may write without a pause."""
    token = _behind_people.set(True)
    try:
        yield
    finally:
        _behind_people.reset(token)


def is_behind_people() -> bool:
    """Return whether people come first in this context."""
    return _behind_people.get()


_CHANGED = "changed"
"""Mark of a connection whose transaction has asked for more than to read."""
_READS = re.compile(r"\s*(SELECT|SET|SHOW)\b", re.IGNORECASE)
_CACHE, _CACHE_OF_MANY = -5000, -64_000
"""KiB of pages that a connection keeps in memory: what the first page reads at a million customers is a little less."""
_LONGEST_WAIT = 15.0
"""Seconds that a writer waits for others."""
_BETWEEN_TRIES = 0.003
"""Seconds between two tries of a writer that waits, at most."""
_PAUSE = 0.006
"""Seconds that work in the background leaves to people who wait to write."""
_PRAGMAS = (
    "journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={_LONGEST_WAIT * 1000:.0f}", "synchronous=FULL", f"cache_size={_CACHE}",
    "temp_store=MEMORY",
)  # fmt: skip
_wrote = threading.local()
"""When this thread's last transaction ended."""


@event.listens_for(Engine, "connect")
def _connect(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
    else:
        # Pages ask for little: to compile a statement, or to begin a process beside for it, costs more than to answer it.
        connection.execute("SET jit = off")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        # What the office works with lies in memory, or on a disk without arms: any page is found nearly as quickly as the next one.
        connection.execute("SET random_page_cost = 1.1")
        connection.commit()
        # The first page and the inbox ask long statements, which are to be planned once on each connection.
        connection.prepare_threshold, connection.prepared_max = 2, 250


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        cache = _CACHE_OF_MANY if _many_rows.get() else _CACHE
        if connection.info.get("cache", _CACHE) != cache:
            connection.exec_driver_sql(f"PRAGMA cache_size={cache}")
            connection.info["cache"] = cache
        if _reading_only.get():
            connection.exec_driver_sql("BEGIN")
            return
        if is_behind_people():
            time.sleep(max(0.0, getattr(_wrote, "until", 0.0) + _PAUSE - time.monotonic()))
        _begin_writing(connection)


def _begin_writing(connection: Any) -> None:
    """Begin a write transaction of SQLite. Raises OperationalError where others write for longer than a writer waits."""
    driver: sqlite3.Connection = connection.connection.driver_connection
    last = time.monotonic() + _LONGEST_WAIT
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < last:
            try:
                driver.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
            time.sleep(random.uniform(_BETWEEN_TRIES / 3, _BETWEEN_TRIES))  # noqa: S311 - no secret: so that not all try at once
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # says in the library's words what is wrong
    finally:
        driver.execute(f"PRAGMA busy_timeout={_LONGEST_WAIT * 1000:.0f}")


@event.listens_for(Pool, "checkin")
def _given_back(_connection: Any, _record: Any) -> None:
    # A session gives its connection back when its transaction has ended.
    _wrote.until = time.monotonic()
