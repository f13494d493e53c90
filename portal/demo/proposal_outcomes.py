"""What comes of the demonstration's proposals: assessed, decided, rewarded, carried out; prizes and souvenirs (PP-5 to PP-8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import proposal_assessment, proposal_award, proposal_figures, proposal_letter, proposal_notice, proposal_work
from portal.models.approval import Approval
from portal.models.dossier import Upload
from portal.models.proposal import Proposal
from portal.models.proposal_award import DUE
from portal.models.proposal_decision import Decided, ProposalDecision
from portal.models.proposal_department import ProposalDepartment, parts_of
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules import proposals as rules
from portal.rules.proposal_outcomes import Assessed, Measure, Planned

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]


class Outcome(NamedTuple):
    """How far a proposal is brought: decided how, with which reward, paid and carried out how far, and the value gained."""

    outcome: str
    grade: str = ""
    amount: str = ""
    paid: str = ""
    """'' | handed | paid"""
    work: str = ""
    """'' | under-way | done"""
    value: str = ""


OUTCOMES = (
    Outcome(rules.ADOPTED, "C", "800", "", "under-way"),
    Outcome(rules.DECLINED, paid="paid"),
    Outcome(rules.ADOPTED, "B", "2500", "paid", "done", "36000"),
    Outcome(rules.ADOPTED, "C", "600", "paid"),
    Outcome(rules.KEPT),
    Outcome(rules.ADOPTED, "A", "3500", "paid", "done", "82000"),
    Outcome(rules.DECLINED, paid="paid"),
    Outcome(rules.KEPT),
    Outcome(rules.ADOPTED, "C", "500", "handed"),
    Outcome(rules.DECLINED),
    Outcome(rules.KEPT),
)
"""Of the proposals that came at least `OLD` days ago, in turn."""
OLD = 40
SAID = (
    Assessed("现有工装与检测手段可以满足，需补充作业指导书。", "可行，两到三周内可以完成。", "不良率预计下降一半，年节约成本约三万元。",
             "投入约五千元，主要为夹具与培训。", "建议采纳，由本部门组织实施。", rules.ADOPTED),
    Assessed("涉及供应商切换，需先做验证试验。", "技术上可行，周期较长。", "效果有待试验确认。", "验证费用约两万元。",
             "建议暂时保留，待试验结果出来后再议。", rules.KEPT),
    Assessed("与现行工艺路线不一致，改造范围大。", "短期内难以实现。", "收益有限。", "改造费用约四十万元。",
             "投入与收益不相称，建议不予采纳。", rules.DECLINED),
)  # fmt: skip
REASONS = {
    rules.ADOPTED: "措施具体，投入小、见效快，同意采纳并给予奖励。",
    rules.KEPT: "方向可取，条件尚不具备，暂时保留，条件成熟后重新审议。",
    rules.DECLINED: "现阶段投入与收益不相称，不予采纳，感谢客户的关心。",
}


def fill(proposals: Sequence[Proposal], staff: Mapping[str, Staff], scan: Upload, at: At, sign: Sign) -> int:
    """Bring the proposals that departments have had for long as far as `OUTCOMES` says, and some newer ones to their decision."""
    today = clock.today()
    routed = [one for one in proposals if one.state == rules.ROUTED]
    old = [one for one in routed if (today - one.received_on).days >= OLD]
    for proposal, outcome in zip(old, OUTCOMES, strict=False):
        _brought(proposal, outcome, (today - proposal.received_on).days, staff, scan, at, sign)
    later = next((one for one in reversed(old) if one.state == rules.KEPT), None)
    if later is not None:
        with at(30):
            _decide(later, Outcome(rules.ADOPTED, "B", "2000"), staff, sign)
    for turn, proposal in enumerate(one for one in routed if one not in old and one.limit_on > today):
        if turn in (1, 2):  # the first has its copies still to be sent
            with at(1.5):
                _assess(proposal, rules.ADOPTED, scan, staff)
        if turn == 2:
            with at(0.4):
                _submit(proposal, Outcome(rules.ADOPTED, "C", "1500"), staff)
    while proposal_figures.count_changed():
        db.session.flush()
    return len(old)


def _supervisor(proposal: Proposal, staff: Mapping[str, Staff]) -> Staff:
    return staff["sup1" if proposal.team_id == staff["sup1"].team_id else "sup2"]


def _brought(proposal: Proposal, outcome: Outcome, ago: int, staff: Mapping[str, Staff], scan: Upload, at: At, sign: Sign) -> None:
    with at(ago - 9):
        _assess(proposal, outcome.outcome, scan, staff)
    with at(ago - 12):
        _decide(proposal, outcome, staff, sign)
    with at(ago - 13):
        _tell(proposal)
    if outcome.paid:
        with at(ago - 16):
            _pay(proposal, outcome.paid, scan, staff)
    if outcome.work:
        with at(ago - 15):
            first = clock.today()
            measures = [
                Measure("编制作业指导书", "工艺组", first + timedelta(days=10)),
                Measure("试运行并收集数据", "质量组", first + timedelta(days=20)),
            ]
            planned = Planned("先在一条线试行，达到预期后推广到全部产线。", first, first + timedelta(days=30), measures)
            work = proposal_work.plan(proposal, planned, by=proposal.handler)
            _tell(proposal)
        with at(ago - 24):
            done = work.measures if outcome.work == "done" else work.measures[:1]
            for measure in list(done):
                work.settle(measure, clock.today(), "", by=proposal.handler)
    if outcome.work == "done":
        with at(ago - 38):
            work.finish("试行一个月后推广，效果达到预期，客户现场已确认。", clock.today(), by=proposal.handler)
            _tell(proposal)
        with at(ago - 45 if ago > 45 else 1):
            basis = "按月均不良品数量与单件成本推算全年节约。"
            work.record_value(Decimal(outcome.value), basis, by=proposal.handler, version=work.version)


def _assess(proposal: Proposal, outcome: str, scan: Upload, staff: Mapping[str, Staff]) -> None:
    """Let every department answer: by its account where it has one, else on paper."""
    said = next(one for one in SAID if one.advice == outcome)
    for line in db.session.scalars(parts_of(proposal.id, ProposalDepartment.state == rules.SENT)).all():
        theirs = select(Staff).where(Staff.role == Role.DEPARTMENT, Staff.department_code == line.department, Staff.is_demo)
        account = db.session.scalar(theirs.limit(1)) if line.way == rules.ACCOUNT else None
        by = account or proposal.handler
        proposal_assessment.give_back(line, said._replace(author="秦致远" if account is None else account.name), scan, by=by)


def _submit(proposal: Proposal, outcome: Outcome, staff: Mapping[str, Staff]) -> Approval:
    amount = Decimal(outcome.amount) if outcome.amount else None
    decided = Decided(outcome.outcome, REASONS[outcome.outcome], outcome.grade, amount)
    supervisor = _supervisor(proposal, staff)
    return ProposalDecision.begin(proposal, decided, by=supervisor).submit(by=supervisor)


def _decide(proposal: Proposal, outcome: Outcome, staff: Mapping[str, Staff], sign: Sign) -> None:
    sign(_submit(proposal, outcome, staff), staff["mgr1"], "approve", "同意。")


def _tell(proposal: Proposal) -> None:
    """Send the customer the letters that are due, on paper."""
    for what in proposal_notice.wanted(proposal):
        letter = proposal_notice.draft(proposal, what, by=proposal.handler)
        values = {"to_name": letter.to_name, "address": letter.address, "subject": letter.subject, "body": letter.body}
        letter.change(way=proposal_letter.LETTER, **values, by=proposal.handler, version=letter.version)
        letter.send(by=proposal.handler)


def _pay(proposal: Proposal, how: str, scan: Upload, staff: Mapping[str, Staff]) -> None:
    for award in proposal_award.of_proposal(proposal):
        if award.state == DUE:
            award.hand_over(proposal.contact, clock.today(), by=proposal.handler)
            if award.is_money and how == "paid":
                award.confirm(scan, by=_supervisor(proposal, staff))
