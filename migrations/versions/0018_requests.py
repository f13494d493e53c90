"""requests and complaints with steps, links, escalations and repair visits; promises; channels with evaluations and figures

Revision 0018, after 0017. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
PLACE = ("due_on", "rank", "due_at", "id")
COUNTED = (
    "received", "first_answered", "first_on_time", "first_worked", "first_elapsed", "solved", "solved_on_time", "solve_worked",
    "solve_elapsed", "satisfied", "unsatisfied",
)  # fmt: skip


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _long(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=nullable)


def _primary(name: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Make the tables."""
    name = "service_request"
    op.create_table(
        name,
        _number("customer_id", nullable=True), _text("customer_name"), _text("caller"), _text("telephone"), _text("kind"), _text("channel"),
        _text("priority"), _text("grade"), _number("rank"), _long("text"), _long("search_text"),
        sa.Column("reference", BYTEWISE, nullable=False), _text("state"), sa.Column("is_open", sa.Boolean(), nullable=False),
        _number("taken_by_id"), _number("assignee_id"), _number("team_id", nullable=True), _moment("received_at", nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False), _moment("clock_from", nullable=False), _number("deadlines_version"),
        _number("hours_version"),
        _number("first_minutes", nullable=True), _number("solve_minutes", nullable=True), sa.Column("waits", JSON, nullable=False),
        _moment("waiting_since"), _moment("first_due_at"), _moment("solve_due_at"), _moment("due_at", nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False), _moment("escalate_at"), _number("escalation"), _moment("first_answered_at"),
        _moment("answered_at"), _moment("followed_at"), _moment("closed_at"), _number("first_worked", nullable=True),
        _number("first_elapsed", nullable=True), _number("solve_worked", nullable=True), _number("solve_elapsed", nullable=True),
        _number("reopened"), _long("answer"), _text("cause"), _long("done"), _long("prevention"),
        sa.Column("satisfied", sa.Boolean(), nullable=True), _long("word"), _text("department"),
        _number("register_entry_id", nullable=True), _number("import_id", nullable=True),
        sa.Column("tallied", sa.Boolean(), nullable=False), _number("version"), _number("id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "taken_by_id", "staff"), _key(name, "assignee_id", "staff"),
        _key(name, "team_id", "team"), _key(name, "register_entry_id", "register_entry", ondelete="SET NULL"), _primary(name),
    )  # fmt: skip
    _partial(f"ix_{name}_queue", name, [*PLACE, "kind", "channel", "state"], "is_open")
    _partial(f"ix_{name}_mine", name, ["assignee_id", *PLACE], "is_open")
    _partial(f"ix_{name}_team", name, ["team_id", *PLACE], "is_open")
    _partial(f"ix_{name}_of_customer", name, ["customer_id", *PLACE], "is_open")
    for columns in (
        ("customer_id", "received_at", "id"), ("received_at", "id", "kind", "channel", "state"), ("assignee_id", "received_at", "id"),
        ("team_id", "received_at", "id"), ("kind", "received_on", "id"), ("received_on",), ("import_id",),
    ):  # fmt: skip
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))
    _partial(f"ix_{name}_escalate", name, ["escalate_at", "id"], "escalate_at IS NOT NULL")
    _partial(f"ix_{name}_untallied", name, ["id"], "NOT tallied")
    _partial(f"ix_{name}_unknown", name, ["taken_by_id", "id"], "customer_id IS NULL")
    _partial(f"ix_{name}_reference", name, ["reference"], "reference <> ''")

    name = "request_step"
    op.create_table(
        name,
        _number("request_id"), _text("kind"), _number("by_id", nullable=True), _moment("at", nullable=False), _long("word"),
        _number("to_id", nullable=True), _number("id"),
        _key(name, "request_id", "service_request", ondelete="CASCADE"), _key(name, "by_id", "staff"), _key(name, "to_id", "staff"),
        _primary(name),
    )  # fmt: skip
    op.create_index(f"ix_{name}_request_id", name, ["request_id"])

    name = "request_link"
    op.create_table(
        name,
        _number("request_id"), _number("other_id"), _text("kind"), _number("by_id"), _moment("at", nullable=False), _number("id"),
        _key(name, "request_id", "service_request", ondelete="CASCADE"), _key(name, "other_id", "service_request", ondelete="CASCADE"),
        _key(name, "by_id", "staff"), _primary(name),
    )  # fmt: skip
    op.create_index(f"ix_{name}_request_id_other_id", name, ["request_id", "other_id"], unique=True)
    op.create_index(f"ix_{name}_other_id", name, ["other_id"])

    name = "request_escalation"
    op.create_table(
        name,
        _number("request_id"), _number("level"), _moment("due_at", nullable=False), _moment("at", nullable=False),
        sa.Column("people", JSON, nullable=False), _number("id"),
        _key(name, "request_id", "service_request", ondelete="CASCADE"), _primary(name),
    )  # fmt: skip
    op.create_index(f"ix_{name}_request_id_level_due_at", name, ["request_id", "level", "due_at"], unique=True)

    name = "repair_visit"
    op.create_table(
        name,
        _number("request_id"), _text("fitter"), _text("telephone"), _moment("starts_at", nullable=False),
        _moment("ends_at", nullable=False),
        _number("arranged_by_id"), _moment("arranged_at", nullable=False), _moment("overran_at"), _moment("done_at"), _long("result"),
        _number("id"),
        _key(name, "request_id", "service_request", ondelete="CASCADE"), _key(name, "arranged_by_id", "staff"), _primary(name),
    )  # fmt: skip
    op.create_index(f"ix_{name}_request_id", name, ["request_id"])
    _partial(f"ix_{name}_under_way", name, ["ends_at", "id"], "done_at IS NULL AND overran_at IS NULL")

    name = "promise"
    op.create_table(
        name,
        _number("customer_id", nullable=True), _text("source"), _number("source_id"), _text("text"), _moment("due_at", nullable=False),
        _number("staff_id"), _text("state"), _number("made_by_id"), _moment("made_at", nullable=False),
        _number("settled_by_id", nullable=True), _moment("settled_at"), _text("word"), _number("id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "staff_id", "staff"), _key(name, "made_by_id", "staff"),
        _key(name, "settled_by_id", "staff"), _primary(name),
    )  # fmt: skip
    op.create_index(f"ix_{name}_customer_id", name, ["customer_id"])
    op.create_index(f"ix_{name}_source_source_id_id", name, ["source", "source_id", "id"])
    _partial(f"ix_{name}_open", name, ["staff_id", "due_at", "id"], "state = 'open'")

    name = "service_channel"
    op.create_table(
        name,
        _text("code"), _number("staff_id", nullable=True), _text("hours"), _number("first_minutes", nullable=True), _long("note"),
        _number("updated_by_id", nullable=True), _moment("updated_at", nullable=False), _number("version"), _number("id"),
        _key(name, "staff_id", "staff"), _key(name, "updated_by_id", "staff"), _primary(name),
        sa.UniqueConstraint("code", name=op.f(f"uq_{name}_code")),
    )  # fmt: skip

    name = "channel_evaluation"
    op.create_table(
        name,
        _text("code"), _number("year"), _long("verdict"), _long("improvement"), sa.Column("figures", JSON, nullable=False),
        _number("by_id"), _moment("at", nullable=False), _number("version"), _number("id"),
        _key(name, "by_id", "staff"), _primary(name),
    )  # fmt: skip
    op.create_index(f"ix_{name}_code_year", name, ["code", "year"], unique=True)

    name = "request_tally"
    op.create_table(
        name, _text("month"), _text("channel"), _text("kind"), *(_number(one) for one in COUNTED), _number("id"), _primary(name)
    )
    op.create_index(f"ix_{name}_month_channel_kind", name, ["month", "channel", "kind"], unique=True)


def downgrade() -> None:
    """Take them away."""
    for name in (
        "request_tally", "channel_evaluation", "service_channel", "promise", "repair_visit", "request_escalation", "request_link",
        "request_step", "service_request",
    ):  # fmt: skip
        op.drop_table(name)
