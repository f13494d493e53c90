"""The overview of proposals (PP-10): received, on time, adopted, value, reward; by month, kind, department and customer.

Managers, and supervisors for their team, read kept figures (`proposal_totals.py`), which the worker counts anew for years and customers
whose proposals have changed: those that stand in another version than they were counted in. A rep's are few enough to be counted when
they are asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)

from portal import clock
from portal.database import db
from portal.models.customer import Customer, Money
from portal.models.merge import settles
from portal.models.proposal import Proposal
from portal.models.proposal_award import LAPSED, REWARD, ProposalAward
from portal.models.proposal_totals import ProposalCounted, ProposalCustomerTotal, ProposalTotal
from portal.models.proposal_work import ProposalWork
from portal.models.register_indexes import THERE
from portal.models.scope import ScopeShape, scope_of
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules import proposals as rules

PORTION = 2000
FIGURES = ("received", "decided", "on_time", "adopted", "kept", "declined", "reward", "value")
MONTHS, KINDS, DEPARTMENTS, CUSTOMERS = "months", "kinds", "departments", "customers"
CHOICES = {KINDS: "proposal_kind", DEPARTMENTS: "department"}
"""What the codes of a part choose among."""
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

    def lines(self, part: str, before: Overview) -> list[Line]:
        """Return the lines of a part beside those of the year before: every month, or kinds and departments in the order of the site."""
        mine, then = getattr(self, part), getattr(before, part)
        if part == MONTHS:
            months = [(f"{self.year}-{month:02d}", f"{before.year}-{month:02d}") for month in range(1, 13)]
            return [Line(code, mine.get(code, NONE), then.get(earlier, NONE)) for code, earlier in months]
        listed = [one["code"] for one in standard(f"choices.{CHOICES[part]}")]
        there = {*mine, *then}
        codes = [code for code in listed if code in there] + sorted(there - {*listed, ""}) + [""] * ("" in there)
        return [Line(code, mine.get(code, NONE), then.get(code, NONE)) for code in codes]


class Line(NamedTuple):
    """A line of a part of the overview: its month or code, its figures, and those of the year before."""

    code: str
    figures: Figures
    before: Figures


@dataclass(frozen=True)
class OverviewQuery:
    """Which year's overview is wanted; its address says the same."""

    year: int

    @classmethod
    def read(cls, args: Mapping[str, str]) -> OverviewQuery:
        """Return the query of an address; this year where it names none."""
        text = args.get("year", "")
        return cls(int(text) if text.isascii() and text.isdecimal() and len(text) == 4 and int(text) > 1 else clock.today().year)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {"year": str(self.year)}


# --- counting ----------------------------------------------------------------------------------------------------------------


def _each(*keys: Any) -> Select[Any]:
    """Return the query that says of each proposal what it counts as: the keys, then `FIGURES` by their names."""
    proposal, award, work = Proposal, ProposalAward, ProposalWork
    decided = proposal.decided_on.is_not(None)

    def one(condition: Any) -> Any:
        return case((condition, 1), else_=0)

    columns = (
        literal(1), one(decided), one(and_(decided, proposal.decided_on <= proposal.limit_on)), one(proposal.state.in_(_ADOPTED)),
        one(proposal.state == rules.KEPT), one(proposal.state == rules.DECLINED),
        func.coalesce(award.amount, 0), func.coalesce(work.value, 0),
    )  # fmt: skip
    named = [column.label(name) for name, column in zip(FIGURES, columns, strict=True)]
    rewarded = and_(award.proposal_id == proposal.id, award.kind == REWARD, award.state != LAPSED)
    query = select(*keys, *named).select_from(proposal).outerjoin(award, rewarded).outerjoin(work, work.proposal_id == proposal.id)
    return query.where(proposal.state != rules.VOID)


def _sums(each: Any) -> list[Any]:
    return [func.sum(getattr(each, name)) for name in FIGURES]


