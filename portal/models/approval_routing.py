"""Where a step waits (AP-10): who holds the role it asks for, who stands in for them, and what is done when nobody can.

A pool is a key: `team:3` (the supervisors of a team), `manager`, `person:7`. An open step keeps its pool, so that the inbox is one
indexed query; changes of staff, teams and delegations move open steps by `reroute_open_steps`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, false, literal_column, not_, or_, select
from sqlalchemy.orm import selectinload

from portal import clock
from portal.database import db
from portal.models.approval_authors import DocumentAuthor, written_by
from portal.models.approval_step import ApprovalStep
from portal.models.notice import notify
from portal.models.staff import Delegation, Staff, Team
from portal.permissions import Role
from portal.rules.message import N_, Message

if TYPE_CHECKING:
    from portal.models.approval import Approval

MANAGERS = "manager"


class Seat(NamedTuple):
    """Somebody who can sign for a pool, and for whom, if not in their own name (RO-6)."""

    staff: Staff
    principal: Staff | None


class Route(NamedTuple):
    """Where a step waits, why there if not where the chain wanted it, and whether only a signatory of the same position is left."""

    pool: str
    why: Message | None
    alone: bool


def own_pools(staff: Staff) -> set[str]:
    """Return the pools that somebody signs for in their own name, by role and team."""
    pools = {f"person:{staff.id}"}
    if staff.role == Role.MANAGER:
        pools.add(MANAGERS)
    elif staff.role == Role.SUPERVISOR and staff.team_id is not None:
        pools.add(f"team:{staff.team_id}")
    return pools


def capacities(user: Staff) -> list[Seat]:
    """Return in whose names `user` may sign today: their own first, then those who named them delegate (RO-6)."""
    if not user.active:
        return []
    standing = db.session.scalars(_standing_of(), {"me": user.id, "day": clock.today()})
    return [Seat(user, None), *(Seat(user, one.principal) for one in standing if _may_stand_in(user, one.principal))]


@cache
def _standing_of() -> Select[Delegation]:
    return select(Delegation).where(Delegation.delegate_id == bindparam("me"), *_standing(bindparam("day")))


def _standing(day: Any) -> tuple[ColumnElement[bool], ...]:
    return Delegation.ended_at.is_(None), Delegation.from_date <= day, Delegation.to_date >= day


def _may_stand_in(delegate: Staff, principal: Staff) -> bool:
    """Return whether rank allows it. A deactivated principal's delegate still signs, until the delegation ends (AP-10)."""
    return delegate.active and principal.role != Role.REP and Role(delegate.role).rank >= Role(principal.role).rank


def seat_in(pool: str, user: Staff, authors: Collection[int]) -> Seat | None:
    """Return in whose name `user` may sign what waits in `pool`, own name first, or None (RO-3, RO-6)."""
    return _first_seat(capacities(user), pool, user, authors)


def _first_seat(seats: Iterable[Seat], pool: str, user: Staff, authors: Collection[int]) -> Seat | None:
    if user.id in authors:
        return None
    for seat in seats:
        if pool in own_pools(seat.principal or user) and (seat.principal is None or seat.principal.id not in authors):
            return seat
    return None


def principals_of(user: Staff, pools: Mapping[int, str]) -> dict[int, Staff]:
    """Return for whom `user` would sign the steps that wait for them on behalf of somebody else, by the step's number (RO-6).

    `pools` says where each step waits, by its number.
    """
    own, seats = own_pools(user), capacities(user)
    theirs = [number for number, pool in pools.items() if pool not in own]
    if not theirs or len(seats) < 2:
        return {}
    from portal.models.approval import Approval

    same = and_(DocumentAuthor.kind_name == Approval.kind_name, DocumentAuthor.record_id == Approval.record_id)
    query = select(ApprovalStep.id, DocumentAuthor.staff_id).join(Approval, Approval.id == ApprovalStep.approval_id)
    authors: dict[int, set[int]] = {number: set() for number in theirs}
    for number, author in db.session.execute(query.join(DocumentAuthor, same).where(ApprovalStep.id.in_(theirs))):
        authors[number].add(author)
    found = {number: _first_seat(seats, pools[number], user, authors[number]) for number in theirs}
    return {number: seat.principal for number, seat in found.items() if seat is not None and seat.principal is not None}


