"""satisfaction surveys with answers and kept figures; assessment of staff by month, rewards and sanctions

Revision 0023, after 0022. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=False)


def _long(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, JSON, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _figure(name: str, digits: int, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Numeric(digits, 2), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, MOMENT, nullable=nullable)


def _day(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Date(), nullable=False)


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _primary(name: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))


def _indexes(table: str, *columns: tuple[str, ...]) -> None:
    for some in columns:
        op.create_index(f"ix_{table}_{'_'.join(some)}", table, list(some))


def _where(name: str, table: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    held = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=held, postgresql_where=held)


def upgrade() -> None:
    """Make the tables."""
    name = "survey"
    op.create_table(
        name,
        _text("title"), _text("way"), _text("source"), _text("language"), _json("filters"), _number("wanted"), _number("seed"),
        _number("questions_version"), _number("low_score"), _text("state"), _day("closes_on"), _moment("closed_at", nullable=True),
        _number("drawn"), _number("answered"), _number("team_id", nullable=True), _number("created_by_id"), _moment("created_at"),
        _number("id"),
        _key(name, "team_id", "team"), _key(name, "created_by_id", "staff"), _primary(name),
    )  # fmt: skip
    _where("ix_survey_closes", name, ["closes_on", "id"], "state = 'running'")
    _indexes(name, ("team_id", "id"))

    name = "survey_answer"
    op.create_table(
        name,
        _number("survey_id"), _number("customer_id", nullable=True), _number("request_id", nullable=True),
        _number("assignee_id", nullable=True), _number("served_by_id", nullable=True), _number("team_id", nullable=True), _text("kind"),
        _text("grade"), _text("nature"), _day("drawn_on"), _text("state"), _json("scores"), _number("lowest", nullable=True),
        _long("text"), _text("spoken_with"), _text("month"), _moment("answered_at", nullable=True),
        _number("entered_by_id", nullable=True), sa.Column("token_hash", BYTEWISE, nullable=False),
        _moment("token_until", nullable=True), _number("version"), _number("id"),
        _key(name, "survey_id", "survey", ondelete="CASCADE"), _key(name, "customer_id", "customer", ondelete="SET NULL"),
        _key(name, "request_id", "service_request", ondelete="SET NULL"), _key(name, "assignee_id", "staff"),
        _key(name, "served_by_id", "staff"), _key(name, "team_id", "team"), _key(name, "entered_by_id", "staff"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("request_id",), ("customer_id", "id"), ("survey_id", "assignee_id", "team_id"), ("survey_id", "state", "id"))
    op.create_index("ix_survey_answer_served", name, ["served_by_id", "month", "id"])
    op.create_index("ix_survey_answer_month", name, ["month", "team_id", "kind", "grade", "id"])
    _where("ix_survey_answer_open", name, ["customer_id"], "state = 'open'")
    _where("ix_survey_answer_mine", name, ["assignee_id", "id", "survey_id"], "state = 'open'")
    _where("uq_survey_answer_token", name, ["token_hash"], "token_hash <> ''", unique=True)

    name = "survey_total"
    op.create_table(
        name,
        _text("month"), _number("team"), _text("kind"), _text("grade"), _text("question"), _number("asked"), _number("replied"),
        _number("number"), _number("points"), _number("low"), _number("id"),
        _once(name, "month", "team", "kind", "grade", "question"), _primary(name),
    )  # fmt: skip

    name = "assessment_month"
    op.create_table(
        name,
        _text("month"), _number("weights_version"), _number("least_version"), _number("opened_by_id"), _moment("opened_at"),
        _number("id"),
        _key(name, "opened_by_id", "staff"), _once(name, "month"), _primary(name),
    )  # fmt: skip

    name = "staff_assessment"
    op.create_table(
        name,
        _number("month_id"), _number("staff_id"), _text("role"), _number("team_id", nullable=True), _text("department"), _json("parts"),
        _json("judged"), _figure("total", 7, nullable=True), _figure("covered", 7), _long("comment"),
        _number("judged_by_id", nullable=True), _text("state"), _moment("counted_at"), _moment("approved_at", nullable=True),
        _number("version"), _number("id"),
        _key(name, "month_id", "assessment_month", ondelete="CASCADE"), _key(name, "staff_id", "staff"), _key(name, "team_id", "team"),
        _key(name, "judged_by_id", "staff"), _once(name, "month_id", "staff_id"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("staff_id", "id"), ("team_id", "id"))
    _where("ix_staff_assessment_draft", name, ["team_id", "role", "id"], "state = 'draft'")

    name = "staff_reward"
    op.create_table(
        name,
        _number("assessment_id"), _number("staff_id"), _number("team_id", nullable=True), _text("kind"), _text("measure"),
        _figure("amount", 12, nullable=True), _long("reason"), _text("state"), _number("created_by_id"), _moment("created_at"),
        _moment("approved_at", nullable=True), _number("version"), _number("id"),
        _key(name, "assessment_id", "staff_assessment", ondelete="CASCADE"), _key(name, "staff_id", "staff"),
        _key(name, "team_id", "team"), _key(name, "created_by_id", "staff"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("assessment_id",), ("created_by_id", "state", "id"), ("staff_id", "id"))


def downgrade() -> None:
    """Take the tables away."""
    for name in ("staff_reward", "staff_assessment", "assessment_month", "survey_total", "survey_answer", "survey"):
        op.drop_table(name)
