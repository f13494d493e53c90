"""Where a step waits, and who stands in (AP-10, RO-3, RO-6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from portal.database import db
from portal.models import inbox
from portal.models.approval import Approval, reroute_open_steps
from portal.models.hand_over import hand_over
from portal.rules.message import Refusal
from tests import factories
from tests.approving import APPROVE, REVIEW, change, delegate, person, sign, states, submitted, told

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 4)


def waiting_for(approval: Approval) -> set[str]:
    """Who finds the approval in the inbox; the page's own question must answer the same for each of them."""
    accounts = ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1", "mgr2")
    listed = {
        account
        for account in accounts
        if any(entry.page[1] == {"approval_id": approval.id} for entry in inbox.entries(person(account), group="sign"))
    }
    assert listed == {account for account in accounts if approval.can_sign(person(account))}
    return listed


def test_supervisor_of_the_customers_team_then_managers():
    approval = submitted()
    assert waiting_for(approval) == {"sup1"}
    sign(approval, "sup1")
    assert waiting_for(approval) == {"mgr1", "mgr2"}


def test_nobody_holds_the_role():
    person("sup1").active = False
    db.session.commit()
    approval = submitted()
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    assert str(approval.open_steps[0].why) == "客户一科 has no supervisor at present, so this step goes to the managers."


def test_no_team_in_charge():
    approval = submitted(customer=factories.customer("rep1", team_id=None))
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    assert "no team" in str(approval.open_steps[0].why)


def test_the_supervisor_submitted_it_themselves():
    approval = submitted(by="sup1")
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    assert str(approval.open_steps[0].why) == "周五行 drafted, changed or submitted this document, so this step goes to the managers."
    with pytest.raises(Refusal, match="somebody else signs it: 郑七星、王八荒"):
        sign(approval, "sup1")


def test_another_supervisor_of_the_team_signs_what_the_first_submitted():
    person("sup2").team_id = person("sup1").team_id
    db.session.commit()
    assert waiting_for(submitted(by="sup1")) == {"sup2"}


def test_the_manager_submitted_it_themselves():
    approval = submitted(APPROVE, by="mgr1")
    assert waiting_for(approval) == {"mgr2"}
    assert str(approval.open_steps[0].why) == "郑七星 drafted, changed or submitted this document, so another manager signs."


def test_a_document_that_nobody_could_sign_is_not_submitted():
    person("mgr2").active = False
    db.session.commit()
    draft = change(by="mgr1")
    with pytest.raises(Refusal, match="Nobody is left to sign"):
        draft.submit(by=person("rep1"))
    db.session.rollback()
    person("sup2").role = "manager"
    db.session.commit()
    assert draft.submit(by=person("rep1")).state == "pending"


def test_the_only_manager_who_is_left_submitted_it():
    approval = submitted(APPROVE, by="mgr1")
    person("mgr2").active = False
    reroute_open_steps()
    db.session.commit()
    assert waiting_for(approval) == set()
    assert "No other manager" in str(approval.open_steps[0].why)
    person("sup2").role = "manager"
    reroute_open_steps()
    db.session.commit()
    assert waiting_for(approval) == {"sup2"}
    assert "No other" not in str(approval.open_steps[0].why)


def test_who_submitted_an_earlier_round_does_not_sign_a_later_one():
    approval = submitted(by="sup1")
    sign(approval, "mgr1", "send-back")
    approval.document.submit(by=person("rep1"))
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}


def test_a_delegate_signs_between_the_two_dates_and_both_names_show():
    with time_machine.travel(NOON, tick=False):
        delegate("sup1", "sup2", TODAY, TODAY + timedelta(days=1))
        approval = submitted()
        assert waiting_for(approval) == {"sup1", "sup2"}
        assert db.session.scalar(Approval.visible_to(person("sup2")).where(Approval.id == approval.id)) is approval
        given = sign(approval, "sup2")
        assert (given.name, given.principal_name) == ("吴六合", "周五行")
        assert approval.current_round.steps[0].on_behalf_of is person("sup1")
        other = submitted()
    with time_machine.travel(NOON + timedelta(days=2), tick=False):
        assert waiting_for(other) == {"sup1"}


def test_own_name_goes_before_a_delegation():
    with time_machine.travel(NOON, tick=False):
        delegate("mgr1", "mgr2", TODAY, TODAY)
        assert sign(submitted(APPROVE), "mgr2").principal_name == ""


