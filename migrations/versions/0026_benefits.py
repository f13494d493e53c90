"""what a customer is given in a year: the sum of each year, and a line for each thing

Revision 0026, after 0025. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def upgrade() -> None:
    """Make the tables. What was given before is not known; receptions that are still to come count when they are next submitted."""
    name = "benefit_year"
    op.create_table(
        name,
        *_columns(sa.Integer(), "customer_id", "year"), *_columns(sa.BigInteger(), "kept"), *_columns(sa.Integer(), "id"),
        sa.CheckConstraint("kept >= 0", name=op.f(f"ck_{name}_kept")),
        _key(name, "customer_id", "customer", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_customer_id_year", name, ["customer_id", "year"], unique=True)

    name = "benefit"
    op.create_table(
        name,
        *_columns(sa.Integer(), "customer_id", "year"), *_columns(sa.String(), "source"), *_columns(sa.Integer(), "source_id"),
        *_columns(sa.String(), "title"), *_columns(sa.Date(), "day"), *_columns(sa.BigInteger(), "amount"),
        *_columns(sa.Integer(), "by_id", nullable=True), *_columns(sa.Integer(), "cap_version", "id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_source_source_id", name, ["source", "source_id"], unique=True)
    op.create_index(f"ix_{name}_customer_id_year_id", name, ["customer_id", "year", "id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("benefit")
    op.drop_table("benefit_year")
