"""loans of dossiers: who reads or borrows what until when, and in what condition papers come and go

Revision 0005, after 0004. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loan",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("asked_for", sa.String(), nullable=False),
        sa.Column("reader_id", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("extent", sa.String(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("extends_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_out_by_id", sa.Integer(), nullable=True),
        sa.Column("handed_out_note", sa.String(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by_id", sa.Integer(), nullable=True),
        sa.Column("returned_note", sa.String(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_loan_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_loan_customer_id_customer"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["staff.id"], name=op.f("fk_loan_ended_by_id_staff")),
        sa.ForeignKeyConstraint(["extends_id"], ["loan.id"], name=op.f("fk_loan_extends_id_loan")),
        sa.ForeignKeyConstraint(["handed_out_by_id"], ["staff.id"], name=op.f("fk_loan_handed_out_by_id_staff")),
        sa.ForeignKeyConstraint(["reader_id"], ["staff.id"], name=op.f("fk_loan_reader_id_staff")),
        sa.ForeignKeyConstraint(["received_by_id"], ["staff.id"], name=op.f("fk_loan_received_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
    )
    asked, running = sa.text("state IN ('draft', 'pending')"), sa.text("state IN ('granted', 'out')")
    op.create_index("ix_loan_customer_id", "loan", ["customer_id"])
    op.create_index("ix_loan_extends_id", "loan", ["extends_id"])
    op.create_index("ix_loan_reader_id_state", "loan", ["reader_id", "state"])
    op.create_index("ix_loan_state_id", "loan", ["state", "id"])
    op.create_index("ix_loan_running", "loan", ["until_on"], sqlite_where=running, postgresql_where=running)
    columns = ["customer_id", "reader_id", "form"]
    op.create_index("uq_loan_asked", "loan", columns, unique=True, sqlite_where=asked, postgresql_where=asked)

    op.create_table(
        "loan_document",
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("is_out", sa.Boolean(), nullable=False),
        sa.Column("condition_out", sa.String(), nullable=False),
        sa.Column("condition_back", sa.String(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["archive_document.id"], name=op.f("fk_loan_document_document_id_archive_document")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_document_loan_id_loan"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_document")),
    )
    op.create_index("ix_loan_document_document_id", "loan_document", ["document_id"])
    op.create_index("ix_loan_document_loan_id_document_id", "loan_document", ["loan_id", "document_id"], unique=True)
    op.create_index(
        "uq_loan_document_out", "loan_document", ["document_id"], unique=True,
        sqlite_where=sa.text("is_out = 1"), postgresql_where=sa.text("is_out"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("loan_document")
    op.drop_table("loan")
