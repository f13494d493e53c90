"""How `flask db` compares and changes the schema. One transaction a migration, on SQLite too."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection, DateTime, inspect, text, types

from portal import database
from portal.database import db

OWN_TYPES = {
    "UtcDateTime": "sa.DateTime(timezone=True)",
    "Money": "sa.BigInteger()",
    "Tokens": "sa.Text().with_variant(postgresql.ARRAY(sa.Text()), 'postgresql')",
}
"""How our column types are written in migrations, which must not change when the portal's code does."""


def render_item(kind: str, item: Any, autogen: Any) -> str | bool:
    """Return how a type is written in a migration, or False for the usual way."""
    if kind != "type":
        return False
    name = type(item).__name__
    if name in OWN_TYPES or isinstance(item, types.JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
    if name in OWN_TYPES:
        return OWN_TYPES[name]
    if isinstance(item, types.JSON):
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def compare_type(_context: Any, _column: Any, _metadata_column: Any, inspected: Any, wanted: Any) -> bool | None:
    """Return False for types that only differ in how a database names them."""
    if isinstance(wanted, types.TypeDecorator):
        wanted = wanted.impl
    if isinstance(wanted, types.JSON) and isinstance(inspected, types.JSON):
        return False
    if isinstance(wanted, DateTime) and isinstance(inspected, DateTime):
        return False
    return None


def include_object(_item: Any, name: str | None, kind: str, reflected: bool, _compared: Any) -> bool:
    """Leave out what is made by statements of our own: the search index and its parts."""
    return not (kind == "table" and reflected and (name or "").startswith("customer_search"))


def _given(connection: Connection) -> dict[str, int]:
    """Return the highest number that SQLite has given in each table."""
    if connection.dialect.name != "sqlite" or not connection.scalar(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")):
        return {}
    return {row[0]: row[1] for row in connection.execute(text("SELECT name, seq FROM sqlite_sequence"))}


def _go_on_from(connection: Connection, given: dict[str, int]) -> None:
    """Let no number be given twice: a table that a migration made anew begins after the highest number that it has, not that it had."""
    there = set(inspect(connection).get_table_names()) if given else set()
    known = _given(connection)
    for name, number in given.items():
        if name in there and known.get(name, 0) < number:
            statement = "UPDATE sqlite_sequence SET seq = :number WHERE name = :name"
            if name not in known:
                statement = "INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"
            connection.execute(text(statement), {"name": name, "number": number})
    connection.commit()


def run() -> None:
    """Run the migrations on the app's database."""
    database.read_only(False)
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            render_as_batch=True,
            render_item=render_item,
            compare_type=compare_type,
            include_object=include_object,
            transaction_per_migration=True,
        )
        before = context.get_context().get_current_heads()
        given = _given(connection)
        with context.begin_transaction():
            context.run_migrations()
        _go_on_from(connection, given)
        if before and before != context.get_context().get_current_heads():
            # Without figures for a new index both databases misjudge the ones that were there, too.
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


run()
