"""The overview of proposals (PP-10): received, on time, adopted, value, reward; by month, kind, department and customer.

Who sees everything reads kept figures (`proposal_totals.py`), which the worker counts anew for months and customers whose proposals have
changed: those that stand in another version than they were counted in. Everybody else's proposals are few enough to be counted when asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, delete, func, insert, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.database import db
from portal.models.customer import Customer
from portal.models.merge import settles
from portal.models.proposal import Proposal
from portal.models.proposal_award import LAPSED, REWARD, ProposalAward
from portal.models.proposal_totals import ProposalCounted, ProposalCustomerTotal, ProposalTotal
from portal.models.proposal_work import ProposalWork
from portal.models.staff import Staff
from portal.rules import proposals as rules

PORTION = 2000
FIGURES = ("received", "decided", "on_time", "adopted", "kept", "declined", "reward", "value")
MOST_CUSTOMERS = 20
_ADOPTED = (rules.ADOPTED, rules.CARRYING_OUT, rules.DONE)
_QUIET = {"synchronize_session": False}


class Figures(NamedTuple):
    """What is counted of some proposals, by when they were received; money in yuan."""

    received: int = 0
    decided: int = 0
    on_time: int = 0
    adopted: int = 0
    kept: int = 0
    declined: int = 0
    reward: Decimal = Decimal(0)
    value: Decimal = Decimal(0)

    @property
    def punctual(self) -> int | None:
        """Return how many per cent of those decided were in time; None where none is."""
        return self.on_time * 100 // self.decided if self.decided else None

    @property
    def share(self) -> int | None:
        """Return how many per cent of those decided are adopted; None where none is."""
        return self.adopted * 100 // self.decided if self.decided else None

    def plus(self, other: Figures) -> Figures:
        """Return both together."""
        both: list[Any] = [mine + theirs for mine, theirs in zip(self, other, strict=True)]  # type: ignore[operator]
        return Figures(*both)


NONE = Figures()


@dataclass
class Overview:
    """A year's proposals that somebody may see."""

    year: int
    total: Figures = NONE
    months: dict[str, Figures] = field(default_factory=dict)
    kinds: dict[str, Figures] = field(default_factory=dict)
    departments: dict[str, Figures] = field(default_factory=dict)
    customers: list[tuple[int, str, Figures]] = field(default_factory=list)
    """Number, name and figures of those with the most proposals, at most `MOST_CUSTOMERS`."""


# --- counting ----------------------------------------------------------------------------------------------------------------


