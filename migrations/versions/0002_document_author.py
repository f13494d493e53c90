"""who has worked on a document, and so does not sign it

Revision 0002, after 0001. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What is known of the documents so far: who drafted, changed and submitted them, and whose they are now.
KNOWN = """
INSERT INTO document_author (kind_name, record_id, staff_id)
SELECT kind_name, record_id, submitter_id FROM approval
UNION SELECT a.kind_name, a.record_id, r.submitted_by_id FROM approval_round r JOIN approval a ON a.id = r.approval_id
UNION SELECT 'investigation', id, created_by_id FROM investigation
UNION SELECT 'credit', id, created_by_id FROM credit_change
UNION SELECT 'investigation', e.record_id, e.actor_id FROM audit_event e JOIN staff s ON s.id = e.actor_id
    JOIN investigation d ON d.id = e.record_id WHERE e.record_type = 'Investigation' AND e.action = 'changed'
UNION SELECT 'credit', e.record_id, e.actor_id FROM audit_event e JOIN staff s ON s.id = e.actor_id
    JOIN credit_change d ON d.id = e.record_id WHERE e.record_type = 'CreditChange' AND e.action = 'credit-draft-changed'
"""


def upgrade() -> None:
    op.create_table(
        "document_author",
        sa.Column("kind_name", sa.String(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_document_author_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_author")),
    )
    with op.batch_alter_table("document_author", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_document_author_kind_name_record_id_staff_id"), ["kind_name", "record_id", "staff_id"], unique=True
        )
        batch_op.create_index(batch_op.f("ix_document_author_staff_id"), ["staff_id"], unique=False)
    op.execute(KNOWN)


def downgrade() -> None:
    op.drop_table("document_author")
