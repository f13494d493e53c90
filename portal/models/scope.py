"""Row scope (RO-1, RO-8): whose records a reader sees. The only place that says so.

Everything that hangs on a customer has a `customer_id` and inherits `HangsOnCustomer`; it is seen by who sees the customer.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select

from portal.database import db
from portal.permissions import Role


def customer_scope(user: Any, customer: Any | None = None) -> ColumnElement[bool]:
    """Return the condition on customers that `user` may see.

    Rep: customers in their charge or with their assistance; supervisor: the team's, and those they are in charge of or
    assist themselves; manager: all. What an unfinished import of all or nothing has made, nobody sees (AR-40).
    `customer` is the mapped class or an alias of it.
    """
    from portal.models.customer import Customer, CustomerAssistant, CustomerState

    customer = customer or Customer
    there: ColumnElement[bool] = customer.state != CustomerState.IMPORTING
    if user.role == Role.MANAGER:
        return there
    assists = exists().where(CustomerAssistant.customer_id == customer.id, CustomerAssistant.staff_id == user.id)
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        return and_(there, or_(customer.team_id == user.team_id, customer.owner_id == user.id, assists))
    return and_(there, or_(customer.owner_id == user.id, assists))


class Arm(NamedTuple):
    """A part of a reader's scope that one index leads to: columns with their values, or ids; and what else must hold."""

    equal: dict[str, int]
    ids: list[int] | None
    others: list[ColumnElement[bool]]

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the arm as conditions on `Customer`."""
        from portal.models.customer import Customer

        found: list[ColumnElement[bool]] = [getattr(Customer, name) == value for name, value in self.equal.items()]
        return found + ([] if self.ids is None else [Customer.id.in_(self.ids)]) + self.others


def customer_arms(user: Any) -> list[Arm]:
    """Return arms without an overlap that are `customer_scope` together.

    A sorted list is read as the first rows of each arm; one OR of them would be collected and sorted as a whole.
    """
    from portal.models.customer import Customer, CustomerAssistant

    if user.role == Role.MANAGER:
        return [Arm({}, None, [])]
    arms, covered = [Arm({"owner_id": user.id}, None, [])], [Customer.owner_id.is_distinct_from(user.id)]
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        elsewhere = Customer.team_id.is_distinct_from(user.team_id)
        arms = [Arm({"team_id": user.team_id}, None, []), Arm({"owner_id": user.id}, None, [elsewhere])]
        covered.append(elsewhere)
    assisted = list(db.session.scalars(select(CustomerAssistant.customer_id).where(CustomerAssistant.staff_id == user.id)))
    return [*arms, Arm({}, assisted, covered)] if assisted else arms


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
