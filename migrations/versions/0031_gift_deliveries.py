"""gifts: rounds and deliveries, lists of goods agreed, the gift register

Revision 0031, after 0030. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _some(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    op.create_index(name, table, columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    """Make the tables."""
    name = "gift_run"
    op.create_table(
        name,
        *_columns(sa.Date(), "day"), *_columns(sa.String(), "route"), *_columns(sa.Integer(), "staff_id"), *_columns(sa.String(), "driver"),
        *_columns(sa.Text(), "note"), *_columns(sa.String(), "state"), *_columns(sa.Integer(), "team_id", "loaded_by_id", nullable=True),
        *_columns(MOMENT, "loaded_at", nullable=True), *_columns(sa.Integer(), "created_by_id"), *_columns(MOMENT, "created_at"),
        *_columns(sa.Integer(), "version", "id"),
        *(_key(name, column, "staff") for column in ("staff_id", "loaded_by_id", "created_by_id")), _key(name, "team_id", "team"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    for columns in (("staff_id", "state", "day"), ("day", "id"), ("team_id", "id")):
        _index(name, *columns)

    name = "gift_delivery"
    op.create_table(
        name,
        *_columns(sa.Integer(), "recipient_id", "customer_id", "campaign_id", "tier_id"),
        *_columns(sa.Integer(), "staff_id", nullable=True),
        *_columns(sa.String(), "way"), *_columns(sa.Text(), "way_reason"), *_columns(sa.String(), "state"),
        *_columns(sa.Date(), "told_on", nullable=True), *_columns(sa.String(), "told_how", "told_to"),
        *_columns(sa.Integer(), "told_by_id", "run_id", nullable=True), *_columns(sa.Integer(), "position"),
        *_columns(sa.String(), "carrier", "tracking"), *_columns(sa.Text(), "address"), *_columns(sa.Date(), "out_on", nullable=True),
        *_columns(sa.Integer(), "out_by_id", nullable=True), *_columns(sa.String(), "received_by"),
        *_columns(sa.Date(), "received_on", nullable=True), *_columns(sa.Integer(), "recorded_by_id", nullable=True),
        *_columns(MOMENT, "recorded_at", nullable=True), *_columns(sa.Text(), "remark"),
        *_columns(sa.Integer(), "picture_id", "signature_id", nullable=True), *_columns(sa.Date(), "returned_on", nullable=True),
        *_columns(sa.Text(), "return_reason"), *_columns(sa.Boolean(), "intact"), *_columns(MOMENT, "created_at"),
        *_columns(sa.Integer(), "version", "id"),
        *(_key(name, f"{one}_id", table, ondelete="CASCADE") for one, table in (
            ("recipient", "gift_recipient"), ("customer", "customer"), ("campaign", "gift_campaign"), ("tier", "gift_tier"),
        )),
        _key(name, "run_id", "gift_run", ondelete="SET NULL"),
        *(_key(name, column, "attachment", ondelete="SET NULL") for column in ("picture_id", "signature_id")),
        *(_key(name, column, "staff") for column in ("staff_id", "told_by_id", "out_by_id", "recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    _some(f"uq_{name}_live", name, ["recipient_id"], "state IN ('waiting', 'out', 'received')", unique=True)
    _some(f"ix_{name}_to_tell", name, ["staff_id", "id"], "state = 'waiting' AND way = 'post' AND told_on IS NULL")
    _some(f"ix_{name}_to_send", name, ["customer_id", "id"], "state = 'waiting' AND way = 'post' AND told_on IS NOT NULL")
    _some(f"ix_{name}_wanted", name, ["tier_id"], "state = 'waiting'")
    for columns in (("customer_id", "id"), ("campaign_id", "state", "id"), ("run_id", "position", "id")):
        _index(name, *columns)
    # SQLite makes the table anew, and would lose what is checked on it.
    checks = (
        sa.CheckConstraint("change <> 0", name=op.f("ck_gift_movement_change")),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_gift_movement_balance")),
    )
    with op.batch_alter_table("gift_movement", table_args=checks) as batch_op:
        batch_op.add_column(sa.Column("delivery_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_gift_movement_delivery_id_gift_delivery"), name, ["delivery_id"], ["id"], ondelete="SET NULL"
        )
    _index("gift_movement", "delivery_id")

    name = "gift_agreement"
    op.create_table(
        name,
        *_columns(sa.Integer(), "campaign_id"), *_columns(sa.String(), "state"), *_columns(JSON, "lines"), *_columns(sa.Text(), "note"),
        *_columns(sa.Integer(), "service_id", nullable=True), *_columns(sa.Date(), "agreed_on", nullable=True),
        *_columns(sa.String(), "marketing"), *_columns(sa.Date(), "passed_on", nullable=True),
        *_columns(sa.String(), "purchasing", "finance"), *_columns(sa.Integer(), "created_by_id"), *_columns(MOMENT, "created_at"),
        *_columns(sa.Integer(), "version", "id"),
        _key(name, "campaign_id", "gift_campaign", ondelete="CASCADE"), _key(name, "service_id", "staff"),
        _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    _index(name, "campaign_id", "id")

    name = "gift_entry"
    op.create_table(
        name,
        *_columns(sa.Integer(), "customer_id"), *_columns(sa.Date(), "given_on"), *_columns(sa.String(), "source"),
        *_columns(sa.Integer(), "source_id"), *_columns(sa.String(), "title", "organisation", "person", "post"),
        *_columns(sa.Boolean(), "official"), *_columns(sa.Text(), "purpose", "goods"), *_columns(sa.BigInteger(), "amount"),
        *_columns(sa.Integer(), "giver_id", "handed_by_id", nullable=True), *_columns(sa.String(), "voucher"),
        *_columns(sa.Date(), "taken_back_on", nullable=True), *_columns(MOMENT, "created_at"), *_columns(sa.Integer(), "id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "giver_id", "staff"), _key(name, "handed_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    _some(f"uq_{name}_source", name, ["source", "source_id"], "taken_back_on IS NULL", unique=True)
    for columns in (("given_on", "id"), ("customer_id", "given_on"), ("giver_id", "given_on")):
        _index(name, *columns)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_gift_movement_delivery_id", table_name="gift_movement")
    with op.batch_alter_table("gift_movement") as batch_op:
        batch_op.drop_column("delivery_id")
    for name in ("gift_entry", "gift_agreement", "gift_delivery", "gift_run"):
        op.drop_table(name)
