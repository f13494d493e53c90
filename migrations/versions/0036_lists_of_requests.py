"""Lists of requests are read, and the month's complaints counted, from indexes alone; a narrow index of a person's customers

Revision 0036, after 0035. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

FILTERED = ["kind", "channel", "state", "priority", "cause", "customer_id"]
SEEN_BY = ["team_id", "assignee_id", "taken_by_id"]
QUEUE = ["due_on", "rank", "due_at", "id"]
MINUTES = ["first_worked", "first_elapsed", "solve_worked", "solve_elapsed"]
OPEN, THERE, UNFINISHED, COMPLAINT = (
    sa.text(words) for words in ("is_open", "state <> 'importing'", "is_open OR waiting_since IS NOT NULL", "kind = 'complaint'")
)
BEFORE = {
    "queue": ([*QUEUE, *FILTERED, "received_on", "waiting_since"], OPEN),
    "team": (["team_id", *QUEUE], OPEN),
    "team_id_received": (["team_id", "received_at", "id", "state"], None),
    "received_at_id": (["received_at", "id", *FILTERED], None),
    "kind_received_on_id": (["kind", "received_on", "id"], None),
}
NOW = {
    "queue": ([*QUEUE, *FILTERED, "received_on", "waiting_since", *SEEN_BY], OPEN),
    "team": (["team_id", *QUEUE, *FILTERED, "received_on", "waiting_since", *SEEN_BY[1:]], OPEN),
    "team_id_received": (["team_id", "received_at", "id", *FILTERED, *SEEN_BY[1:], "is_open", "due_at", "waiting_since"], None),
    "received_at_id": (["received_at", "id", *FILTERED, *SEEN_BY], None),
    "unfinished": (["received_at", "id", "is_open", "due_at", "waiting_since", *FILTERED, *SEEN_BY], UNFINISHED),
    "complaints": (
        ["received_on", "state", "cause", "department", "channel", "customer_id", *SEEN_BY, "satisfied", *MINUTES], COMPLAINT,
    ),
}  # fmt: skip


def upgrade() -> None:
    """Make the indexes anew."""
    _instead(BEFORE, NOW)
    op.create_index("ix_customer_owner_there", "customer", ["owner_id", "id"], sqlite_where=THERE, postgresql_where=THERE)


def downgrade() -> None:
    """Put the earlier indexes back."""
    op.drop_index("ix_customer_owner_there", "customer")
    _instead(NOW, BEFORE)


def _instead(old: dict, new: dict) -> None:  # type: ignore[type-arg]
    for name in old:
        op.drop_index(f"ix_service_request_{name}", "service_request")
    for name, (columns, where) in new.items():
        op.create_index(f"ix_service_request_{name}", "service_request", columns, sqlite_where=where, postgresql_where=where)
