"""What is asked of gifts and of letters about proposals is found by indexes of its own

Revision 0041, after 0040. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

INDEXES: dict[str, tuple[str, list[str], str]] = {
    "ix_proposal_letter_failed": ("proposal_letter", ["proposal_id"], "mail_state = 'failed'"),
    "ix_gift_recipient_replaces": ("gift_recipient", ["replaces_id"], "replaces_id IS NOT NULL"),
    "ix_gift_recipient_to_permit": (
        "gift_recipient", ["campaign_id", "customer_id", "official", "proposed_by_id"], "state = 'proposed' AND permitted_by_id IS NULL",
    ),
    "ix_gift_delivery_for_round": ("gift_delivery", ["id"], "state = 'waiting' AND way = 'own'"),
    "ix_gift_delivery_carrier": ("gift_delivery", ["carrier"], "carrier <> ''"),
    "ix_gift_delivery_state": ("gift_delivery", ["state", "id", "customer_id", "run_id"], ""),
    "ix_gift_delivery_tier": ("gift_delivery", ["tier_id", "id", "customer_id", "run_id"], ""),
    "ix_gift_entry_kept": ("gift_entry", ["given_on", "customer_id", "giver_id", "amount", "person"], "taken_back_on IS NULL"),
    "ix_gift_entry_back": ("gift_entry", ["given_on", "id"], "taken_back_on IS NOT NULL"),
    "ix_gift_entry_official": ("gift_entry", ["given_on", "id"], "official"),
    "ix_gift_entry_source": ("gift_entry", ["source", "given_on", "id"], ""),
}  # fmt: skip
"""Index → table, columns, and of which rows it is."""


def upgrade() -> None:
    """Add the indexes."""
    for name, (table, columns, rows) in INDEXES.items():
        some = sa.text(rows) if rows else None
        op.create_index(name, table, columns, sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    """Let them go."""
    for name, (table, _columns, _rows) in INDEXES.items():
        op.drop_index(name, table_name=table)
