"""What customers receive in a year for proposals is listed and added up from one index

Revision 0038, after 0037. 2026-11-22.
"""

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the wide index in the place of the narrow one."""
    op.drop_index("ix_proposal_award_year_id", "proposal_award")
    op.create_index("ix_proposal_award_of_year", "proposal_award", ["year", "id", "kind", "state", "customer_id", "amount"])


def downgrade() -> None:
    """Put the narrow index back."""
    op.drop_index("ix_proposal_award_of_year", "proposal_award")
    op.create_index("ix_proposal_award_year_id", "proposal_award", ["year", "id"])
