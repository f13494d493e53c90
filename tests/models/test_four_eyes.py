"""Nobody signs own work, in whatever way it became theirs (RO-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.credit import FIELDS
from portal.models.customer import CustomerState
from portal.models.investigation import Investigation
from portal.rules.message import Refusal
from tests import factories
from tests.approving import APPROVE, FINANCE, REVIEW, change, delegate, person, record_paper, sign, submitted
from tests.models.test_approval_routing import waiting_for
from tests.models.test_investigation import CARD, COMPLETE

pytestmark = pytest.mark.usefixtures("app")


def test_who_drafted_what_somebody_else_submits_does_not_sign_it():
    approval = change(by="sup1").submit(by=person("rep1"))
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    with pytest.raises(Refusal, match="somebody else signs it: 郑七星、王八荒"):
        sign(approval, "sup1")
    assert str(approval.own_work(person("sup1"))).endswith("郑七星、王八荒.")
    assert approval.own_work(person("mgr1")) is None
    assert approval.own_work(person("rep1")) is None, "a rep signs nothing anyway"


def test_who_changed_the_draft_does_not_sign_it():
    draft = change()
    values = {name: getattr(draft, name) for name in (*FIELDS, "reason", "effective_on")}
    draft.edit({**values, "reason": "另有原因"}, by=person("sup1"))
    db.session.commit()
    approval = draft.submit(by=person("rep1"))
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}


@pytest.mark.parametrize("begins", ["sup1", "rep1"])
def test_an_investigation_is_the_work_of_who_began_it_and_who_changed_it(begins: str):
    customer = factories.customer("rep1", **{**CARD, "state": CustomerState.PROSPECT.value})
    document = Investigation.begin(customer, {"purpose": "待写"}, by=person(begins))
    db.session.commit()
    document.save(COMPLETE, by=person("rep1" if begins == "sup1" else "sup1"))
    db.session.commit()
    approval = document.submit(by=person("rep1"))
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}


def test_who_only_keeps_the_card_may_sign_the_investigation():
    customer = factories.customer("rep1", **{**CARD, "state": CustomerState.PROSPECT.value})
    customer.change({"route": "东线"}, by=person("sup1"))
    approval = Investigation.begin(customer, COMPLETE, by=person("rep1")).submit(by=person("rep1"))
    db.session.commit()
    assert waiting_for(approval) == {"sup1"}


def test_who_signed_a_round_and_then_changed_the_draft_does_not_sign_the_next():
    approval = submitted()
    sign(approval, "sup1")
    sign(approval, "mgr1", "send-back")
    draft = approval.document
    values = {name: getattr(draft, name) for name in (*FIELDS, "effective_on")}
    draft.edit({**values, "reason": "经理补充"}, by=person("mgr1"))
    db.session.commit()
    draft.submit(by=person("rep1"))
    db.session.commit()
    assert waiting_for(approval) == {"sup1"}
    sign(approval, "sup1")
    assert waiting_for(approval) == {"mgr2"}


def test_who_takes_a_withdrawn_document_over_does_not_sign_it_and_neither_does_who_had_it():
    approval = submitted(by="sup1")
    approval.withdraw(by=person("sup1"))
    db.session.commit()
    person("sup2").team_id = person("sup1").team_id
    approval.document.submit(by=person("sup2"))
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}


def test_who_signed_cannot_take_the_submission_over():
    approval = submitted()
    sign(approval, "sup1")
    with pytest.raises(Refusal, match=r"周五行 has signed .* Choose somebody else") as caught:
        person("rep1").deactivate(by=person("mgr1"), to=person("sup1"))
    assert caught.value.field == "to_id"
    db.session.rollback()
    person("rep1").deactivate(by=person("mgr1"), to=person("rep2"))
    db.session.commit()
    assert approval.submitter is person("rep2")


def test_nor_can_who_had_it_signed_by_a_delegate_advised_or_recorded_the_paper():
    delegate("sup1", "sup2", clock.today(), clock.today() + timedelta(days=1))
    approval = submitted(REVIEW, APPROVE, FINANCE, APPROVE)
    approval.ask_opinion(by=person("sup2"), colleague=person("rep3"), when="before", question="如何？")
    sign(approval, "rep3", "opinion")
    sign(approval, "sup2")
    sign(approval, "mgr1")
    record_paper(approval, "mgr2")
    for account in ("sup1", "sup2", "rep3", "mgr1", "mgr2"):
        with pytest.raises(Refusal, match="has signed"):
            Approval.hand_over(person("rep1"), person(account))
        db.session.rollback()
    assert Approval.hand_over(person("rep1"), person("rep2")) == 1


def test_who_signed_an_earlier_round_may_take_the_draft_over_and_is_then_its_author():
    approval = submitted()
    sign(approval, "sup1", "send-back")
    assert Approval.hand_over(person("rep1"), person("sup1")) == 1
    approval.document.submit(by=person("sup1"))
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}


def test_the_last_one_who_can_sign_does_not_take_the_submission_over():
    approval = submitted()
    person("mgr2").active = False
    db.session.commit()
    with pytest.raises(Refusal, match="郑七星 is the only one left to sign"):
        Approval.hand_over(person("rep1"), person("mgr1"))
    db.session.rollback()
    assert Approval.hand_over(person("rep1"), person("sup1")) == 1
    db.session.commit()
    assert approval.authors() == {person("rep1").id, person("sup1").id}


def test_an_author_records_no_paper_and_gives_no_opinion():
    approval = change(by="mgr1").submit(by=person("rep1"))
    db.session.commit()
    with pytest.raises(Refusal, match="not asked"):
        approval.ask_opinion(by=person("sup1"), colleague=person("mgr1"), when="before", question="如何？")
    paper = submitted(FINANCE, by="mgr1")
    with pytest.raises(Refusal, match="recorded by a manager"):
        record_paper(paper, "mgr1")
    assert record_paper(paper, "mgr2").paper_name == "刘财务"
