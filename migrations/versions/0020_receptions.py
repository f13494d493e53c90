"""visiting customers: meeting rooms and their quarters of an hour, applications, passes

Revision 0020, after 0019. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def upgrade() -> None:
    """Make the tables."""
    name = "meeting_room"
    op.create_table(
        name,
        *_columns(sa.String(), "zh", "en"), *_columns(sa.Integer(), "seats"), *_columns(JSON, "areas"), *_columns(sa.String(), "note"),
        *_columns(sa.Boolean(), "active"), *_columns(sa.Integer(), "version", "id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("zh", name=op.f(f"uq_{name}_zh")),
        sa.UniqueConstraint("en", name=op.f(f"uq_{name}_en")),
    )  # fmt: skip

    name = "reception"
    op.create_table(
        name,
        *_columns(sa.Integer(), "customer_id"), *_columns(sa.String(), "visitor_class", "proposed", "class_reason"),
        *_columns(sa.Text(), "purpose"), *_columns(sa.Integer(), "count"), *_columns(JSON, "visitors"), *_columns(sa.String(), "pass_kind"),
        *_columns(JSON, "wishes"), *_columns(sa.Text(), "other_wishes", "photo_reason"), *_columns(sa.Date(), "first_on", "last_on"),
        *_columns(sa.Time(), "starts_at", "ends_at"), *_columns(sa.Integer(), "room_id", nullable=True), *_columns(JSON, "areas"),
        *_columns(sa.String(), "language", "telephone"), *_columns(sa.Integer(), "host_id"), *_columns(sa.Boolean(), "follows_owner"),
        *_columns(sa.Date(), "rehearsal_on", "rehearsed_on", nullable=True), *_columns(sa.Integer(), "rehearsed_by_id", nullable=True),
        *_columns(sa.Text(), "rehearsal_note"), *_columns(sa.String(), "management", "management_post", "state"),
        *_columns(sa.Integer(), "amends_id", nullable=True), *_columns(sa.Text(), "reason"),
        *_columns(sa.Date(), "applied_on", nullable=True), *_columns(sa.Integer(), "created_by_id"), *_columns(MOMENT, "created_at"),
        *_columns(MOMENT, "approved_at", nullable=True), *_columns(sa.Integer(), "came", nullable=True),
        *_columns(sa.Time(), "arrived_at", nullable=True), *_columns(sa.Text(), "remarks"),
        *_columns(sa.Integer(), "ended_by_id", nullable=True), *_columns(MOMENT, "ended_at", nullable=True),
        *_columns(sa.Text(), "search_text"), *_columns(sa.Integer(), "version", "id"),
        _key(name, "customer_id", "customer", ondelete="CASCADE"), _key(name, "room_id", "meeting_room"), _key(name, "host_id", "staff"),
        _key(name, "rehearsed_by_id", "staff"), _key(name, "amends_id", name, ondelete="SET NULL"), _key(name, "created_by_id", "staff"),
        _key(name, "ended_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    for columns in (("room_id",), ("amends_id",), ("customer_id", "first_on", "id"), ("first_on", "id")):
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))
    open_, approved = sa.text("state IN ('draft', 'pending')"), sa.text("state = 'approved'")
    op.create_index(f"uq_{name}_amended", name, ["amends_id"], unique=True, sqlite_where=open_, postgresql_where=open_)
    op.create_index(f"ix_{name}_host_due", name, ["host_id", "first_on"], sqlite_where=approved, postgresql_where=approved)

    name = "room_slot"
    op.create_table(
        name,
        *_columns(sa.Integer(), "room_id"), *_columns(sa.Date(), "day"), *_columns(sa.Integer(), "quarter", "reception_id", "id"),
        _key(name, "room_id", "meeting_room"), _key(name, "reception_id", "reception", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_room_id_day_quarter", name, ["room_id", "day", "quarter"], unique=True)
    op.create_index(f"ix_{name}_reception_id", name, ["reception_id"])
    op.create_index(f"ix_{name}_day", name, ["day"])

    name = "visitor_pass"
    op.create_table(
        name,
        *_columns(sa.Integer(), "reception_id"), *_columns(sa.String(), "number", "code"), *_columns(JSON, "visitors"),
        *_columns(sa.Date(), "valid_from", "valid_until"), *_columns(MOMENT, "issued_at"), *_columns(sa.Integer(), "id"),
        _key(name, "reception_id", "reception", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{name}_number")),
        sa.UniqueConstraint("code", name=op.f(f"uq_{name}_code")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_reception_id_id", name, ["reception_id", "id"])


def downgrade() -> None:
    """Take them away."""
    for name in ("visitor_pass", "room_slot", "reception", "meeting_room"):
        op.drop_table(name)
