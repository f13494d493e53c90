"""Row scope (RO-1, RO-8): whose records a reader sees. The only place that says so.

Everything that hangs on a customer has a `customer_id` and inherits `HangsOnCustomer`; it is seen by who sees the customer.
"""

from __future__ import annotations

from typing import Any, Self

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true

from portal.database import db
from portal.permissions import Role


def customer_scope(user: Any, customer: Any | None = None) -> ColumnElement[bool]:
    """Return the condition on customers that `user` may see.

    Rep: customers in their charge or with their assistance; supervisor: the team's, and those they are in charge of or
    assist themselves; manager: all. `customer` is the mapped class or an alias of it.
    """
    from portal.models.customer import Customer, CustomerAssistant

    customer = customer or Customer
    if user.role == Role.MANAGER:
        return true()
    assists = exists().where(CustomerAssistant.customer_id == customer.id, CustomerAssistant.staff_id == user.id)
    if user.role == Role.SUPERVISOR:
        return or_(customer.team_id == user.team_id, customer.owner_id == user.id, assists)
    return or_(customer.owner_id == user.id, assists)


def customer_arms(user: Any) -> list[ColumnElement[bool]]:
    """Return conditions without an overlap that are `customer_scope` together.

    Each is led by one index, so that a sorted list is read as the first rows of each arm; one OR of them would be sorted as a whole.
    """
    from portal.models.customer import Customer, CustomerAssistant

    if user.role == Role.MANAGER:
        return [true()]
    assisted = list(db.session.scalars(select(CustomerAssistant.customer_id).where(CustomerAssistant.staff_id == user.id)))
    own: ColumnElement[bool] = Customer.owner_id == user.id
    arms, before = [own], [Customer.owner_id.is_distinct_from(user.id)]
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        arms = [Customer.team_id == user.team_id, and_(own, Customer.team_id.is_distinct_from(user.team_id))]
        before.append(Customer.team_id.is_distinct_from(user.team_id))
    if assisted:
        arms.append(and_(Customer.id.in_(assisted), *before))
    return arms


class HangsOnCustomer:
    """Mixin of records that belong to a customer and share its scope."""

    customer_id: Any

    @classmethod
    def visible_to(cls, user: Any) -> Select[tuple[Self]]:
        """Return the records on customers that `user` may see."""
        from portal.models.customer import Customer

        query: Select[tuple[Self]] = select(cls)
        if user.role == Role.MANAGER:
            return query
        return query.where(exists().where(Customer.id == cls.customer_id, customer_scope(user)))