def _read(row: Sequence[Any], keys: int) -> Figures:
    counts: list[Any] = [int(value or 0) for value in row[keys : keys + 6]]
    return Figures(*counts, *(Decimal(value or 0) for value in row[keys + 6 : keys + 8]))


def count_changed() -> int:
    """Count the years and customers anew of which proposals changed since; return how many proposals that were. The caller commits."""
    proposal, counted = Proposal, ProposalCounted
    columns = (proposal.id, proposal.version, proposal.received_on, proposal.customer_id, counted.year, counted.customer_id)
    query = select(*columns).outerjoin(counted, counted.proposal_id == proposal.id)
    query = query.where(or_(counted.as_version.is_(None), counted.as_version != proposal.version)).order_by(proposal.id).limit(PORTION)
    rows = db.session.execute(query).all()
    if not rows:
        return 0
    db.session.execute(delete(counted).where(counted.proposal_id.in_([row[0] for row in rows])), execution_options=_QUIET)
    now: list[dict[str, Any]] = [{"proposal_id": row[0], "as_version": row[1], "year": row[2].year, "customer_id": row[3]} for row in rows]
    db.session.execute(insert(counted), now)
    places = {(one["customer_id"], one["year"]) for one in now} | {(row[5], row[4]) for row in rows if row[4]}
    for year in sorted({year for _customer_id, year in places}):
        _count_year(year)
    _count_customers(places)
    return len(rows)


def recount() -> None:
    """Count all kept figures anew: after proposals have been taken out."""
    for kept in (ProposalCounted, ProposalCustomerTotal, ProposalTotal):
        db.session.execute(delete(kept), execution_options=_QUIET)
    while count_changed():
        pass


def _count_year(year: int) -> None:
    keys = {MONTHS: extract("month", Proposal.received_on), KINDS: Proposal.kind, DEPARTMENTS: Proposal.responsible}
    team = func.coalesce(Proposal.team_id, 0)
    each = _each(*(column.label(part) for part, column in keys.items()), team.label("team")).where(_in(year)).cte("each").c
    parts = [
        select(literal(part), cast(getattr(each, part), String), each.team, *_sums(each)).group_by(getattr(each, part), each.team)
        for part in keys
    ]
    db.session.execute(delete(ProposalTotal).where(ProposalTotal.year == year), execution_options=_QUIET)
    rows = db.session.execute(union_all(*parts)).all()  # what each counts as is read once
    found = [
        {"year": year, "part": row[0], "code": _code(year, row[0], row[1]), "team": row[2], **_read(row, 3)._asdict()} for row in rows
    ]  # fmt: skip
    if found:
        db.session.execute(insert(ProposalTotal), found)


def _code(year: int, part: str, key: Any) -> str:
    return f"{year}-{int(key):02d}" if part == MONTHS else str(key)


def _count_customers(places: Iterable[tuple[int, int]]) -> None:
    years: dict[int, list[int]] = {}
    for customer_id, year in places:
        years.setdefault(year, []).append(customer_id)
    for year, ids in sorted(years.items()):
        gone = delete(ProposalCustomerTotal).where(ProposalCustomerTotal.year == year, ProposalCustomerTotal.customer_id.in_(ids))
        db.session.execute(gone, execution_options=_QUIET)
        each = _each(Proposal.customer_id).where(Proposal.customer_id.in_(ids), _in(year)).subquery().c
        rows = db.session.execute(select(each.customer_id, *_sums(each)).group_by(each.customer_id)).all()
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


