"""What the outcomes of proposals ask of whom, what a department sees, figures that are kept, what is forgotten (PP-5 to PP-10)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import (
    hand_over_list,
    inbox,
    proposal_assessment,
    proposal_figures,
    proposal_notice,
    proposal_outcome_desk,
    proposal_prize,
)
from portal.models.attachment import Attachment
from portal.models.hand_over_record import HandOver
from portal.models.merge import CustomerMerge
from portal.models.notice import Notice
from portal.models.proposal import Proposal
from portal.models.proposal_assessment import ProposalAssessment
from portal.models.proposal_award import ProposalAward
from portal.models.proposal_decision import ProposalDecision
from portal.models.proposal_department import ProposalDepartment
from portal.models.proposal_desk import forget
from portal.models.proposal_figures import Figures
from portal.models.proposal_work import ProposalWork
from portal.models.staff import Staff
from portal.rules import proposals as rules
from portal.rules.message import Refusal
from tests import factories, proposing
from tests.approving import person, sign
from tests.deciding import SAID, assessed, awards, decided, decision, line_of, planned, registered, routed, scan


def waiting(account: str) -> dict[str, int]:
    """Return how many entries of each kind of ours wait for somebody."""
    found: dict[str, int] = {}
    user = person(account)
    for entry in inbox.entries(user):
        if entry.kind in proposal_outcome_desk.TITLES:
            found[entry.kind] = found.get(entry.kind, 0) + 1
    counting = [query for queue in proposal_outcome_desk._queues(user) for query in queue.counting()]
    counted = sum(len(db.session.execute(query).all()) for query in counting)
    assert counted == sum(found.values())
    return found


def test_who_is_asked_for_what(app: Flask) -> None:
    """Each step of the way stands in the inbox of who does it, and goes when it is done."""
    dept = proposing.department_account()
    proposal = routed()
    assert (waiting("dept1"), waiting("rep1"), waiting("sup1")) == ({"proposal-assess": 1}, {}, {})
    proposal_assessment.give_back(line_of(proposal), SAID, None, by=dept)
    db.session.commit()
    assert (waiting("dept1"), waiting("sup1"), waiting("sup2"), waiting("mgr1")) == ({}, {"proposal-decide": 1}, {}, {})
    drafted = decision(proposal)
    assert waiting("sup1") == {}
    drafted.give_up(by=person("sup1"))
    decided(proposal)
    assert waiting("dept1") == {"proposal-plan": 1}
    assert waiting("rep1") == {"proposal-outcome-tell": 1, "proposal-pay": 1}
    award = awards(proposal.customer)[0]
    award.hand_over("联系人甲", clock.today(), by=person("rep1"))
    db.session.commit()
    assert (waiting("rep1"), waiting("sup1")) == ({"proposal-outcome-tell": 1}, {"proposal-confirm": 1})
    with pytest.raises(StateConflict):
        award.confirm(scan(), by=person("rep1"))  # not a second person
    award.confirm(scan(), by=person("sup1"))
    work = planned(proposal, by="dept1")
    work.measures[0].due_on = clock.today() - timedelta(days=1)
    db.session.commit()
    assert waiting("sup1") == {}
    assert waiting("dept1") == {"proposal-measure": 1}
    entry = next(one for one in inbox.entries(person("rep1")) if one.kind == "proposal-measure")
    assert entry.is_overdue(clock.today())

    owner = factories.customer("rep1", nature="government")
    decided(assessed(registered(owner)), rules.KEPT)
    registered(owner)
    assert waiting("mgr1") == {"proposal-permit": 1}


def test_what_an_account_of_a_department_sees(app: Flask, as_: Any) -> None:
    """Its own part of what is routed to it: no money, no letters, no other opinion (PP-3, PP-5)."""
    dept = proposing.department_account()
    mine, other = routed(None, "marketing"), routed(department="marketing")
    proposal_assessment.give_back(line_of(mine, "marketing"), SAID._replace(author="白露"), scan(), by=person("rep1"))
    proposal_assessment.save(line_of(mine), SAID, by=dept)
    proposal_assessment.give_back(line_of(other, "marketing"), SAID, scan(), by=person("rep1"))
    db.session.commit()
    decided(other)
    for model, number in ((Proposal, 1), (ProposalDepartment, 1), (ProposalAssessment, 1), (ProposalDecision, 0), (ProposalAward, 0)):
        assert len(db.session.scalars(model.visible_to(dept)).all()) == number, model
    assert db.session.scalars(ProposalWork.visible_to(dept)).all() == []
    browser = as_("dept1")
    page = browser.get(f"/proposals/{mine.id}")
    assert page.status_code == 200
    assert "白露" not in page.get_data(as_text=True)
    assert browser.get(f"/proposals/{other.id}").status_code == 404
    form = f"/proposal-departments/{line_of(mine).id}/assessment"
    assert browser.get(form).status_code == 200
    assert browser.get(f"/proposal-departments/{line_of(mine, 'marketing').id}/assessment").status_code == 404
    sent = {**SAID._asdict(), "act": "return"}
    assert browser.post(form, data=sent).status_code == 303
    assert db.session.get_one(Proposal, mine.id).state == rules.ASSESSED
    for path in ("/proposals/awards", "/proposals/overview", f"/proposals/{mine.id}/decisions/new"):
        assert browser.get(path).status_code == 403
    decided(db.session.get_one(Proposal, mine.id))
    assert browser.get(f"/proposals/{mine.id}/plan").status_code == 200
    work = planned(db.session.get_one(Proposal, mine.id), by="dept1")
    assert browser.get(f"/proposal-works/{work.id}").status_code == 200


def test_a_department_that_is_asked_again_keeps_what_it_said(as_: Any) -> None:
    """Taken back and routed in again it writes a new assessment; the earlier one and its scan stay and are shown, both print (PP-5)."""
    dept = proposing.department_account()
    proposal, account = proposing.registered(), proposing.line("quality", way="account")
    proposing.routed(proposal, proposing.line("production", "responsible"), account)
    first = proposal_assessment.give_back(line_of(proposal), SAID._replace(opinion="先行试用"), None, by=dept)
    db.session.commit()
    proposing.routed(proposal, proposing.line("production", "responsible"), word="无需质量部")
    page = as_("rep1").get(f"/proposals/{proposal.id}").get_data(as_text=True)
    assert "已不参与" in page
    assert "先行试用" in page
    proposing.routed(proposal, {**account, "part": "responsible"}, word="改由质量部归口")
    line = db.session.query(ProposalDepartment).filter_by(proposal_id=proposal.id, department="quality", state=rules.SENT).one()
    told = db.session.query(Notice).filter_by(staff_id=dept.id).order_by(Notice.id.desc()).first()
    assert told is not None
    assert "again, for a new assessment" in told.text
    for path in (f"/proposals/{proposal.id}", f"/proposal-departments/{line.id}/assessment"):
        page = as_("dept1").get(path).get_data(as_text=True)
        assert "现请该部门重新评估" in page
        assert "先行试用" in page
    second = proposal_assessment.give_back(line, SAID, None, by=dept)
    db.session.commit()
    assert (first.state, first.opinion, first.part) == ("returned", "先行试用", rules.OPINION)
    assert proposal.state == rules.ASSESSED
    assert [one.id for one in proposal_assessment.of_proposal(proposal)] == [second.id]
    page = as_("rep1").get(f"/proposals/{proposal.id}").get_data(as_text=True)
    assert "的前次评估" in page
    for one in (first, second):
        assert as_("rep1").get(f"/prints/proposal_assessment/{one.id}").status_code == 200


def test_kept_figures_are_those_that_are_counted(app: Flask) -> None:
    """The worker's figures are what everybody counts for themselves, after changes, hand-overs of months and merges too (PP-10)."""
    customer, other = factories.customer("rep1"), factories.customer("rep2")
    late = clock.today() - timedelta(days=25)
    adopted, declined = assessed(registered(customer)), assessed(registered(other, by="rep2", on=late))
    registered(customer, kind="sales")
    decided(adopted, amount="2500", grade="B")
    decided(declined, rules.DECLINED)
    work = planned(adopted)
    for measure in work.measures:
        work.settle(measure, clock.today(), "", by=person("rep1"))
    work.finish("完成", clock.today(), by=person("rep1"))
    work.record_value(Decimal("12000.50"), "年节约", by=person("rep1"), version=work.version)
    db.session.commit()
    year = adopted.received_on.year
    same_year = late.year == year

    def kept() -> proposal_figures.Overview:
        while proposal_figures.count_changed():
            db.session.commit()
        return proposal_figures.overviews(person("mgr1"), year)[0]

    found = kept()
    number = 2 + same_year
    assert found.total == Figures(number, 1 + same_year, 1, 1, 0, int(same_year), Decimal(2500), Decimal("12000.50"))
    assert found.total.punctual == (50 if same_year else 100)
    seen = proposal_figures.overviews(person("sup1"), year)[0]
    assert (seen.total, seen.months, seen.kinds, seen.departments) == (found.total, found.months, found.kinds, found.departments)
    assert sorted(seen.customers) == sorted(found.customers)
    assert proposal_figures.overviews(person("rep1"), year, year - 1)[0].total.received == 2
    assert proposal_figures.overviews(person("rep3"), year)[0].total.received == 0
    assert proposal_figures.count_changed() == 0
    CustomerMerge.carry_out(customer, other, by=person("mgr1"), reason="同一客户", effective_on=clock.today())
    db.session.commit()
    merged = kept()
    assert merged.total == found.total
    assert [(one[0], one[2].received) for one in merged.customers] == [(customer.id, number)]


