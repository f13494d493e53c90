"""What orders treated like grade A ask of people, and what they keep from happening (RL-6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, or_, select, text
from sqlalchemy.orm import contains_eager

from portal import clock
from portal.database import db
from portal.models import inbox
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.order_request import OrderRequest, open_treatments
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.rules.message import N_, Message

NAME = "treated-order"
TITLE = N_("Orders treated like grade A")


def in_charge(user: Staff) -> Any:
    """Return the condition on customers whose affairs `user` looks after: own ones; of a supervisor the team's that are nobody's, too."""
    mine = Customer.owner_id == user.id
    if user.role == Role.SUPERVISOR and user.team_id is not None:
        return or_(mine, and_(Customer.team_id == user.team_id, Customer.owner_id.is_(None)))
    return mine


def _past_their_day(user: Staff, until: date) -> Select[OrderRequest]:
    """Return the orders treated like grade A whose wished day has come and of which nobody has said how they went."""
    # Written out, so that their index is taken.
    open_ = (text("order_request.kind = 'a_treatment' AND order_request.state = 'approved'"), OrderRequest.delivery_on <= until)
    return select(OrderRequest).join(Customer, Customer.id == OrderRequest.customer_id).where(*open_, in_charge(user))


def _entries(user: Staff, kind: str, group: str, most: int) -> list[inbox.Entry]:
    if group == "sign" or kind not in ("", NAME) or not user.may(Permission.ORDER_REQUEST):
        return []
    today = clock.today()
    query = _past_their_day(user, today).options(contains_eager(OrderRequest.customer))
    found = [
        inbox.Entry(
            group="do", kind=NAME, kind_title=TITLE, title=one.label, what=N_("Say how the order went"),
            since=one.decided_at or one.created_at, due_on=one.delivery_on, page=("orders.order_request", {"asked_id": one.id}),
        )
        for one in db.session.scalars(query.order_by(OrderRequest.delivery_on, OrderRequest.id).limit(most))
    ]  # fmt: skip
    return [one for one in found if group != "overdue" or one.is_overdue(today)]


def _waiting(user: Staff) -> Iterable[Select[Any]]:
    if user.may(Permission.ORDER_REQUEST):
        yield _past_their_day(user, clock.today()).with_only_columns(OrderRequest.id)


inbox.source(inbox.Source(_entries, _waiting, lambda: {NAME: TITLE}))


def left_open(customer_ids: Collection[int]) -> list[Message]:
    """Return in words which orders of customers are treated like grade A now."""
    text_ = N_("Order %(number)s of %(customer)s is treated like grade A and not concluded.")
    return [Message(text_, {"number": one.order_number, "customer": one.customer.full_name}) for one in open_treatments(customer_ids)]


@blocker
def _open_orders(disposal: Disposal) -> Iterable[Message]:
    return left_open([customer.id for customer in disposal.customers])