def test_four_eyes_hold_for_delegates_too():
    with time_machine.travel(NOON, tick=False):
        delegate("sup1", "mgr1", TODAY, TODAY)
        delegate("mgr2", "sup1", TODAY, TODAY)
        delegate("mgr1", "mgr2", TODAY, TODAY)
        own = submitted(REVIEW, by="sup1")
        assert waiting_for(own) == {"mgr1", "mgr2"}, "in their own names, as managers"
        by_delegate = submitted(REVIEW, by="mgr1")
        assert waiting_for(by_delegate) == {"sup1"}, "the delegate who submitted does not sign for sup1"
        manager = submitted(APPROVE, by="mgr1")
        assert waiting_for(manager) == {"mgr2"}
        person("mgr2").role = "supervisor"
        reroute_open_steps()
        db.session.commit()
        assert waiting_for(manager) == set(), "the submitter's delegate does not sign for the submitter"


def test_a_delegate_of_lower_rank_does_not_count():
    with time_machine.travel(NOON, tick=False):
        delegate("mgr1", "sup1", TODAY, TODAY)
        assert waiting_for(submitted(APPROVE)) == {"mgr1", "mgr2"}


def test_deactivated_with_a_delegate():
    with time_machine.travel(NOON, tick=False):
        delegate("sup1", "sup2", TODAY, TODAY)
        person("sup1").active = False
        db.session.commit()
        assert waiting_for(submitted()) == {"sup2"}


def test_open_steps_follow_changes_of_staff():
    approval, other = submitted(), submitted(customer=factories.customer("rep3"), by="rep3")
    person("sup1").active = False
    assert reroute_open_steps() == 1
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    assert waiting_for(other) == {"sup2"}
    assert told("mgr2") == [f"Change of credit limit or special terms “{approval.title}” waits for you."]
    person("sup1").active = True
    assert reroute_open_steps() == 1
    db.session.commit()
    assert waiting_for(approval) == {"sup1"}
    assert approval.open_steps[0].why is None


def test_open_steps_follow_the_customer_to_another_team():
    approval = submitted()
    approval.document.customer.team_id = person("sup2").team_id
    reroute_open_steps()
    db.session.commit()
    assert waiting_for(approval) == {"sup2"}


def test_open_steps_go_along_when_customers_are_handed_over():
    approval, other = submitted(), submitted()
    hand_over([approval.customer_id], to=person("rep3"), by=person("mgr1"))
    db.session.commit()
    assert waiting_for(approval) == {"sup2"}
    assert waiting_for(other) == {"sup1"}


def test_what_somebody_submitted_goes_to_their_successor():
    approval = submitted()
    sign(approval, "sup1", "send-back")
    person("rep1").deactivate(by=person("mgr1"), to=person("rep2"))
    db.session.commit()
    assert [entry.title for entry in inbox.entries(person("rep2"))] == [approval.title]
    assert approval.document.submit(by=person("rep2")) is approval


def test_the_same_person_twice_in_a_row_signs_once_shown_for_both():
    person("sup1").active = False
    db.session.commit()
    approval = submitted(REVIEW, APPROVE)
    given = sign(approval, "mgr1", opinion="同意")
    assert approval.state == "approved"
    assert [step.signature for step in approval.current_round.steps] == [given, given]
    assert [entry["meaning"] for entry in given.steps] == ["review", "approve"]
    assert given.is_valid()


def test_a_delegate_who_is_next_signs_once_each_step_in_its_own_capacity():
    with time_machine.travel(NOON, tick=False):
        delegate("sup1", "mgr1", TODAY, TODAY)
        approval = submitted(REVIEW, APPROVE)
        sign(approval, "mgr1")
        assert approval.state == "approved"
        assert [step.on_behalf_of and step.on_behalf_of.account for step in approval.current_round.steps] == ["sup1", None]


def test_sending_back_is_never_counted_twice():
    person("sup1").active = False
    db.session.commit()
    approval = submitted(REVIEW, APPROVE)
    sign(approval, "mgr1", "send-back")
    assert states(approval) == ["done", "skipped"]


