"""Row scope (RO-1, RO-8): whose records a reader sees. The only place that says so.

Everything that hangs on a customer has a `customer_id` and inherits `HangsOnCustomer`; it is seen by who sees the customer.
"""

from __future__ import annotations

from typing import Any, Self

from sqlalchemy import ColumnElement, Select, exists, or_, select, true

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
