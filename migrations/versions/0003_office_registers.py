"""the office registers, and imports into other tables than that of the customers

Revision 0003, after 0002. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
STANDING = sa.text("unique_key <> '' AND state <> 'removed'")


def upgrade() -> None:
    op.create_table(
        "register_entry",
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("number", BYTEWISE, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("title", BYTEWISE, nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("unique_key", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("removed_because", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_register_entry_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_register_entry_customer_id_customer")),
        sa.ForeignKeyConstraint(["updated_by_id"], ["staff.id"], name=op.f("fk_register_entry_updated_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
        sa.UniqueConstraint("number", name=op.f("uq_register_entry_number")),
    )
    with op.batch_alter_table("register_entry", schema=None) as batch_op:
        for names in (
            ["register", "state", "dated_on", "id"],
            ["register", "state", "title", "id"],
            ["register", "state", "id"],
            ["customer_id", "register", "state", "dated_on", "id"],
            ["register", "state", "ends_on"],
            ["import_id"],
        ):
            batch_op.create_index(batch_op.f("ix_register_entry_" + "_".join(names)), names, unique=False)
        batch_op.create_index(
            "uq_register_entry_unique_key", ["register", "unique_key"], unique=True, sqlite_where=STANDING, postgresql_where=STANDING
        )
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.add_column(sa.Column("table_name", sa.String(), nullable=False, server_default="customers"))


def downgrade() -> None:
    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_column("table_name")
    op.drop_table("register_entry")
