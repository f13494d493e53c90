"""Row scope (RO-1, RO-8): whose records a reader sees. The only place that says so.

Everything that hangs on a customer has a `customer_id` and inherits `HangsOnCustomer`; it is seen by who sees the customer.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.database import db
from portal.models.register_indexes import THERE
from portal.permissions import Role


def customer_scope(user: Any, customer: Any | None = None) -> ColumnElement[bool]:
    """Return the condition on customers that `user` may see.

    Rep: customers in their charge or with their assistance; supervisor: the team's, and those they are in charge of or
    assist themselves; manager: all. What an unfinished import of all or nothing has made, nobody sees (AR-40).
    `customer` is the mapped class or an alias of it.
    """
    from portal.models.customer import Customer, CustomerAssistant, CustomerState

    customer = customer or Customer
    if user.role == Role.DEPARTMENT:
        return customer.id < 0  # nobody's: it sees the proposals routed to it alone (PP-3)
    there: ColumnElement[bool] = customer.state != CustomerState.IMPORTING
    if user.role == Role.MANAGER:
        return there
    assists = exists().where(CustomerAssistant.customer_id == customer.id, CustomerAssistant.staff_id == user.id)
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        return and_(there, or_(customer.team_id == user.team_id, customer.owner_id == user.id, assists))
    return and_(there, or_(customer.owner_id == user.id, assists))


class Arm(NamedTuple):
    """A part of a reader's scope that one index leads to: columns with their values, or ids; and what else must hold."""

    equal: dict[str, Any]
    ids: Any
    others: list[ColumnElement[bool]]

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the arm as conditions on `Customer`."""
        from portal.models.customer import Customer

        found: list[ColumnElement[bool]] = [getattr(Customer, name) == value for name, value in self.equal.items()]
        return found + ([] if self.ids is None else [Customer.id.in_(self.ids)]) + self.others


MOST_APART = 200
"""Up to so many customers of their own a supervisor's are looked through for those outside the team."""


def customer_arms(user: Any) -> list[Arm]:
    """Return arms without an overlap that are `customer_scope` together.

    A sorted list is read as the first rows of each arm; one OR of them would be collected and sorted as a whole.
    """
    beside, own_apart = _beside(user)
    return _arms(user.role, user.id, user.team_id, beside or None, own_apart)


class InTeam(FunctionElement[Any]):
    """The condition that a column, the id of a customer, names one of a team: each record is asked, and a narrow index answers.

    A team's customers are many more than the records of most lists: gathering them costs ten times what asking does. Neither condition
    has a type: a truth value would be compared with 1 on SQLite, and lead nowhere.
    """

    inherit_cache = True


class InCharge(FunctionElement[Any]):
    """The condition that a column, the id of a customer, names one in charge of somebody: they are gathered, and may lead."""

    inherit_cache = True


class LookedAfter(FunctionElement[Any]):
    """The condition that a column, the id of a customer, names one that somebody is in charge of: each record is asked, as by `InTeam`.

    With a team as well, or one of that team that nobody is in charge of.
    """

    inherit_cache = True


@compiles(InTeam)
def _in_team(element: Any, compiler: Any, **kw: Any) -> str:
    column, team = (compiler.process(one, **kw) for one in element.clauses)
    asked = f"theirs.team_id = {team} AND theirs.id = {column} AND {_IS_THERE}"
    return f"EXISTS (SELECT 1 FROM {_theirs(compiler, 'team')} WHERE {asked})"  # noqa: S608 - of compiled parts


@compiles(InCharge)
def _in_charge(element: Any, compiler: Any, **kw: Any) -> str:
    column, person = (compiler.process(one, **kw) for one in element.clauses)
    gathered = f"theirs.owner_id = {person} AND {_IS_THERE}"
    return f"{column} IN (SELECT theirs.id FROM {_theirs(compiler, 'owner')} WHERE {gathered})"  # noqa: S608 - of compiled parts


@compiles(LookedAfter)
def _looked_after(element: Any, compiler: Any, **kw: Any) -> str:
    column, person, *team = (compiler.process(one, **kw) for one in element.clauses)
    whose = [f"theirs.owner_id = {person}", *(f"theirs.owner_id IS NULL AND theirs.team_id = {one}" for one in team)]
    theirs, asked = _theirs(compiler, "owner"), f"theirs.id = {column} AND {_IS_THERE}"
    return "(" + " OR ".join(f"EXISTS (SELECT 1 FROM {theirs} WHERE {one} AND {asked})" for one in whose) + ")"  # noqa: S608 - of compiled parts


_IS_THERE = THERE.text.replace("customer.", "theirs.")


def _theirs(compiler: Any, whose: str) -> str:
    """Return the table as these conditions read it. SQLite would take the large table, or an index in another order."""
    by = f" INDEXED BY ix_customer_{whose}_there" if compiler.dialect.name == "sqlite" else ""
    return f"customer AS theirs{by}"


