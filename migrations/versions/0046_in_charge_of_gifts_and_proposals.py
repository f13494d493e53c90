"""Proposals, awards, and recipients, deliveries and entries of gifts say in whose charge their customer is, as requests do

Revision 0046, after 0045. 2026-11-23.
"""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

COLUMNS = ("in_charge_id", "in_charge_team_id")
LISTED = {
    "proposal": ["id", "state", "kind", "channel", "responsible", "team_id", "received_on", "limit_on", "decided_on", "customer_id"],
    "proposal_award": ["id", "kind", "state", "year", "customer_id", "amount"],
    "gift_delivery": ["id", "state", "way", "told_on", "run_id", "campaign_id", "tier_id", "customer_id"],
    "gift_entry": ["given_on", "id", "source", "giver_id", "customer_id", "person", "official", "taken_back_on", "amount"],
}
"""Table → what stands in the indexes behind who is in charge."""
TO_SEND = "state = 'waiting' AND way = 'post' AND told_on IS NOT NULL"
RECIPIENTS = {"campaign_id": ["id", "list_id"], "list_id": ["id"]}
SEEN_BY = ["in_charge_team_id", "in_charge_id", "tier_id", "customer_id"]
"""Of recipients it stands in the indexes by campaign and list, which had no more than the state and the id."""

THERE, CHANGED = "state <> 'importing'", "AFTER UPDATE OF owner_id, team_id, state ON customer"
HIDDEN = "(NEW.state = 'importing') <> (OLD.state = 'importing')"


def upgrade() -> None:
    """Add who is in charge, find it for what there is, and let the database keep it; requests keep theirs under the same names."""
    _unfollow("customer_in_charge")
    _follow("service_request", "customer_in_charge_service_request")
    for table in (*LISTED, "gift_recipient"):
        for column in COLUMNS:
            op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
        op.execute(_read(table).replace("NEW.", f"{table}.").replace(f" WHERE id = {table}.id;", ""))
        for column in COLUMNS if table in LISTED else ():
            op.create_index(f"ix_{table}_{column.removesuffix('_id')}", table, [column, *LISTED[table]])
        _keep(table)
        _follow(table, f"customer_in_charge_{table}")
    _make_to_send("campaign_id", "in_charge_team_id", "in_charge_id", "customer_id")
    op.create_index("ix_gift_delivery_recipient_id_id", "gift_delivery", ["recipient_id", "id"])
    for column, behind in RECIPIENTS.items():
        op.drop_index(f"ix_gift_recipient_{column}_state_id", "gift_recipient")
        op.create_index(f"ix_gift_recipient_{column}_state_id", "gift_recipient", [column, "state", *behind, *SEEN_BY])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_gift_delivery_recipient_id_id", "gift_delivery")
    _make_to_send("customer_id", "campaign_id")
    for column in RECIPIENTS:
        op.drop_index(f"ix_gift_recipient_{column}_state_id", "gift_recipient")
        op.create_index(f"ix_gift_recipient_{column}_state_id", "gift_recipient", [column, "state", "id"])
    for table in (*LISTED, "gift_recipient"):
        _unfollow(f"customer_in_charge_{table}")
        if op.get_bind().dialect.name == "sqlite":
            for name in ("taken_in", "given"):
                op.execute(f"DROP TRIGGER {table}_{name}")
        else:
            op.execute(f"DROP TRIGGER {table}_in_charge ON {table}")
            op.execute(f"DROP FUNCTION {table}_in_charge()")
        for column in COLUMNS:
            if table in LISTED:
                op.drop_index(f"ix_{table}_{column.removesuffix('_id')}", table)
            op.drop_column(table, column)
    _unfollow("customer_in_charge_service_request")
    _follow("service_request", "customer_in_charge")


def _make_to_send(*columns: str) -> None:
    where, name = sa.text(TO_SEND), "ix_gift_delivery_to_send"
    op.drop_index(name, "gift_delivery")
    op.create_index(name, "gift_delivery", [*columns, "state", "way", "told_on"], sqlite_where=where, postgresql_where=where)


def _read(table: str) -> str:
    said = f"FROM customer WHERE id = NEW.customer_id AND {THERE})"
    return (
        f"UPDATE {table} SET in_charge_id = (SELECT owner_id {said}, in_charge_team_id = (SELECT team_id {said} "  # noqa: S608 - names of the schema
        "WHERE id = NEW.id;"
    )


def _keep(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {table}_taken_in AFTER INSERT ON {table} BEGIN {_read(table)} END")
        op.execute(f"CREATE TRIGGER {table}_given AFTER UPDATE OF customer_id ON {table} BEGIN {_read(table)} END")
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION {table}_in_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "NEW.in_charge_id := NULL; NEW.in_charge_team_id := NULL; "
        f"IF NEW.customer_id IS NOT NULL THEN SELECT CASE WHEN {THERE} THEN owner_id END, CASE WHEN {THERE} THEN team_id END "
        "INTO NEW.in_charge_id, NEW.in_charge_team_id FROM customer WHERE id = NEW.customer_id FOR NO KEY UPDATE; "
        "END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_in_charge BEFORE INSERT OR UPDATE OF customer_id ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_in_charge()"
    )


def _follow(table: str, name: str) -> None:
    follow = (
        f"UPDATE {table} SET in_charge_id = CASE WHEN NEW.{THERE} THEN NEW.owner_id END, "  # noqa: S608 - names of the schema
        f"in_charge_team_id = CASE WHEN NEW.{THERE} THEN NEW.team_id END WHERE customer_id = NEW.id;"
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} {CHANGED} "
            f"WHEN NEW.owner_id IS NOT OLD.owner_id OR NEW.team_id IS NOT OLD.team_id OR {HIDDEN} BEGIN {follow} END"
        )
        return
    op.execute(f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {follow} RETURN NULL; END $$")
    op.execute(
        f"CREATE TRIGGER {name} {CHANGED} FOR EACH ROW "
        f"WHEN (NEW.owner_id IS DISTINCT FROM OLD.owner_id OR NEW.team_id IS DISTINCT FROM OLD.team_id OR {HIDDEN}) "
        f"EXECUTE FUNCTION {name}()"
    )


def _unfollow(name: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute(f"DROP TRIGGER {name} ON customer")
        op.execute(f"DROP FUNCTION {name}()")
