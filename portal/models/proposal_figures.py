"""The overview of proposals (PP-10): received, on time, adopted, value, reward; by month, kind, department and customer.

Managers, and supervisors for their team, read kept figures (`proposal_totals.py`), which the worker counts anew for months and customers
whose proposals have changed: those that stand in another version than they were counted in. A rep's are few enough to be counted when
they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, case, delete, func, insert, or_, select

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
MOST_CUSTOMERS = 10
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


def recount() -> None:
    """Count all kept figures anew: after proposals have been taken out."""
    for kept in (ProposalCounted, ProposalCustomerTotal, ProposalTotal):
        db.session.execute(delete(kept), execution_options=_QUIET)
    while count_changed():
        pass


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
    ends = (select(func.min(Proposal.received_on)).scalar_subquery(), select(func.max(Proposal.received_on)).scalar_subquery())
    found = db.session.execute(select(*ends)).one()  # each by itself is the end of an index
    return list(range(found[1].year, found[0].year - 1, -1)) if found[0] else []


def overviews(user: Staff, *which: int) -> list[Overview]:
    """Return the figures of some years' proposals: all for managers, the team's for a supervisor, for others those they see (RO-1)."""
    if user.is_manager or user.is_supervisor:
        return [_kept(user, year) for year in which]
    return _counted(user, which)


def _kept(user: Staff, year: int) -> Overview:
    """Return a year's figures as the worker has counted them."""
    total, found = ProposalTotal, Overview(year)
    here: list[Any] = [total.month.between(f"{year}-01", f"{year}-12")]
    if not user.is_manager:
        here.append(total.team == (user.team_id or 0))
    sums = [func.sum(getattr(total, name)) for name in FIGURES]
    for key, place in ((total.month, found.months), (total.kind, found.kinds), (total.department, found.departments)):
        place.update({row[0]: _read(row, 1) for row in db.session.execute(select(key, *sums).where(*here).group_by(key))})
    for figures in found.months.values():
        found.total = found.total.plus(figures)
    each = ProposalCustomerTotal
    query = select(each.customer_id, *(getattr(each, name) for name in FIGURES), Customer.full_name)
    query = query.join(Customer, Customer.id == each.customer_id).where(each.year == year)
    if not user.is_manager:
        query = query.where(Customer.team_id == user.team_id)
    rows = db.session.execute(query.order_by(each.received.desc(), each.customer_id.desc()).limit(MOST_CUSTOMERS))
    found.customers = [(row[0], row.full_name, _read(row, 1)) for row in rows]
    return found


def _counted(user: Staff, which: Sequence[int]) -> list[Overview]:
    """Return the figures of some years, counted now from what `user` sees: a rep has few."""
    proposal, found = Proposal, {year: Overview(year) for year in which}
    days = (date(min(which), 1, 1), date(max(which), 12, 31))
    keys = (proposal.received_on, proposal.kind, proposal.responsible, proposal.customer_id, proposal.id)
    rows = db.session.execute(_grouped(keys, proposal.id.in_(proposal.seen_by(user)), proposal.received_on.between(*days))).all()
    customers: dict[int, dict[int, Figures]] = {year: {} for year in which}
    for row in rows:
        day, kind, department, customer_id = row[:4]
        here, figures = found.get(day.year), _read(row, len(keys))
        if here is None:
            continue
        here.total = here.total.plus(figures)
        for place, key in ((here.months, f"{day:%Y-%m}"), (here.kinds, kind), (here.departments, department)):
            place[key] = place.get(key, NONE).plus(figures)
        customers[day.year][customer_id] = customers[day.year].get(customer_id, NONE).plus(figures)
    for year, theirs in customers.items():
        first = sorted(theirs.items(), key=lambda one: (-one[1].received, -one[0]))[:MOST_CUSTOMERS]
        names = select(Customer.id, Customer.full_name).where(Customer.id.in_([number for number, _figures in first]))
        called = {row.id: row.full_name for row in db.session.execute(names)}
        found[year].customers = [(number, called.get(number, ""), figures) for number, figures in first]
    return [found[year] for year in which]
