"""gift campaigns: tiers with their gifts, lists that are signed, recipients

Revision 0029, after 0028. 2026-11-22.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
MONEY = sa.BigInteger()
LIVE = "state NOT IN ('removed', 'declined', 'rejected')"


def _key(table: str, column: str, target: str, **values: Any) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), **values)


def _columns(kind: Any, *names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=nullable) for name in names]


def _checks(table: str, **checks: str) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(text, name=op.f(f"ck_{table}_{name}")) for name, text in checks.items()]


def _only(name: str, table: str, columns: list[str], where: str, *, unique: bool = True) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def upgrade() -> None:
    """Make the tables."""
    name = "gift_campaign"
    op.create_table(
        name,
        *_columns(sa.String(), "number", "name", "purpose"), *_columns(sa.Text(), "words"), *_columns(sa.Date(), "first_on", "last_on"),
        *_columns(MONEY, "budget", "approved", "committed", "spent"), *_columns(sa.Integer(), "team_id", nullable=True),
        *_columns(JSON, "standards"), *_columns(sa.String(), "state"), *_columns(sa.Text(), "end_reason"),
        *_columns(sa.Integer(), "ended_by_id", nullable=True), *_columns(MOMENT, "ended_at", nullable=True),
        *_columns(sa.Integer(), "created_by_id"), *_columns(MOMENT, "created_at"), *_columns(sa.Integer(), "version", "id"),
        *_checks(name, approved="approved <= budget", used="committed >= 0 AND spent >= 0 AND committed + spent <= approved"),
        _key(name, "team_id", "team"), _key(name, "ended_by_id", "staff"), _key(name, "created_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{name}_number")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_state_id", name, ["state", "id"])
    op.create_index(f"ix_{name}_team_id_id", name, ["team_id", "id"])

    name = "gift_tier"
    op.create_table(
        name,
        *_columns(sa.Integer(), "campaign_id"), *_columns(sa.String(), "code"), *_columns(MONEY, "most_amount", "amount"),
        *_columns(sa.Integer(), "most_number", "listed"), *_columns(MONEY, "approved", "committed", "spent"),
        *_columns(sa.Integer(), "id"),
        *_checks(
            name, listed="listed >= 0 AND listed <= most_number", amount="amount <= most_amount",
            used="committed >= 0 AND spent >= 0 AND committed + spent <= approved",
        ),
        _key(name, "campaign_id", "gift_campaign", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_campaign_id_code", name, ["campaign_id", "code"], unique=True)

    name = "tier_gift"
    op.create_table(
        name,
        *_columns(sa.Integer(), "tier_id", "gift_id", "quantity"), *_columns(MONEY, "unit_price"), *_columns(sa.Integer(), "id"),
        _key(name, "tier_id", "gift_tier", ondelete="CASCADE"), _key(name, "gift_id", "gift"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_tier_id_gift_id", name, ["tier_id", "gift_id"], unique=True)
    op.create_index(f"ix_{name}_gift_id", name, ["gift_id"])

    name = "gift_list"
    op.create_table(
        name,
        *_columns(sa.Integer(), "campaign_id", "tier_id", "place"), *_columns(sa.String(), "number"),
        *_columns(sa.Boolean(), "supplementary"), *_columns(sa.String(), "state"), *_columns(JSON, "gifts"),
        *_columns(sa.Integer(), "composed_by_id"), *_columns(MOMENT, "created_at"), *_columns(MOMENT, "approved_at", nullable=True),
        *_columns(sa.Integer(), "version", "id"),
        _key(name, "campaign_id", "gift_campaign", ondelete="CASCADE"), _key(name, "tier_id", "gift_tier", ondelete="CASCADE"),
        _key(name, "composed_by_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("number", name=op.f(f"uq_{name}_number")),
    )  # fmt: skip
    op.create_index(f"ix_{name}_campaign_id_id", name, ["campaign_id", "id"])
    op.create_index(f"ix_{name}_state_id", name, ["state", "id"])
    _only(f"uq_{name}_main", name, ["tier_id"], "NOT supplementary AND state IN ('draft', 'pending', 'approved')")
    _only(f"uq_{name}_supplementary", name, ["tier_id"], "supplementary AND state IN ('draft', 'pending')")

    name = "gift_recipient"
    op.create_table(
        name,
        *_columns(sa.Integer(), "campaign_id", "tier_id"), *_columns(sa.Integer(), "list_id", nullable=True),
        *_columns(sa.Integer(), "customer_id"), *_columns(sa.String(), "person", "post"), *_columns(sa.Boolean(), "official"),
        *_columns(sa.Text(), "reason"), *_columns(MONEY, "amount"), *_columns(sa.String(), "state"),
        *_columns(sa.Integer(), "replaces_id", "proposed_by_id", "added_by_id", "permitted_by_id", nullable=True),
        *_columns(sa.Text(), "permit_reason"), *_columns(MOMENT, "approved_at", nullable=True),
        *_columns(sa.Date(), "delivered_on", nullable=True), *_columns(sa.Text(), "end_reason"),
        *_columns(sa.Integer(), "ended_by_id", nullable=True), *_columns(MOMENT, "ended_at", nullable=True),
        *_columns(MOMENT, "created_at"), *_columns(sa.Integer(), "version", "id"),
        _key(name, "campaign_id", "gift_campaign", ondelete="CASCADE"), _key(name, "tier_id", "gift_tier", ondelete="CASCADE"),
        _key(name, "list_id", "gift_list", ondelete="SET NULL"), _key(name, "customer_id", "customer", ondelete="CASCADE"),
        _key(name, "replaces_id", name, ondelete="SET NULL"),
        *(_key(name, f"{who}_by_id", "staff") for who in ("proposed", "added", "permitted", "ended")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )  # fmt: skip
    _only(f"uq_{name}_once", name, ["campaign_id", "customer_id"], LIVE)
    _only(f"uq_{name}_replaces", name, ["replaces_id"], LIVE)
    for columns in (("campaign_id", "state", "id"), ("list_id", "state", "id"), ("customer_id", "id"), ("tier_id", "state")):
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))


def downgrade() -> None:
    """Take them away."""
    for name in ("gift_recipient", "gift_list", "tier_gift", "gift_tier", "gift_campaign"):
        op.drop_table(name)
