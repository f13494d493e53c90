"""Signing a step: in the portal, on paper, and the opinion of a colleague before or after (AP-4, AP-6, AP-10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit
from portal.models.approval_advance import advance, end_round, passed_by, take_turn, wake
from portal.models.approval_signature import Signature
from portal.models.approval_step import ApprovalStep
from portal.models.attachment import Attachment
from portal.models.notice import notify
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules.freezing import Difference
from portal.rules.message import N_, Message, Refusal

if TYPE_CHECKING:
    from portal.models.approval import Approval


Passed = list[tuple[ApprovalStep, Staff | None]]
"""Steps that a signature passes, each with the person it is given for, if not in the signer's own name."""


class ContentChanged(StateConflict):
    """What was read is not what would be signed now (AP-4)."""

    def __init__(self, differences: list[Difference]) -> None:
        self.differences = differences
        super().__init__("the content has changed since the page was opened")


def expect_unchanged(approval: Approval, step: ApprovalStep, seen_hash: str) -> None:
    """Raise `ContentChanged` with the differences unless `seen_hash` is the present round's; `StateConflict` unless `step` is open."""
    current = approval.current_round
    if not current.is_intact():
        raise ContentChanged([])
    if seen_hash != current.content_hash:
        seen, choices = next((one for one in approval.rounds if one.content_hash == seen_hash), None), approval.kind.choices
        raise ContentChanged(seen.differences_to(current.snapshot, current.names(choices), choices) if seen else [])
    if approval.state != "pending" or step.state != "open" or step.round_id != current.id:
        raise StateConflict(f"step {step.id} is {step.state}")


def sign(
    approval: Approval, step: ApprovalStep, *, by: Staff, decision: str, content_hash: str, opinion: str = "", address: str = ""
) -> Signature:
    """Sign a step in the portal, or give the opinion it asks for (AP-4, AP-10).

    `content_hash` is that of the content the signer saw. Approving passes every further step in a row that the same person would
    sign. Raises `Refusal` for who may not sign and for a missing opinion, `ContentChanged`, and `StateConflict` for who is too late.
    """
    seat = approval.seat(step, by)
    if seat is None or step.type == "paper" or step.approval_id != approval.id:
        raise _not_theirs(approval, by)
    approval.expect_unchanged(step, content_hash)
    _check_decision(step, decision, opinion)
    take_turn(approval, {"signed": type(approval).signed + 1})
    if not approval.can_pass(step, by):
        if step.state != "open":
            raise StateConflict(f"step {step.id} is {step.state}")
        if approval.seat(step, by) is None:
            raise _not_theirs(approval, by)
        raise Refusal("You have signed beside this step already; somebody else signs here.")
    passed = [(step, seat.principal), *(passed_by(approval, step, by) if decision == "approve" else [])]
    signature = Signature.give(approval, passed, decision=decision, opinion=opinion, signer=by, address=address)
    _pass(approval, passed, signature, by, decision)
    return signature


def record_paper(
    approval: Approval,
    step: ApprovalStep,
    *,
    by: Staff,
    outcome: str,
    name: str,
    date: dt.date,
    scan: Attachment | None,
    opinion: str = "",
    address: str = "",
) -> Signature:
    """Record what the titled person decided on the printed form (AP-6). Raises `Refusal`, also without a scan; `StateConflict`."""
    if not _may_record(approval, step, by) or step.type != "paper" or step.approval_id != approval.id:
        raise Refusal(RECORDED_BY_OTHERS)
    approval.expect_unchanged(step, approval.current_round.content_hash)
    for refusal in paper_problems(approval, step, outcome=outcome, name=name, date=date, opinion=opinion):
        raise refusal
    if scan is None:
        raise Refusal("The scan of the signed sheet is missing.", field="scan")
    take_turn(approval, {"signed": type(approval).signed + 1})
    if not _may_record(approval, step, by):
        raise Refusal(RECORDED_BY_OTHERS)
    passed: Passed = [(step, None)]
    signature = Signature.give(
        approval, passed, decision=outcome, opinion=opinion, recorded_by=by, paper_name=name, paper_date=date, scan=scan, address=address
    )
    _pass(approval, passed, signature, None, outcome)
    return signature


def paper_problems(
    approval: Approval, step: ApprovalStep, *, outcome: str, name: str, date: dt.date | None, opinion: str = ""
) -> Iterator[Refusal]:
    """Yield all that keeps what was decided on paper from being recorded as it is, each with its field; the scan is judged apart (AP-6)."""
    try:
        _check_decision(step, outcome, opinion)
    except Refusal as refusal:
        yield refusal
    if not name:
        yield Refusal("Enter the name of who signed.", field="name")
    submitted = clock.local(approval.current_round.submitted_at).date()
    before = _last_before(approval, step)
    if date is None:
        yield Refusal("Enter the date on the sheet.", field="date")
    elif date > clock.today():
        yield Refusal("A signature cannot have a date ahead.", field="date")
    elif date < submitted:
        yield Refusal("It was submitted on %(day)s: nobody can have signed it before.", field="date", day=submitted.isoformat())
    elif before is not None and date < before.given_on:
        text = N_("%(name)s signed before, on %(day)s: this signature cannot be older.")
        yield Refusal(text, field="date", name=before.name, day=before.given_on.isoformat())


