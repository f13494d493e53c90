"""sealed forms: when an approval's final form was sealed and filed, or why it is not yet; prints that the portal itself made

Revision 0006, after 0005. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TO_SEAL = sa.text("state = 'approved' AND sealed_at IS NULL")
FAILED = sa.text("problem <> ''")


def upgrade() -> None:
    op.add_column("approval", sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_approval_to_seal", "approval", ["state", "sealed_at"], sqlite_where=TO_SEAL, postgresql_where=TO_SEAL)
    with op.batch_alter_table("printed_sheet", schema=None) as batch_op:
        batch_op.alter_column("printed_by_id", existing_type=sa.Integer(), nullable=True)

    op.create_table(
        "sealed_form",
        sa.Column("approval_id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("problem_params", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_sealed_form_approval_id_approval")),
        sa.ForeignKeyConstraint(["sheet_id"], ["printed_sheet.id"], name=op.f("fk_sealed_form_sheet_id_printed_sheet")),
        sa.ForeignKeyConstraint(["file_id"], ["attachment.id"], name=op.f("fk_sealed_form_file_id_attachment")),
        sa.ForeignKeyConstraint(["document_id"], ["archive_document.id"], name=op.f("fk_sealed_form_document_id_archive_document")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_form")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_sealed_form_approval_id")),
        sa.UniqueConstraint("sheet_id", name=op.f("uq_sealed_form_sheet_id")),
        sa.UniqueConstraint("file_id", name=op.f("uq_sealed_form_file_id")),
        sa.UniqueConstraint("document_id", name=op.f("uq_sealed_form_document_id")),
    )
    op.create_index("ix_sealed_form_failed", "sealed_form", ["id"], sqlite_where=FAILED, postgresql_where=FAILED)


def downgrade() -> None:
    op.drop_table("sealed_form")
    with op.batch_alter_table("printed_sheet", schema=None) as batch_op:
        batch_op.alter_column("printed_by_id", existing_type=sa.Integer(), nullable=False)
    op.drop_index("ix_approval_to_seal", "approval")
    op.drop_column("approval", "sealed_at")
