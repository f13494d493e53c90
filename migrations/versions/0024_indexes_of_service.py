"""Indexes of what the inbox counts of requests, plans and agreements, and of lists of requests and drawn calls

Revision 0024, after 0023. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ADDED = (
    ("ix_service_request_to_assign", "service_request", ["team_id", "assignee_id", "id"], "is_open AND state = 'received'"),
    ("ix_service_request_up", "service_request", ["team_id", "due_on", "assignee_id", "id"], "is_open AND escalation > 0"),
    (
        "ix_service_request_up_to_managers", "service_request", ["due_on", "rank", "due_at", "id", "assignee_id"],
        "is_open AND escalation > 1",
    ),
    ("ix_service_request_waiting", "service_request", ["due_on", "rank", "due_at", "id"], "is_open AND waiting_since IS NOT NULL"),
    ("ix_callback_drawn", "callback", ["draw_id", "id"], "draw_id IS NOT NULL"),
    ("ix_maintenance_plan_to_sum_up", "maintenance_plan", ["created_by_id", "ends_on"], "state = 'running'"),
    ("ix_agreement_to_renew", "agreement", ["ends_on", "id"], "state = 'filed' AND NOT renewed"),
)  # fmt: skip
QUEUE = ["due_on", "rank", "due_at", "id", "kind", "channel", "state"]


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def upgrade() -> None:
    op.drop_index("ix_callback_draw_id_id", "callback")
    op.drop_index("ix_service_request_queue", "service_request")
    _index("ix_service_request_queue", "service_request", [*QUEUE, "received_on"], "is_open")
    for one in ADDED:
        _index(*one)


def downgrade() -> None:
    """Put the earlier ones back."""
    for name, table, _columns, _where in ADDED:
        op.drop_index(name, table)
    op.drop_index("ix_service_request_queue", "service_request")
    _index("ix_service_request_queue", "service_request", QUEUE, "is_open")
    op.create_index("ix_callback_draw_id_id", "callback", ["draw_id", "id"])
