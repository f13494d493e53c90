"""the end of dealings, and lists of documents for disposal

Revision 0008, after 0007. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dealings_end",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resumed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resumed_by_id", sa.Integer(), nullable=True),
        sa.Column("resumed_because", sa.String(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_dealings_end_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_dealings_end_customer_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["resumed_by_id"], ["staff.id"], name=op.f("fk_dealings_end_resumed_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dealings_end")),
    )
    standing = sa.text("resumed_at IS NULL")
    op.create_index("ix_dealings_end_customer_id", "dealings_end", ["customer_id"])
    op.create_index(
        "uq_dealings_end_standing", "dealings_end", ["customer_id"], unique=True, sqlite_where=standing, postgresql_where=standing
    )

    op.create_table(
        "disposal",
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_on", sa.Date(), nullable=True),
        sa.Column("witness_1", sa.String(), nullable=False),
        sa.Column("witness_2", sa.String(), nullable=False),
        sa.Column("scan_id", sa.Integer(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_because", sa.String(), nullable=False),
        sa.Column("digests", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_disposal_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_disposal_customer_id_customer"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_disposal_recorded_by_id_staff")),
        sa.ForeignKeyConstraint(["scan_id"], ["attachment.id"], name=op.f("fk_disposal_scan_id_attachment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal")),
    )
    op.create_index("ix_disposal_customer_id", "disposal", ["customer_id"])
    op.create_index("ix_disposal_state_id", "disposal", ["state", "id"])

    op.create_table(
        "disposal_item",
        sa.Column("disposal_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["disposal_id"], ["disposal.id"], name=op.f("fk_disposal_item_disposal_id_disposal"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["archive_document.id"], name=op.f("fk_disposal_item_document_id_archive_document")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disposal_item")),
    )
    op.create_index("ix_disposal_item_document_id", "disposal_item", ["document_id"])
    op.create_index("ix_disposal_item_disposal_id_document_id", "disposal_item", ["disposal_id", "document_id"], unique=True)


def downgrade() -> None:
    op.drop_table("disposal_item")
    op.drop_table("disposal")
    op.drop_table("dealings_end")
