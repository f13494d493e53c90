"""information reports on customers, with what is added to them

Revision 0009, after 0008. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ON_REGISTER = sa.text("state = 'active'")


def upgrade() -> None:
    op.add_column("customer", sa.Column("reported_until", sa.Date(), nullable=False, server_default="1900-01-01"))
    for scope in ("owner_id", "team_id"):
        op.create_index(
            f"ix_customer_{scope}_reported",
            "customer",
            [scope, "grade", "reported_until"],
            sqlite_where=ON_REGISTER,
            postgresql_where=ON_REGISTER,
        )

    op.create_table(
        "information_report",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("manager_read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_information_report_author_id_staff")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_information_report_customer_id_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_information_report")),
    )
    op.create_index("ix_information_report_author_id", "information_report", ["author_id"])
    op.create_index("ix_information_report_dated_on_id", "information_report", ["dated_on", "id"])
    op.create_index("ix_information_report_customer_id_dated_on_id", "information_report", ["customer_id", "dated_on", "id"])
    for name, columns, where, unique in (
        ("uq_information_report_period", ["customer_id", "period"], "kind = 'periodic'", True),
        ("ix_information_report_unread", ["id"], "read_at IS NULL AND submitted_at IS NOT NULL", False),
        ("ix_information_report_managers", ["id"], "manager_read_at IS NULL AND kind = 'urgent'", False),
        ("ix_information_report_back", ["author_id", "id"], "state = 'returned'", False),
    ):
        op.create_index(name, "information_report", columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))

    op.create_table(
        "report_note",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_report_note_by_id_staff")),
        sa.ForeignKeyConstraint(["document_id"], ["archive_document.id"], name=op.f("fk_report_note_document_id_archive_document")),
        sa.ForeignKeyConstraint(
            ["report_id"], ["information_report.id"], name=op.f("fk_report_note_report_id_information_report"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_note")),
    )
    op.create_index("ix_report_note_document_id", "report_note", ["document_id"])
    op.create_index("ix_report_note_report_id", "report_note", ["report_id"])


def downgrade() -> None:
    op.drop_table("report_note")
    op.drop_table("information_report")
    for scope in ("team_id", "owner_id"):
        op.drop_index(f"ix_customer_{scope}_reported", "customer")
    op.drop_column("customer", "reported_until")
