"""The first page reads narrow indexes where it read rows: steps on paper, proposals of a team, orders treated like grade A

Revision 0045, after 0044. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

UNDECIDED = "state IN ('registered', 'routing', 'routed', 'assessed')"
NEW = {
    "ix_approval_step_on_paper": ("approval_step", ["pool", "due_on"], "state = 'open' AND type = 'paper'"),
    "ix_proposal_of_team_in_hand": ("proposal", ["team_id", "limit_on", "state"], UNDECIDED),
}
WIDER = {
    "ix_approval_step_open_due": ("approval_step", ["pool", "due_on"], ["id"], "state = 'open'"),
    "ix_approval_step_open_since": ("approval_step", ["pool", "opened_at"], ["id"], "state = 'open'"),
    "ix_proposal_to_route": ("proposal", ["team_id", "limit_on", "id"], ["handler_id", "state"], "state = 'registered'"),
    "ix_proposal_to_decide": ("proposal", ["team_id", "id"], ["handler_id", "state"], "state = 'assessed'"),
    "ix_order_request_treatment": (
        "order_request", ["delivery_on"], ["customer_id", "kind", "state"], "kind = 'a_treatment' AND state = 'approved'",
    ),
}  # fmt: skip
"""Index → table, columns, those behind them now, and of which rows it is."""


def _create(name: str, table: str, columns: list[str], rows: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(rows), postgresql_where=sa.text(rows))


def upgrade() -> None:
    """Make the new indexes, and the wider ones anew."""
    for name, (table, columns, rows) in NEW.items():
        _create(name, table, columns, rows)
    for name, (table, columns, behind, rows) in WIDER.items():
        op.drop_index(name, table_name=table)
        _create(name, table, [*columns, *behind], rows)


def downgrade() -> None:
    """Make them as they were."""
    for name, (table, columns, _behind, rows) in WIDER.items():
        op.drop_index(name, table_name=table)
        _create(name, table, columns, rows)
    for name, (table, _columns, _rows) in NEW.items():
        op.drop_index(name, table_name=table)
