"""Steps that wait on paper are found by an index of their own

Revision 0045, after 0044. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

NAME = "ix_approval_step_on_paper"
ROWS = sa.text("state = 'open' AND type = 'paper'")


def upgrade() -> None:
    """Make the index."""
    op.create_index(NAME, "approval_step", ["pool", "due_on"], sqlite_where=ROWS, postgresql_where=ROWS)


def downgrade() -> None:
    """Take it away."""
    op.drop_index(NAME, table_name="approval_step")