def _grouped(keys: Sequence[Any], *conditions: Any) -> Select[Any]:
    """Return the query that counts proposals by some columns: the keys, then `FIGURES`."""
    proposal, award, work = Proposal, ProposalAward, ProposalWork
    decided = proposal.decided_on.is_not(None)

    def number(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    columns = (
        func.count(proposal.id), number(decided), number(and_(decided, proposal.decided_on <= proposal.limit_on)),
        number(proposal.state.in_(_ADOPTED)), number(proposal.state == rules.KEPT), number(proposal.state == rules.DECLINED),
        func.coalesce(func.sum(award.amount), 0), func.coalesce(func.sum(work.value), 0),
    )  # fmt: skip
    rewarded = and_(award.proposal_id == proposal.id, award.kind == REWARD, award.state != LAPSED)
    query = select(*keys, *columns).select_from(proposal).outerjoin(award, rewarded).outerjoin(work, work.proposal_id == proposal.id)
    return query.where(proposal.state != rules.VOID, *conditions).group_by(*keys)


def _read(row: Sequence[Any], keys: int) -> Figures:
    counts: list[Any] = [int(value or 0) for value in row[keys : keys + 6]]
    return Figures(*counts, *(Decimal(value or 0) for value in row[keys + 6 : keys + 8]))


def _month(column: InstrumentedAttribute[date]) -> Any:
    """Return the month of a day as 2026-04."""
    if db.session.get_bind().dialect.name == "postgresql":
        return func.to_char(column, "YYYY-MM")
    return func.strftime("%Y-%m", column)


def count_changed() -> int:
    """Count the months and customers anew of which proposals changed since; return how many proposals that were. The caller commits."""
    proposal, counted = Proposal, ProposalCounted
    columns = (proposal.id, proposal.version, proposal.received_on, proposal.customer_id, counted.month, counted.customer_id)
    query = select(*columns).outerjoin(counted, counted.proposal_id == proposal.id)
    query = query.where(or_(counted.as_version.is_(None), counted.as_version != proposal.version)).order_by(proposal.id).limit(PORTION)
    rows = db.session.execute(query).all()
    if not rows:
        return 0
    db.session.execute(delete(counted).where(counted.proposal_id.in_([row[0] for row in rows])), execution_options=_QUIET)
    now: list[dict[str, Any]] = [
        {"proposal_id": row[0], "as_version": row[1], "month": f"{row[2]:%Y-%m}", "customer_id": row[3]} for row in rows
    ]
    db.session.execute(insert(counted), now)
    for month in sorted({one["month"] for one in now} | {row[4] for row in rows if row[4]}):
        _count_month(month)
    places = {(one["customer_id"], int(one["month"][:4])) for one in now}
    places |= {(row[5], int(row[4][:4])) for row in rows if row[4]}
    _count_customers(places)
    return len(rows)


def _count_month(month: str) -> None:
    year, number = int(month[:4]), int(month[5:])
    after = date(year + number // 12, number % 12 + 1, 1)
    keys = (Proposal.kind, Proposal.responsible, func.coalesce(Proposal.team_id, 0))
    rows = db.session.execute(_grouped(keys, Proposal.received_on >= date(year, number, 1), Proposal.received_on < after)).all()
    db.session.execute(delete(ProposalTotal).where(ProposalTotal.month == month), execution_options=_QUIET)
    found = [{"month": month, "kind": row[0], "department": row[1], "team": row[2], **_read(row, 3)._asdict()} for row in rows]
    if found:
        db.session.execute(insert(ProposalTotal), found)


def _count_customers(places: Iterable[tuple[int, int]]) -> None:
    years: dict[int, list[int]] = {}
    for customer_id, year in places:
        years.setdefault(year, []).append(customer_id)
    for year, ids in sorted(years.items()):
        gone = delete(ProposalCustomerTotal).where(ProposalCustomerTotal.year == year, ProposalCustomerTotal.customer_id.in_(ids))
        db.session.execute(gone, execution_options=_QUIET)
        rows = db.session.execute(_grouped((Proposal.customer_id,), Proposal.customer_id.in_(ids), _in(year))).all()
        found = [{"year": year, "customer_id": row[0], **_read(row, 1)._asdict()} for row in rows]
        if found:
            db.session.execute(insert(ProposalCustomerTotal), found)


def _in(year: int) -> Any:
    return Proposal.received_on.between(date(year, 1, 1), date(year, 12, 31))


@settles
def forget_counts(customer_ids: list[int]) -> None:
    """Let the proposals of merged or parted customers be counted anew, and their own figures go until then."""
    theirs = select(Proposal.id).where(Proposal.customer_id.in_(customer_ids))
    db.session.execute(delete(ProposalCounted).where(ProposalCounted.proposal_id.in_(theirs)), execution_options=_QUIET)
    gone = delete(ProposalCustomerTotal).where(ProposalCustomerTotal.customer_id.in_(customer_ids))
    db.session.execute(gone, execution_options=_QUIET)


# --- reading -----------------------------------------------------------------------------------------------------------------


def years() -> list[int]:
    """Return the years of which there are proposals, the newest first."""
    found = db.session.execute(select(func.min(Proposal.received_on), func.max(Proposal.received_on))).one()
    return list(range(found[1].year, found[0].year - 1, -1)) if found[0] else []


def overview(user: Staff, year: int) -> Overview:
    """Return the figures of a year's proposals that `user` sees (RO-1)."""
    if user.is_manager:
        total = ProposalTotal
        columns = (total.month, total.kind, total.department, *(func.sum(getattr(total, name)) for name in FIGURES))
        query = select(*columns).where(total.month.between(f"{year}-01", f"{year}-12"))
        rows: Sequence[Any] = db.session.execute(query.group_by(total.month, total.kind, total.department)).all()
    else:
        keys = (_month(Proposal.received_on), Proposal.kind, Proposal.responsible)
        rows = db.session.execute(_grouped(keys, _in(year), Proposal.id.in_(Proposal.seen_by(user)))).all()
    found = Overview(year)
    for row in rows:
        figures = _read(row, 3)
        found.total = found.total.plus(figures)
        for place, key in ((found.months, row[0]), (found.kinds, row[1]), (found.departments, row[2])):
            place[key] = place.get(key, NONE).plus(figures)
    found.customers = _customers(user, year)
    return found


def _customers(user: Staff, year: int) -> list[tuple[int, str, Figures]]:
    if user.is_manager:
        total = ProposalCustomerTotal
        query: Select[Any] = select(total.customer_id, *(getattr(total, name) for name in FIGURES)).where(total.year == year)
        query = query.order_by(total.received.desc(), total.customer_id.desc())
    else:
        query = _grouped((Proposal.customer_id,), _in(year), Proposal.id.in_(Proposal.seen_by(user)))
        query = query.order_by(func.count(Proposal.id).desc(), Proposal.customer_id.desc())
    rows = db.session.execute(query.limit(MOST_CUSTOMERS)).all()
    ids = [row[0] for row in rows]
    names = {row.id: row.full_name for row in db.session.execute(select(Customer.id, Customer.full_name).where(Customer.id.in_(ids)))}
    return [(row[0], names.get(row[0], ""), _read(row, 1)) for row in rows]

