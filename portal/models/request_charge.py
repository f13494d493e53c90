"""In whose charge the customer of a request is, kept on the request itself: lists and figures read it with the request (RO-1, SV-4).

The owner stands on the customer: asking each customer costs a rep's list thousands of look-ups. So the database keeps a copy, by triggers;
nothing that writes customers or requests, bulk statements included, can forget it. It follows the customer that a request names, who is
in charge of that customer and in which team, and whether an import hides the customer still. A request without a customer is in the charge
of who took it in.

Lists read by it. Whether somebody may open a request is asked of its customer (`ServiceRequest.visible_to`).

On PostgreSQL a request that is written waits for whoever is just changing its customer, and reads who is in charge then.
On SQLite a migration that makes `customer` or `service_request` anew (`batch_alter_table`) drops these triggers before, and makes them
again.
"""

from __future__ import annotations

from sqlalchemy import DDL, event

from portal.models.request import ServiceRequest

_READ = (
    "UPDATE service_request SET in_charge_id = CASE WHEN NEW.customer_id IS NULL THEN NEW.taken_by_id "
    "ELSE (SELECT owner_id FROM customer WHERE id = NEW.customer_id AND state <> 'importing') END, "
    "in_charge_team_id = (SELECT team_id FROM customer WHERE id = NEW.customer_id AND state <> 'importing') WHERE id = NEW.id;"
)
_FOLLOW = (
    "UPDATE service_request SET in_charge_id = CASE WHEN NEW.state <> 'importing' THEN NEW.owner_id END, "
    "in_charge_team_id = CASE WHEN NEW.state <> 'importing' THEN NEW.team_id END WHERE customer_id = NEW.id;"
)
_SQLITE = [
    f"CREATE TRIGGER service_request_taken_in AFTER INSERT ON service_request BEGIN {_READ} END",
    f"CREATE TRIGGER service_request_given AFTER UPDATE OF customer_id, taken_by_id ON service_request BEGIN {_READ} END",
    "CREATE TRIGGER customer_in_charge AFTER UPDATE OF owner_id, team_id, state ON customer "
    "WHEN NEW.owner_id IS NOT OLD.owner_id OR NEW.team_id IS NOT OLD.team_id OR (NEW.state = 'importing') <> (OLD.state = 'importing') "
    f"BEGIN {_FOLLOW} END",
]
_POSTGRES = [
    "CREATE OR REPLACE FUNCTION service_request_in_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "NEW.in_charge_id := NEW.taken_by_id; NEW.in_charge_team_id := NULL; "
    "IF NEW.customer_id IS NOT NULL THEN SELECT CASE WHEN state <> 'importing' THEN owner_id END, "
    "CASE WHEN state <> 'importing' THEN team_id END INTO NEW.in_charge_id, NEW.in_charge_team_id "
    "FROM customer WHERE id = NEW.customer_id FOR NO KEY UPDATE; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER service_request_in_charge BEFORE INSERT OR UPDATE OF customer_id, taken_by_id ON service_request "
    "FOR EACH ROW EXECUTE FUNCTION service_request_in_charge()",
    f"CREATE OR REPLACE FUNCTION customer_in_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_FOLLOW} RETURN NULL; END $$",
    "CREATE TRIGGER customer_in_charge AFTER UPDATE OF owner_id, team_id, state ON customer FOR EACH ROW "
    "WHEN (NEW.owner_id IS DISTINCT FROM OLD.owner_id OR NEW.team_id IS DISTINCT FROM OLD.team_id "
    "OR (NEW.state = 'importing') <> (OLD.state = 'importing')) EXECUTE FUNCTION customer_in_charge()",
]
TRIGGERS = {"sqlite": _SQLITE, "postgresql": _POSTGRES}
"""Statements that keep it, by database; the migration runs the same."""
for _dialect, _statements in TRIGGERS.items():
    for _statement in _statements:
        event.listen(ServiceRequest.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))
