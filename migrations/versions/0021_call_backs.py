"""calls back to customers with attempts, the events they follow from, draws; when each customer was last reached

Revision 0021, after 0020. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NEVER = "1900-01-01"
FILTERED = ("due_on", "purpose", "kind", "satisfaction")


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _long(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=nullable)


def _once(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))


def _primary(name: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))


def _indexes(table: str, *columns: tuple[str, ...]) -> None:
    for some in columns:
        op.create_index(f"ix_{table}_{'_'.join(some)}", table, list(some))


def upgrade() -> None:
    """Make the tables. Sales that are there already are no events: whoever bought them long ago is drawn."""
    op.add_column("customer", sa.Column("contacted_on", sa.Date(), nullable=False, server_default=NEVER))
    active = sa.text("state = 'active'")
    op.create_index("ix_customer_contacted", "customer", ["contacted_on", "id"], sqlite_where=active, postgresql_where=active)

    name = "callback_event"
    op.create_table(
        name,
        _number("customer_id"), _text("kind"), _day("happened_on"), sa.Column("key", BYTEWISE, nullable=False), _text("note"),
        _number("rules_version"), _day("next_on", nullable=True), _number("created_by_id", nullable=True), _moment("created_at"),
        _number("id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "created_by_id", "staff"), _once(name, "key"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("customer_id", "id"), ("next_on", "id"))

    name = "callback_draw"
    op.create_table(
        name,
        _text("way"), _number("wanted"), _number("drawn"), _number("seed"), sa.Column("filters", JSON, nullable=False), _text("purpose"),
        _day("due_on"), _text("note"), _number("team_id", nullable=True), _number("created_by_id"), _moment("created_at"), _number("id"),
        _key(name, "team_id", "team"), _key(name, "created_by_id", "staff"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("team_id", "id"))

    name = "callback"
    op.create_table(
        name,
        _number("customer_id"), _number("assignee_id", nullable=True), sa.Column("follows_owner", sa.Boolean(), nullable=False),
        _number("team_id", nullable=True), _number("event_id", nullable=True), _number("draw_id", nullable=True),
        _number("before_id", nullable=True), _text("kind"), _text("row_code"), _number("rules_version"), _text("title_zh"),
        _text("title_en"), _text("purpose"), _long("text"), _day("due_on"), _day("due_until"), _moment("call_at", nullable=True),
        _text("state"), _number("attempts"), _text("spoken_with"), _long("opening"), sa.Column("answers", JSON, nullable=False),
        _long("result"), _number("satisfaction", nullable=True), _long("next_step"), _text("reason"), _moment("done_at", nullable=True),
        _number("done_by_id", nullable=True), _number("created_by_id", nullable=True), _moment("created_at"),
        sa.Column("key", BYTEWISE, nullable=False), _number("version"), _number("id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "assignee_id", "staff"), _key(name, "team_id", "team"),
        _key(name, "event_id", "callback_event", ondelete="SET NULL"), _key(name, "draw_id", "callback_draw", ondelete="SET NULL"),
        _key(name, "before_id", name, ondelete="SET NULL"), _key(name, "done_by_id", "staff"), _key(name, "created_by_id", "staff"),
        _once(name, "key"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("event_id",), ("before_id",), ("customer_id", "state", "id"), ("draw_id", "id"))
    for index, columns in (("assignee", ["assignee_id", "state"]), ("team", ["team_id", "state"]), ("state", ["state"])):
        op.create_index(f"ix_{name}_{index}", name, [*columns, "due_until", "id", *FILTERED])
    scored = sa.text("satisfaction IS NOT NULL")
    op.create_index(
        "ix_callback_scored", name, ["satisfaction", "done_at", "customer_id"], sqlite_where=scored, postgresql_where=scored
    )

    name = "callback_attempt"
    op.create_table(
        name,
        _number("callback_id"), _text("outcome"), _text("note"), _day("later_on", nullable=True), _moment("later_at", nullable=True),
        _moment("at"), _number("by_id"), _number("id"),
        _key(name, "callback_id", "callback", ondelete="CASCADE"), _key(name, "by_id", "staff"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("callback_id", "id"))

    name = "callback_mark"
    op.create_table(name, _text("name"), _number("number"), _number("id"), _once(name, "name"), _primary(name))
    op.execute("INSERT INTO callback_mark (name, number) SELECT 'sales', coalesce(max(id), 0) FROM sale")


def downgrade() -> None:
    """Take the tables away."""
    for name in ("callback_mark", "callback_attempt", "callback", "callback_draw", "callback_event"):
        op.drop_table(name)
    op.drop_index("ix_customer_contacted", "customer")
    op.drop_column("customer", "contacted_on")
