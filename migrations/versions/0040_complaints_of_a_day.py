"""The figures of complaints are kept by day

Revision 0040, after 0039. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

FIGURES = {
    "number": "count(*)",
    "solved": "count(solve_worked)",
    "closed": "count(CASE WHEN state = 'closed' THEN 1 END)",
    "satisfied": "count(CASE WHEN satisfied THEN 1 END)",
    "unsatisfied": "count(CASE WHEN NOT satisfied THEN 1 END)",
    "solve_worked": "coalesce(sum(solve_worked), 0)",
    "solve_elapsed": "coalesce(sum(solve_elapsed), 0)",
    "answered": "count(first_worked)",
    "first_worked": "coalesce(sum(first_worked), 0)",
    "first_elapsed": "coalesce(sum(first_elapsed), 0)",
}
PARTS = ("cause", "department", "channel")
COMPLAINTS = "kind = 'complaint' AND state NOT IN ('importing', 'joined')"


def upgrade() -> None:
    """Count the complaints that there are."""
    op.create_table(
        "complaint_tally",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in FIGURES),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_tally")),
    )
    op.create_index("ix_complaint_tally_day_part_code", "complaint_tally", ["day", "part", "code"], unique=True)
    columns = sa.table("complaint_tally", *(sa.column(name) for name in ("day", "part", "code", *FIGURES)))
    for part in PARTS:
        day, code = sa.column("received_on"), sa.column(part)
        found = sa.select(day, sa.literal_column(f"'{part}'"), code, *(sa.literal_column(words) for words in FIGURES.values()))
        found = found.select_from(sa.table("service_request")).where(sa.text(COMPLAINTS)).group_by(day, code)
        op.execute(columns.insert().from_select(["day", "part", "code", *FIGURES], found))


def downgrade() -> None:
    """Let them go."""
    op.drop_table("complaint_tally")
