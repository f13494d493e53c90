"""What requests are found by; narrow indexes of a team's customers and of what lists of requests are filtered by

Revision 0032, after 0031. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from portal.rules.grams import search_grams

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

FTS = "CREATE VIRTUAL TABLE service_request_fts USING fts5(tokens, content='', detail=none, columnsize=0, tokenize='ascii')"
FILTERED = ["kind", "channel", "state", "priority", "cause", "customer_id"]
READERS = ("customer_id", "assignee_id", "team_id")
OPEN, THERE = sa.text("is_open"), sa.text("state <> 'importing'")
AT_A_TIME = 2000


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    tokens = sa.Text() if on_sqlite else ARRAY(sa.Text())
    table = op.create_table(
        "service_request_search",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("tokens", tokens, nullable=True),
        sa.ForeignKeyConstraint(
            ["id"], ["service_request.id"], name=op.f("fk_service_request_search_id_service_request"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_request_search")),
    )
    if on_sqlite:
        op.execute(FTS)
    _index(table, on_sqlite)
    if not on_sqlite:
        op.execute("CREATE INDEX service_request_search_tokens ON service_request_search USING gin (tokens)")
    op.drop_index("ix_service_request_queue", "service_request")
    queue = ["due_on", "rank", "due_at", "id", *FILTERED, "received_on", "waiting_since"]
    op.create_index("ix_service_request_queue", "service_request", queue, sqlite_where=OPEN, postgresql_where=OPEN)
    op.drop_index("ix_service_request_received_at_id_kind_channel_state", "service_request")
    op.create_index("ix_service_request_received_at_id", "service_request", ["received_at", "id", *FILTERED])
    for one in READERS:
        op.drop_index(f"ix_service_request_{one}_received_at_id", "service_request")
        op.create_index(f"ix_service_request_{one}_received", "service_request", [one, "received_at", "id", "state"])
    op.create_index("ix_customer_team_there", "customer", ["team_id", "id"], sqlite_where=THERE, postgresql_where=THERE)


def _index(table: sa.Table, on_sqlite: bool) -> None:
    """Index the requests that there are."""
    bind, last = op.get_bind(), 0
    some = sa.text("SELECT id, search_text FROM service_request WHERE id > :last ORDER BY id LIMIT :most")
    while rows := bind.execute(some, {"last": last, "most": AT_A_TIME}).all():
        last = rows[-1].id
        said = [(row.id, row.search_text, search_grams(row.search_text)) for row in rows if row.search_text]
        values = [{"id": number, "words": words, "tokens": None if on_sqlite else grams} for number, words, grams in said]
        if values:
            bind.execute(sa.insert(table), values)
        if values and on_sqlite:
            statement = "INSERT INTO service_request_fts (rowid, tokens) VALUES (?, ?)"
            bind.exec_driver_sql(statement, [(number, " ".join(grams)) for number, _words, grams in said])


def downgrade() -> None:
    """Put the earlier indexes back."""
    op.drop_index("ix_customer_team_there", "customer")
    for one in READERS:
        op.drop_index(f"ix_service_request_{one}_received", "service_request")
        op.create_index(f"ix_service_request_{one}_received_at_id", "service_request", [one, "received_at", "id"])
    op.drop_index("ix_service_request_received_at_id", "service_request")
    op.create_index(
        "ix_service_request_received_at_id_kind_channel_state", "service_request", ["received_at", "id", "kind", "channel", "state"]
    )
    op.drop_index("ix_service_request_queue", "service_request")
    queue = ["due_on", "rank", "due_at", "id", "kind", "channel", "state", "received_on"]
    op.create_index("ix_service_request_queue", "service_request", queue, sqlite_where=OPEN, postgresql_where=OPEN)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE service_request_fts")
    op.drop_table("service_request_search")
