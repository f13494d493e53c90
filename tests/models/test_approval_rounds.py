"""States, rounds, freezing, withdrawal, reminders (AP-1, AP-2, AP-5, AP-8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine

from portal.database import StateConflict, db
from portal.models.approval import Approval
from portal.models.audit import AuditEvent
from portal.models.choice_names import NAMES
from portal.models.credit import FIELDS, CreditChange
from portal.models.standard import StandardVersion
from portal.rules.freezing import content_hash
from portal.rules.message import Refusal
from tests import approving, factories, maintaining
from tests.approving import APPROVE, FINANCE, REVIEW, chain, change, person, rename, sign, states, submitted, told

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


def test_submission_freezes_content_and_opens_the_first_step():
    approval = submitted()
    assert (approval.state, approval.round, states(approval)) == ("pending", 1, ["open", "waiting"])
    current = approval.current_round
    assert current.content["new"]["credit_limit"] == "80000.00"
    assert current.chain["standard"] == "chain.credit"
    assert current.chain["case"] == "within_limit"
    assert current.is_intact()
    assert told("sup1") == [f"Change of credit limit or special terms “{approval.title}” waits for you."]
    assert approval.document.state == "pending"


def test_the_whole_way_to_approval():
    approval = submitted()
    sign(approval, "sup1")
    assert states(approval) == ["done", "open"]
    sign(approval, "mgr1", opinion="同意")
    assert approval.state == "approved"
    assert approval.current_round.outcome == "approved"
    customer = approval.document.customer
    assert (customer.credit_limit, customer.payment_terms) == (Decimal("80000.00"), "net30")


def test_what_is_in_approval_cannot_be_edited():
    approval = submitted()
    with pytest.raises(Refusal, match="in approval"):
        approval.document.edit({}, by=person("rep1"))


def test_the_same_submission_twice_counts_once():
    approval = submitted()
    again = approval.document.submit(by=person("rep1"))
    db.session.commit()
    assert again is approval
    assert db.session.query(Approval).count() == 1
    assert len(approval.rounds) == 1


def terms(approval: Approval, number: int) -> str:
    """Return what the new payment terms of a round are called."""
    (found,) = approval.rounds[number - 1].names(approval.kind.choices)["new.payment_terms"].values()
    return found["zh"]


def test_a_choice_keeps_the_name_that_it_had_when_its_document_was_submitted():
    approval = submitted(REVIEW, APPROVE)
    given = sign(approval, "sup1")
    rename("net30", "90天账期", "90 days")
    assert (terms(approval, 1), given.is_valid()) == ("30天账期", True)
    assert approval.document.submit(by=person("rep1")) is approval, "the same submission, whatever its choices are called"
    sign(approval, "mgr1", "send-back")
    approval.document.submit(by=person("rep1"))
    db.session.commit()
    assert (terms(approval, 1), terms(approval, 2)) == ("30天账期", "90天账期")
    first, second = approval.rounds
    found = first.differences_to(second.snapshot, second.names(approval.kind.choices), approval.kind.choices)
    assert [(one.path, one.old.zh, one.new.zh) for one in found] == [("new.payment_terms", "30天账期", "90天账期")]
    first.content = {**first.content, NAMES: {"new.payment_terms": {"net30": {"zh": "90天账期", "en": "90 days"}}}}
    db.session.commit()
    assert not given.is_valid(), "the names are signed"


def test_a_round_from_before_names_were_kept_has_those_of_its_submission():
    with time_machine.travel(NOON, tick=False):
        rename("net30", "月结三十天", "Monthly, 30 days")
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        approval = submitted(APPROVE)
        first = approval.current_round
        first.content = first.snapshot
        first.content_hash = content_hash(first.content)
        db.session.commit()
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        rename("net30", "90天账期", "90 days")
        assert first.is_intact()
        assert terms(approval, 1) == "月结三十天"
        assert approval.document.submit(by=person("rep1")) is approval


def test_somebody_elses_submission_of_a_running_document_conflicts():
    approval = submitted()
    with pytest.raises(StateConflict):
        approval.document.submit(by=person("sup1"))


def test_sent_back_is_draft_again_and_comes_back_as_a_new_round():
    approval = submitted()
    sign(approval, "sup1")
    sign(approval, "mgr1", "send-back", "额度依据不足")
    assert approval.state == "draft"
    assert approval.document.state == "draft"
    assert approval.current_round.outcome == "sent-back"
    assert "额度依据不足" in told("rep1")[-1]
    document = approval.document
    values = {name: getattr(document, name) for name in (*FIELDS, "reason", "effective_on")}
    document.edit({**values, "credit_limit": Decimal("60000.00")}, by=person("rep1"))
    assert document.submit(by=person("rep1")) is approval
    db.session.commit()
    assert (approval.state, approval.round, approval.signed) == ("pending", 2, 0)
    assert [one.content["new"]["credit_limit"] for one in approval.rounds] == ["80000.00", "60000.00"]
    assert [step.signer_id for step in approval.rounds[0].steps] == [person("sup1").id, person("mgr1").id]
    assert states(approval) == ["open", "waiting"]


def test_rejection_ends_it_and_a_new_document_starts_anew():
    approval = submitted()
    sign(approval, "sup1", "reject", "不符合条件")
    assert (approval.state, approval.document.state) == ("rejected", "rejected")
    assert states(approval) == ["done", "skipped"]
    assert approval.document.customer.credit_limit is None
    with pytest.raises(StateConflict):
        sign(approval, "mgr1", step=approval.current_round.steps[1])
    other = change(approval.document.customer).submit(by=person("rep1"))
    assert other.id != approval.id


def test_withdrawal_while_nobody_has_signed_restores_the_document():
    approval = submitted()
    assert approval.can_withdraw(person("rep1"))
    assert not approval.can_withdraw(person("sup1"))
    approval.withdraw(by=person("rep1"))
    db.session.commit()
    assert (approval.state, approval.document.state, states(approval)) == ("withdrawn", "draft", ["skipped", "skipped"])
    assert Approval.live_for("credit", approval.record_id) is approval
    again = approval.document.submit(by=person("rep1"))
    assert again is approval
    assert again.round == 2


def test_nobody_withdraws_what_somebody_has_signed_nor_what_is_not_theirs():
    approval = submitted()
    with pytest.raises(Refusal):
        approval.withdraw(by=person("rep2"))
    sign(approval, "sup1")
    assert not approval.can_withdraw(person("rep1"))
    with pytest.raises(StateConflict):
        approval.withdraw(by=person("rep1"))


def test_what_came_back_is_given_up_by_who_submitted_it_and_makes_room_for_another():
    approval = submitted()
    assert not approval.can_give_up(person("rep1"))
    with pytest.raises(StateConflict):
        approval.give_up("不再需要", by=person("rep1"))
    sign(approval, "sup1", "send-back")
    with pytest.raises(Refusal, match="on the page of its approval"):
        approval.document.give_up(by=person("rep1"))
    with pytest.raises(StateConflict):
        approval.give_up("不再需要", by=person("rep2"))
    with pytest.raises(Refusal) as refused:
        approval.give_up("", by=person("rep1"))
    assert refused.value.field == "reason"
    approval.give_up("不再需要", by=person("rep1"))
    db.session.commit()
    assert (approval.state, approval.document.state, approval.current_round.outcome) == ("given-up", "given-up", "sent-back")
    assert db.session.query(AuditEvent).filter_by(action="given-up").one().data["reason"] == "不再需要"
    with pytest.raises(StateConflict):
        approval.give_up("不再需要", by=person("rep1"))
    assert change(approval.document.customer).submit(by=person("rep1")) is not approval


def test_a_draft_that_was_never_submitted_is_given_up_on_its_own_page():
    draft = change()
    draft.give_up(by=person("rep1"))
    db.session.commit()
    assert CreditChange.open_for(draft.customer) is None
    with pytest.raises(StateConflict):
        draft.give_up(by=person("rep1"))


def test_a_running_document_keeps_the_chain_it_began_with():
    approval = submitted()
    chain(APPROVE)
    sign(approval, "sup1")
    assert approval.state == "pending"
    assert approval.current_round.chain["version"] == 0
    sign(approval, "mgr1", "send-back")
    approval.document.submit(by=person("rep1"))
    assert approval.current_round.chain["version"] == 1
    assert [step.role for step in approval.current_round.steps] == ["manager"]


def test_the_amount_picks_the_case():
    above = submitted(credit_limit=Decimal("500000.01"))
    assert [(step.type, step.role or step.title) for step in above.current_round.steps] == [
        ("portal", "supervisor"),
        ("portal", "manager"),
        ("paper", "finance"),
    ]
    assert above.current_round.steps[2].title_names == {"zh": "财务", "en": "Finance"}
    assert len(submitted(credit_limit=Decimal("500000.00")).current_round.steps) == 2
    db.session.add(StandardVersion(name="credit.finance_limit", number=1, value="1000.00", from_date=date(2020, 1, 1)))
    db.session.commit()
    assert len(submitted(credit_limit=Decimal("1000.01")).current_round.steps) == 3


def test_counter_signing_waits_for_all():
    approval = submitted({"together": [REVIEW, APPROVE, FINANCE]}, APPROVE)
    assert states(approval) == ["open", "open", "open", "waiting"]
    sign(approval, "mgr1")
    sign(approval, "sup1")
    assert states(approval) == ["done", "done", "open", "waiting"]
    approving.record_paper(approval, "mgr1")
    assert states(approval) == ["done", "done", "done", "open"]


def test_one_of_those_counter_signing_rejects_for_all():
    approval = submitted({"together": [REVIEW, APPROVE]})
    sign(approval, "mgr2", "reject")
    assert approval.state == "rejected"
    assert states(approval) == ["skipped", "done"]


def test_reminding_once_a_day():
    with time_machine.travel(NOON, tick=False):
        approval = submitted()
        assert approval.can_remind(person("rep1"))
        assert not approval.can_remind(person("sup1"))
        assert approval.remind(by=person("rep1")) == [person("sup1")]
        db.session.commit()
        assert told("sup1")[-1].startswith("赵一鸣 reminds you")
        assert not approval.can_remind(person("rep1"))
        with pytest.raises(Refusal, match="tomorrow"):
            approval.remind(by=person("rep1"))
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert approval.can_remind(person("rep1"))


def test_every_act_is_in_the_audit_log_under_its_customer():
    approval = submitted()
    sign(approval, "sup1", opinion="情况属实")
    entries = db.session.query(AuditEvent).filter_by(record_type="Approval", record_id=approval.id).order_by(AuditEvent.id).all()
    assert [(entry.kind, entry.action, entry.actor_name) for entry in entries] == [
        ("approval", "submitted", "赵一鸣"),
        ("signature", "approve", "周五行"),
    ]
    assert {entry.customer_id for entry in entries} == {approval.customer_id}
    assert entries[1].data["opinion"] == "情况属实"


def test_scope_of_approvals():
    approval = submitted()
    sees = {
        account
        for account in ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1")
        if db.session.scalar(Approval.visible_to(person(account)).where(Approval.id == approval.id))
    }
    assert sees == {"rep1", "sup1", "mgr1"}


def test_undecided_submissions_are_handed_over():
    approval = submitted()
    assert Approval.hand_over(person("rep1"), person("rep2")) == 1
    db.session.commit()
    assert approval.can_withdraw(person("rep2"))
    assert approval.authors() == {person("rep1").id, person("rep2").id}


def test_deciding_needs_the_role_to_submit():
    draft: CreditChange = change()
    person("rep1").active = False
    with pytest.raises(Refusal):
        draft.submit(by=person("rep1"))
    assert factories.customer("rep1").credit_limit is None


def test_a_draft_that_is_of_another_customer_when_it_comes_again_is_their_approval_from_then_on(app):
    first, second = factories.customer("rep1"), factories.customer("rep1")
    plan = maintaining.drafted(first)
    approval = maintaining.submitted(plan)
    sign(approval, "mgr1", "send-back")
    for customers in ([second.id], [first.id, second.id]):
        plan.edit(maintaining.outline(customers=len(customers)), customers, by=person("sup1"), version=plan.version)
        plan.submit(by=person("sup1"))
        db.session.commit()
        assert approval.customer_id == (second.id if len(customers) == 1 else None)
        sign(approval, "mgr1", "send-back")
