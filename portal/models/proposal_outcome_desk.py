"""What the outcomes of proposals ask of people: inbox; and what follows them: disposal, erased cards (PP-5 to PP-8, AP-8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Executable, Select, and_, exists, func, or_, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import inbox, proposal_desk
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from portal.models.disposal_check import blocker
from portal.models.proposal import Proposal
from portal.models.proposal_assessment import ProposalAssessment
from portal.models.proposal_award import DUE, HANDED, KINDS, OVER, ProposalAward
from portal.models.proposal_decision import BANDS, ProposalDecision
from portal.models.proposal_department import ProposalDepartment
from portal.models.proposal_work import UNDER_WAY, ProposalMeasure, ProposalWork
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.standard_effects import touching
from portal.permissions import Permission, Role
from portal.rules import proposals as rules
from portal.rules.message import N_, Message

ASSESS, DECIDE, TELL, PAY, CONFIRM, PERMIT, PLAN, MEASURE = (
    "proposal-assess", "proposal-decide", "proposal-outcome-tell", "proposal-pay", "proposal-confirm", "proposal-permit", "proposal-plan",
    "proposal-measure",
)  # fmt: skip
TITLES = {
    ASSESS: N_("Proposal to be assessed"),
    DECIDE: N_("Proposal to be decided"),
    TELL: N_("Customer to be told of a decision"),
    PAY: N_("Reward or prize to be handed over"),
    CONFIRM: N_("Payment to be confirmed"),
    PERMIT: N_("Prize over the cap"),
    PLAN: N_("Adopted proposal to be planned"),
    MEASURE: N_("Measure of a proposal"),
}
_WHAT = {
    ASSESS: N_("Write the assessment and return it"),
    DECIDE: N_("Draft the decision"),
    TELL: N_("Write to the customer: decision, measures or result"),
    PAY: N_("Print the slip, hand it over, record it"),
    CONFIRM: N_("Confirm the payment with the signed receipt"),
    PERMIT: N_("Decide whether it is paid over the cap"),
    PLAN: N_("Plan measures and dates"),
    MEASURE: N_("Carry it out, and record it as done"),
}
_QUIET = {"synchronize_session": False}
_ASSESSED: Any = sql("proposal.state = 'assessed'")
_TELL: Any = sql("proposal.to_tell")
_AWARD: Any = {state: sql(f"proposal_award.state = '{state}'") for state in (DUE, OVER, HANDED)}
_WAITS: Any = sql("proposal_award.state IN ('due', 'over', 'handed')")
_OUT: Any = sql("proposal_department.state = 'sent'")
_OPEN: Any = sql("proposal_measure.done_on IS NULL")
"""In these words SQLite knows the indexes of what is open."""


# --- inbox -----------------------------------------------------------------------------------------------------------------------


def _of_team(user: Staff) -> list[Any]:
    """Return conditions, without an overlap, on what a supervisor looks after: the team's; a manager: what is of no team, and own ones.

    A supervisor without a team has the own ones alone (RO-1). Each is led by an index.
    """
    if user.is_manager:
        return [Proposal.team_id.is_(None), and_(Proposal.handler_id == user.id, Proposal.team_id.is_not(None))]
    return [Proposal.handler_id == user.id if user.team_id is None else Proposal.team_id == user.team_id]


def _proposals(user: Staff) -> Iterator[tuple[str, list[list[Any]], Any]]:
    """Yield kind and conditions, for each list, of the proposals that wait for somebody, and their day."""
    until = proposal_desk.limit_while_undecided()
    if user.is_department:
        answers = (ProposalDepartment.department == user.department_code, _OUT)
        out = select(ProposalDepartment.proposal_id).where(*answers)
        its_day = select(ProposalDepartment.due_on).where(*answers, ProposalDepartment.proposal_id == Proposal.id).limit(1)
        yield ASSESS, [[Proposal.id.in_(out), Proposal.state.in_(rules.UNDECIDED)]], its_day.scalar_subquery()
        yield PLAN, [[Proposal.responsible == user.department_code, Proposal.state == rules.ADOPTED]], None
        return
    if user.may(Permission.PROPOSAL_DECIDE):
        drafted = exists().where(ProposalDecision.proposal_id == Proposal.id, ProposalDecision.state.in_(("draft", "pending")))
        yield DECIDE, [[_ASSESSED, theirs, ~drafted] for theirs in _of_team(user)], until
    if user.may(Permission.PROPOSAL_WORK):
        yield TELL, [[_TELL, Proposal.handler_id == user.id, Proposal.state.not_in(rules.UNDECIDED)]], None


def _awards(user: Staff) -> Iterator[tuple[str, Select[Any]]]:
    """Yield kind and query of the awards that wait for somebody. Narrow indexes of the proposals say whose they are."""
    award, one = select(ProposalAward).where(_WAITS), ProposalAward
    its = award.join(Proposal, Proposal.id == one.proposal_id)
    if user.may(Permission.PROPOSAL_WORK):
        yield PAY, its.where(_AWARD[DUE], Proposal.handler_id == user.id)
    if user.may(Permission.PROPOSAL_DECIDE):
        handed = (_AWARD[HANDED], one.handed_by_id != user.id)
        if user.is_manager:  # what a supervisor handed over, no rep and no other supervisor of the team may be there to confirm
            higher = one.handed_by_id.in_(select(Staff.id).where(Staff.role != Role.REP))
            theirs = (one.proposal_id.in_(select(Proposal.id).where(which)) for which in _of_team(user))
            yield CONFIRM, award.where(*handed, or_(higher, *theirs))
        else:
            yield CONFIRM, its.where(*handed, *_of_team(user))
    if user.may(Permission.PROPOSAL_PERMIT):
        yield PERMIT, award.where(_AWARD[OVER])


def _measures(user: Staff) -> Select[Any]:
    """Return the measures that are near their day or past it: of a department's account its own, else of what somebody handles."""
    until = clock.today() + timedelta(days=int(standard("proposal.measure_notice_days")))
    query = select(ProposalMeasure).join(ProposalWork, ProposalWork.id == ProposalMeasure.work_id)
    query = query.where(_OPEN, ProposalMeasure.due_on <= until, ProposalWork.state == UNDER_WAY)
    if user.is_department:
        return query.where(ProposalWork.department == user.department_code)
    return query.join(Proposal, Proposal.id == ProposalWork.proposal_id).where(Proposal.handler_id == user.id)


