"""dossiers: documents, their files in versions, binders; how many required kinds a dossier lacks

Revision 0004, after 0003. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "binder",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("code", BYTEWISE, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("width_mm", sa.Integer(), nullable=False),
        sa.Column("shelf", BYTEWISE, nullable=False),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_binder_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binder")),
        sa.UniqueConstraint("code", name=op.f("uq_binder_code")),
    )
    with op.batch_alter_table("binder", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_binder_customer_id_code"), ["customer_id", "code"], unique=False)
        batch_op.create_index(batch_op.f("ix_binder_shelf_code"), ["shelf", "code"], unique=False)

    op.create_table(
        "archive_document",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("on_paper", sa.Boolean(), nullable=False),
        sa.Column("archive_number", BYTEWISE, nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("former_numbers", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("retention", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("confidentiality", sa.String(), nullable=False),
        sa.Column("binder_id", sa.Integer(), nullable=True),
        sa.Column("remarks", sa.Text(), nullable=False),
        sa.Column("approval_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("removed_because", sa.String(), nullable=False),
        sa.Column("frozen_by_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_archive_document_approval_id_approval")),
        sa.ForeignKeyConstraint(["binder_id"], ["binder.id"], name=op.f("fk_archive_document_binder_id_binder")),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_archive_document_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_archive_document_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_document")),
        sa.UniqueConstraint("approval_id", name=op.f("uq_archive_document_approval_id")),
        sa.UniqueConstraint("archive_number", name=op.f("uq_archive_document_archive_number")),
    )
    with op.batch_alter_table("archive_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_archive_document_binder_id"), ["binder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_archive_document_customer_id_state_kind"), ["customer_id", "state", "kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_archive_document_state_retention_year"), ["state", "retention", "year"], unique=False)

    op.create_table(
        "archive_document_version",
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("uploaded_by_id", sa.Integer(), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name=op.f("fk_archive_document_version_attachment_id_attachment")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["archive_document.id"], name=op.f("fk_archive_document_version_document_id_archive_document")
        ),
        sa.ForeignKeyConstraint(["uploaded_by_id"], ["staff.id"], name=op.f("fk_archive_document_version_uploaded_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive_document_version")),
    )
    with op.batch_alter_table("archive_document_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_archive_document_version_attachment_id"), ["attachment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_archive_document_version_document_id_number"), ["document_id", "number"], unique=True)

    op.add_column("customer", sa.Column("documents_missing", sa.Integer(), nullable=True))
    missing, to_count = sa.text("documents_missing > 0"), sa.text("documents_missing IS NULL")
    op.create_index("ix_customer_no_documents", "customer", ["state", "number"], sqlite_where=missing, postgresql_where=missing)
    op.create_index("ix_customer_to_count", "customer", ["id"], sqlite_where=to_count, postgresql_where=to_count)


def downgrade() -> None:
    op.drop_index("ix_customer_to_count", "customer")
    op.drop_index("ix_customer_no_documents", "customer")
    op.drop_column("customer", "documents_missing")

    with op.batch_alter_table("archive_document_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_archive_document_version_document_id_number"))
        batch_op.drop_index(batch_op.f("ix_archive_document_version_attachment_id"))

    op.drop_table("archive_document_version")
    with op.batch_alter_table("archive_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_archive_document_state_retention_year"))
        batch_op.drop_index(batch_op.f("ix_archive_document_customer_id_state_kind"))
        batch_op.drop_index(batch_op.f("ix_archive_document_binder_id"))

    op.drop_table("archive_document")
    with op.batch_alter_table("binder", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_binder_shelf_code"))
        batch_op.drop_index(batch_op.f("ix_binder_customer_id_code"))

    op.drop_table("binder")
