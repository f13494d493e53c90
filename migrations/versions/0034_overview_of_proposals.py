"""Figures of proposals kept by year as the overview shows them; proposals found by who handles them

Revision 0034, after 0033. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

FIGURES = ("received", "decided", "on_time", "adopted", "kept", "declined", "reward", "value")
PARTS = {"months": "month", "kinds": "kind", "departments": "department"}


def _columns() -> list[sa.Column]:  # type: ignore[type-arg]
    kinds = {"reward": sa.BigInteger(), "value": sa.BigInteger()}
    return [sa.Column(name, kinds.get(name, sa.Integer()), nullable=False) for name in FIGURES]


def upgrade() -> None:
    """Add up what was kept by month, kind, department and team at once."""
    name = "proposal_year_total"
    op.create_table(
        name,
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("team", sa.Integer(), nullable=False),
        *_columns(),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.UniqueConstraint("year", "part", "code", "team", name=op.f(f"uq_{name}_year_part_code_team")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    sums = ", ".join(f"sum({one})" for one in FIGURES)
    for part, column in PARTS.items():
        op.execute(
            f"INSERT INTO {name} (year, part, code, team, {', '.join(FIGURES)}) "  # noqa: S608 - the names above
            f"SELECT CAST(substr(month, 1, 4) AS INTEGER), '{part}', {column}, team, {sums} "
            f"FROM proposal_total GROUP BY substr(month, 1, 4), {column}, team"
        )
    op.drop_table("proposal_total")
    op.add_column("proposal_counted", sa.Column("year", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE proposal_counted SET year = CAST(substr(month, 1, 4) AS INTEGER)")
    op.drop_column("proposal_counted", "month")
    op.create_index("ix_proposal_handler_id_id", "proposal", ["handler_id", "id"])


def downgrade() -> None:
    """Go back to the finer figures: the worker counts them anew."""
    op.drop_index("ix_proposal_handler_id_id", "proposal")
    op.execute("DELETE FROM proposal_counted")
    op.add_column("proposal_counted", sa.Column("month", sa.String(), nullable=False, server_default=""))
    op.drop_column("proposal_counted", "year")
    name = "proposal_total"
    op.create_table(
        name,
        *(sa.Column(one, sa.String(), nullable=False) for one in ("month", "kind", "department")),
        sa.Column("team", sa.Integer(), nullable=False),
        *_columns(),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.UniqueConstraint("month", "kind", "department", "team", name=op.f(f"uq_{name}_month_kind_department_team")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.drop_table("proposal_year_total")
