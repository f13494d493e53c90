"""Where the databases of a test process are: an office with the cast that every test finds as if nobody had been there before."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, Pool, QueuePool, create_engine, text
from sqlalchemy.engine import make_url

from portal import config

SCHEMA_NOW = """
SELECT (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT string_agg(tgname::text || tgenabled::text, ' ' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal)
"""
EVER_FILLED = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0"
USED = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
OTHERS_OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
BUSY_OUT = f"{OTHERS_OUT} AND state <> 'idle'"


class Place:
    """A template with the cast. On SQLite its file is copied for each test; on PostgreSQL the tables are emptied and the cast put back,
    because to make a database of some two hundred tables anew takes a third of a second.
    """

    def __init__(self, folder: Path, worker: str) -> None:
        self.folder = folder
        self.server = os.environ.get("TEST_DATABASE_URL", "")
        self.name = f"portal_{worker}"
        self.file = folder / "portal.sqlite3"
        self.url = self.server.rsplit("/", 1)[0] + f"/{self.name}" if self.server else f"sqlite:///{self.file}"
        self._office: _EmptiedOffice | None = None

    def _do(self, *statements: str) -> None:
        engine = _engine(self.server)
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def empty(self) -> None:
        """Make an empty database; on SQLite of small pages, because some six hundred empty tables and indexes are copied for each test."""
        if self.server:
            self._do(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)", f"CREATE DATABASE {self.name} TEMPLATE template0 ENCODING 'UTF8'")
        else:
            with closing(sqlite3.connect(self.file)) as connection:
                connection.execute("PRAGMA page_size=1024")
                connection.execute("VACUUM")

    def keep_template(self) -> None:
        """Keep what the database holds now, with no connection open to it, as what every test begins with."""
        if self.server:
            self._do(f"DROP DATABASE IF EXISTS {self.name}_cast WITH (FORCE)", f"ALTER DATABASE {self.name} RENAME TO {self.name}_cast")
        else:
            self.file.rename(self.folder / "cast.sqlite3")

    def copy_template(self) -> None:
        """Bring back what was kept as the template."""
        if not self.server:
            self.bring("cast")
        elif self._office is None or not self._office.clear():
            self._do(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)", f"CREATE DATABASE {self.name} TEMPLATE {self.name}_cast")
            self._office = _EmptiedOffice(_engine(self.url, QueuePool))

    def keep(self, name: str) -> None:
        """Keep the SQLite database, which nobody writes at the moment, under a name."""
        shutil.copyfile(self.file, self.folder / f"{name}.sqlite3")

    def let_go(self, engine: Engine) -> None:
        """Close the connections to a file that is about to be another. Those to the server stay: to begin one takes longer than a test."""
        if not self.server:
            engine.dispose()

    def bring(self, name: str) -> None:
        """Bring back the SQLite database that was kept under a name."""
        for ending in ("-wal", "-shm"):
            Path(f"{self.file}{ending}").unlink(missing_ok=True)
        # Another file, not other content: a heartbeat's thread may still hold a connection, and in one process SQLite lets all connections
        # to a file share what they know of its log, so that the next test would look for pages in a log that is gone.
        shutil.copyfile(self.folder / f"{name}.sqlite3", self.folder / "brought.sqlite3")
        (self.folder / "brought.sqlite3").replace(self.file)


def _engine(url: str, pool: type[Pool] = NullPool) -> Engine:
    return create_engine(make_url(config.database_url(url)), isolation_level="AUTOCOMMIT", poolclass=pool, pool_pre_ping=True)


class _EmptiedOffice:
    """A PostgreSQL database with the cast, to which it is brought back by emptying what a test filled.

    By DELETE, which costs nothing where there is nothing: TRUNCATE takes along every table that refers to one, which are nearly all.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.connect() as connection:
            self.schema = self._schema(connection)
            tables = sorted(connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")))
            self.kept = [table for table in tables if connection.scalar(text(f'SELECT EXISTS (SELECT 1 FROM "{table}")'))]
            self.used = {row[0]: row[1] for row in connection.execute(text(USED))}
            connection.execute(text("CREATE SCHEMA kept"))
            for table in self.kept:
                connection.execute(text(f'CREATE TABLE kept."{table}" AS TABLE public."{table}"'))

    @staticmethod
    def _schema(connection: Connection) -> tuple[object, ...]:
        return tuple(connection.execute(text(SCHEMA_NOW)).one())

    def clear(self) -> bool:
        """Bring the cast back; False where a test changed the schema itself."""
        with self.engine.connect() as connection:
            connection.execute(text(BUSY_OUT))
            if self._schema(connection) != self.schema:
                return False
            used = [(row[0], row[1]) for row in connection.execute(text(USED))]
            ever = sorted(connection.scalars(text(EVER_FILLED)))
            asked = [f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in ever]
            filled = list(connection.scalars(text(" UNION ALL ".join(asked))))
            connection.execute(
                text(
                    "; ".join(
                        ["SET session_replication_role = replica"]  # the log's triggers let nobody empty it
                        + [f'DELETE FROM "{table}"' for table in filled]
                        + [f'INSERT INTO "{table}" SELECT * FROM kept."{table}"' for table in self.kept]
                        + [f"SELECT setval('{numbers}', {self.used.get(numbers, 1)}, {numbers in self.used})" for numbers, _ in used]
                    )
                )
            )
        return True
