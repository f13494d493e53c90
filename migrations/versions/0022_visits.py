"""visits to customers with attempts, daily reports, letters of thanks; when each customer was last visited

Revision 0022, after 0021. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NEVER = "1900-01-01"


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


def _primary(name: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))


def _indexes(table: str, *columns: tuple[str, ...]) -> None:
    for some in columns:
        op.create_index(f"ix_{table}_{'_'.join(some)}", table, list(some))


def _some(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Make the tables. Nobody noted visits before: every customer is due for a first one, by the frequency of its grade."""
    op.add_column("customer", sa.Column("visited_on", sa.Date(), nullable=False, server_default=NEVER))
    for scope in ("owner", "team"):
        columns = [f"{scope}_id", "state", "grade", "visited_on", "id", "route", "route_order"]
        op.create_index(f"ix_customer_{scope}_visits", "customer", columns)

    name = "visit_report"
    op.create_table(
        name,
        _number("staff_id"), _number("team_id", nullable=True), _day("day"), _day("due_on"), _text("state"), _long("remarks"),
        _moment("submitted_at", nullable=True), _moment("read_at", nullable=True), _moment("created_at"), _number("version"),
        _number("id"),
        _key(name, "staff_id", "staff"), _key(name, "team_id", "team"), _primary(name),
    )  # fmt: skip
    op.create_index("uq_visit_report_day", name, ["staff_id", "day"], unique=True)
    _indexes(name, ("day", "id"), ("team_id", "day", "id"))
    _some("ix_visit_report_open", name, ["staff_id", "day"], "state IN ('draft', 'returned')")
    _some("ix_visit_report_unread", name, ["team_id", "day", "staff_id"], "state = 'submitted'")

    name = "visit_report_word"
    op.create_table(
        name,
        _number("report_id"), _text("kind"), _long("text"), _number("by_id"), _moment("at"), _number("id"),
        _key(name, "report_id", "visit_report", ondelete="CASCADE"), _key(name, "by_id", "staff"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("report_id",))

    name = "visit"
    op.create_table(
        name,
        _number("customer_id"), _number("staff_id"), sa.Column("follows_owner", sa.Boolean(), nullable=False),
        _number("team_id", nullable=True), _day("day"), _day("planned_for", nullable=True), _text("state"), _text("purpose"), _long("aim"),
        _day("due_since", nullable=True), _number("yearly"), _number("rhythm_version"), _number("attempts"),
        _moment("arrived_at", nullable=True), _text("met"), _long("review"), _long("effect"), _long("needs"), _long("next_step"),
        _text("reason"), _moment("done_at", nullable=True), _number("report_id", nullable=True), _number("created_by_id"),
        _moment("created_at"), _number("version"), _number("id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "staff_id", "staff"), _key(name, "team_id", "team"),
        _key(name, "report_id", "visit_report", ondelete="SET NULL"), _key(name, "created_by_id", "staff"), _primary(name),
    )  # fmt: skip
    _some("uq_visit_planned", name, ["customer_id"], "state = 'planned'", unique=True)
    for scope in ("staff", "team"):
        op.create_index(f"ix_visit_{scope}", name, [f"{scope}_id", "state", "day", "id", "purpose"])
    op.create_index("ix_visit_state", name, ["state", "day", "id", "purpose"])
    _indexes(name, ("report_id",), ("customer_id", "state", "day"))

    name = "visit_attempt"
    op.create_table(
        name,
        _number("visit_id"), _text("outcome"), _day("day"), _text("note"), _day("to_day", nullable=True), _number("by_id"), _moment("at"),
        _number("report_id", nullable=True), _number("id"),
        _key(name, "visit_id", "visit", ondelete="CASCADE"), _key(name, "by_id", "staff"),
        _key(name, "report_id", "visit_report", ondelete="SET NULL"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("visit_id", "id"), ("report_id",))

    name = "thank_you_letter"
    op.create_table(
        name,
        _number("customer_id"), _text("kind"), _number("lot_id", nullable=True), _day("dated_on"), _day("deal_on"), _text("deal"),
        _text("contact"), _long("text_zh"), _long("text_en"), _number("template_version"), _day("posted_on", nullable=True),
        _number("by_id"), _moment("created_at"), _number("version"), _number("id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "lot_id", name, ondelete="SET NULL"),
        _key(name, "by_id", "staff"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("customer_id", "id"), ("lot_id", "id"))


def downgrade() -> None:
    """Take the tables away."""
    for name in ("thank_you_letter", "visit_attempt", "visit", "visit_report_word", "visit_report"):
        op.drop_table(name)
    for scope in ("owner", "team"):
        op.drop_index(f"ix_customer_{scope}_visits", "customer")
    op.drop_column("customer", "visited_on")
