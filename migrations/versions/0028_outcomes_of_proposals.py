"""assessments of and decisions on proposals, what customers receive for them, how they are carried out, and their kept figures

Revision 0028, after 0027. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
YUAN = sa.BigInteger()


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _once(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _primary(name: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}"))


def _indexes(table: str, *columns: tuple[str, ...]) -> None:
    for some in columns:
        op.create_index(f"ix_{table}_{'_'.join(some)}", table, list(some))


def _partial(index: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(index, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _figures() -> list[sa.Column[Any]]:
    return [*_columns(sa.Integer(), "received", "decided", "on_time", "adopted", "kept", "declined"), *_columns(YUAN, "reward", "value")]


def upgrade() -> None:
    """Make the tables."""
    number, text, long, day = sa.Integer(), sa.String(), sa.Text(), sa.Date()

    name = "proposal_assessment"
    op.create_table(
        name,
        *_columns(number, "proposal_id"), *_columns(text, "department", "part"),
        *_columns(long, "analysis", "feasibility", "effect", "cost", "opinion"), *_columns(text, "advice", "author"),
        *_columns(number, "scan_id", nullable=True), *_columns(text, "state"), *_columns(number, "entered_by_id"),
        *_columns(MOMENT, "created_at"), *_columns(MOMENT, "returned_at", nullable=True), *_columns(number, "version", "id"),
        _key(name, "proposal_id", "proposal", ondelete="CASCADE"), _key(name, "scan_id", "attachment"),
        _key(name, "entered_by_id", "staff"), _primary(name),
    )  # fmt: skip
    op.create_index("ix_proposal_assessment_proposal_id_department", name, ["proposal_id", "department"], unique=True)
    _indexes(name, ("scan_id",))

    name = "proposal_decision"
    op.create_table(
        name,
        *_columns(number, "customer_id", "proposal_id"), *_columns(text, "outcome"), *_columns(long, "reasons"), *_columns(text, "grade"),
        *_columns(YUAN, "amount", nullable=True), *_columns(number, "bands_version"), *_columns(text, "state"),
        *_columns(number, "created_by_id"), *_columns(MOMENT, "created_at"), *_columns(MOMENT, "approved_at", nullable=True),
        *_columns(number, "version", "id"), _key(name, "customer_id", "customer", ondelete="CASCADE"),
        _key(name, "proposal_id", "proposal", ondelete="CASCADE"), _key(name, "created_by_id", "staff"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("customer_id",), ("proposal_id", "id"))
    _partial("uq_proposal_decision_undecided", name, ["proposal_id"], "state IN ('draft', 'pending')", unique=True)

    name = "proposal_award"
    op.create_table(
        name,
        *_columns(number, "customer_id", "proposal_id"), *_columns(number, "decision_id", nullable=True), *_columns(text, "kind", "rule"),
        *_columns(number, "year"), *_columns(YUAN, "amount"), *_columns(number, "terms_version"), *_columns(text, "state"),
        *_columns(day, "found_on"), *_columns(number, "permitted_by_id", nullable=True), *_columns(long, "permit_reason"),
        *_columns(day, "handed_on", nullable=True), *_columns(number, "handed_by_id", nullable=True), *_columns(text, "payee"),
        *_columns(number, "confirmed_by_id", nullable=True), *_columns(MOMENT, "confirmed_at", nullable=True),
        *_columns(number, "receipt_id", nullable=True), *_columns(number, "version", "id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "proposal_id", "proposal", ondelete="CASCADE"),
        _key(name, "decision_id", "proposal_decision", ondelete="SET NULL"), _key(name, "permitted_by_id", "staff"),
        _key(name, "handed_by_id", "staff"), _key(name, "confirmed_by_id", "staff"), _key(name, "receipt_id", "attachment"),
        _primary(name),
    )  # fmt: skip
    _indexes(name, ("customer_id", "id"), ("decision_id",), ("proposal_id",), ("receipt_id",), ("year", "id"))
    _partial("ix_proposal_award_waiting", name, ["state", "id"], "state IN ('due', 'over', 'handed')")
    _partial("uq_proposal_award_once", name, ["proposal_id", "kind"], "kind <> 'prize' AND state <> 'lapsed'", unique=True)
    _partial("uq_proposal_award_prize", name, ["customer_id", "year"], "kind = 'prize' AND state <> 'lapsed'", unique=True)

    name = "proposal_prize_year"
    op.create_table(
        name, *_columns(number, "year"), *_columns(MOMENT, "looked_at"), *_columns(number, "id"), _once(name, "year"), _primary(name)
    )

    name = "proposal_work"
    op.create_table(
        name,
        *_columns(number, "proposal_id"), *_columns(text, "department"), *_columns(long, "plan"), *_columns(day, "first_on", "last_on"),
        *_columns(text, "state"), *_columns(number, "created_by_id"), *_columns(MOMENT, "created_at"), *_columns(long, "result"),
        *_columns(day, "ended_on", nullable=True), *_columns(number, "ended_by_id", nullable=True),
        *_columns(YUAN, "value", nullable=True), *_columns(long, "value_basis"), *_columns(number, "version", "id"),
        _key(name, "proposal_id", "proposal", ondelete="CASCADE"), _key(name, "created_by_id", "staff"),
        _key(name, "ended_by_id", "staff"), _once(name, "proposal_id"), _primary(name),
    )  # fmt: skip

    name = "proposal_measure"
    op.create_table(
        name,
        *_columns(number, "work_id", "position"), *_columns(text, "text", "person"), *_columns(day, "due_on"),
        *_columns(day, "done_on", nullable=True), *_columns(text, "note"), *_columns(number, "id"),
        _key(name, "work_id", "proposal_work", ondelete="CASCADE"), _primary(name),
    )  # fmt: skip
    op.create_index("ix_proposal_measure_work_id_position", name, ["work_id", "position"], unique=True)
    _partial("ix_proposal_measure_open", name, ["due_on", "work_id"], "done_on IS NULL")

    name = "proposal_total"
    op.create_table(
        name,
        *_columns(text, "month", "kind", "department"), *_columns(number, "team"), *_figures(), *_columns(number, "id"),
        _once(name, "month", "kind", "department", "team"), _primary(name),
    )  # fmt: skip

    name = "proposal_customer_total"
    op.create_table(
        name,
        *_columns(number, "year", "customer_id"), *_figures(), *_columns(number, "id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _once(name, "customer_id", "year"), _primary(name),
    )  # fmt: skip
    _indexes(name, ("year", "received", "customer_id"))

    name = "proposal_counted"
    op.create_table(
        name,
        *_columns(number, "proposal_id", "as_version"), *_columns(text, "month"), *_columns(number, "customer_id", "id"),
        _key(name, "proposal_id", "proposal", ondelete="CASCADE"), _once(name, "proposal_id"), _primary(name),
    )  # fmt: skip


def downgrade() -> None:
    """Take them away."""
    for name in (
        "proposal_counted", "proposal_customer_total", "proposal_total", "proposal_measure", "proposal_work", "proposal_prize_year",
        "proposal_award", "proposal_decision", "proposal_assessment",
    ):
        op.drop_table(name)
