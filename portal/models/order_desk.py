"""What orders treated like grade A ask of people, and what they keep from happening (RL-6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Executable, Select, func, select, text
from sqlalchemy.orm import joinedload

from portal import clock
from portal.models import inbox
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.order_request import OrderRequest, open_treatments
from portal.models.scope import LookedAfter
from portal.models.staff import Staff
from portal.permissions import Permission, Role
from portal.rules.message import N_, Message

NAME = "treated-order"
TITLE = N_("Orders treated like grade A")


def in_charge(user: Staff, column: Any) -> Any:
    """Return the condition that `column`, the id of a customer, names one `user` looks after; of a supervisor the team's free ones too."""
    team = [user.team_id] if user.role == Role.SUPERVISOR and user.team_id is not None else []
    return LookedAfter(column, user.id, *team)


def _past_their_day(user: Staff, until: date) -> Select[OrderRequest]:
    """Return the orders treated like grade A whose wished day has come and of which nobody has said how they went."""
    # Written out, so that their index is taken.
    open_ = (text("order_request.kind = 'a_treatment' AND order_request.state = 'approved'"), OrderRequest.delivery_on <= until)
    return select(OrderRequest).where(*open_, in_charge(user, OrderRequest.customer_id))


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if user.may(Permission.ORDER_REQUEST):
        one = OrderRequest
        rows: Any = _past_their_day(user, clock.today())
        rows = rows.with_only_columns(*inbox.row(one.id, func.coalesce(one.decided_at, one.created_at), one.delivery_on))
        yield inbox.Queue(NAME, [rows.order_by(one.delivery_on, one.id)], _tell)


def _said() -> Executable:
    return select(OrderRequest).where(OrderRequest.id.in_(inbox.NUMBERS)).options(joinedload(OrderRequest.customer))


def _tell(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said, numbers):
        yield one.id, inbox.Told(one.label, N_("Say how the order went"), ("orders.order_request", {"asked_id": one.id}))


inbox.source(_queues, lambda: {NAME: TITLE})


def left_open(customer_ids: Collection[int]) -> list[Message]:
    """Return in words which orders of customers are treated like grade A now."""
    text_ = N_("Order %(number)s of %(customer)s is treated like grade A and not concluded.")
    return [Message(text_, {"number": one.order_number, "customer": one.customer.full_name}) for one in open_treatments(customer_ids)]


@blocker
def _open_orders(disposal: Disposal) -> Iterable[Message]:
    return left_open([customer.id for customer in disposal.customers])
