"""How a round goes on: its steps from the chain in force, the next ones opened as the last are passed, and its end (AP-2, AP-10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from portal import clock
from portal.database import db, transition
from portal.models.approval_round import ApprovalRound
from portal.models.approval_routing import Office, place, route, seat_in
from portal.models.approval_step import ApprovalStep
from portal.models.calendar import site_calendar
from portal.models.choice_names import with_names
from portal.models.staff import Staff
from portal.models.standard import in_force
from portal.models.standard import value as standard
from portal.rules.chains import choose_case, signatures
from portal.rules.freezing import content_hash

if TYPE_CHECKING:
    from portal.models.approval import Approval


def begin_round(approval: Approval, content: dict[str, Any], facts: Mapping[str, str], by: Staff) -> ApprovalRound:
    """Freeze content, the names of its choices and the chain as a new round with all its steps waiting, and return it."""
    content = with_names(content, approval.kind.choices)
    chain = in_force(approval.kind.chain)
    case = choose_case(chain.value, facts)
    started = ApprovalRound(
        approval_id=approval.id,
        number=approval.round,
        content=content,
        content_hash=content_hash(content),
        chain={"standard": chain.name, "version": chain.version, "case": case["case"], "steps": case["steps"]},
        submitted_by_id=by.id,
        submitted_at=clock.now(),
    )
    names = {entry["code"]: {"zh": entry["zh"], "en": entry["en"]} for entry in standard("approval.signatories")}
    approval.rounds.append(started)
    db.session.flush()
    for position, group in enumerate(case["steps"], start=1):
        for number, step in enumerate(signatures(group)):
            title = step.get("title", "")
            started.steps.append(
                ApprovalStep(
                    approval_id=approval.id,
                    round_id=started.id,
                    position=position,
                    place=number,
                    type=step["type"],
                    role=step.get("role", ""),
                    title=title,
                    title_names=names.get(title, {"zh": title, "en": title}) if title else {},
                    meaning=step["meaning"],
                    state="waiting",
                    wanted=step.get("role", "manager"),
                )
            )
    db.session.flush()
    return started


def take_turn(approval: Approval, change: dict[str, Any], **expect: Any) -> None:
    """Change the approval's own row if it is still pending in this round, and read its steps and authors as they are now.

    Whoever acts on a running approval comes through here first: acts queue up at this row, and each sees what the one before did.
    Raises `StateConflict`.
    """
    transition(approval, expect={"state": "pending", "round": approval.round, **expect}, change=change)
    current = approval.current_round
    db.session.expire(current, ["steps"])
    db.session.expire(approval, ["author_rows"])
    query = select(ApprovalStep).where(ApprovalStep.round_id == current.id)
    db.session.scalars(query.execution_options(populate_existing=True)).all()


def wake(approval: Approval, step: ApprovalStep, office: Office | None = None) -> None:
    """Open a waiting step: place it, date it, tell those who can pass it."""
    step.state, step.opened_at = "open", clock.now()
    step.due_on = site_calendar().add_working_days(clock.today(), standard("approval.step_days"))
    place(step, approval, office or Office())


def advance(approval: Approval) -> bool:
    """Open what comes next in the current round and return whether the last step is passed."""
    steps = approval.current_round.steps
    office = Office()
    for step in steps:
        asked = [one for one in steps if one.for_step_id == step.id and one.type == "opinion"]
        if step.state == "waiting" and step.opened_at and all(one.state == "done" for one in asked if one.asked_when == "before"):
            wake(approval, step, office)
        if step.state == "done":
            for one in asked:
                if one.asked_when == "after" and one.state == "waiting":
                    wake(approval, one, office)
    if any(step.state == "open" or (step.state == "waiting" and step.opened_at) for step in steps):
        return False
    ahead = [step for step in steps if step.state == "waiting"]
    if not ahead:
        return True
    for step in ahead:
        if step.position == ahead[0].position and step.type != "opinion":
            wake(approval, step, office)
    return False


def end_round(approval: Approval, outcome: str) -> None:
    """Close the current round: what was not passed is skipped."""
    current = approval.current_round
    current.outcome, current.ended_at = outcome, clock.now()
    for step in current.steps:
        if step.state != "done":
            step.state = "skipped"


def passed_by(approval: Approval, signed: ApprovalStep, by: Staff) -> list[tuple[ApprovalStep, Staff | None]]:
    """Return the further steps that the same signature passes: the same person would sign twice in a row (AP-10).

    Beside the step (会签) those that nobody else can sign; after it, position by position, the one that `by` may sign, as long as
    nothing else stands between. A colleague asked for an opinion stands between.
    """
    return list(_passed_by(approval, signed, by, Office()))


def _passed_by(approval: Approval, signed: ApprovalStep, by: Staff, office: Office) -> Iterator[tuple[ApprovalStep, Staff | None]]:
    steps, authors = approval.current_round.steps, approval.authors()
    if any(one.for_step_id == signed.id and one.state == "waiting" for one in steps):
        return
    given = {one.signer_id for one in steps if one.position == signed.position and one.type == "portal" and one.signer_id} | {by.id}
    position, taken = signed.position, {signed.id}
    beside = [one for one in steps if one.position == position and one.state == "open" and one.id != signed.id]
    for step in beside:
        if step.type == "portal" and {seat.staff.id for seat in office.seats(step.pool, authors)} <= given:
            seat = seat_in(step.pool, by, authors)
            if seat is not None:
                taken.add(step.id)
                yield step, seat.principal
    while all(one.state == "done" or one.id in taken for one in steps if one.position == position):
        position += 1
        mine = None
        for step in (one for one in steps if one.position == position and one.type == "portal" and one.state == "waiting"):
            seat = seat_in(route(step, approval, office).pool, by, authors)
            if seat is not None:
                mine = (step, seat.principal)
                break
        if mine is None:
            return
        taken.add(mine[0].id)
        yield mine
