"""Short ways through the outcomes of proposals for tests: assessed, decided, paid, carried out. rep1, sup1 are of team 1."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from portal import clock
from portal.database import db, transition
from portal.models import proposal_assessment, proposal_intake, proposal_work
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.dossier import Upload
from portal.models.proposal import Proposal
from portal.models.proposal_award import ProposalAward
from portal.models.proposal_decision import Decided, ProposalDecision
from portal.models.proposal_department import ProposalDepartment
from portal.models.proposal_work import ProposalWork
from portal.rules import proposals as rules
from portal.rules.proposal_outcomes import Assessed, Measure, Planned
from tests import factories
from tests.approving import person, picture, sign

SAID = Assessed("现有工装可以实现", "可行，两周内完成", "年节约成本约三万元", "投入约五千元", "建议采纳", "adopted", "秦致远")


def scan(name: str = "扫描件.png", colour: str = "white") -> Upload:
    """Return a picture of a paper."""
    return Upload.of(picture(colour), name)


def registered(customer: Customer | None = None, *, on: date | None = None, by: str = "rep1", **values: Any) -> Proposal:
    """Return a committed proposal, received today unless `on` says otherwise."""
    given = {
        "kind": "quality", "channel": "e-mail", "contact": "联系人甲", "reach": "13900001111", "received_on": on or clock.today(),
        "received_time": "", "summary": "来料检验增加抽检比例", "text": "建议对关键零件提高抽检比例。", **values,
    }  # fmt: skip
    found = proposal_intake.register(customer or factories.customer("rep1"), given, by=person(by))
    db.session.commit()
    return found


def routed(proposal: Proposal | None = None, *others: str, department: str = "quality", **values: Any) -> Proposal:
    """Return a committed proposal that its departments have, the first one responsible; others give their opinion on paper."""
    found = proposal or registered(**values)
    change = {"state": rules.ROUTED, "responsible": department, "version": found.version + 1}
    transition(found, expect={"state": rules.REGISTERED}, change=change)
    for place, name in enumerate((department, *others)):
        part = rules.OPINION if place else rules.RESPONSIBLE
        line = ProposalDepartment(
            proposal_id=found.id, department=name, part=part, position=place, state=rules.SENT, way=rules.PAPER, sent_at=clock.now(),
            due_on=clock.today() + timedelta(days=7),
        )  # fmt: skip
        db.session.add(line)
    db.session.commit()
    return found


def line_of(proposal: Proposal, department: str = "quality") -> ProposalDepartment:
    """Return a department's part in a proposal."""
    return db.session.query(ProposalDepartment).filter_by(proposal_id=proposal.id, department=department).one()


def assessed(proposal: Proposal | None = None, **values: Any) -> Proposal:
    """Return a committed proposal whose assessment customer service has entered with its scan."""
    found = routed(proposal, **values)
    proposal_assessment.give_back(line_of(found), SAID, scan(), by=person("rep1"))
    db.session.commit()
    return found


def decision(proposal: Proposal, outcome: str = rules.ADOPTED, amount: str = "800", grade: str = "C", by: str = "sup1") -> ProposalDecision:
    """Return a committed draft of a decision."""
    adopted = outcome == rules.ADOPTED
    decided = Decided(outcome, "经评估，依据充分", grade if adopted else "", Decimal(amount) if adopted else None)
    found = ProposalDecision.begin(proposal, decided, by=person(by))
    db.session.commit()
    return found


def decided(proposal: Proposal, outcome: str = rules.ADOPTED, amount: str = "800", grade: str = "C") -> ProposalDecision:
    """Return a committed approved decision on an assessed proposal, or on one that was kept."""
    found = decision(proposal, outcome, amount, grade)
    approval: Approval = found.submit(by=person("sup1"))
    db.session.commit()
    sign(approval, "mgr1")
    return found


def awards(customer: Customer, kind: str = "") -> list[ProposalAward]:
    """Return what a customer receives for proposals, the oldest first."""
    query = db.session.query(ProposalAward).filter_by(customer_id=customer.id)
    return list((query.filter_by(kind=kind) if kind else query).order_by(ProposalAward.id))


def planned(proposal: Proposal, by: str = "rep1", days: int = 30) -> ProposalWork:
    """Return the committed plan of an adopted proposal, with two measures."""
    today = clock.today()
    measures = [Measure("修订检验规程", "秦致远", today + timedelta(days=10)), Measure("培训检验员", "", today + timedelta(days=days))]
    found = proposal_work.plan(proposal, Planned("先试行后推广", today, today + timedelta(days=days), measures), by=person(by))
    db.session.commit()
    return found
