"""The list of requests about orders: filters, the newest first (RL-6); for the page, for paper and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Select, or_
from sqlalchemy.orm import joinedload

from portal.models.customer import Customer
from portal.models.newest_first import Listing, called, has, of_team
from portal.models.order_request import STATES, OrderRequest
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.orders import KINDS
from portal.rules.text import clean_line

FILTERS = {
    "q": N_("Order number or customer"),
    "kind": N_("Kind"),
    "state": N_("State"),
    "team": N_("Team"),
    "author": N_("Applicant"),
    "customer": N_("Customer"),
}
_NUMBERS = ("team", "author", "customer")


@dataclass(frozen=True)
class OrderQuery:
    """What a reader asks of the requests; its address says the same."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> OrderQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        for name in _NUMBERS:
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > 9:
                del found[name]
        for name, known in (("kind", KINDS), ("state", STATES)):
            if name in found and found[name] not in known:
                del found[name]
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> OrderQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


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
LIST = Listing(OrderRequest, _chosen, _WITH)
