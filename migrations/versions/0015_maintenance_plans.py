"""maintenance plans with tasks, amendments and summaries; strengthening tables; lists of festival greetings

Revision 0015, after 0014. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _long(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _fen(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _day(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=nullable)


def _list(name: str) -> sa.Column[Any]:
    return sa.Column(name, JSON, nullable=False)


def upgrade() -> None:
    """Make the tables."""
    name = "maintenance_plan"
    op.create_table(
        name,
        _text("title"), _long("goal"), _long("means"), _fen("budget"), _fen("spent"), _day("starts_on"), _day("ends_on"),
        _list("people"), _list("measures"), _text("state"), _number("customer_id", nullable=True), _number("team_id", nullable=True),
        _number("previous_id", nullable=True), _number("created_by_id"), _moment("created_at"), _moment("approved_at", nullable=True),
        _moment("closed_at", nullable=True), _number("version"), _number("id"),
        _key(name, "customer_id", "customer", ondelete="SET NULL"), _key(name, "team_id", "team"), _key(name, "created_by_id", "staff"),
        _key(name, "previous_id", name, ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    for columns in (("customer_id",), ("previous_id",), ("state", "id"), ("team_id", "id"), ("state", "ends_on")):
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))

    name = "plan_customer"
    op.create_table(
        name,
        _number("plan_id"), _number("customer_id"), _number("id"),
        _key(name, "plan_id", "maintenance_plan", ondelete="CASCADE"), _key(name, "customer_id", "customer", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_plan_id_customer_id", name, ["plan_id", "customer_id"], unique=True)
    op.create_index(f"ix_{name}_customer_id_plan_id", name, ["customer_id", "plan_id"])

    name = "plan_task"
    op.create_table(
        name,
        _number("plan_id"), _number("customer_id", nullable=True), _number("staff_id", nullable=True),
        sa.Column("follows_owner", sa.Boolean(), nullable=False), _text("kind"), _text("text"), _day("due_on"), _text("state"),
        _long("result"), _fen("cost"), _day("done_on", nullable=True), _number("done_by_id", nullable=True), _text("reason"),
        _moment("created_at"), _number("version"), _number("id"),
        _key(name, "plan_id", "maintenance_plan", ondelete="CASCADE"), _key(name, "customer_id", "customer", ondelete="CASCADE"),
        _key(name, "staff_id", "staff"), _key(name, "done_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    for columns in (("staff_id", "state", "due_on", "id"), ("plan_id", "state", "due_on", "id"), ("customer_id", "id")):
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))

    name = "plan_amendment"
    op.create_table(
        name,
        _number("plan_id"), _number("customer_id", nullable=True), _number("number"), _long("reason"), _fen("budget"), _day("ends_on"),
        _list("measures"), _fen("old_budget"), _day("old_ends_on"), _text("state"), _number("created_by_id"), _moment("created_at"),
        _moment("approved_at", nullable=True), _number("version"), _number("id"),
        _key(name, "plan_id", "maintenance_plan", ondelete="CASCADE"), _key(name, "customer_id", "customer", ondelete="SET NULL"),
        _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_customer_id", name, ["customer_id"])
    op.create_index(f"ix_{name}_plan_id_number", name, ["plan_id", "number"], unique=True)
    undecided = sa.text("state IN ('draft', 'pending')")
    op.create_index(f"uq_{name}_undecided", name, ["plan_id"], unique=True, sqlite_where=undecided, postgresql_where=undecided)

    name = "plan_summary"
    op.create_table(
        name,
        _number("plan_id"), _number("customer_id", nullable=True), _text("verdict"), _long("reached"), _long("cost_note"), _long("learned"),
        _text("state"), _number("written_by_id"), _moment("written_at"), _moment("submitted_at", nullable=True),
        _moment("approved_at", nullable=True), _number("version"), _number("id"),
        _key(name, "plan_id", "maintenance_plan", ondelete="CASCADE"), _key(name, "customer_id", "customer", ondelete="SET NULL"),
        _key(name, "written_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("plan_id", name=op.f(f"uq_{name}_plan_id")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_customer_id", name, ["customer_id"])

    name = "strengthening_table"
    op.create_table(
        name,
        _number("customer_id"), _list("people"), _number("updated_by_id"), _moment("updated_at"), _number("version"), _number("id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "updated_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("customer_id", name=op.f(f"uq_{name}_customer_id")),
    )  # fmt: skip

    name = "greeting_list"
    op.create_table(
        name,
        _text("holiday"), _day("day"), _text("note"), _number("created_by_id"), _moment("created_at"), _number("id"),
        _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_day_id", name, ["day", "id"])

    name = "greeting_line"
    op.create_table(
        name,
        _number("list_id"), _number("customer_id"), _text("state"), _text("way"), _day("done_on", nullable=True),
        _number("by_id", nullable=True), _text("note"), _number("version"), _number("id"),
        _key(name, "list_id", "greeting_list", ondelete="CASCADE"), _key(name, "customer_id", "customer", ondelete="CASCADE"),
        _key(name, "by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_list_id_customer_id", name, ["list_id", "customer_id"], unique=True)
    op.create_index(f"ix_{name}_list_id_state_id", name, ["list_id", "state", "id"])
    op.create_index(f"ix_{name}_customer_id_id", name, ["customer_id", "id"])


def downgrade() -> None:
    """Take them away."""
    for name in (
        "greeting_line", "greeting_list", "strengthening_table", "plan_summary", "plan_amendment", "plan_task", "plan_customer",
        "maintenance_plan",
    ):  # fmt: skip
        op.drop_table(name)