def test_counter_signing_needs_different_people_as_long_as_there_are_any():
    approval = submitted({"together": [APPROVE, APPROVE]})
    sign(approval, "mgr1")
    assert states(approval) == ["done", "open"]
    assert waiting_for(approval) == {"mgr2"}
    with pytest.raises(Refusal, match="somebody else"):
        sign(approval, "mgr1", step=approval.current_round.steps[1])
    db.session.rollback()
    person("mgr2").active = False
    reroute_open_steps()
    db.session.commit()
    assert waiting_for(approval) == {"mgr1"}
    sign(approval, "mgr1")
    assert approval.state == "approved"


def test_counter_signing_by_the_only_one_there_is():
    person("mgr2").active = False
    db.session.commit()
    approval = submitted({"together": [APPROVE, APPROVE]})
    sign(approval, "mgr1")
    assert approval.state == "approved"


def sees(account: str, approval: Approval) -> bool:
    return db.session.scalar(Approval.visible_to(person(account)).where(Approval.id == approval.id)) is approval


def test_who_signed_for_another_team_or_advised_sees_the_document_until_it_is_decided():
    with time_machine.travel(NOON, tick=False):
        delegate("sup1", "sup2", TODAY, TODAY + timedelta(days=1))
        approval = submitted(REVIEW, APPROVE)
        approval.ask_opinion(by=person("sup2"), colleague=person("rep3"), when="before", question="付款如何？")
        sign(approval, "rep3", "opinion")
        sign(approval, "sup2")
        assert [sees(account, approval) for account in ("rep1", "sup2", "rep3")] == [True, True, True]
        sign(approval, "mgr1")
        assert approval.state == "approved"
        assert [sees(account, approval) for account in ("rep1", "sup1", "sup2", "rep3")] == [True, True, False, False]


def test_opinion_before_holds_the_step_until_it_is_given():
    approval = submitted()
    assert approval.can_ask_opinion(person("sup1"))
    approval.ask_opinion(by=person("sup1"), colleague=person("rep2"), when="before", question="该客户付款如何？")
    db.session.commit()
    assert waiting_for(approval) == {"rep2"}
    assert db.session.scalar(Approval.visible_to(person("rep2")).where(Approval.id == approval.id)) is approval
    with pytest.raises(Refusal, match="opinion"):
        approval.sign(approval.open_steps[0], by=person("rep2"), decision="opinion", content_hash=approval.current_round.content_hash)
    with pytest.raises(Refusal, match="decision"):
        sign(approval, "rep2", "approve")
    sign(approval, "rep2", "opinion", "付款守时")
    assert waiting_for(approval) == {"sup1"}
    assert "钱二宝 has given an opinion" in told("sup1")[-1]
    sign(approval, "sup1")
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    assert not approval.can_withdraw(person("rep1"))


def test_opinion_after_stands_between_the_signature_and_the_next_step():
    person("sup1").active = False
    db.session.commit()
    approval = submitted(REVIEW, APPROVE)
    approval.ask_opinion(by=person("mgr1"), colleague=person("rep2"), when="after", question="有无异议？")
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    sign(approval, "mgr1")
    assert approval.state == "pending"
    assert waiting_for(approval) == {"rep2"}
    sign(approval, "rep2", "opinion", "无异议")
    assert waiting_for(approval) == {"mgr1", "mgr2"}


def test_who_can_be_asked_and_by_whom():
    approval = submitted()
    ask = {"when": "before", "question": "如何？"}
    for by, colleague in (("rep2", "rep3"), ("sup1", "sup1"), ("sup1", "rep1")):
        with pytest.raises(Refusal):
            approval.ask_opinion(by=person(by), colleague=person(colleague), **ask)
    person("rep3").active = False
    with pytest.raises(Refusal):
        approval.ask_opinion(by=person("sup1"), colleague=person("rep3"), **ask)
    with pytest.raises(Refusal):
        approval.ask_opinion(by=person("sup1"), colleague=person("rep2"), when="sometime", question="如何？")
    with pytest.raises(Refusal):
        approval.ask_opinion(by=person("sup1"), colleague=person("rep2"), when="before", question="")


def test_the_managers_answer_for_an_asked_colleague_who_left():
    approval = submitted()
    approval.ask_opinion(by=person("sup1"), colleague=person("rep2"), when="before", question="如何？")
    person("rep2").active = False
    reroute_open_steps()
    db.session.commit()
    assert waiting_for(approval) == {"mgr1", "mgr2"}
    assert "钱二宝 is no longer here" in str(approval.open_steps[0].why)
