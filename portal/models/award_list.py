"""What customers receive for proposals, as a list (PP-9): by year, kind and state, the newest first; for page, paper and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.customer import Customer
from portal.models.newest_first import Listing
from portal.models.proposal import Proposal
from portal.models.proposal_award import KINDS, LAPSED, STATES, ProposalAward
from portal.models.proposal_decision import ProposalDecision
from portal.models.scope import listed
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.text import clean_line

FILTERS = {"year": N_("Year"), "kind": N_("What is given"), "state": N_("State"), "customer": N_("Customer")}


@dataclass(frozen=True)
class AwardQuery:
    """Which rewards, prizes and souvenirs are wanted; its address says the same."""

    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> AwardQuery:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in FILTERS if (text := clean_line(args.get(name, ""))[:20])}
        for name in ("year", "customer"):
            if not found.get(name, "0").isdecimal() or len(found.get(name, "")) > (4 if name == "year" else 9):
                del found[name]
        for name, known in (("kind", KINDS), ("state", STATES)):
            if name in found and found[name] not in known:
                del found[name]
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> AwardQuery:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


def _chosen(user: Staff, query: AwardQuery) -> Select[Any]:
    found: Select[Any] = select(ProposalAward).where(listed(user, ProposalAward.customer_id))
    for name in ("kind", "state"):
        if name in query.filters:
            found = found.where(getattr(ProposalAward, name) == query.filters[name])
    if "year" in query.filters:
        found = found.where(ProposalAward.year == int(query.filters["year"]))
    if "customer" in query.filters:
        found = found.where(ProposalAward.customer_id == int(query.filters["customer"]))
    return found


_LOADED = (
    joinedload(ProposalAward.customer).load_only(Customer.number, Customer.full_name),
    joinedload(ProposalAward.proposal).load_only(Proposal.summary, Proposal.received_on),
    joinedload(ProposalAward.decision).load_only(ProposalDecision.grade, ProposalDecision.approved_at),
    joinedload(ProposalAward.handed_by).load_only(Staff.name), joinedload(ProposalAward.confirmed_by).load_only(Staff.name),
)  # fmt: skip
AWARDS = Listing(ProposalAward, _chosen, _LOADED)


def sums(user: Staff, query: AwardQuery) -> dict[str, tuple[int, Decimal]]:
    """Return number and yuan of each kind among the awards of a query of one year, without what has lapsed; of all years there are none."""
    if "year" not in query.filters:
        return {}
    columns = (ProposalAward.kind, func.count(ProposalAward.id), func.sum(ProposalAward.amount))
    rows = _chosen(user, query).where(ProposalAward.state != LAPSED).with_only_columns(*columns).group_by(ProposalAward.kind)
    found = {row[0]: (row[1], row[2]) for row in db.session.execute(rows)}
    return {kind: found[kind] for kind in KINDS if kind in found}
