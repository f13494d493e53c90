"""The list of visits (SV-21): filters, and pages by keyset, the last day first; for the page, for paper and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.models.customer import Customer
from portal.models.newest_first import Listing, of_team
from portal.models.reception import STATES, Reception
from portal.models.staff import Staff
from portal.rules.grams import fold
from portal.rules.message import N_
from portal.rules.reception import CLASSES
from portal.rules.text import clean_line

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
_NUMBERS = ("room", "host", "team", "customer")


@dataclass(frozen=True)
class ReceptionQuery:
    """What a reader asks of the visits; its address says the same."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ReceptionQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        for name in _NUMBERS:
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > 9:
                del found[name]
        for name, known in (("state", STATES), ("class", CLASSES)):
            if name in found and found[name] not in known:
                del found[name]
        for name in ("first", "last"):
            if name in found and _day(found[name]) is None:
                del found[name]
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> ReceptionQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


_WITH = (
    joinedload(Reception.customer, innerjoin=True).load_only(Customer.number, Customer.full_name),
    joinedload(Reception.room), joinedload(Reception.host, innerjoin=True).load_only(Staff.name),
)  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


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
        found = found.where(one.last_on >= _day(filters["first"]))
    if "last" in filters:
        found = found.where(one.first_on <= _day(filters["last"]))
    for part in (fold(part) for part in filters.get("q", "").split()):
        escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        found = found.where(one.search_text.like(f"%{escaped}%", escape="\\"))
    return found


LIST = Listing(Reception, _chosen, _WITH, day=Reception.first_on)
