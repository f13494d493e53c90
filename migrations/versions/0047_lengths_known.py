"""PostgreSQL knows how many customers have no telephone number and no credit code

Revision 0047, after 0046. 2026-11-23.
"""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Gather the statistics from now on; each upgrade ends with doing so."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE STATISTICS customer_lengths ON (length(telephone_key)), (length(credit_code)) FROM customer")


def downgrade() -> None:
    """Gather them no more."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP STATISTICS customer_lengths")
