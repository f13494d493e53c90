"""What each page counts is read from small indexes alone: gifts, proposals to be decided, agreements to be renewed

Revision 0044, after 0043. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

NEW = {
    "ix_proposal_to_decide": ("proposal", ["team_id", "id"], "state = 'assessed'"),
    "ix_customer_government": ("customer", ["id"], "nature = 'government'"),
}
UNPERMITTED = "state = 'proposed' AND permitted_by_id IS NULL"
TO_SEND = "state = 'waiting' AND way = 'post' AND told_on IS NOT NULL"
WIDER = {
    "ix_agreement_to_renew": ("agreement", ["ends_on"], ["id"], ["customer_id", "state", "renewed"], "state = 'filed' AND NOT renewed"),
    "ix_gift_recipient_to_permit": (
        "gift_recipient", ["campaign_id", "customer_id", "official", "proposed_by_id"], [], ["state", "permitted_by_id"], UNPERMITTED,
    ),
    "ix_gift_delivery_to_send": ("gift_delivery", ["customer_id"], ["id"], ["campaign_id", "state", "way", "told_on"], TO_SEND),
    "ix_gift_delivery_wanted": ("gift_delivery", ["tier_id"], [], ["state"], "state = 'waiting'"),
}  # fmt: skip
"""Index → table, columns, those behind them before and now, and of which rows it is.

The condition's columns stand in the index too: without them SQLite reads the table to see whether they hold.
"""


def _create(name: str, table: str, columns: list[str], rows: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(rows), postgresql_where=sa.text(rows))


def upgrade() -> None:
    """Make the new indexes, and the wider ones anew."""
    for name, (table, columns, rows) in NEW.items():
        _create(name, table, columns, rows)
    for name, (table, columns, _before, now, rows) in WIDER.items():
        op.drop_index(name, table_name=table)
        _create(name, table, [*columns, *now], rows)


def downgrade() -> None:
    """Make them as they were."""
    for name, (table, columns, before, _now, rows) in WIDER.items():
        op.drop_index(name, table_name=table)
        _create(name, table, [*columns, *before], rows)
    for name, (table, _columns, _rows) in NEW.items():
        op.drop_index(name, table_name=table)