def overviews(user: Staff, year: int, *others: int) -> list[Overview]:
    """Return the figures of some years' proposals: all for managers, the team's for its supervisor, for others those they see (RO-1).

    Customers are named for the first year alone.
    """
    lines = (_kept if user.is_manager or (user.is_supervisor and user.team_id is not None) else _counted)(user, year, others)
    found, customers = {one: Overview(one) for one in (year, *others)}, []
    for line in lines:
        here, part, code, figures = found[line[0]], line[1], line[2], _read(line, 3)
        if part == CUSTOMERS:
            customers.append((int(code), figures))
            continue
        getattr(here, part)[code] = figures
        if part == MONTHS:
            here.total = here.total.plus(figures)
    names = select(Customer.id, Customer.full_name).where(Customer.id.in_([number for number, _figures in customers]))
    called = {row.id: row.full_name for row in db.session.execute(names)}
    found[year].customers = [(number, called.get(number, ""), figures) for number, figures in customers]
    return list(found.values())


def _kept(user: Staff, year: int, others: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Yield year, part, code and figures of each line as the worker has counted them."""
    total, each = ProposalTotal, ProposalCustomerTotal
    here: list[Any] = [total.year.in_((year, *others))]
    customers = select(each.year, literal(CUSTOMERS), each.customer_id, *(getattr(each, name) for name in FIGURES)).where(each.year == year)
    if not user.is_manager:
        here.append(total.team == user.team_id)
        customers = customers.join(Customer, Customer.id == each.customer_id).where(Customer.team_id == user.team_id)
    keys = (total.year, total.part, total.code)
    yield from db.session.execute(select(*keys, *_sums(total)).where(*here).group_by(*keys))
    yield from db.session.execute(customers.order_by(each.received.desc(), each.customer_id.desc()).limit(MOST_CUSTOMERS))


def _counted(user: Staff, year: int, others: Sequence[int]) -> Iterator[Sequence[Any]]:
    """Yield year, part, code and figures of each line, counted now from what `user` sees: a rep has few."""
    shape, values = scope_of(user)
    which = (year, *others)
    days = {"first": date(min(which), 1, 1), "last": date(max(which), 12, 31)}
    rows = db.session.connection().execute(_seen(shape), {**values, **days})
    groups: dict[tuple[int, str, Any], list[list[int]]] = defaultdict(list)
    for day, kind, department, customer_id, *figures in rows:
        of_year = day.year
        groups[of_year, MONTHS, day.month].append(figures)
        groups[of_year, KINDS, kind].append(figures)
        groups[of_year, DEPARTMENTS, department].append(figures)
        if of_year == year:
            groups[year, CUSTOMERS, customer_id].append(figures)
    sums = {place: list(map(sum, zip(*found, strict=True))) for place, found in groups.items()}
    most = [(found[0], place[2]) for place, found in sums.items() if place[1] == CUSTOMERS]
    first = sorted(most, reverse=True)[:MOST_CUSTOMERS]
    for place, found in sums.items():
        if place[1] != CUSTOMERS and place[0] in which:
            yield (place[0], place[1], _code(*place), *_in_yuan(found))
    yield from ((year, CUSTOMERS, number, *_in_yuan(sums[year, CUSTOMERS, number])) for _received, number in first)


def _in_yuan(figures: Sequence[int]) -> list[Any]:
    """Return figures whose last two are fen: what is added up a thousand times is added as whole numbers."""
    return [*figures[:6], *(Decimal(fen).scaleb(-2) for fen in figures[6:])]


@cache
def _seen(shape: ScopeShape) -> Select[Any]:
    """Return the query of each proposal in a scope received from `first` to `last`, money in fen; made once, as that costs most.

    Its ids are gathered first: some hundred proposals of somebody's customers are fewer than all of two years.
    """
    customers = union_all(*(select(Customer.id).where(THERE, *arm.conditions()) for arm in shape.arms()))
    mine = or_(Proposal.handler_id == bindparam("me"), Proposal.customer_id.in_(customers))
    each = _each(Proposal.received_on, Proposal.kind, Proposal.responsible, Proposal.customer_id)
    days = Proposal.received_on.between(bindparam("first"), bindparam("last"))
    columns = [type_coerce(one, BigInteger) if isinstance(one.type, Money) else one for one in each.selected_columns]
    return each.with_only_columns(*columns).where(Proposal.id.in_(select(Proposal.id).where(mine)), days)
