"""hand-overs with the list of what moved

Revision 0010, after 0009. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    plain = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.create_table(
        "hand_over",
        sa.Column("from_id", sa.Integer(), nullable=True),
        sa.Column("to_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("witness", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("counts", plain, nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scan_id", sa.Integer(), nullable=True),
        sa.Column("scanned_by_id", sa.Integer(), nullable=True),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["staff.id"], name=op.f("fk_hand_over_from_id_staff")),
        sa.ForeignKeyConstraint(["to_id"], ["staff.id"], name=op.f("fk_hand_over_to_id_staff")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_hand_over_team_id_team")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_hand_over_created_by_id_staff")),
        sa.ForeignKeyConstraint(["done_by_id"], ["staff.id"], name=op.f("fk_hand_over_done_by_id_staff")),
        sa.ForeignKeyConstraint(["scan_id"], ["attachment.id"], name=op.f("fk_hand_over_scan_id_attachment")),
        sa.ForeignKeyConstraint(["scanned_by_id"], ["staff.id"], name=op.f("fk_hand_over_scanned_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over")),
    )
    prepared = sa.text("state = 'prepared'")
    op.create_index(
        "uq_hand_over_prepared", "hand_over", ["from_id"], unique=True, sqlite_where=prepared, postgresql_where=prepared
    )
    op.create_index("ix_hand_over_from_id_id", "hand_over", ["from_id", "id"])
    op.create_index("ix_hand_over_to_id_id", "hand_over", ["to_id", "id"])
    op.create_index("ix_hand_over_team_id_id", "hand_over", ["team_id", "id"])

    op.create_table(
        "hand_over_item",
        sa.Column("hand_over_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("content", plain, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hand_over_id"], ["hand_over.id"], name=op.f("fk_hand_over_item_hand_over_id_hand_over"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_over_item")),
    )
    op.create_index("ix_hand_over_item_hand_over_id_part_id", "hand_over_item", ["hand_over_id", "part", "id"])


def downgrade() -> None:
    op.drop_table("hand_over_item")
    op.drop_table("hand_over")
