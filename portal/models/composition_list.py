"""The customers behind a figure of the composition: those whose card says something, or who use their limit so far (IN-2).

A page walks at most `DEPTH` customers in the order of their numbers, so it may be short where few fit; the next one goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select

from portal.database import db
from portal.models import sales_totals
from portal.models.composition import BANDS, LIMIT, OF_CARD, CompositionQuery, Span
from portal.models.customer import Customer, CustomerState
from portal.models.register import PAGE_SIZE
from portal.models.sales_book import CustomerMonth
from portal.models.scope import customer_scope
from portal.models.staff import Staff
from portal.rules.credit import use_of

DEPTH = 2000
NOT_GIVEN = "-"
"""Stands in an address for cards that say nothing."""
EVERY = "every"
"""Asks for those as well who are not on the register; else they are left out."""


@dataclass(frozen=True)
class PartQuery:
    """A part of a composition; its address says the same."""

    whole: CompositionQuery
    part: str
    every: bool

    @classmethod
    def read(cls, args: Mapping[str, str]) -> PartQuery | None:
        """Return the query of an address; None where it names no part of customers."""
        whole, part = CompositionQuery.read(args), args.get("part", "")[:80]
        known = part in BANDS if whole.subject == LIMIT else whole.subject in OF_CARD and bool(part)
        return cls(whole, part, whole.subject != LIMIT and args.get("who") == EVERY) if known else None

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {**self.whole.args(), "part": self.part, **({"who": EVERY} if self.every else {})}

    @property
    def value(self) -> str:
        """Return what the cards say."""
        return "" if self.part == NOT_GIVEN else self.part


class Row(NamedTuple):
    """A customer with what is open and what was sold in the months, this year and last."""

    customer: Any
    open: Decimal
    sold: Decimal
    before: Decimal


def band(limit: Decimal | None, balance: Decimal) -> str:
    """Return the band of `BANDS` in which what is open stands to a limit; what `composition.band_of` says in SQL."""
    use = use_of(balance, limit)
    if use is None:
        return "none"
    if use.over or use.near:
        return "over" if use.over else "near"
    return "below" if use.open else "free"


def page(user: Staff, query: PartQuery, ids: list[int] | None, *, after: str = "") -> tuple[list[Row], str]:
    """Return a page of the customers that `user` sees, and behind which number the next one begins; '' at the end."""
    walked = _walked(user, query, ids, after[:20])
    subject, balances = query.whole.subject, {}
    if subject == LIMIT:
        balances = sales_totals.open_balances([one.id for one in walked if one.credit_limit])
    fitting: list[Any] = []
    following = walked[-1].number if len(walked) == DEPTH else ""
    for one in walked:
        if subject == LIMIT:
            fits = band(one.credit_limit, balances.get(one.id, sales_totals.NOTHING)) == query.part
        else:
            fits = getattr(one, OF_CARD[subject]) == query.value
        if fits and len(fitting) == PAGE_SIZE:
            following = fitting[-1].number
            break
        fitting += [one] if fits else []
    shown = [one.id for one in fitting]
    balances = sales_totals.open_balances(shown)
    now, before = (_sold(shown, span) for span in (query.whole.span, query.whole.span.before))
    nothing = sales_totals.NOTHING
    rows = [Row(one, balances.get(one.id, nothing), now.get(one.id, nothing), before.get(one.id, nothing)) for one in fitting]
    return rows, following


def _walked(user: Staff, query: PartQuery, ids: list[int] | None, after: str) -> list[Any]:
    shown: Any = (
        Customer.id,
        Customer.number,
        Customer.full_name,
        Customer.state,
        Customer.grade,
        Customer.industry,
        Customer.credit_rating,
        Customer.credit_limit,
    )
    mine = customer_scope(user) if ids is None else Customer.id.in_(ids)
    hidden = (CustomerState.IMPORTING.value, CustomerState.MERGED.value)
    state = Customer.state.not_in(hidden) if query.every else Customer.state == CustomerState.ACTIVE.value
    some = select(*shown).where(state, Customer.number > after, mine)
    return list(db.session.execute(some.order_by(Customer.number).limit(DEPTH)))


def _sold(ids: list[int], span: Span) -> dict[int, Decimal]:
    table = CustomerMonth
    query = select(table.customer_id, func.sum(table.sold)).where(table.customer_id.in_(ids), span.holds(table.month))
    return {row[0]: row[1] for row in db.session.execute(query.group_by(table.customer_id))}
