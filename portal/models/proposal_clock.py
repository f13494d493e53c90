"""The days of proposals (PP-4): set when they come in, moved by an approved extension, told on days 10, 15, 18 and when they are late.

Each proposal keeps the version of the standard with which it began (ST-2). `warn_on` leads the worker to what is to be told; which step
was told is noted by a guarded UPDATE, so that a worker that was killed, or a second one, tells nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models.notice import notify
from portal.models.proposal import Proposal
from portal.models.proposal_department import ProposalDepartment, parts_of
from portal.models.request_intake import managers, supervisors_of
from portal.models.staff import Staff
from portal.models.standard import at_version, in_force
from portal.rules import proposals as rules
from portal.rules.message import N_, Message
from portal.rules.proposals import Deadlines

NAME = "proposal.deadlines"
PORTION = 200


def days_of(proposal: Proposal) -> Deadlines:
    """Return the days of the version with which a proposal began."""
    return Deadlines.of(at_version(NAME, proposal.deadlines_version).value)


def begin(proposal: Proposal) -> None:
    """Set the days of a proposal by the standard in force."""
    proposal.deadlines_version = in_force(NAME).version
    count(proposal)


def count(proposal: Proposal) -> None:
    """Bring its days into step with its receipt, its extension and what was told.

    Where it was received later than was thought, steps that it has not reached are still to be told, though they were once (PP-4).
    """
    days = days_of(proposal)
    proposal.warned = min(proposal.warned, days.reached(proposal.received_on, clock.today(), extended=proposal.extended))
    proposal.target_on = days.target_day(proposal.received_on)
    proposal.limit_on = days.last_day(proposal.received_on, extended=proposal.extended)
    proposal.warn_on = days.next_step(proposal.received_on, proposal.warned, extended=proposal.extended) if proposal.is_undecided else None


def extend(proposal: Proposal) -> dict[str, Any]:
    """Return what an approved extension changes: the last day, and when is told again."""
    days = days_of(proposal)
    return {
        "extended": True,
        "limit_on": days.last_day(proposal.received_on, extended=True),
        "warn_on": days.next_step(proposal.received_on, min(proposal.warned, days.warnings[-1]), extended=True),
        "warned": min(proposal.warned, days.warnings[-1]),
        "to_tell": True,
    }


def stop(day: date) -> dict[str, Any]:
    """Return what a decision of `day` changes, beside the state: its days count no more (PP-4)."""
    return {"decided_on": day, "warn_on": None}


def resume(proposal: Proposal) -> dict[str, Any]:
    """Return what changes where a decision is taken back: its days count again."""
    return {"decided_on": None, "warn_on": days_of(proposal).next_step(proposal.received_on, proposal.warned, extended=proposal.extended)}


# --- where it lies -----------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """With whom a proposal lies: what is to be done, the departments that have not answered, and who is asked."""

    what: str
    """English message id."""
    departments: list[str]
    """Codes of departments."""


def lies_with(proposal: Proposal) -> Place:
    """Return where an undecided proposal lies (PP-4)."""
    return places([proposal])[proposal.id]


def places(proposals: Sequence[Proposal]) -> dict[int, Place]:
    """Return where each of some proposals lies, asked together: for lists."""
    routed = [one.id for one in proposals if one.state == rules.ROUTED]
    line = ProposalDepartment
    query = select(line.proposal_id, line.department, line.state).where(
        line.proposal_id.in_(routed), line.state.in_((rules.TO_SEND, rules.SENT))
    )
    waiting: dict[int, list[tuple[str, str]]] = {}
    for row in db.session.execute(query.order_by(line.proposal_id, line.position, line.id)) if routed else ():
        waiting.setdefault(row.proposal_id, []).append((row.department, row.state))
    return {one.id: _place(one, waiting.get(one.id, [])) for one in proposals}


def _place(proposal: Proposal, waiting: list[tuple[str, str]]) -> Place:
    departments = [department for department, _state in waiting]
    if proposal.state == rules.REGISTERED:
        return Place(N_("With the supervisor: to be classified and routed"), [])
    if proposal.state == rules.ROUTING:
        return Place(N_("With the manager: the routing is to be approved"), [])
    if proposal.state == rules.ROUTED:
        if any(state == rules.TO_SEND for _department, state in waiting):
            return Place(N_("With customer service: copies are to be sent"), departments)
        return Place(N_("With the departments: to be assessed"), departments)
    if proposal.state == rules.ASSESSED:
        return Place(N_("With customer service: to be decided"), [])
    return Place("", [])


# --- telling -----------------------------------------------------------------------------------------------------------------


def tell_due(today: date | None = None) -> int:
    """Tell of the proposals that have reached a day of theirs, a portion of them, and return how many; the caller commits."""
    day = today or clock.today()
    query = select(Proposal).where(Proposal.warn_on <= day).order_by(Proposal.warn_on, Proposal.id).limit(PORTION)
    found = list(db.session.scalars(query.options(joinedload(Proposal.customer), joinedload(Proposal.handler))))
    return sum(_tell(one, day) for one in found)


def _tell(proposal: Proposal, day: date) -> bool:
    days = days_of(proposal)
    step = days.reached(proposal.received_on, day, extended=proposal.extended)
    ahead = days.next_step(proposal.received_on, step, extended=proposal.extended)
    taken = update(Proposal).where(
        Proposal.id == proposal.id, Proposal.warned == proposal.warned, Proposal.warn_on == proposal.warn_on,
        Proposal.extended == proposal.extended,
    )  # fmt: skip
    change = {"warned": max(step, proposal.warned), "warn_on": ahead if proposal.is_undecided else None}
    result: Any = db.session.execute(taken.values(**change), execution_options={"synchronize_session": False})
    told = proposal.warned
    db.session.refresh(proposal)
    if result.rowcount != 1 or not proposal.is_undecided or step <= told:
        return False
    late = days.is_late(proposal.received_on, day, extended=proposal.extended)
    place = lies_with(proposal)
    figures = {
        "number": proposal.number, "customer": proposal.customer.full_name, "day": proposal.limit_on.isoformat(),
        "count": (day - proposal.received_on).days, "place": Message(place.what),
    }  # fmt: skip
    text = (
        N_("Proposal %(number)s of %(customer)s is late: its last day was %(day)s. %(place)s")
        if late
        else N_("Proposal %(number)s of %(customer)s is on day %(count)s; its last day is %(day)s. %(place)s")
    )
    for person in _told(proposal, late=late or step >= days.warnings[-1]):
        notify(person, Message(text, figures), link=proposal.link)
    return True


def _told(proposal: Proposal, *, late: bool) -> list[Staff]:
    """Return who is told: who handles it, the team's supervisors, departments that owe; from the last warning on the managers too."""
    waiting = [line.department for line in db.session.scalars(parts_of(proposal.id, ProposalDepartment.state == rules.SENT))]
    theirs = select(Staff).where(Staff.active, Staff.role == "department", Staff.department_code.in_(waiting)).order_by(Staff.id)
    people = [proposal.handler, *supervisors_of(proposal.team_id), *(managers() if late else []), *db.session.scalars(theirs)]
    if len(people) == 1:
        people += managers()
    return [one for one in {person.id: person for person in people}.values() if one.active]


def late_days(proposal: Proposal, today: date | None = None) -> int:
    """Return by how many days a proposal is or was late; 0 where it is in time."""
    return max(((proposal.decided_on or today or clock.today()) - proposal.limit_on) // timedelta(days=1), 0)
