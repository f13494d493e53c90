"""In whose charge the customer of a record is, kept on the record itself: lists and figures read it with the record (RO-1, SV-4).

The owner stands on the customer: asking each customer costs a list thousands of look-ups. So the database keeps a copy, by triggers;
nothing that writes customers or records, bulk statements included, can forget it. It follows the customer that a record names, who is
in charge of that customer and in which team, and whether an import hides the customer still.

Lists read by it. Whether somebody may open a record is asked of its customer (`visible_to`).

On PostgreSQL a record that is written waits for whoever is just changing its customer, and reads who is in charge then.
On SQLite a migration that makes `customer` or a table that keeps it anew (`batch_alter_table`) drops these triggers before, and makes
them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from sqlalchemy import DDL, Select, event, or_, select, true, union
from sqlalchemy.orm import Mapped

from portal.database import db
from portal.models.customer import Customer
from portal.models.paging import NotLeading
from portal.models.register_indexes import THERE
from portal.models.scope import Arm, HangsOnCustomer, assisted, customer_arms
from portal.permissions import Role

PORTION = 500
KEPT: dict[str, dict[str, list[str]]] = {}
"""Statements that keep it, by table and database; migrations run the same."""


class KeptInCharge(HangsOnCustomer):
    """Mixin of records that say themselves in whose charge their customer is. It stands before `Base`."""

    id: Any
    in_charge_id: Mapped[int | None]
    """Who is in charge of its customer."""
    in_charge_team_id: Mapped[int | None]
    """The team of its customer. The database keeps both true; nothing else writes them."""

    def __init_subclass__(cls, **kw: Any) -> None:
        """Let the database keep it, once the class has its table."""
        super().__init_subclass__(**kw)
        keep(cls)

    @classmethod
    def parts_for(cls, user: Any) -> list[Any]:
        """Return conditions on the parts of the records that `user` sees in lists; they may overlap.

        An index leads to each, unless such records are listed by something else alone, as recipients by campaign, list or customer.
        """
        return [true()] if user.role == Role.MANAGER else [cls._part(arm) for arm in customer_arms(user)]

    @classmethod
    def _part(cls, arm: Arm) -> Any:
        if "team_id" in arm.equal:
            return cls.in_charge_team_id == arm.equal["team_id"]
        if "owner_id" in arm.equal:
            return cls.in_charge_id == arm.equal["owner_id"]
        return cls.customer_id.in_(select(Customer.id).where(THERE, Customer.id.in_(arm.ids)))

    @classmethod
    def seen_at_the_moment(cls, user: Any) -> Any:
        """Return the condition on records whose customers `user`, who is no manager, sees, for a statement that is kept.

        None of its columns leads to an index: what else is asked for does. Whom somebody assists is asked with it, not when it is made.
        """
        owner, team, customer = (NotLeading(one) for one in (cls.in_charge_id, cls.in_charge_team_id, cls.customer_id))
        found = [owner == user.id, assisted(user, customer)]
        if user.role == Role.SUPERVISOR and user.team_id is not None:
            found.insert(0, team == user.team_id)
        return or_(*found)

    @classmethod
    def in_scope(cls, user: Any) -> Any:
        """Return the condition on the records that `user` sees in lists: what `parts_for` are together."""
        parts = cls.parts_for(user)
        return parts[0] if len(parts) == 1 else cls.id.in_(cls.seen_by(user))

    @classmethod
    def seen_by(cls, user: Any) -> Any:
        """Return the query of the ids of the records that `user` sees in lists."""
        parts = [select(cls.id).where(part) for part in cls.parts_for(user)]
        return union(*parts) if len(parts) > 1 else parts[0]

    @classmethod
    def listed_for(cls, user: Any) -> Select[Self]:
        """Return the records that `user` sees in lists."""
        return select(cls).where(cls.in_scope(user))


def keep(model: Any, *, without_customer: str = "") -> None:
    """Let the database keep in whose charge the customer of each record of `model` is.

    `without_customer` is the column that says who is in charge of a record as long as it has no customer.
    """
    table = model.__table__
    KEPT[table.name] = _statements(table.name, without_customer)
    for dialect, statements in KEPT[table.name].items():
        for statement in statements:
            event.listen(table, "after_create", DDL(statement.replace("%", "%%")).execute_if(dialect=dialect))


def lock(customer_ids: Iterable[int]) -> None:
    """Lock customers in the order of their ids, as whoever changes many does, before many records of theirs are written at once.

    PostgreSQL's triggers lock each with its record: in another order, two who write many would wait for each other.
    """
    if db.session.get_bind().dialect.name != "postgresql":
        return
    rest = sorted(set(customer_ids))
    for start in range(0, len(rest), PORTION):
        some = select(Customer.id).where(Customer.id.in_(rest[start : start + PORTION])).order_by(Customer.id)
        db.session.execute(some.with_for_update(key_share=True)).all()


def _statements(table: str, without_customer: str) -> dict[str, list[str]]:
    there = "state <> 'importing'"
    given = f"customer_id, {without_customer}" if without_customer else "customer_id"
    alone = f"NEW.{without_customer}" if without_customer else "NULL"
    said = f"FROM customer WHERE id = NEW.customer_id AND {there})"
    owner = (
        f"CASE WHEN NEW.customer_id IS NULL THEN {alone} ELSE (SELECT owner_id {said} END"
        if without_customer
        else f"(SELECT owner_id {said}"
    )
    read = f"UPDATE {table} SET in_charge_id = {owner}, in_charge_team_id = (SELECT team_id {said} WHERE id = NEW.id;"  # noqa: S608 - names of the schema
    follow = (
        f"UPDATE {table} SET in_charge_id = CASE WHEN NEW.{there} THEN NEW.owner_id END, "  # noqa: S608 - names of the schema
        f"in_charge_team_id = CASE WHEN NEW.{there} THEN NEW.team_id END WHERE customer_id = NEW.id;"
    )
    follows, changed = f"customer_in_charge_{table}", "AFTER UPDATE OF owner_id, team_id, state ON customer"
    hidden = "(NEW.state = 'importing') <> (OLD.state = 'importing')"
    taken = (
        "NEW.in_charge_team_id := NULL; "  # noqa: S608 - names of the schema
        f"IF NEW.customer_id IS NOT NULL THEN SELECT CASE WHEN {there} THEN owner_id END, CASE WHEN {there} THEN team_id END "
        "INTO NEW.in_charge_id, NEW.in_charge_team_id FROM customer WHERE id = NEW.customer_id FOR NO KEY UPDATE; END IF;"
    )
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_taken_in AFTER INSERT ON {table} BEGIN {read} END",
            f"CREATE TRIGGER {table}_given AFTER UPDATE OF {given} ON {table} BEGIN {read} END",
            f"CREATE TRIGGER {follows} {changed} "
            f"WHEN NEW.owner_id IS NOT OLD.owner_id OR NEW.team_id IS NOT OLD.team_id OR {hidden} BEGIN {follow} END",
        ],
        "postgresql": [
            f"CREATE OR REPLACE FUNCTION {table}_in_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"NEW.in_charge_id := {alone}; {taken} RETURN NEW; END $$",
            f"CREATE TRIGGER {table}_in_charge BEFORE INSERT OR UPDATE OF {given} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_in_charge()",
            f"CREATE OR REPLACE FUNCTION {follows}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {follow} RETURN NULL; END $$",
            f"CREATE TRIGGER {follows} {changed} FOR EACH ROW "
            f"WHEN (NEW.owner_id IS DISTINCT FROM OLD.owner_id OR NEW.team_id IS DISTINCT FROM OLD.team_id OR {hidden}) "
            f"EXECUTE FUNCTION {follows}()",
        ],
    }