def _queues(user: Staff) -> Iterator[inbox.Queue]:
    if not user.may(Permission.PROPOSAL_ANSWER):
        return
    for kind, lists, due_on in _proposals(user):
        some = select(*inbox.row(Proposal.id, Proposal.registered_at, due_on)).order_by(Proposal.limit_on, Proposal.id)
        yield inbox.Queue(kind, [some.where(*conditions) for conditions in lists], partial(_tell_proposals, kind))
    for kind, query in _awards(user):
        rows = query.with_only_columns(*inbox.row(ProposalAward.id, None, ProposalAward.found_on))
        yield inbox.Queue(kind, [rows.order_by(ProposalAward.id)], partial(_tell_awards, kind), timed=_since_found)
    measures = _measures(user).with_only_columns(*inbox.row(ProposalMeasure.id, ProposalWork.created_at, ProposalMeasure.due_on))
    yield inbox.Queue(MEASURE, [measures.order_by(ProposalMeasure.due_on, ProposalMeasure.id)], _tell_measures)


def _since_found(_since: datetime | None, found_on: date | None) -> tuple[datetime, None]:
    assert found_on is not None  # noqa: S101 - of every award
    return datetime.combine(found_on, time.min, clock.SITE_ZONE), None


def _tell_proposals(kind: str, _user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    return proposal_desk.tell_proposals(_WHAT[kind], numbers)


def _said_of_awards() -> Executable:
    query = select(ProposalAward).where(ProposalAward.id.in_(inbox.NUMBERS))
    return query.options(joinedload(ProposalAward.customer).load_only(Customer.full_name))


def _tell_awards(kind: str, _user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_awards, numbers):
        title, page = f"{one.customer.full_name} · {one.amount:,.2f}", ("proposals.award", {"award_id": one.id})
        yield one.id, inbox.Told(title, _WHAT[kind], page)


def _said_of_measures() -> Executable:
    query = select(ProposalMeasure).where(ProposalMeasure.id.in_(inbox.NUMBERS))
    return query.options(joinedload(ProposalMeasure.work).joinedload(ProposalWork.proposal))


def _tell_measures(_user: Staff, numbers: Sequence[int]) -> Iterator[tuple[int, inbox.Told]]:
    for (one,) in inbox.records(_said_of_measures, numbers):
        title, page = f"{one.work.proposal.number} · {one.text}", ("proposals.work", {"work_id": one.work_id})
        yield one.id, inbox.Told(title, _WHAT[MEASURE], page)


inbox.source(_queues, lambda: dict(TITLES))


# --- what a standard touches -------------------------------------------------------------------------------------------------------


@touching(BANDS)
def _drafts(_old: Any, _new: Any, _day: date) -> Iterator[Message]:
    """Say how many decisions are not signed yet: their amounts are judged anew when they are submitted."""
    undecided = select(func.count()).where(ProposalDecision.state == "draft", ProposalDecision.outcome == rules.ADOPTED)
    text = N_("%(count)s drafts of decisions with a reward are judged by the new grades when they are submitted.")
    yield Message(text, {"count": db.session.scalar(undecided) or 0})


# --- disposal, erased cards --------------------------------------------------------------------------------------------------------


@blocker
def _unpaid(disposal: Disposal) -> Iterable[Message]:
    ids = [customer.id for customer in disposal.customers]
    query = select(ProposalAward).where(_WAITS, ProposalAward.customer_id.in_(ids))
    for one in db.session.scalars(query.options(joinedload(ProposalAward.customer)).order_by(ProposalAward.id)):
        figures = {"kind": Message(KINDS[one.kind]), "number": one.proposal.number, "customer": one.customer.full_name}
        yield Message(N_("%(kind)s for the proposal %(number)s of %(customer)s is not settled."), figures)
    works = select(ProposalWork).join(Proposal, Proposal.id == ProposalWork.proposal_id)
    for work in db.session.scalars(works.where(ProposalWork.state == UNDER_WAY, Proposal.customer_id.in_(ids))):
        figures = {"number": work.proposal.number, "customer": work.proposal.customer.full_name}
        yield Message(N_("The proposal %(number)s of %(customer)s is still being carried out."), figures)


def forget(customer_ids: Collection[int]) -> None:
    """Take names, words and files out of the outcomes of erased cards; outcomes, days and amounts stay (AR-11).

    Called before the files of their proposals go.
    """
    ids = select(Proposal.id).where(Proposal.customer_id.in_(customer_ids))
    said = dict.fromkeys(("analysis", "feasibility", "effect", "cost", "opinion", "author"), "")
    blank: list[tuple[Any, Any, dict[str, Any]]] = [
        (ProposalAssessment, ProposalAssessment.proposal_id.in_(ids), {**said, "scan_id": None}),
        (ProposalDecision, ProposalDecision.proposal_id.in_(ids), {"reasons": ""}),
        (ProposalAward, ProposalAward.proposal_id.in_(ids), {"payee": "", "permit_reason": "", "receipt_id": None}),
        (ProposalWork, ProposalWork.proposal_id.in_(ids), {"plan": "", "result": "", "value_basis": ""}),
        (
            ProposalMeasure,
            ProposalMeasure.work_id.in_(select(ProposalWork.id).where(ProposalWork.proposal_id.in_(ids))),
            {"text": "", "person": "", "note": ""},
        ),
    ]
    for model, which, values in blank:
        db.session.execute(update(model).where(which).values(values), execution_options=_QUIET)
