"""What customers receive for proposals, as a list (PP-9): by year, kind and state, the newest first; for page, paper and files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing
from portal.models.proposal import Proposal
from portal.models.proposal_award import DENIED, KINDS, LAPSED, STATES, ProposalAward
from portal.models.proposal_decision import ProposalDecision
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.proposals import number_of


@dataclass(frozen=True)
class AwardQuery(ListQuery):
    """Which rewards, prizes and souvenirs are wanted; its address says the same."""

    FILTERS = {"year": N_("Year"), "kind": N_("What is given"), "state": N_("State"), "customer": N_("Customer")}
    KNOWN = {"kind": KINDS, "state": STATES}
    NUMBERS = ("year", "customer")


def _chosen(_user: Staff, query: AwardQuery) -> Select[Any]:
    found: Select[Any] = select(ProposalAward)
    for name in ("kind", "state"):
        if name in query.filters:
            found = found.where(getattr(ProposalAward, name) == query.filters[name])
    if "year" in query.filters:
        found = found.where(ProposalAward.year == query.number("year"))
    if "customer" in query.filters:
        found = found.where(ProposalAward.customer_id == query.number("customer"))
    return found


_LOADED = (
    joinedload(ProposalAward.customer).load_only(Customer.number, Customer.full_name),
    joinedload(ProposalAward.proposal).load_only(Proposal.summary, Proposal.received_on),
    joinedload(ProposalAward.decision).load_only(ProposalDecision.grade, ProposalDecision.approved_at),
    joinedload(ProposalAward.handed_by).load_only(Staff.name), joinedload(ProposalAward.confirmed_by).load_only(Staff.name),
)  # fmt: skip


class ListedAward(NamedTuple):
    """What a page of the list shows of an award."""

    id: int
    kind: str
    state: str
    amount: Decimal
    found_on: date
    handed_on: date | None
    customer: str
    proposal_id: int
    received_on: date

    @property
    def number(self) -> str:
        """Return the number of its proposal."""
        return number_of(self.received_on.year, self.proposal_id)


def _shown(numbers: Sequence[int]) -> Iterator[ListedAward]:
    one = ProposalAward
    columns = (one.id, one.kind, one.state, one.amount, one.found_on, one.handed_on)
    query = select(*columns, Customer.full_name, one.proposal_id, Proposal.received_on).join(one.customer).join(one.proposal)
    return map(ListedAward._make, db.session.execute(query.where(one.id.in_(numbers))))


AWARDS = Listing(ProposalAward, _chosen, _LOADED, shown=_shown, parts=ProposalAward.parts_for)


def sums(user: Staff, query: AwardQuery) -> dict[str, tuple[int, Decimal]]:
    """Return number and yuan of each kind among the awards of a query of one year; of all years there are none.

    What has lapsed or is not paid is left out.
    """
    if "year" not in query.filters:
        return {}
    columns = (ProposalAward.kind, func.count(ProposalAward.id), func.sum(ProposalAward.amount))
    rows = (
        _chosen(user, query)
        .where(ProposalAward.in_scope(user), ProposalAward.state.not_in((LAPSED, DENIED)))
        .with_only_columns(*columns)
        .group_by(ProposalAward.kind)
    )
    found = {row[0]: (row[1], row[2]) for row in db.session.execute(rows)}
    return {kind: found[kind] for kind in KINDS if kind in found}
