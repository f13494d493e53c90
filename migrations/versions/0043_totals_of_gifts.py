"""The totals of the gift register are read from an index alone, which says too that nothing was sent back

Revision 0043, after 0042. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

NAME, TABLE, KEPT = "ix_gift_entry_kept", "gift_entry", sa.text("taken_back_on IS NULL")
COLUMNS = ["given_on", "customer_id", "giver_id", "amount", "person"]


def upgrade() -> None:
    """Put the condition's column into the index: without it SQLite reads the table."""
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, [*COLUMNS, "taken_back_on"], sqlite_where=KEPT, postgresql_where=KEPT)


def downgrade() -> None:
    """Put the earlier index back."""
    op.drop_index(NAME, table_name=TABLE)
    op.create_index(NAME, TABLE, COLUMNS, sqlite_where=KEPT, postgresql_where=KEPT)
