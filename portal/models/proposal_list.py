"""The list of proposals (PP-4, PP-10): undecided ones by their last day, or all by number, the newest first; for page, paper and files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import newest_first
from portal.models.paging import PAGE_SIZE, Count
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
_NUMBERS = ("team", "customer")
_CURSOR = re.compile(r"(?:(\d{4}-\d{2}-\d{2})\.)?(\d{1,9})")


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
        if found.get("state", OPEN) not in (OPEN, *rules.STATES):
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


class Page(NamedTuple):
    """A page of the list, with the cursors of the pages around it; '' for none."""

    rows: list[Proposal]
    next: str
    previous: str


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


_LOADED = (joinedload(Proposal.customer), joinedload(Proposal.handler))


def _chosen(user: Staff, query: ProposalQuery) -> Select[Any]:
    one, filters = Proposal, query.filters
    found = select(one) if user.is_manager else select(one).where(one.id.in_(one.seen_by(user)))
    if filters.get("state") == OPEN:
        found = found.where(one.state.in_(rules.UNDECIDED))
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


def page(user: Staff, query: ProposalQuery, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind `after`, or before `before`, of the proposals that `user` sees (RO-1)."""
    chosen = _chosen(user, query).options(*_LOADED)
    if not query.by_due:
        some = newest_first.page(chosen, Proposal, after=_number(after), before=_number(before), size=size)
        return Page(some.rows, str(some.next or ""), str(some.previous or ""))
    order = (Proposal.limit_on, Proposal.id)
    behind, ahead = _place(after), _place(before)
    if ahead is not None:
        query_ = chosen.where(tuple_(*order) < ahead).order_by(*(one.desc() for one in order)).limit(size + 1)
        rows = list(db.session.scalars(query_))
        more, rows = len(rows) > size, rows[:size][::-1]
        return Page(rows, _cursor(rows[-1]) if rows else "", _cursor(rows[0]) if rows and more else "")
    if behind is not None:
        chosen = chosen.where(tuple_(*order) > behind)
    rows = list(db.session.scalars(chosen.order_by(*order).limit(size + 1)))
    more, rows = len(rows) > size, rows[:size]
    return Page(rows, _cursor(rows[-1]) if more else "", _cursor(rows[0]) if rows and behind is not None else "")


def _cursor(proposal: Proposal) -> str:
    return f"{proposal.limit_on.isoformat()}.{proposal.id}"


def _number(cursor: str) -> int:
    return int(cursor) if cursor.isdecimal() and len(cursor) < 10 else 0


def _place(cursor: str) -> tuple[date, int] | None:
    found = _CURSOR.fullmatch(cursor)
    day = _day(found[1]) if found and found[1] else None
    return (day, int(found[2])) if found and day else None


def count(user: Staff, query: ProposalQuery) -> Count:
    """Return how many proposals a query finds, counted to the cap."""
    return newest_first.count(_chosen(user, query), Proposal)


def ids(user: Staff, query: ProposalQuery, most: int) -> list[int]:
    """Return the ids of the first proposals of a query in its order, one more than `most` where there are more."""
    chosen = _chosen(user, query)
    if not query.by_due:
        return newest_first.ids(chosen, Proposal, most)
    return list(db.session.scalars(chosen.with_only_columns(Proposal.id).order_by(Proposal.limit_on, Proposal.id).limit(most + 1)))


def records(numbers: list[int]) -> list[Proposal]:
    """Return the proposals with these ids, in their order."""
    return newest_first.records(Proposal, numbers, *_LOADED)


def each(user: Staff, query: ProposalQuery) -> Iterator[Proposal]:
    """Yield every proposal of a query in its order, a page at a time."""
    after = ""
    while True:
        part = page(user, query, after=after, size=newest_first.AT_A_TIME)
        yield from part.rows
        if not part.next:
            return
        after = part.next


def of_customer(user: Staff, customer_id: int, *, most: int = 20) -> list[Proposal]:
    """Return the newest proposals of a customer that `user` sees."""
    query = Proposal.visible_to(user).where(Proposal.customer_id == customer_id).options(*_LOADED)
    return list(db.session.scalars(query.order_by(Proposal.id.desc()).limit(most)))
