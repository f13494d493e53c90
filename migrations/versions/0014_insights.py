"""kept answers to questions about many customers

Revision 0014, after 0013. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "insight_count",
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("content", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_insight_count_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_count")),
    )
    op.create_index(op.f("ix_insight_count_scope_question"), "insight_count", ["scope", "question"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_insight_count_scope_question"), table_name="insight_count")
    op.drop_table("insight_count")