def pools_of(user: Staff) -> set[str]:
    """Return every pool whose steps `user` can see in their inbox today."""
    return {pool for seat in capacities(user) for pool in own_pools(seat.principal or user)}


def waits_for(user: Staff) -> tuple[int, dict[str, Any]]:
    """Return in how many names `user` can sign today, and the values of the parameters of `waiting` for so many."""
    seats = capacities(user)
    values: dict[str, Any] = {"me": user.id}
    for number, seat in enumerate(seats):
        values[f"pools{number}"] = sorted(own_pools(seat.principal or user))
        values[f"barred{number}"] = [user.id] if seat.principal is None else [user.id, seat.principal.id]
    return len(seats), values


@cache
def waiting(seats: int) -> ColumnElement[bool]:
    """Return the condition on open steps that wait for somebody who signs in so many names; `waits_for` has its parameters' values.

    In their pools, not the own work of themselves or of whom they stand in for (RO-3), and not beside a signature that they gave for the
    same position (会签). The condition is made once for a number of names, because making it costs more than asking it.
    """
    step = ApprovalStep.__table__.c
    theirs: list[ColumnElement[bool]] = []
    for number in range(seats):
        barred: Any = bindparam(f"barred{number}", expanding=True)
        pools = step.pool.in_(bindparam(f"pools{number}", expanding=True))
        theirs.append(and_(pools, not_(written_by(step.approval_id, barred))))
    return and_(_IS_OPEN, or_(false(), *theirs), _other_hand(bindparam("me")))


def waiting_by_pool(user: Staff) -> list[ColumnElement[bool]]:
    """Return the conditions of `waiting` for each name and pool apart: an index of the pool has its steps in order."""
    step, (seats, values) = ApprovalStep.__table__.c, waits_for(user)
    return [
        and_(_IS_OPEN, step.pool == pool, not_(written_by(step.approval_id, values[f"barred{number}"])), _other_hand(user.id))
        for number in range(seats)
        for pool in values[f"pools{number}"]
    ]


_IS_OPEN = ApprovalStep.__table__.c.state == literal_column("'open'")
"""The literal lets the partial indexes of open steps be used."""


def _other_hand(me: Any) -> ColumnElement[bool]:
    step, beside = ApprovalStep.__table__.c, ApprovalStep.__table__.alias("beside").c
    given = exists().where(
        beside.round_id == step.round_id, beside.position == step.position, beside.signer_id == me, beside.type == "portal"
    )
    return or_(step.type != "portal", step.alone, not_(given.correlate(ApprovalStep.__table__)))


class Office:
    """Who holds which pool today: supervisors, managers and delegations, read once."""

    def __init__(self) -> None:
        signing = select(Staff).where(Staff.role != Role.REP.value).order_by(Staff.id)
        self._signing = list(db.session.scalars(signing))
        self._delegations = list(db.session.scalars(select(Delegation).where(*_standing(clock.today())).order_by(Delegation.id)))

    def principals(self, pool: str) -> list[Staff]:
        """Return who holds a pool by role, team or name, deactivated people included: their delegates may stand in (AP-10)."""
        if pool.startswith("person:"):
            person = db.session.get(Staff, int(pool.removeprefix("person:")))
            return [person] if person else []
        return [person for person in self._signing if pool in own_pools(person)]

    def seats(self, pool: str, authors: Collection[int]) -> list[Seat]:
        """Return who can sign for a pool, each once, own names first; never its authors, nor who stands in for them (RO-3)."""
        principals = {person.id: person for person in self.principals(pool) if person.id not in authors}
        seats = {person.id: Seat(person, None) for person in principals.values() if person.active}
        for delegation in self._delegations:
            delegate, principal = delegation.delegate, principals.get(delegation.principal_id)
            if principal is not None and delegate.id not in authors and _may_stand_in(delegate, principal):
                seats.setdefault(delegate.id, Seat(delegate, principal))
        return list(seats.values())


