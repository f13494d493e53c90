"""Proposals of a period are found in one index, whatever else is asked of them

Revision 0035, after 0034. 2026-11-22.
"""

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

ASKED = ["state", "kind", "responsible", "customer_id", "handler_id", "team_id", "decided_on", "limit_on"]


def upgrade() -> None:
    """Put the wide index in the place of the narrow one."""
    op.drop_index("ix_proposal_received_on_id", "proposal")
    op.create_index("ix_proposal_received", "proposal", ["received_on", "id", *ASKED])


def downgrade() -> None:
    """Put the narrow index back."""
    op.drop_index("ix_proposal_received", "proposal")
    op.create_index("ix_proposal_received_on_id", "proposal", ["received_on", "id"])
