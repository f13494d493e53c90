"""Loans of a dossier: who needs one, what it opens and for how long, papers out and back (AR-20, RO-2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal import clock
from portal.database import StateConflict, db
from portal.models import inbox, loan_desk, loan_papers
from portal.models.audit import AuditEvent
from portal.models.customer_choice import chosen
from portal.models.loan import Loan, LoanDocument, whose_dossier
from portal.models.loan_reading import loan_by_which
from portal.models.merge import CustomerMerge
from portal.rules.message import Refusal
from portal.rules.names import name_stem
from tests import factories
from tests.approving import person, sign, told
from tests.lending import approval_of, asked, clean, document, granted, out, readable

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


@pytest.fixture
def noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["rep1", "sup1", "mgr1"])
def test_who_sees_the_customer_needs_no_loan(account):
    with pytest.raises(Refusal, match="without a loan") as refused:
        asked(factories.customer("rep1"), by=account)
    assert refused.value.field == "reader_id"


def test_an_assisting_rep_needs_none():
    from portal.models.customer import CustomerAssistant

    customer = factories.customer("rep1")
    db.session.add(CustomerAssistant(customer_id=customer.id, staff_id=person("rep3").id))
    db.session.commit()
    with pytest.raises(Refusal, match="without a loan"):
        asked(customer)


def test_papers_for_who_is_in_charge_are_granted_without_an_approval():
    loan = granted(document().customer, by="rep1", form="paper")
    assert loan.state == "granted"
    assert db.session.query(AuditEvent).filter_by(action="loan-needs-none").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"purpose": ""}, "purpose"),
        ({"until_on": None}, "until_on"),
        ({"until_on": clock.today() + timedelta(days=31)}, "until_on"),
        ({"form": "by heart"}, "form"),
        ({"numbers": ["0001-KH·1999-Y-KF-0001"]}, "numbers"),
        ({"reader": "rep4"}, "reader_id"),
    ],
)
def test_what_is_not_asked_for(values, field):
    with pytest.raises(Refusal) as refused:
        asked(factories.customer("rep1"), **values)
    assert refused.value.field == field


def test_what_is_not_on_paper_is_not_lent_on_paper():
    scan = document(pages=1, on_paper=False)
    with pytest.raises(Refusal, match="not kept on paper"):
        asked(scan.customer, form="paper", numbers=[scan.archive_number])


def test_a_dossier_without_papers_is_not_lent_on_paper():
    customer = factories.customer("rep1")
    document(customer, pages=1, on_paper=False)
    with pytest.raises(Refusal) as refusal:
        asked(customer, form="paper")
    assert (refusal.value.field, refusal.value.message.text) == ("form", "Nothing of this dossier is kept on paper.")
    document(customer)
    assert asked(customer, form="paper").state == "draft"


def test_one_loan_is_asked_for_at_a_time():
    loan = asked(document().customer)
    with pytest.raises(Refusal, match="asked for already"):
        asked(loan.customer)
    asked(loan.customer, form="paper")


def test_the_customer_is_found_by_number_code_or_whole_name_and_nothing_else():
    names = {"full_name": "深圳蓝海科技有限公司", "name_key": name_stem("深圳蓝海科技有限公司")}
    customer = factories.customer("rep1", credit_code="91440300708461136T", **names)
    for text in (customer.number, "91440300708461136t", "深圳蓝海科技有限公司"):
        found = whose_dossier(text, by=person("rep3"))
        assert (found.customer.id, found.seen, found.ask) == (customer.id, False, "赵一鸣")
    for text in ("", "蓝海", customer.number[:-1]):
        with pytest.raises(Refusal) as refused:
            whose_dossier(text, by=person("rep3"))
        assert refused.value.field == "customer"


def test_the_number_of_a_merged_record_leads_to_the_one_that_took_it_in():
    survivor, loser, before = (factories.customer("rep1") for _place in range(3))
    CustomerMerge.carry_out(loser, before, by=person("sup1"))
    merge = CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    for one in (survivor, loser, before):
        assert whose_dossier(one.number, by=person("rep3")).customer == survivor
        assert chosen(person("rep1"), one.number) == survivor
        with pytest.raises(Refusal):
            chosen(person("rep3"), one.number)
    merge.undo(by=person("sup1"))
    db.session.commit()
    assert [whose_dossier(one.number, by=person("rep3")).customer for one in (survivor, loser, before)] == [survivor, loser, loser]


def test_a_draft_is_changed_and_keeps_its_documents():
    one = document()
    loan = asked(one.customer, numbers=[one.archive_number])
    loan.edit({"purpose": "年检", "until_on": clock.today(), "numbers": [one.archive_number]}, by=person("rep3"))
    db.session.commit()
    assert (loan.purpose, [row.document_id for row in loan.documents]) == ("年检", [one.id])
    loan.submit(by=person("rep3"))
    with pytest.raises(Refusal):
        loan.edit({"purpose": "另一个", "until_on": clock.today()}, by=person("rep3"))


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_loan_opens_the_dossier_and_nothing_else_until_its_last_day(noon):
    one, other = document(), document(factories.customer("rep1"))
    loan = asked(one.customer)
    loan.submit(by=person("rep3"))
    db.session.commit()
    assert readable("rep3") == []
    sign(approval_of(loan), "sup1")
    assert readable("rep3") == [one.id]
    assert loan_by_which(person("rep3"), one) == loan
    assert loan_by_which(person("rep3"), other) is None
    assert readable("rep4") == []
    noon.move_to(NOON + timedelta(days=7))
    assert readable("rep3") == [one.id]
    noon.move_to(NOON + timedelta(days=8))
    assert readable("rep3") == []
    assert loan_by_which(person("rep3"), one) is None


def test_chosen_documents_are_opened_alone():
    one = document()
    document(one.customer)
    granted(one.customer, numbers=[one.archive_number])
    assert readable("rep3") == [one.id]


def test_who_sees_the_document_anyway_reads_it_by_no_loan():
    one = document()
    granted(one.customer)
    assert loan_by_which(person("rep1"), one) is None
    assert readable("rep1") == [one.id]


def test_what_is_taken_out_of_the_dossier_closes():
    one = document()
    granted(one.customer)
    one.remove(by=person("sup1"), reason="放错")
    db.session.commit()
    assert readable("rep3") == []


@pytest.mark.parametrize("account", ["rep3", "rep1", "sup1"])
def test_either_side_ends_it_early(account):
    one = document()
    loan = granted(one.customer)
    assert loan.can_end(person(account))
    loan.end(by=person(account), because="不再需要")
    db.session.commit()
    assert readable("rep3") == []
    assert not loan.can_end(person(account))
    with pytest.raises(StateConflict):
        loan.end(by=person("sup1"))


def test_a_stranger_does_not_end_it():
    assert not granted(factories.customer("rep1")).can_end(person("rep4"))


def test_paper_loans_open_nothing_in_the_portal():
    granted(document().customer, form="paper")
    assert readable("rep3") == []


def test_a_merge_does_not_widen_a_loan():
    one, other = document(), document(factories.customer("rep1"))
    granted(one.customer)
    CustomerMerge.carry_out(other.customer, one.customer, by=person("sup1"))
    db.session.commit()
    assert readable("rep3") == []


def test_what_would_be_over_at_once_is_not_granted_but_sent_back(noon):
    loan = asked(document().customer, until_on=clock.today())
    loan.submit(by=person("rep3"))
    db.session.commit()
    noon.move_to(NOON + timedelta(days=1))
    with pytest.raises(Refusal, match="last day of this loan is over"):
        sign(approval_of(loan), "sup1")
    db.session.rollback()
    assert loan.state == "pending"
    sign(approval_of(loan), "sup1", "send-back")
    assert loan.state == "draft"


def test_a_loan_of_a_record_that_was_merged_since_is_not_asked_for_again():
    loan = asked(factories.customer("rep1"))
    loan.submit(by=person("rep3"))
    sign(approval_of(loan), "sup1", "send-back")
    CustomerMerge.carry_out(factories.customer("rep1"), loan.customer, by=person("sup1"))
    db.session.commit()
    with pytest.raises(Refusal, match="merged into another one"):
        loan.submit(by=person("rep3"))
    db.session.rollback()
    approval_of(loan).give_up("重新申请", by=person("rep3"))
    assert loan.state == "given-up"


def test_the_log_knows_the_owner_of_a_rejected_loan_got_nothing():
    loan = asked(document().customer)
    loan.submit(by=person("rep3"))
    sign(approval_of(loan), "sup1", "reject")
    assert (loan.state, readable("rep3")) == ("rejected", [])


def test_the_sheet_says_of_the_customer_what_was_typed():
    customer = factories.customer("rep1")
    assert customer.full_name not in str(asked(customer).snapshot())


def test_the_reader_does_not_sign_a_loan_that_a_supervisor_asked_for():
    customer = factories.customer("rep1")
    loan = asked(customer, by="sup2", reader="rep3")
    approval = loan.submit(by=person("sup2"))
    assert approval is not None
    assert {person("sup2").id, person("rep3").id} <= approval.authors()


# --- papers -----------------------------------------------------------------------------------------------------------


def test_papers_go_out_and_come_back_with_their_condition():
    one = document()
    two = document(one.customer)
    loan = out(one.customer)
    assert loan.state == "out"
    assert set(loan_papers.out_now([one.id, two.id])) == {one.id, two.id}
    with pytest.raises(Refusal, match="Say what happened"):
        loan_papers.take_back(loan, {one.id: "clean", two.id: "lost"}, by=person("sup1"))
    loan_papers.take_back(loan, {one.id: "soiled", two.id: "lost"}, by=person("sup1"), note="途中遗失")
    db.session.commit()
    assert (loan.state, loan_papers.out_now([one.id, two.id])) == ("returned", {})
    assert loan_papers.lost_at([one.id, two.id]) == {two.id: loan}
    assert any("came back" in text for text in told("rep1"))


def test_a_paper_that_is_out_is_not_handed_out_again():
    one = document()
    out(one.customer)
    second = granted(one.customer, form="paper", by="rep4")
    with pytest.raises(Refusal, match="is out with 孙三省"):
        loan_papers.hand_out(second, clean(second), by=person("sup1"))


def test_every_paper_needs_its_condition_and_a_lost_one_is_not_handed_out():
    one = document()
    loan = granted(one.customer, form="paper")
    for conditions in ({}, {one.id: "lost"}, {one.id: "new"}):
        with pytest.raises(Refusal, match="Note the condition"):
            loan_papers.hand_out(loan, conditions, by=person("sup1"))


def test_a_lost_paper_keeps_the_others_on_the_shelf_no_more_and_is_lent_again_once_it_is_found():
    there = document()
    gone = document(there.customer)
    first = out(there.customer)
    loan_papers.take_back(first, {there.id: "clean", gone.id: "lost"}, by=person("sup1"), note="不慎遗失")
    loan = granted(there.customer, form="paper")
    loan_papers.hand_out(loan, {there.id: "clean", gone.id: "lost"}, by=person("sup1"))
    db.session.commit()
    assert ([one.document_id for one in loan.documents], loan_papers.papers_of(loan)) == ([there.id], [there])
    assert list(loan_papers.lost_at([there.id, gone.id])) == [gone.id]
    loan_papers.take_back(loan, {there.id: "clean"}, by=person("sup1"))
    found = granted(there.customer, form="paper")
    loan_papers.hand_out(found, clean(found), by=person("sup1"))
    loan_papers.take_back(found, clean(found), by=person("sup1"))
    assert loan_papers.lost_at([there.id, gone.id]) == {}


def test_what_was_found_is_not_lost_any_more_whichever_loan_was_asked_for_first(noon):
    one = document()
    later = granted(one.customer, form="paper", by="rep4", numbers=[one.archive_number])
    first = out(one.customer)
    loan_papers.take_back(first, {one.id: "lost"}, by=person("sup1"), note="不慎遗失")
    noon.shift(timedelta(hours=1))
    loan_papers.hand_out(later, clean(later), by=person("sup1"))
    loan_papers.take_back(later, clean(later), by=person("sup1"))
    assert loan_papers.lost_at([one.id]) == {}


def test_nothing_but_lost_papers_is_not_handed_out():
    one = document()
    first = out(one.customer)
    loan_papers.take_back(first, {one.id: "lost"}, by=person("sup1"), note="不慎遗失")
    loan = granted(one.customer, form="paper")
    with pytest.raises(Refusal, match="noted as lost"):
        loan_papers.hand_out(loan, {one.id: "lost"}, by=person("sup1"))


def test_the_reader_does_not_hand_out_to_themselves():
    loan = granted(document().customer, form="paper", by="sup2")
    assert not loan_papers.can_hand_out(loan, person("sup2"))
    assert not loan_papers.can_hand_out(loan, person("rep1"))
    assert loan_papers.can_hand_out(loan, person("sup1"))


def test_a_loan_that_is_over_is_not_handed_out(noon):
    loan = granted(document().customer, form="paper")
    noon.move_to(NOON + timedelta(days=9))
    with pytest.raises(Refusal, match="over"):
        loan_papers.hand_out(loan, clean(loan), by=person("sup1"))


def test_papers_are_kept_longer_by_a_new_loan(noon):
    one = document()
    first = out(one.customer)
    noon.move_to(NOON + timedelta(days=5))
    second = granted(one.customer, form="paper", extends=first)
    assert (first.state, second.state, second.until_on) == ("ended", "out", clock.today() + timedelta(days=7))
    assert loan_papers.out_now([one.id]) == {one.id: second}
    assert db.session.query(LoanDocument).filter_by(is_out=True).count() == 1


def test_papers_of_a_record_that_was_merged_are_kept_longer_of_the_one_that_has_them_now():
    one, survivor = document(), factories.customer("rep1")
    loser, first = one.customer, out(one.customer)
    merge = CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    second = granted(survivor, form="paper", extends=first, numbers=[one.archive_number])
    assert (first.state, second.state, loan_papers.out_now([one.id])) == ("ended", "out", {one.id: second})
    merge.undo(by=person("sup1"))
    db.session.commit()
    third = granted(loser, form="paper", extends=second)
    assert loan_papers.out_now([one.id]) == {one.id: third}
    with pytest.raises(Refusal, match="same reader"):
        asked(survivor, form="paper", extends=third)


def test_only_the_own_papers_are_kept_longer():
    first = out(document().customer)
    with pytest.raises(Refusal, match="same reader"):
        asked(first.customer, form="paper", by="rep4", extends=first)


def test_papers_are_kept_longer_as_papers():
    one = document(pages=1)
    first = out(one.customer)
    with pytest.raises(Refusal, match="longer as papers") as refused:
        asked(one.customer, extends=first)
    assert refused.value.field == "form"


def test_nothing_but_the_papers_that_are_out_is_kept_longer():
    one = document()
    two = document(one.customer)
    first = out(one.customer, numbers=[one.archive_number])
    numbers = [one.archive_number, two.archive_number]
    with pytest.raises(Refusal, match="not among the papers that are out") as refused:
        asked(one.customer, form="paper", extends=first, numbers=numbers)
    assert refused.value.field == "numbers"
    second = asked(one.customer, form="paper", extends=first, numbers=numbers[:1])
    with pytest.raises(Refusal, match="not among the papers that are out"):
        second.edit({"numbers": numbers, "purpose": "甲", "until_on": second.until_on}, by=person("rep3"))


def test_what_was_asked_for_besides_before_that_was_refused_does_not_stay_on_the_loan():
    one = document()
    two = document(one.customer)
    first = out(one.customer, numbers=[one.archive_number])
    second = asked(one.customer, form="paper", extends=first, numbers=[one.archive_number])
    second.documents.append(LoanDocument(document=two))
    db.session.commit()
    approval = second.submit(by=person("rep3"))
    db.session.commit()
    sign(approval, "sup1")
    assert [(row.document_id, row.is_out) for row in second.documents] == [(one.id, True)]
    loan_papers.take_back(second, clean(second), by=person("sup1"))
    assert loan_papers.out_now([one.id, two.id]) == {}


def test_a_digital_loan_asked_for_instead_leaves_the_papers_where_they_are():
    one = document(pages=1)
    first = out(one.customer)
    second = asked(one.customer)
    second.extends = first
    db.session.commit()
    sign(second.submit(by=person("rep3")), "sup1")
    assert (first.state, second.state, loan_papers.out_now([one.id])) == ("out", "granted", {one.id: first})
    assert readable("rep3") == [one.id]


def test_a_chosen_paper_that_went_back_to_another_customer_is_not_handed_out():
    survivor, one = factories.customer("rep1"), document()
    merge = CustomerMerge.carry_out(survivor, one.customer, by=person("sup1"))
    db.session.commit()
    loan = granted(survivor, form="paper", numbers=[one.archive_number])
    merge.undo(by=person("sup1"))
    db.session.commit()
    with pytest.raises(Refusal, match="no longer in the dossier"):
        loan_papers.hand_out(loan, clean(loan), by=person("sup1"))


# --- what waits -------------------------------------------------------------------------------------------------------


def waits(account: str) -> list[str]:
    return [entry.what for entry in inbox.entries(person(account), "loan") if entry.group == "do"]


def test_papers_wait_to_be_handed_out_and_overdue_ones_stand_on_both_sides(noon):
    loan = granted(document().customer, form="paper")
    assert (waits("sup1"), waits("sup2"), waits("rep3"), waits("mgr1")) == (["Hand the papers out"], [], [], [])
    loan_papers.hand_out(loan, clean(loan), by=person("sup1"))
    db.session.commit()
    assert (waits("sup1"), waits("rep3")) == ([], [])
    noon.move_to(NOON + timedelta(days=8))
    assert waits("rep3") == ["Bring the papers back"]
    assert waits("sup1") == waits("rep1") == ["Have the papers brought back"]
    assert waits("sup2") == waits("rep2") == []
    assert (inbox.count(person("rep3")), inbox.count(person("sup1"))) == (1, 1)
    assert [entry.title for entry in inbox.entries(person("rep3"), "loan", "overdue")] == [loan.customer.full_name]


def test_managers_answer_for_a_team_without_a_supervisor(noon):
    loan = granted(document().customer, form="paper")
    person("sup1").active = False
    db.session.commit()
    assert waits("mgr1") == ["Hand the papers out"]
    assert loan.state == "granted"


def test_a_supervisor_without_a_team_lends_for_the_own_customers_alone(noon):
    """Customers of no team are for managers (RO-1)."""
    theirs, own = factories.customer("rep1"), factories.customer("rep1")
    for customer in (theirs, own):
        document(customer)
        granted(customer, form="paper")
    one = person("sup1")
    theirs.owner_id = theirs.team_id = own.team_id = one.team_id = None
    own.owner_id = one.id
    db.session.commit()
    assert [entry.title for entry in inbox.entries(one, "loan") if entry.group == "do"] == [own.full_name]


def test_overdue_papers_are_asked_for_on_the_first_day_and_then_every_few_days(noon):
    loan = out(document().customer)
    noon.move_to(NOON + timedelta(days=7))
    assert loan_desk.remind_due() == 0
    noon.move_to(NOON + timedelta(days=8))
    assert (loan_desk.remind_due(), loan_desk.remind_due()) == (1, 0)
    db.session.commit()
    assert "1 day overdue" in told("rep3")[-1]
    assert "with 孙三省" in told("sup1")[-1]
    noon.move_to(NOON + timedelta(days=10))
    assert loan_desk.remind_due() == 0
    noon.move_to(NOON + timedelta(days=11))
    assert loan_desk.remind_due() == 1
    assert not loan_desk.can_remind(loan, person("sup1"))


def test_what_is_over_ends_by_itself(noon):
    digital, never_fetched = granted(document().customer), granted(document().customer, form="paper")
    fetched = out(document().customer)
    noon.move_to(NOON + timedelta(days=7))
    assert loan_desk.end_due() == 0
    noon.move_to(NOON + timedelta(days=8))
    assert loan_desk.end_due() == 2
    db.session.commit()
    assert (digital.state, never_fetched.state, fetched.state) == ("ended", "ended", "out")


def test_who_sees_a_loan():
    loan = asked(document().customer)
    seen = {
        account
        for account in ("rep1", "rep2", "rep3", "rep4", "sup1", "sup2", "mgr1")
        if db.session.scalar(Loan.visible_to(person(account)).where(Loan.id == loan.id))
    }
    assert seen == {"rep1", "rep3", "sup1", "mgr1"}
    assert loan.shown_name(person("rep3")) == loan.customer.number
    assert loan.shown_name(person("sup1")) == loan.customer.full_name
