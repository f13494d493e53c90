"""A department that is asked again keeps what it said: one draft at a time, any number of assessments returned

Revision 0037, after 0036. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

DRAFT = sa.text("state = 'draft'")
NAME = "ix_proposal_assessment_proposal_id_department"


def upgrade() -> None:
    """Let several stand beside each other."""
    op.drop_index(NAME, "proposal_assessment")
    op.create_index(f"{NAME}_id", "proposal_assessment", ["proposal_id", "department", "id"])
    op.create_index(
        "uq_proposal_assessment_draft", "proposal_assessment", ["proposal_id", "department"], unique=True,
        sqlite_where=DRAFT, postgresql_where=DRAFT,
    )  # fmt: skip


def downgrade() -> None:
    """Keep the newest alone."""
    op.drop_index("uq_proposal_assessment_draft", "proposal_assessment")
    op.drop_index(f"{NAME}_id", "proposal_assessment")
    op.execute("DELETE FROM proposal_assessment WHERE id NOT IN (SELECT max(id) FROM proposal_assessment GROUP BY proposal_id, department)")
    op.create_index(NAME, "proposal_assessment", ["proposal_id", "department"], unique=True)
