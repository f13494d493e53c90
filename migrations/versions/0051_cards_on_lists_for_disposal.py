"""cards of past customers on lists for disposal, beside documents

Revision 0051, after 0050. 2026-11-24.
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

KEPT = sa.text("resumed_at IS NULL AND erased_at IS NULL")


def upgrade() -> None:
    """Lists that there are have no cards: what was signed as a list of documents erases none; they are offered when their day has come."""
    op.create_table(
        "disposal_card",
        sa.Column("disposal_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["disposal_id"], ["disposal.id"], name=op.f("fk_disposal_card_disposal_id_disposal"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_disposal_card_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_card")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_disposal_card_disposal_id_customer_id", "disposal_card", ["disposal_id", "customer_id"], unique=True)
    op.create_index("ix_disposal_card_customer_id", "disposal_card", ["customer_id"])
    op.add_column("disposal", sa.Column("card_version", sa.Integer(), nullable=True))
    op.create_index("ix_dealings_end_kept", "dealings_end", ["ended_on", "customer_id"], sqlite_where=KEPT, postgresql_where=KEPT)


def downgrade() -> None:
    """List documents alone again; erased cards stay erased."""
    op.drop_index("ix_dealings_end_kept", table_name="dealings_end")
    op.drop_column("disposal", "card_version")
    op.drop_table("disposal_card")
