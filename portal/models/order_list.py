"""The list of requests about orders: filters, the newest first (RL-6); for the page, for paper and for files."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, or_
from sqlalchemy.orm import joinedload

from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, called, has, lines, of_team
from portal.models.order_request import STATES, OrderRequest
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.orders import KINDS


@dataclass(frozen=True)
class OrderQuery(ListQuery):
    """What a reader asks of the requests; its address says the same."""

    FILTERS = {
        "q": N_("Order number or customer"),
        "kind": N_("Kind"),
        "state": N_("State"),
        "team": N_("Team"),
        "author": N_("Applicant"),
        "customer": N_("Customer"),
    }
    KNOWN = {"kind": KINDS, "state": STATES}
    NUMBERS = ("team", "author", "customer")


def _chosen(user: Staff, query: OrderQuery) -> Select[OrderRequest]:
    request, filters = OrderRequest, query.filters
    found = request.listed_for(user)
    for name, column in (("kind", request.kind), ("state", request.state)):
        if name in filters:
            found = found.where(column == filters[name])
    for name, number in (("author", request.created_by_id), ("customer", request.customer_id)):
        if name in filters:
            found = found.where(number == int(filters[name]))
    if "team" in filters:
        found = found.where(of_team(request.customer_id, int(filters["team"])))
    for part in filters.get("q", "").split():
        found = found.where(or_(has(request.order_number, part), called(user, request.customer_id, part)))
    return found


_WITH = (
    joinedload(OrderRequest.customer, innerjoin=True).load_only(Customer.number, Customer.full_name, Customer.grade),
    joinedload(OrderRequest.created_by, innerjoin=True).load_only(Staff.name),
)
_LINES = lines(
    OrderRequest,
    *("id", "order_number", "state", "kind", "grade", "ordered_on", "amount", "delivery_on"),
    borrowed=("grade_now",),
    customer=("full_name", "grade"),
    created_by=("name",),
)
LIST = Listing(OrderRequest, _chosen, _WITH, shown=_LINES, scoped=True)