def listed(user: Any, column: Any) -> ColumnElement[bool]:
    """Return the condition that `column`, the id of a customer, is one that `user` may see: `customer_scope` as a list asks it.

    It reads narrow indexes of the customers alone, where `customer_scope` reads a page of the large table for each record.
    """
    from portal.models.customer import Customer

    if user.role == Role.MANAGER:
        return true()
    found: list[ColumnElement[bool]] = []
    for arm in customer_arms(user):
        if "team_id" in arm.equal:
            found.append(InTeam(column, arm.equal["team_id"]))
        elif "owner_id" in arm.equal:
            found.append(InCharge(column, arm.equal["owner_id"]))
        else:
            found.append(column.in_(select(Customer.id).where(THERE, Customer.id.in_(arm.ids))))
    return or_(*found)


def assisted(user: Any, column: Any) -> ColumnElement[bool]:
    """Return the condition that `column`, the id of a customer, names one that `user` assists with (RO-8); asked with the statement."""
    from portal.models.customer import Customer, CustomerAssistant

    theirs = select(CustomerAssistant.customer_id).join(Customer, Customer.id == CustomerAssistant.customer_id)
    return column.in_(theirs.where(THERE, CustomerAssistant.staff_id == user.id))  # type: ignore[no-any-return]


class ScopeShape(NamedTuple):
    """What the arms of a reader's scope are apart from the values in them: a statement is made once for each shape.

    Making a statement with several arms costs more than asking it.
    """

    role: str
    in_team: bool
    beside: bool
    own_apart: bool

    def arms(self) -> list[Arm]:
        """Return the arms as `customer_arms`, with the parameters of `scope_of` in place of values."""
        team: Any = bindparam("my_team") if self.in_team else None
        return _arms(self.role, bindparam("me"), team, bindparam("beside", expanding=True) if self.beside else None, self.own_apart)


Scope = tuple[ScopeShape, dict[str, Any]]


def scope_of(user: Any) -> Scope:
    """Return the shape of the reader's scope and the values of its parameters."""
    beside, own_apart = _beside(user)
    shape = ScopeShape(user.role, user.team_id is not None, bool(beside), own_apart)
    return shape, {"me": user.id, "my_team": user.team_id, "beside": beside}


def _beside(user: Any) -> tuple[list[int], bool]:
    """Return the customers beside a reader's main arm: those assisted, and a supervisor's own outside the team.

    The second value says that the own ones are too many to be looked through: they are an arm then.
    """
    from portal.models.customer import Customer, CustomerAssistant

    if user.role == Role.MANAGER:
        return [], False
    assisted = select(CustomerAssistant.customer_id).where(CustomerAssistant.staff_id == user.id)
    if user.role != Role.SUPERVISOR or user.team_id is None:
        return [row[0] for row in db.session.execute(assisted)], False
    owned = select(Customer.id, Customer.team_id).where(Customer.owner_id == user.id).limit(MOST_APART + 1)
    own = db.session.execute(owned).all()
    ids = [row[0] for row in db.session.execute(assisted)]
    if len(own) > MOST_APART:
        return ids, True
    return list(dict.fromkeys([*ids, *(one for one, team in own if team != user.team_id)])), False


def _arms(role: str, me: Any, team: Any, beside: Any, own_apart: bool) -> list[Arm]:
    from portal.models.customer import Customer

    if role == Role.MANAGER:
        return [Arm({}, None, [])]
    arms, covered = [Arm({"owner_id": me}, None, [])], [Customer.owner_id.is_distinct_from(me)]
    if role == Role.SUPERVISOR and team is not None:
        elsewhere = Customer.team_id.is_distinct_from(team)
        arms, covered = [Arm({"team_id": team}, None, [])], [elsewhere]
        if own_apart:
            arms.append(Arm({"owner_id": me}, None, [elsewhere]))
            covered.append(Customer.owner_id.is_distinct_from(me))
    return arms if beside is None else [*arms, Arm({}, beside, covered)]


def scope_key(user: Any) -> str:
    """Return what decides how wide a reader's scope is: files made in one are not handed out in another (quality.md: Access)."""
    return str(user.role) if user.role == Role.MANAGER else f"{user.role}:{user.team_id or 0}"


class HangsOnCustomer:
    """Mixin of records that belong to a customer and share its scope."""

    customer_id: Any

    @classmethod
    def visible_to(cls, user: Any) -> Select[Self]:
        """Return the records on customers that `user` may see."""
        from portal.models.customer import Customer

        query: Select[Self] = select(cls)
        if user.role == Role.MANAGER:
            return query
        return query.where(exists().where(Customer.id == cls.customer_id, customer_scope(user)))

    @classmethod
    def listed_for(cls, user: Any) -> Select[Self]:
        """Return what `visible_to` returns, for a list."""
        return select(cls).where(listed(user, cls.customer_id))
