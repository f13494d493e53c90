"""Indexes for what is due: reports owed tell all that is asked without the customers' rows, provisional grades by team, too

Revision 0016, after 0015. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SCOPES = ("owner_id", "team_id")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "customer", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    op.drop_index("ix_customer_provisional", "customer")
    for scope, other in (SCOPES, SCOPES[::-1]):
        op.drop_index(f"ix_customer_{scope}_reported", "customer")
        columns = [scope, "grade", "reported_until", "created_at", "registered_on", other]
        _index(f"ix_customer_{scope}_reported", columns, "state = 'active'")
        _index(f"ix_customer_{scope}_provisional", [scope, "id"], "grade_provisional")


def downgrade() -> None:
    """Put the earlier ones back."""
    for scope in SCOPES:
        op.drop_index(f"ix_customer_{scope}_provisional", "customer")
        op.drop_index(f"ix_customer_{scope}_reported", "customer")
        _index(f"ix_customer_{scope}_reported", [scope, "grade", "reported_until"], "state = 'active'")
    _index("ix_customer_provisional", ["owner_id", "id"], "grade_provisional")