def test_what_is_forgotten_with_a_card(app: Flask) -> None:
    """Words, names and files go; outcomes, days and amounts stay (AR-11)."""
    customer = factories.customer("rep1")
    proposal = assessed(registered(customer))
    decided(proposal)
    award = awards(customer)[0]
    award.hand_over("联系人甲", clock.today(), by=person("rep1"))
    award.confirm(scan("收据.png", "red"), by=person("sup1"))
    planned(proposal)
    proposal_outcome_desk.forget([customer.id])
    digests = forget([customer.id])
    db.session.commit()
    assert len(digests) == 2
    assert db.session.query(Attachment).filter_by(customer_id=customer.id).count() == 0
    award = db.session.get_one(ProposalAward, award.id)
    assert (award.payee, award.amount, award.state, award.receipt_id) == ("", 800, "paid", None)
    said = db.session.query(ProposalAssessment).one()
    assert (said.analysis, said.author, said.advice, said.scan_id) == ("", "", "adopted", None)
    assert db.session.query(ProposalDecision).one().reasons == ""
    assert db.session.query(ProposalWork).one().plan == ""


def test_what_cannot_be_done(app: Flask) -> None:
    """Measures that are done stay in a plan, a result waits for its measures; a decision asks for what the rules ask."""
    proposal = assessed()
    with pytest.raises(StateConflict):
        decision(proposal, by="rep1")
    with pytest.raises(Refusal, match="does not fit grade C"):
        decision(proposal, amount="2000", grade="C")
    decided(proposal)
    work = planned(proposal)
    with pytest.raises(Refusal, match="2 measures"):
        work.finish("完成", clock.today(), by=person("rep1"))
    work.settle(work.measures[0], clock.today(), "", by=person("rep1"))
    with pytest.raises(StateConflict):
        work.settle(work.measures[0], clock.today(), "", by=person("rep1"))
    assert proposal_prize.outcome_of(proposal.state) == rules.ADOPTED


