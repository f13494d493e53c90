"""A change of credit can change the rating too

Revision 0049, after 0048. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Changes so far leave the rating as it is."""
    op.add_column("credit_change", sa.Column("credit_rating", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Take the ratings of changes away again; those on the cards stay."""
    op.drop_column("credit_change", "credit_rating")
