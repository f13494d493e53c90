"""The list of proposals (PP-4, PP-10): undecided ones by their last day, or all by number, the newest first; for page, paper and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.newest_first import Listing
from portal.models.proposal import Proposal
from portal.models.proposal_search import having
from portal.models.staff import Staff
from portal.rules import proposals as rules
from portal.rules.message import N_
from portal.rules.text import clean_line

FILTERS = {
    "q": N_("Words, customer or number"),
    "state": N_("State"),
    "kind": N_("Kind of proposal"),
    "channel": N_("How received"),
    "department": N_("Responsible department"),
    "team": N_("Team"),
    "customer": N_("Customer"),
    "first": N_("Received from"),
    "last": N_("until"),
    "late": N_("Late"),
}
OPEN = "open"
"""The state of the list that stands for all that is undecided."""
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    OPEN: (N_("Undecided"), rules.UNDECIDED),
    "taken": (N_("Adopted, those being or been carried out included"), (rules.ADOPTED, rules.CARRYING_OUT, rules.DONE)),
    "counted": (N_("All but those entered by mistake"), tuple(state for state in rules.STATES if state != rules.VOID)),
}
"""Several states that are asked for together, with their words: those of the list, and of the figures of the overview."""
_NUMBERS = ("team", "customer")


@dataclass(frozen=True)
class ProposalQuery:
    """What a reader asks of the proposals; its address says the same. Undecided ones stand by their last day, others by number."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ProposalQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        for name in _NUMBERS:
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > 9:
                del found[name]
        if found.get("state", OPEN) not in (*GROUPS, *rules.STATES):
            del found["state"]
        if found.get("channel", rules.POST) not in rules.CHANNELS:
            del found["channel"]
        for name in ("first", "last"):
            if name in found and _day(found[name]) is None:
                del found[name]
        if "late" in found:
            found["late"] = "1"
        return cls(found)

    @property
    def by_due(self) -> bool:
        """Return whether the list goes by the last day: where all of it is undecided."""
        return self.filters.get("state") == OPEN

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> ProposalQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_LOADED = (
    joinedload(Proposal.customer, innerjoin=True).load_only(Customer.number, Customer.full_name),
    joinedload(Proposal.handler, innerjoin=True).load_only(Staff.name),
)


def _chosen(user: Staff, query: ProposalQuery) -> Select[Any]:
    one, filters = Proposal, query.filters
    found = one.listed_for(user)
    if filters.get("state") in GROUPS:
        found = found.where(one.state.in_(GROUPS[filters["state"]][1]))
    elif "state" in filters:
        found = found.where(one.state == filters["state"])
    for name, column in (("kind", one.kind), ("channel", one.channel), ("department", one.responsible)):
        if name in filters:
            found = found.where(column == filters[name])
    for name, number in (("customer", one.customer_id), ("team", one.team_id)):
        if name in filters:
            found = found.where(number == int(filters[name]))
    if "first" in filters:
        found = found.where(one.received_on >= _day(filters["first"]))
    if "last" in filters:
        found = found.where(one.received_on <= _day(filters["last"]))
    if "late" in filters:
        found = found.where(one.state.in_(rules.UNDECIDED), one.limit_on < clock.today())
    if "q" in filters:
        found = found.where(having(user, filters["q"]))
    return found


BY_NUMBER = Listing(Proposal, _chosen, _LOADED)
BY_DUE = Listing(Proposal, _chosen, _LOADED, day=Proposal.limit_on, rising=lambda _query: True)


def listing(query: ProposalQuery) -> Listing:
    """Return the list in the order that a query has."""
    return BY_DUE if query.by_due else BY_NUMBER


def of_customer(user: Staff, customer_id: int, *, most: int = 20) -> list[Proposal]:
    """Return the newest proposals of a customer that `user` sees."""
    query = Proposal.visible_to(user).where(Proposal.customer_id == customer_id).options(*_LOADED)
    return list(db.session.scalars(query.order_by(Proposal.id.desc()).limit(most)))
