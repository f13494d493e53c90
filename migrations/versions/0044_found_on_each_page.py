"""What each page counts is found by small indexes: proposals to be decided by team, customers that are government bodies

Revision 0044, after 0043. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

INDEXES = [
    ("ix_proposal_to_decide", "proposal", ["team_id", "id"], sa.text("state = 'assessed'")),
    ("ix_customer_government", "customer", ["id"], sa.text("nature = 'government'")),
]


def upgrade() -> None:
    """Make the indexes."""
    for name, table, columns, which in INDEXES:
        op.create_index(name, table, columns, sqlite_where=which, postgresql_where=which)


def downgrade() -> None:
    """Drop them again."""
    for name, table, _columns, _which in INDEXES:
        op.drop_index(name, table)
