"""The list of proposals (PP-4, PP-10): undecided ones by their last day, or all by number, the newest first; for page, paper and files."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing
from portal.models.proposal import Proposal
from portal.models.proposal_search import having
from portal.models.proposal_work import ProposalWork
from portal.models.staff import Staff
from portal.rules import proposals as rules
from portal.rules.message import N_

OPEN = "open"
"""The state of the list that stands for all that is undecided."""
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    OPEN: (N_("Undecided"), rules.UNDECIDED),
    "taken": (N_("Adopted, those being or been carried out included"), (rules.ADOPTED, rules.CARRYING_OUT, rules.DONE)),
    "counted": (N_("All but those entered by mistake"), tuple(state for state in rules.STATES if state != rules.VOID)),
}
"""Several states that are asked for together, with their words: those of the list, and of the figures of the overview."""
FIGURES = {"in-time": N_("Decided in time"), "value": N_("With value gained")}
"""What the overview counts beside states (PP-10)."""
_PERIOD = re.compile(r"([12][0-9]{3})(?:-(0[1-9]|1[0-2]))?")


@dataclass(frozen=True)
class ProposalQuery(ListQuery):
    """What a reader asks of the proposals; its address says the same. Undecided ones stand by their last day, others by number."""

    FILTERS = {
        "q": N_("Words, customer or number"),
        "state": N_("State"),
        "kind": N_("Kind of proposal"),
        "channel": N_("How received"),
        "department": N_("Responsible department"),
        "team": N_("Team"),
        "customer": N_("Customer"),
        "period": N_("Received in the year or month"),
        "first": N_("Received from"),
        "last": N_("until"),
        "figure": N_("Counted as"),
        "late": N_("Late"),
    }
    KNOWN = {"state": (*GROUPS, *rules.STATES), "channel": rules.CHANNELS, "figure": FIGURES}
    NUMBERS = ("team", "customer")
    DAYS = ("first", "last")
    SWITCHES = ("late",)

    @classmethod
    def filters_of(cls, args: Mapping[str, str]) -> dict[str, str]:
        """Return the filters that an address says rightly; a period is a year or a month, such as 2026 or 2026-04."""
        found = super().filters_of(args)
        return {name: text for name, text in found.items() if name != "period" or _PERIOD.fullmatch(text)}

    @property
    def by_due(self) -> bool:
        """Return whether the list goes by the last day: where all of it is undecided."""
        return self.filters.get("state") == OPEN

    @property
    def days(self) -> list[tuple[date, date]]:
        """Return the first and the last day of the period of the receipt; none where no period is asked for."""
        asked = _PERIOD.fullmatch(self.filters.get("period", ""))
        if asked is None:
            return []
        year, month = int(asked[1]), int(asked[2] or 0)
        return [(date(year, month or 1, 1), date(year, month or 12, monthrange(year, month or 12)[1]))]


_LOADED = (
    joinedload(Proposal.customer, innerjoin=True).load_only(Customer.number, Customer.full_name),
    joinedload(Proposal.handler, innerjoin=True).load_only(Staff.name),
)


def _chosen(user: Staff, query: ProposalQuery) -> Select[Any]:
    one, filters = Proposal, query.filters
    found = select(one)
    if filters.get("state") in GROUPS:
        found = found.where(one.state.in_(GROUPS[filters["state"]][1]))
    elif "state" in filters:
        found = found.where(one.state == filters["state"])
    for name, column in (("kind", one.kind), ("channel", one.channel), ("department", one.responsible)):
        if name in filters:
            found = found.where(column == filters[name])
    for name, number in (("customer", one.customer_id), ("team", one.team_id)):
        if name in filters:
            found = found.where(number == query.number(name))
    for first, last in query.days:
        found = found.where(one.received_on.between(first, last))
    if "first" in filters:
        found = found.where(one.received_on >= query.day("first"))
    if "last" in filters:
        found = found.where(one.received_on <= query.day("last"))
    if "figure" in filters:
        found = found.where(one.state != rules.VOID, *_counted_as(filters["figure"]))
    if "late" in filters:
        found = found.where(one.state.in_(rules.UNDECIDED), one.limit_on < clock.today())
    if "q" in filters:
        found = found.where(having(user, filters["q"]))
    return found


def _counted_as(figure: str) -> list[ColumnElement[bool]]:
    """Return the conditions on what the overview counts as a figure: `proposal_figures.py` counts the same."""
    one = Proposal
    if figure == "value":
        return [exists().where(ProposalWork.proposal_id == one.id, ProposalWork.value != 0)]
    return [one.decided_on <= one.limit_on]


class ListedProposal(NamedTuple):
    """What a page of the list shows of a proposal."""

    id: int
    state: str
    kind: str
    summary: str
    received_on: date
    limit_on: date
    decided_on: date | None
    warned: int
    customer: str
    handler: str

    @property
    def number(self) -> str:
        """Return the number by which people call it."""
        return rules.number_of(self.received_on.year, self.id)


def _shown(numbers: Sequence[int]) -> Iterator[ListedProposal]:
    one = Proposal
    columns = (one.id, one.state, one.kind, one.summary, one.received_on, one.limit_on, one.decided_on, one.warned)
    query = select(*columns, Customer.full_name, Staff.name).join(one.customer).join(one.handler).where(one.id.in_(numbers))
    return map(ListedProposal._make, db.session.execute(query))


BY_NUMBER = Listing(Proposal, _chosen, _LOADED, shown=_shown, parts=Proposal.parts_for)
BY_DUE = Listing(Proposal, _chosen, _LOADED, day=Proposal.limit_on, rising=lambda _query: True, shown=_shown, parts=Proposal.parts_for)


def listing(query: ProposalQuery) -> Listing:
    """Return the list in the order that a query has."""
    return BY_DUE if query.by_due else BY_NUMBER


def of_customer(user: Staff, customer_id: int, *, most: int = 20) -> list[ListedProposal]:
    """Return the newest proposals of a customer that `user` sees."""
    query = Proposal.visible_to(user).where(Proposal.customer_id == customer_id).with_only_columns(Proposal.id)
    numbers = db.session.scalars(query.order_by(Proposal.id.desc()).limit(most)).all()
    return sorted(_shown(numbers), key=lambda one: one.id, reverse=True)
