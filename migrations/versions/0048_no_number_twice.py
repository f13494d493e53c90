"""SQLite gives no number twice: the log, approvals and prints name records by their numbers

Revision 0048, after 0047. 2026-11-23.

What lies in the tables stays as it is: a number that counts itself is stored like one that does not (sqlite.org/autoinc.html), so that
only the text by which each table was made is written anew (sqlite.org/pragma.html#pragma_writable_schema).
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

NUMBER = "\tid INTEGER NOT NULL, "
KEY = re.compile(r"\tCONSTRAINT pk_\w+ PRIMARY KEY \(id\)(, \n|\n)")
GIVEN = re.compile(r"FOREIGN KEY\(id\)")
MANY = ("audit_event", "customer", "contact", "import_row", "sale", "sale_line", "service_request", "notice", "register_entry")
"""Tables that get many rows at once: SQLite looks their numbers up from the first row of its list on."""


def upgrade() -> None:
    """Let each table that numbers its rows count on from the highest number that it or the log knows."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    texts = dict(connection.execute(sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL")).all())
    made = {name: _counting(text) for name, text in texts.items() if NUMBER in text and KEY.search(text) and not GIVEN.search(text)}
    if made:
        op.execute("CREATE TABLE counting (id INTEGER PRIMARY KEY AUTOINCREMENT)")  # SQLite makes its list of numbers with it
        op.execute("DROP TABLE counting")
        version = connection.scalar(sa.text("PRAGMA schema_version"))
        op.execute("PRAGMA writable_schema = ON")
        for name, text in made.items():
            connection.execute(sa.text("UPDATE sqlite_master SET sql = :text WHERE type = 'table' AND name = :name"), {"text": text, "name": name})
        op.execute(f"PRAGMA schema_version = {version + 1}")
        op.execute("PRAGMA writable_schema = RESET")
    _begin(list(texts))


def _counting(text: str) -> str:
    counting = text.replace(NUMBER, "\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, ")
    without = KEY.sub(lambda found: "" if found[1].startswith(",") else "\n", counting)
    return without.replace(", \n\n)", "\n)")


def _begin(tables: list[str]) -> None:
    """Note the highest numbers, first of the tables that get many rows."""
    connection = op.get_bind()
    known = set(connection.scalars(sa.text("SELECT name FROM sqlite_sequence")))
    log = connection.execute(sa.text("SELECT record_type, max(record_id) FROM audit_event GROUP BY record_type")).all()
    logged = {re.sub(r"(?<!^)(?=[A-Z])", "_", record).lower(): number for record, number in log if record and number}
    for name in sorted(tables, key=lambda name: (name not in MANY, MANY.index(name) if name in MANY else 0, name)):
        if "AUTOINCREMENT" in (connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}) or ""):
            highest = max(connection.scalar(sa.text(f'SELECT max(id) FROM "{name}"')) or 0, logged.get(name, 0))
            statement = "UPDATE sqlite_sequence SET seq = max(seq, :highest) WHERE name = :name"
            if name not in known:
                statement = "INSERT INTO sqlite_sequence (seq, name) VALUES (:highest, :name)"
            connection.execute(sa.text(statement), {"highest": highest, "name": name})


def downgrade() -> None:
    """Nothing: tables that count on are read and written by the version before, too."""