def ask_opinion(approval: Approval, *, by: Staff, colleague: Staff, when: str, question: str) -> ApprovalStep:
    """Ask a colleague before or after the own signature (加签, AP-10). Raises `Refusal` for who cannot be asked, `StateConflict`."""
    step = approval.step_for(by, "portal")
    if step is None:
        raise Refusal("This step is not yours to sign.")
    if colleague.id == by.id or not colleague.active:
        raise Refusal("Choose a colleague who is at work here.", field="colleague")
    if colleague.id in approval.authors():
        text = N_("%(name)s has drafted, changed or submitted this document and is not asked about it.")
        raise Refusal(text, field="colleague", name=colleague.name)
    if when not in ("before", "after"):
        raise Refusal("Say whether the colleague is asked before or after you sign.", field="when")
    if not question:
        raise Refusal("Write what you want to know.", field="question")
    take_turn(approval, {"state": "pending"})
    transition(step, expect={"state": "open"}, change={"state": "waiting" if when == "before" else "open"})
    asked = ApprovalStep(
        approval_id=approval.id,
        round_id=step.round_id,
        position=step.position,
        place=step.place,
        type="opinion",
        state="waiting",
        wanted=f"person:{colleague.id}",
        for_step_id=step.id,
        asked_when=when,
        asked_by_id=by.id,
        question=question,
    )
    approval.current_round.steps.append(asked)
    db.session.flush()
    if when == "before":
        wake(approval, asked)
    audit.write("approval", "opinion-asked", actor=by, record=approval, label=approval.title, colleague=colleague.name, question=question)
    return asked


RECORDED_BY_OTHERS = N_("Signatures on paper are recorded by a manager who has not drafted, changed or submitted the document.")


def _may_record(approval: Approval, step: ApprovalStep, by: Staff) -> bool:
    return by.may(Permission.APPROVAL_RECORD_PAPER) and approval.seat(step, by) is not None


def _last_before(approval: Approval, step: ApprovalStep) -> Signature | None:
    """Return the latest of the signatures that a step follows: those of the places before its own in this round."""
    earlier = [one.signature for one in approval.current_round.steps if one.position < step.position and one.signature is not None]
    return max(earlier, key=lambda one: one.given_on, default=None)


def _not_theirs(approval: Approval, by: Staff) -> Refusal:
    own = approval.own_work(by)
    return Refusal(own.text, **own.params) if own else Refusal("This step is not yours to sign.")


def _pass(approval: Approval, passed: Passed, signature: Signature, by: Staff | None, decision: str) -> None:
    actor = by or db.session.get(Staff, signature.recorded_by_id)
    for number, (step, principal) in enumerate(passed):
        change = {
            "state": "done",
            "done_at": signature.at,
            "signature_id": signature.id,
            "signer_id": by.id if by else None,
            "on_behalf_of_id": principal.id if principal else None,
        }
        transition(step, expect={"state": "open" if number == 0 else ("open", "waiting")}, change=change)
    if decision in ("approve", "opinion"):
        if advance(approval):
            _decide(approval, "approved", actor)
    else:
        _decide(approval, "draft" if decision == "send-back" else "rejected", actor)
    _tell(approval, signature, passed[0][0])


def _decide(approval: Approval, state: str, by: Staff | None) -> None:
    transition(approval, expect={"state": "pending"}, change={"state": state})
    end_round(approval, "sent-back" if state == "draft" else state)
    hook = {"draft": approval.kind.on_returned, "rejected": approval.kind.on_rejected, "approved": approval.kind.on_approved}[state]
    hook(approval.document, approval, by)
    action = "sent-back" if state == "draft" else state
    audit.write("approval", action, actor=by, record=approval, label=approval.title, document=approval.kind_name, round=approval.round)


def _tell(approval: Approval, signature: Signature, step: ApprovalStep) -> None:
    """Tell the submitter what was decided, and who asked for an opinion that it is there (AP-9)."""
    figures = {"name": signature.name, "document": Message(approval.kind.title), "title": approval.title, "opinion": signature.opinion}
    if approval.state == "approved":
        message = Message(N_("%(document)s “%(title)s” is approved."), figures)
    elif signature.decision == "reject":
        message = Message(N_("%(name)s has rejected %(document)s “%(title)s”: %(opinion)s"), figures)
    elif signature.decision == "send-back":
        message = Message(N_("%(name)s has sent back %(document)s “%(title)s”: %(opinion)s"), figures)
    elif signature.decision == "opinion":
        message = Message(N_("%(name)s has given an opinion on %(document)s “%(title)s”."), figures)
    elif step.meaning == "inform":
        message = Message(N_("%(name)s has taken note of %(document)s “%(title)s”; it goes on."), figures)
    else:
        message = Message(N_("%(name)s has signed %(document)s “%(title)s”; it goes on."), figures)
    notify(approval.submitter, message, link=approval.link)
    if step.type == "opinion" and step.asked_by is not None:
        notify(step.asked_by, message, link=approval.link)


def _check_decision(step: ApprovalStep, decision: str, opinion: str) -> None:
    if decision not in step.decisions:
        raise Refusal("Choose a decision.", field="decision")
    if decision != "approve" and not opinion.strip():
        raise Refusal("Write your opinion: sending back, rejecting and advising need one.", field="opinion")
