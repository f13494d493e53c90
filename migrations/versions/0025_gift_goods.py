"""gifts: goods, suppliers, orders, and the movements of the stock

Revision 0025, after 0024. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
MONEY = sa.BigInteger()
BYTEWISE = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def _key(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"))


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    """Make the tables."""
    name = "gift_supplier"
    op.create_table(
        name,
        *_columns(BYTEWISE, "name"), *_columns(sa.String(), "contact", "telephone", "address"), *_columns(sa.Text(), "note"),
        *_columns(sa.Boolean(), "active"), *_columns(sa.Integer(), "version", "id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("name", name=op.f(f"uq_{name}_name")),
    )  # fmt: skip

    name = "gift"
    op.create_table(
        name,
        *_columns(BYTEWISE, "name"), *_columns(sa.String(), "kind"), *_columns(sa.Text(), "specification"), *_columns(sa.String(), "unit"),
        *_columns(MONEY, "unit_price"), *_columns(sa.Integer(), "supplier_id", nullable=True), *_columns(sa.Integer(), "in_stock"),
        *_columns(sa.Boolean(), "active"), *_columns(sa.Integer(), "created_by_id"), *_columns(MOMENT, "created_at"),
        *_columns(sa.Integer(), "version", "id"),
        sa.CheckConstraint("in_stock >= 0", name=op.f(f"ck_{name}_stock")),
        _key(name, "supplier_id", "gift_supplier"), _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("name", name=op.f(f"uq_{name}_name")),
    )  # fmt: skip
    _index(name, "supplier_id")
    _index(name, "active", "name")

    name = "gift_order"
    op.create_table(
        name,
        *_columns(sa.Integer(), "supplier_id"), *_columns(sa.String(), "state"), *_columns(sa.Date(), "ordered_on", "expected_on"),
        *_columns(sa.Text(), "note", "reason"), *_columns(sa.Integer(), "ordered_by_id"), *_columns(MOMENT, "created_at"),
        *_columns(MOMENT, "ended_at", nullable=True), *_columns(sa.Integer(), "id"),
        _key(name, "supplier_id", "gift_supplier"), _key(name, "ordered_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    _index(name, "supplier_id")
    open_ = sa.text("state = 'open'")
    op.create_index(f"ix_{name}_due", name, ["expected_on", "id"], sqlite_where=open_, postgresql_where=open_)

    name = "gift_order_line"
    op.create_table(
        name,
        *_columns(sa.Integer(), "order_id", "gift_id", "quantity"), *_columns(MONEY, "unit_price"),
        *_columns(sa.Integer(), "received", "id"),
        sa.CheckConstraint("received >= 0 AND received <= quantity", name=op.f(f"ck_{name}_received")),
        _key(name, "order_id", "gift_order"), _key(name, "gift_id", "gift"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    _index(name, "order_id")
    _index(name, "gift_id")

    name = "gift_movement"
    op.create_table(
        name,
        *_columns(sa.Integer(), "gift_id"), *_columns(sa.String(), "kind"), *_columns(sa.Integer(), "change", "balance"),
        *_columns(sa.Date(), "moved_on"), *_columns(sa.Integer(), "order_line_id", nullable=True), *_columns(sa.Text(), "reason"),
        *_columns(sa.Integer(), "witness_id", nullable=True), *_columns(sa.Integer(), "by_id"), *_columns(MOMENT, "created_at"),
        *_columns(sa.Integer(), "id"),
        sa.CheckConstraint("change <> 0", name=op.f(f"ck_{name}_change")),
        sa.CheckConstraint("balance >= 0", name=op.f(f"ck_{name}_balance")),
        _key(name, "gift_id", "gift"), _key(name, "order_line_id", "gift_order_line"), _key(name, "witness_id", "staff"),
        _key(name, "by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    _index(name, "order_line_id")
    _index(name, "gift_id", "id")


def downgrade() -> None:
    """Take them away."""
    for name in ("gift_movement", "gift_order_line", "gift_order", "gift", "gift_supplier"):
        op.drop_table(name)