def seats_of(pool: str, authors: Collection[int]) -> list[Seat]:
    """Return who can sign for a pool today (`Office.seats`)."""
    return Office().seats(pool, authors)


def route(step: ApprovalStep, approval: Approval, office: Office) -> Route:
    """Return where `step` waits today (AP-10): whom the chain asks, else their delegates, else the managers, never its authors."""
    authors = approval.authors()
    pool, why = _wanted(step, approval, authors, office)
    seats = office.seats(pool, authors)
    if pool == MANAGERS and not seats:
        why = Message(N_("No other manager can sign at present: give somebody the role, or let a manager name a delegate."))
    signed = {
        one.signer_id
        for one in approval.current_round.steps
        if one.position == step.position and one.type == "portal" and one.signer_id and one is not step
    }
    people = {seat.staff.id for seat in seats}
    return Route(pool, why, bool(people) and people <= signed)


_AUTHORS = N_("%(name)s drafted, changed or submitted this document, so this step goes to the managers.")


def _wanted(step: ApprovalStep, approval: Approval, authors: Collection[int], office: Office) -> tuple[str, Message | None]:
    if step.wanted == MANAGERS:
        author = next((person for person in office.principals(MANAGERS) if person.id in authors and person.active), None)
        if author and step.type == "portal":
            why = N_("%(name)s drafted, changed or submitted this document, so another manager signs.")
            return MANAGERS, Message(why, {"name": author.name})
        return MANAGERS, None
    if step.wanted.startswith("person:"):
        if office.seats(step.wanted, authors):
            return step.wanted, None
        name = next((person.name for person in office.principals(step.wanted)), "")
        if any(person.id in authors for person in office.principals(step.wanted)):
            return MANAGERS, Message(_AUTHORS, {"name": name})
        return MANAGERS, Message(N_("%(name)s is no longer here, so this step goes to the managers."), {"name": name})
    if approval.team_id is None:
        return MANAGERS, Message(N_("There is no team in charge, so this step goes to the managers."))
    pool = f"team:{approval.team_id}"
    if office.seats(pool, authors):
        return pool, None
    active = [person.name for person in office.principals(pool) if person.active]
    if active:
        names = {"name": "、".join(active)}
        return MANAGERS, Message(_AUTHORS, names)
    team = db.session.get(Team, approval.team_id)
    names = {"team": team.name if team else ""}
    return MANAGERS, Message(N_("%(team)s has no supervisor at present, so this step goes to the managers."), names)


def place(step: ApprovalStep, approval: Approval, office: Office) -> bool:
    """Put an open step where it belongs today and tell those who can sign it; return whether it moved."""
    wanted = route(step, approval, office)
    moved = step.pool != wanted.pool
    step.pool, step.alone = wanted.pool, wanted.alone
    step.reason, step.reason_params = (wanted.why.text, wanted.why.params) if wanted.why else ("", {})
    if moved:
        figures = {"document": Message(approval.kind.title), "title": approval.title}
        waits = Message(N_("%(document)s “%(title)s” waits for you."), figures)
        for seat in office.seats(step.pool, approval.authors()):
            notify(seat.staff, waits, link=approval.link)
    return moved


def reroute_open_steps(customer_ids: Collection[int] | None = None) -> int:
    """Move the open steps whose signatories have changed, and return how many moved (AP-10); of some customers only, if they are given.

    Called after somebody is deactivated or activated, changes role or team, a delegation begins or ends, or customers change teams.
    """
    from portal.models.approval import Approval
    from portal.models.approval_round import ApprovalRound

    db.session.flush()
    office, moved = Office(), 0
    rounds = selectinload(Approval.rounds)
    query = select(Approval).where(Approval.state == "pending").order_by(Approval.id).options(selectinload(Approval.author_rows))
    if customer_ids is not None:
        query = query.where(Approval.customer_id.in_(customer_ids))
    for approval in db.session.scalars(query.options(rounds.defer(ApprovalRound.content), rounds.selectinload(ApprovalRound.steps))):
        approval.follow_team()
        moved += sum(place(step, approval, office) for step in approval.open_steps)
    return moved
