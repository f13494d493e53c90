"""The list of visits (SV-21): filters, and pages by keyset, the last day first; for the page, for paper and for files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, lines, of_team
from portal.models.reception import STATES, Reception
from portal.models.staff import Staff
from portal.rules.grams import fold
from portal.rules.message import N_
from portal.rules.reception import CLASSES


@dataclass(frozen=True)
class ReceptionQuery(ListQuery):
    """What a reader asks of the visits; its address says the same."""

    FILTERS = {
        "q": N_("Words, customer or visitor"),
        "state": N_("State"),
        "class": N_("Class of the visitors"),
        "first": N_("From the day"),
        "last": N_("Until"),
        "room": N_("Meeting room"),
        "host": N_("Host of the visitors"),
        "team": N_("Team"),
        "customer": N_("Customer"),
    }
    KNOWN = {"state": STATES, "class": CLASSES}
    NUMBERS = ("room", "host", "team", "customer")
    DAYS = ("first", "last")


_WITH = (
    joinedload(Reception.customer, innerjoin=True).load_only(Customer.number, Customer.full_name),
    joinedload(Reception.room), joinedload(Reception.host, innerjoin=True).load_only(Staff.name),
)  # fmt: skip


def _chosen(user: Staff, query: ReceptionQuery) -> Select[Any]:
    one, filters = Reception, query.filters
    found = one.listed_for(user)
    for name, column in (("state", one.state), ("class", one.class_)):
        if name in filters:
            found = found.where(column == filters[name])
    for name, number in (("room", one.room_id), ("host", one.host_id), ("customer", one.customer_id)):
        if name in filters:
            found = found.where(number == int(filters[name]))
    if "team" in filters:
        found = found.where(of_team(one.customer_id, int(filters["team"])))
    if "first" in filters:
        found = found.where(one.last_on >= query.day("first"))
    if "last" in filters:
        found = found.where(one.first_on <= query.day("last"))
    for part in (fold(part) for part in filters.get("q", "").split()):
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = found.where(one.search_text.like(f"%{escaped}%", escape="\\"))
    return found


_LINES = lines(
    Reception,
    *("id", "state", "first_on", "last_on", "starts_at", "ends_at", "class_", "came", "count", "purpose"),
    borrowed=("hours",),
    customer=("full_name",),
    room=("zh", "en"),
    host=("name",),
)
LIST = Listing(Reception, _chosen, _WITH, day=Reception.first_on, shown=_LINES, scoped=True)
