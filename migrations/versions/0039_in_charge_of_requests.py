"""Requests say in whose charge their customer is, kept by the database; lists are read by it

Revision 0039, after 0038. 2026-11-22.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

QUEUE = ["due_on", "rank", "due_at", "id"]
FILTERED = ["kind", "channel", "state", "priority", "cause", "customer_id"]
MINUTES = ["first_worked", "first_elapsed", "solve_worked", "solve_elapsed"]
SAID = ["received_on", "state", "cause", "department", "channel"]
OPEN, UNFINISHED, COMPLAINT = "is_open", "is_open OR waiting_since IS NOT NULL", "kind = 'complaint'"
ELSEWHERE = {"in_charge_id": "in_charge_id <> assignee_id", "in_charge_team_id": "(in_charge_team_id <> team_id OR team_id IS NULL)"}
SEEN_BEFORE, SEEN_NOW = ["team_id", "assignee_id", "taken_by_id"], ["team_id", "assignee_id", *ELSEWHERE]


def _rest(column: str) -> list[str]:
    return [one for one in SEEN_NOW if one != column]


def _queue(column: str) -> list[str]:
    return [column, *QUEUE, *FILTERED, "received_on", "waiting_since", *_rest(column)]


def _received(column: str) -> list[str]:
    return [column, "received_at", "id", *FILTERED, "is_open", "due_at", "waiting_since", *_rest(column)]


UNFINISHED_LIST = ["received_at", "id", "is_open", "due_at", "waiting_since", *FILTERED]
BEFORE: dict[str, tuple[list[str], str]] = {
    "queue": ([*QUEUE, *FILTERED, "received_on", "waiting_since", *SEEN_BEFORE], OPEN),
    "mine": (["assignee_id", *QUEUE], OPEN),
    "team": (["team_id", *QUEUE, *FILTERED, "received_on", "waiting_since", *SEEN_BEFORE[1:]], OPEN),
    "assignee_id_received": (["assignee_id", "received_at", "id", "state"], ""),
    "team_id_received": (["team_id", "received_at", "id", *FILTERED, *SEEN_BEFORE[1:], "is_open", "due_at", "waiting_since"], ""),
    "received_at_id": (["received_at", "id", *FILTERED, *SEEN_BEFORE], ""),
    "unfinished": ([*UNFINISHED_LIST, *SEEN_BEFORE], UNFINISHED),
    "complaints": ([*SAID, "customer_id", *SEEN_BEFORE, "satisfied", *MINUTES], COMPLAINT),
}
NOW: dict[str, tuple[list[str], str]] = {
    "queue": ([*QUEUE, *FILTERED, "received_on", "waiting_since", *SEEN_NOW], OPEN),
    "mine": (_queue("assignee_id"), OPEN),
    "team": (_queue("team_id"), OPEN),
    **{column: (_queue(column), f"is_open AND {which}") for column, which in ELSEWHERE.items()},
    **{f"{column}_received": (_received(column), "") for column in ("assignee_id", "team_id")},
    **{f"{column}_received": (_received(column), which) for column, which in ELSEWHERE.items()},
    "received_at_id": (["received_at", "id", *FILTERED, *SEEN_NOW], ""),
    "unfinished": ([*UNFINISHED_LIST, *SEEN_NOW], UNFINISHED),
    "complaints": ([*SAID, "customer_id", *SEEN_NOW, "satisfied", *MINUTES], COMPLAINT),
}

READ = (
    "UPDATE service_request SET in_charge_id = CASE WHEN NEW.customer_id IS NULL THEN NEW.taken_by_id "
    "ELSE (SELECT owner_id FROM customer WHERE id = NEW.customer_id AND state <> 'importing') END, "
    "in_charge_team_id = (SELECT team_id FROM customer WHERE id = NEW.customer_id AND state <> 'importing') WHERE id = NEW.id;"
)
FOLLOW = (
    "UPDATE service_request SET in_charge_id = CASE WHEN NEW.state <> 'importing' THEN NEW.owner_id END, "
    "in_charge_team_id = CASE WHEN NEW.state <> 'importing' THEN NEW.team_id END WHERE customer_id = NEW.id;"
)
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER service_request_taken_in AFTER INSERT ON service_request BEGIN {READ} END",
        f"CREATE TRIGGER service_request_given AFTER UPDATE OF customer_id, taken_by_id ON service_request BEGIN {READ} END",
        "CREATE TRIGGER customer_in_charge AFTER UPDATE OF owner_id, team_id, state ON customer "
        "WHEN NEW.owner_id IS NOT OLD.owner_id OR NEW.team_id IS NOT OLD.team_id OR (NEW.state = 'importing') <> (OLD.state = 'importing') "
        f"BEGIN {FOLLOW} END",
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION service_request_in_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "NEW.in_charge_id := NEW.taken_by_id; NEW.in_charge_team_id := NULL; "
        "IF NEW.customer_id IS NOT NULL THEN SELECT CASE WHEN state <> 'importing' THEN owner_id END, "
        "CASE WHEN state <> 'importing' THEN team_id END INTO NEW.in_charge_id, NEW.in_charge_team_id "
        "FROM customer WHERE id = NEW.customer_id FOR NO KEY UPDATE; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER service_request_in_charge BEFORE INSERT OR UPDATE OF customer_id, taken_by_id ON service_request "
        "FOR EACH ROW EXECUTE FUNCTION service_request_in_charge()",
        f"CREATE OR REPLACE FUNCTION customer_in_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {FOLLOW} RETURN NULL; END $$",
        "CREATE TRIGGER customer_in_charge AFTER UPDATE OF owner_id, team_id, state ON customer FOR EACH ROW "
        "WHEN (NEW.owner_id IS DISTINCT FROM OLD.owner_id OR NEW.team_id IS DISTINCT FROM OLD.team_id "
        "OR (NEW.state = 'importing') <> (OLD.state = 'importing')) EXECUTE FUNCTION customer_in_charge()",
    ],
}


def upgrade() -> None:
    """Add who is in charge, find it for what there is, and let the database keep it."""
    for column in ELSEWHERE:
        op.add_column("service_request", sa.Column(column, sa.Integer(), nullable=True))
    _drop(BEFORE)
    op.execute(READ.replace("NEW.", "service_request.").replace(" WHERE id = service_request.id;", ""))
    _make(NOW)
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Take it away again."""
    if op.get_bind().dialect.name == "sqlite":
        for name in ("service_request_taken_in", "service_request_given", "customer_in_charge"):
            op.execute(f"DROP TRIGGER {name}")
    else:
        for table, name in (("service_request", "service_request_in_charge"), ("customer", "customer_in_charge")):
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    _drop(NOW)
    for column in ELSEWHERE:
        op.drop_column("service_request", column)
    _make(BEFORE)


def _drop(indexes: dict[str, tuple[list[str], str]]) -> None:
    for name in indexes:
        op.drop_index(f"ix_service_request_{name}", "service_request")


def _make(indexes: dict[str, tuple[list[str], str]]) -> None:
    for name, (columns, which) in indexes.items():
        where = sa.text(which) if which else None
        op.create_index(f"ix_service_request_{name}", "service_request", columns, sqlite_where=where, postgresql_where=where)