def test_what_is_open_of_a_decided_proposal_goes_to_who_takes_over(app: Flask) -> None:
    """Of a customer nobody is in charge of, the one who handles it has it alone: the account is not closed on it (RO-4)."""
    customer, gone = factories.customer("rep1"), person("mgr1")
    team, customer.owner_id = customer.team_id, None
    db.session.commit()
    proposal = assessed(registered(customer, by="mgr1"))
    approval = decision(proposal).submit(by=person("sup1"))
    db.session.commit()
    sign(approval, "mgr2")
    assert hand_over_list.to_be_taken(gone)["proposals"] == 1
    assert hand_over_list.rows(gone, "proposals")[0]["limit_on"] == ""
    with pytest.raises(Refusal, match="open work in hand"):
        gone.deactivate(by=person("mgr2"), to=None)
    db.session.rollback()
    gone.deactivate(by=person("mgr2"), to=person("rep3"))
    db.session.commit()
    assert (proposal.handler.account, proposal.team_id) == ("rep3", team)  # the team is the customer's, not the taker's
    assert waiting("rep3") == {"proposal-outcome-tell": 1, "proposal-pay": 1}
    taker = person("rep3")
    for step in (lambda: awards(customer)[0].hand_over("林秋实", clock.today(), by=taker), lambda: _tell_decision(proposal, taker)):
        assert hand_over_list.to_be_taken(taker)["proposals"] == 1
        step()
        db.session.commit()
    assert hand_over_list.to_be_taken(taker)["proposals"] == 1  # adopted: to be carried out
    db.session.refresh(proposal)
    transition(proposal, expect={"state": rules.ADOPTED}, change={"state": rules.DONE, "version": proposal.version + 1})
    assert "proposals" not in hand_over_list.to_be_taken(taker)


def _tell_decision(proposal: Proposal, by: Staff) -> None:
    letter = proposal_notice.draft(proposal, "decision", by=by)
    letter.way = "letter"
    letter.send(by=by)


def test_an_account_with_work_in_hand_does_not_become_a_departments(app: Flask) -> None:
    """What it handles would wait for somebody who does nothing of it (RO-4, PP-3)."""
    customer, one = factories.customer("rep1"), person("sup1")
    customer.owner_id = None
    db.session.commit()
    registered(customer, by="sup1")
    values = {"role": "department", "team": None, "department_code": "quality"}
    with pytest.raises(Refusal, match="open work in hand") as refused:
        one.change(by=person("mgr1"), **values)
    assert refused.value.field == "role"
    db.session.rollback()
    HandOver.prepare(one, by=person("mgr1")).carry_out(to=person("rep2"), by=person("mgr1"))
    one.change(by=person("mgr1"), **values)
    db.session.commit()
    assert one.is_department


def test_a_supervisor_without_a_team_has_the_own_proposals_and_not_those_of_no_team(app: Flask) -> None:
    """As of customers (RO-1): what is of no team is for managers."""
    one = person("sup1")
    theirs, own = factories.customer("rep1"), factories.customer("rep1")
    theirs.owner_id = theirs.team_id = one.team_id = own.team_id = None
    own.owner_id = one.id
    db.session.commit()
    for customer in (theirs, own):
        proposal = assessed(registered(customer, by="mgr1"))
    assert (proposal.handler_id, proposal.team_id) == (one.id, None)
    while proposal_figures.count_changed():
        db.session.commit()
    figures = proposal_figures.overviews(one, clock.today().year)[0]
    assert (figures.total.received, [number for number, _name, _figures in figures.customers]) == (1, [own.id])
    assert waiting("sup1") == {"proposal-decide": 1}
    assert waiting("mgr1") == {"proposal-decide": 2}
