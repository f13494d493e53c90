"""What deliveries of gifts and entries of the gift register are found by

Revision 0042, after 0041. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from portal.rules.grams import fold, window_grams

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

SAID = {
    "gift_delivery": (
        "SELECT gift_delivery.id, tracking, person FROM gift_delivery JOIN gift_recipient ON gift_recipient.id = recipient_id "
        "WHERE gift_delivery.id > :last ORDER BY gift_delivery.id LIMIT :most"
    ),
    "gift_entry": "SELECT id, organisation, person, goods FROM gift_entry WHERE id > :last ORDER BY id LIMIT :most",
}
"""Table → the words of its records."""
AT_A_TIME = 2000


def upgrade() -> None:
    """Make the indexes, and index what there is."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    tokens = sa.Text() if on_sqlite else ARRAY(sa.Text())
    for name, said in SAID.items():
        table = op.create_table(
            f"{name}_search",
            sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("words", sa.Text(), nullable=False),
            sa.Column("tokens", tokens, nullable=True),
            sa.ForeignKeyConstraint(["id"], [f"{name}.id"], name=op.f(f"fk_{name}_search_id_{name}"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}_search")),
        )
        if on_sqlite:
            columns = "tokens, content='', detail=none, columnsize=0, tokenize='ascii'"
            op.execute(f"CREATE VIRTUAL TABLE {name}_search_fts USING fts5({columns})")
        _index(table, said, on_sqlite)
        if not on_sqlite:
            op.execute(f"CREATE INDEX {name}_search_tokens ON {name}_search USING gin (tokens)")


def _index(table: sa.Table, said: str, on_sqlite: bool) -> None:
    """Index the records that there are."""
    bind, last = op.get_bind(), 0
    while rows := bind.execute(sa.text(said), {"last": last, "most": AT_A_TIME}).all():
        last = rows[-1].id
        words = [(row[0], "\n".join(fold(one) for one in row[1:] if one)) for row in rows]
        found = [(number, one, window_grams(one)) for number, one in words if one]
        values = [{"id": number, "words": one, "tokens": None if on_sqlite else grams} for number, one, grams in found]
        if values:
            bind.execute(sa.insert(table), values)
        if values and on_sqlite:
            statement = f"INSERT INTO {table.name}_fts (rowid, tokens) VALUES (?, ?)"  # noqa: S608 - a table of ours
            bind.exec_driver_sql(statement, [(number, " ".join(grams)) for number, _words, grams in found])


def downgrade() -> None:
    """Let them go."""
    for name in SAID:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TABLE {name}_search_fts")
        op.drop_table(f"{name}_search")
