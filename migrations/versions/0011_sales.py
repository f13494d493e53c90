"""sales and payments, their totals, products, external codes of customers; options of an import

Revision 0011, after 0010. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    named, few = sa.text("document <> ''"), sa.text("state <> 'ordered'")
    op.create_table(
        "region_month",
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_region_month")),
    )
    op.create_index("ix_region_month_month", "region_month", ["month"])
    op.create_index("ix_region_month_region_month", "region_month", ["region", "month"], unique=True)

    op.create_table(
        "product",
        sa.Column("code", BYTEWISE, nullable=False),
        sa.Column("name", BYTEWISE, nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_product_created_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("code", name=op.f("uq_product_code")),
    )
    op.create_index("ix_product_import_id", "product", ["import_id"])
    op.create_index("ix_product_name_id", "product", ["name", "id"])

    op.create_table(
        "customer_code",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("code", BYTEWISE, nullable=False),
        sa.Column("source", BYTEWISE, nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_customer_code_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_code_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_code")),
    )
    op.create_index("ix_customer_code_code_source", "customer_code", ["code", "source"], unique=True)
    op.create_index("ix_customer_code_customer_id", "customer_code", ["customer_id"])
    op.create_index("ix_customer_code_import_id", "customer_code", ["import_id"])

    op.create_table(
        "customer_month",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("unassigned", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("due_lines", sa.Integer(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("settled_lines", sa.Integer(), nullable=False),
        sa.Column("days_late", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_month_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_month")),
    )
    op.create_index("ix_customer_month_customer_id_month", "customer_month", ["customer_id", "month"], unique=True)
    op.create_index("ix_customer_month_month", "customer_month", ["month"])

    op.create_table(
        "customer_product_year",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_customer_product_year_customer_id_customer"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_customer_product_year_product_id_product"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_product_year")),
    )
    op.create_index(
        "ix_customer_product_year_customer_id_product_id_year", "customer_product_year", ["customer_id", "product_id", "year"], unique=True
    )
    op.create_index("ix_customer_product_year_product_id_year", "customer_product_year", ["product_id", "year"])

    op.create_table(
        "customer_year",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_customer_year_customer_id_customer"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_year")),
    )
    op.create_index("ix_customer_year_customer_id_year", "customer_year", ["customer_id", "year"], unique=True)
    op.create_index("ix_customer_year_year_sold_customer_id", "customer_year", ["year", "sold", "customer_id"])

    op.create_table(
        "payment",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", BYTEWISE, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("document", BYTEWISE, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", BYTEWISE, nullable=True),
        sa.Column("void_because", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_payment_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_payment_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
    )
    op.create_index("ix_payment_customer_id_day_id_state", "payment", ["customer_id", "day", "id", "state"])
    op.create_index("ix_payment_customer_id_key", "payment", ["customer_id", "key"], unique=True)
    op.create_index("ix_payment_day_id", "payment", ["day", "id"])
    op.create_index("ix_payment_document", "payment", ["document"], sqlite_where=named, postgresql_where=named)
    op.create_index("ix_payment_import_id", "payment", ["import_id"])

    op.create_table(
        "product_month",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("sold", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_product_month_product_id_product"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_month")),
    )
    op.create_index("ix_product_month_month", "product_month", ["month"])
    op.create_index("ix_product_month_product_id_month", "product_month", ["product_id", "month"], unique=True)

    op.create_table(
        "sale",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("document", BYTEWISE, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("key", BYTEWISE, nullable=True),
        sa.Column("void_because", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_sale_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_sale_customer_id_customer")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_sale_product_id_product")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale")),
        sa.UniqueConstraint("key", name=op.f("uq_sale_key")),
    )
    op.create_index("ix_sale_customer_id_day_id_state", "sale", ["customer_id", "day", "id", "state"])
    op.create_index("ix_sale_day_id", "sale", ["day", "id"])
    op.create_index("ix_sale_import_id", "sale", ["import_id"])
    op.create_index("ix_sale_not_ordered", "sale", ["state", "day", "id"], sqlite_where=few, postgresql_where=few)
    op.create_index("ix_sale_product_id_day_id", "sale", ["product_id", "day", "id"])
    op.create_index("ix_sale_region_day_id", "sale", ["region", "day", "id"])

    op.create_table(
        "sale_document",
        sa.Column("number", BYTEWISE, nullable=False),
        sa.Column("source", BYTEWISE, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by_id"], ["staff.id"], name=op.f("fk_sale_document_created_by_id_staff")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_sale_document_customer_id_customer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_document")),
    )
    op.create_index("ix_sale_document_customer_id", "sale_document", ["customer_id"])
    op.create_index("ix_sale_document_import_id", "sale_document", ["import_id"])
    op.create_index("ix_sale_document_number_source", "sale_document", ["number", "source"], unique=True)

    op.add_column("import_run", sa.Column("options", JSON, server_default="{}", nullable=False))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("import_run", "options")
    for table in (
        "customer_product_year", "customer_year", "customer_month", "product_month", "region_month",
        "payment", "sale", "sale_document", "customer_code", "product",
    ):  # fmt: skip
        op.drop_table(table)
