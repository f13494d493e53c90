"""Pages of loans (AR-20, RO-2): asking from outside, reading on loan, papers out and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal import clock
from portal.database import db
from portal.models import loan_papers
from portal.models.audit import AuditEvent
from portal.models.loan import Loan, LoanDocument
from portal.models.merge import CustomerMerge
from tests import factories
from tests.approving import person, sign
from tests.lending import approval_of, asked, document, granted, out
from tests.pages.test_approvals import post_signature

pytestmark = pytest.mark.usefixtures("app")
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


def form(customer, **values):
    until = (clock.today() + timedelta(days=5)).isoformat()
    return {"customer": customer.number, "form": "digital", "numbers": "", "purpose": "核对", "until_on": until, **values}


def text_of(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def test_from_the_question_to_the_last_click(as_):
    paper = document(pages=2)
    customer_name, number, page = paper.customer.full_name, paper.customer.number, f"/documents/{paper.id}"
    browser = as_("rep3")
    known = text_of(browser, f"/loans/new?customer={number}")
    assert "赵一鸣" in known
    assert customer_name not in known
    answer = browser.post("/loans/new", data={**form(paper.customer), "reader_id": person("rep3").id})
    assert answer.status_code == 303
    loan = db.session.query(Loan).one()
    approval = approval_of(loan)
    for address in ("/loans", f"/loans/{loan.id}", f"/approvals/{approval.id}", "/submissions", f"/prints/loan/{loan.id}"):
        assert customer_name not in text_of(browser, address), address
    assert browser.get(page).status_code == 404
    sign(approval, "sup1")
    assert paper.title in text_of(browser, f"/loans/{loan.id}")
    shown = text_of(browser, page)
    assert "on loan" in shown or "借阅" in shown
    assert f"{page}/edit" not in shown
    assert f"/customers/{paper.customer_id}" not in shown
    assert browser.get(f"{page}/versions/1/file").status_code == 200
    assert paper.archive_number in text_of(browser, "/documents")
    for address in (f"{page}/edit", f"{page}/removal", f"/customers/{paper.customer_id}", f"/customers/{paper.customer_id}/dossier"):
        assert browser.get(address).status_code == 404, address
    assert browser.post(f"{page}/versions").status_code == 404
    looks = db.session.query(AuditEvent).filter(AuditEvent.action.in_(("document-read-on-loan", "document-downloaded")))
    assert [look.data["loan"] for look in looks] == [loan.id, loan.id]
    assert browser.post(f"/loans/{loan.id}/end", data={"because": "读完"}).status_code == 303
    for address in (page, f"{page}/versions/1/file", f"{page}/versions/1/pages/1", f"{page}/versions/1/thumbnail"):
        assert browser.get(address).status_code == 404, address
    assert paper.archive_number not in text_of(browser, "/documents")


def test_after_its_last_day_the_next_click_is_refused(as_):
    with time_machine.travel(NOON, tick=False) as traveller:
        paper = document()
        granted(paper.customer, until_on=clock.today())
        browser = as_("rep3")
        assert browser.get(f"/documents/{paper.id}").status_code == 200
        traveller.move_to(NOON + timedelta(minutes=25))
        assert browser.get(f"/documents/{paper.id}").status_code == 200
    with time_machine.travel(NOON + timedelta(days=1), tick=False):
        assert as_("rep3").get(f"/documents/{paper.id}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [{"customer": "C1999000001"}, {"customer": ""}, {"purpose": ""}, {"until_on": "2999-01-01"}, {"until_on": ""}, {"form": "tape"}],
)
def test_wrong_input_comes_back_with_what_was_typed(as_, wrong):
    customer = factories.customer("rep1")
    answer = as_("rep3").post("/loans/new", data={**form(customer, purpose="年检用"), "reader_id": person("rep3").id, **wrong})
    assert answer.status_code == 422
    assert db.session.query(Loan).count() == 0


def test_all_that_a_loan_lacks_stands_beside_its_field_at_once(as_):
    customer = factories.customer("rep1")
    sent = {**form(customer), "reader_id": person("rep3").id}
    nothing = as_("rep3").post("/loans/new", data={**sent, "customer": "", "purpose": "", "until_on": "2999-01-01"}).get_data(as_text=True)
    for field in ("customer", "purpose", "until_on"):
        assert f'id="{field}-error"' in nothing, field
    known = as_("rep3").post("/loans/new", data={**sent, "purpose": "", "until_on": "", "numbers": "X-1"}).get_data(as_text=True)
    for field in ("numbers", "purpose", "until_on"):
        assert f'id="{field}-error"' in known, field
    assert known.count("X-1") >= 2, "what was typed is still there"
    assert db.session.query(Loan).count() == 0


def test_the_one_in_charge_is_told_that_no_loan_is_needed(as_):
    customer = factories.customer("rep1")
    answer = as_("rep1").post("/loans/new", data={**form(customer), "reader_id": person("rep1").id})
    assert answer.status_code == 422
    assert "赵一鸣" in answer.get_data(as_text=True)


def test_a_rep_borrows_for_nobody_else(as_):
    as_("rep3").post("/loans/new", data={**form(factories.customer("rep1")), "reader_id": person("rep4").id})
    assert db.session.query(Loan).one().reader.account == "rep3"


def test_a_supervisor_asks_for_somebody_of_their_choice(as_):
    as_("sup2").post("/loans/new", data={**form(factories.customer("rep1")), "reader_id": person("rep4").id})
    assert db.session.query(Loan).one().reader.account == "rep4"


def test_who_asks_for_somebody_else_is_told_no_more_of_the_customer_than_that_there_is_one(as_):
    loan = asked(factories.customer("rep1"), by="sup2", reader="rep4")
    loan.submit(by=person("sup2"))
    db.session.commit()
    for account, named in (("sup2", False), ("sup1", True)):
        page = text_of(as_(account), "/loans?tab=asked")
        assert (loan.asked_for in page, loan.customer.full_name in page) == (not named, named), account


def test_who_signs_a_loan_is_led_to_the_customer_and_who_asked_is_not(as_):
    loan = granted(factories.customer("rep1", full_name="甲乙丙有限公司"))
    link = f'href="/customers/{loan.customer_id}">甲乙丙有限公司</a>'
    assert link in text_of(as_("sup1"), approval_of(loan).link)
    assert "甲乙丙有限公司" not in text_of(as_("rep3"), approval_of(loan).link)


def test_a_loan_that_was_sent_back_is_changed_and_asked_for_again(as_):
    loan = asked(factories.customer("rep1"))
    loan.submit(by=person("rep3"))
    sign(approval_of(loan), "sup1", "send-back")
    browser = as_("rep3")
    assert "核对合同" in text_of(browser, f"/loans/{loan.id}/edit")
    assert browser.post(f"/loans/{loan.id}/edit", data=form(loan.customer, purpose="年检")).status_code == 303
    assert (loan.state, loan.purpose, approval_of(loan).round) == ("pending", "年检", 2)


def test_who_asked_for_somebody_else_changes_it_too(as_):
    loan = asked(factories.customer("rep1"), by="sup2", reader="rep4")
    assert as_("sup2").post(f"/loans/{loan.id}/edit", data=form(loan.customer, purpose="年检")).status_code == 303
    assert (loan.state, loan.reader.account) == ("pending", "rep4")


def test_papers_go_out_and_come_back(as_):
    paper = document()
    loan = granted(paper.customer, form="paper")
    browser = as_("sup1")
    name = f"condition-{paper.id}"
    assert name in text_of(browser, f"/loans/{loan.id}/hand-out")
    assert browser.post(f"/loans/{loan.id}/hand-out", data={name: "new"}).status_code == 422
    assert browser.post(f"/loans/{loan.id}/hand-out", data={name: "clean"}).status_code == 303
    assert browser.post(f"/loans/{loan.id}/hand-out", data={name: "clean"}).status_code == 409
    assert "孙三省" in text_of(browser, f"/documents/{paper.id}")
    assert paper.archive_number in text_of(browser, f"/prints/placeholder_card/{loan.id}")
    for tab in ("mine", "fetch", "out", "reading", "asked", "over"):
        assert (loan.customer.full_name in text_of(browser, f"/loans?tab={tab}")) == (tab == "out")
    assert re.findall(r'tab=(\w+)"[^>]*>[^<]*<span class="count">(\d+)', text_of(browser, "/loans")) == [("out", "1")]
    assert loan.customer.full_name in text_of(browser, "/prints/lists/loan_list?tab=out")
    assert browser.post(f"/loans/{loan.id}/return", data={name: "lost"}).status_code == 422
    assert browser.post(f"/loans/{loan.id}/return", data={name: "lost", "note": "途中遗失"}).status_code == 303
    assert "孙三省" in text_of(browser, f"/documents/{paper.id}")
    assert browser.get(f"/loans/{loan.id}").status_code == 200


def test_a_lost_paper_is_not_proposed_as_clean(as_):
    paper = document()
    other = document(paper.customer)
    first = out(paper.customer)
    loan_papers.take_back(first, {paper.id: "lost", other.id: "clean"}, by=person("sup1"), note="不慎遗失")
    db.session.commit()
    loan = granted(paper.customer, form="paper")
    page = text_of(as_("sup1"), f"/loans/{loan.id}/hand-out")
    assert page.count('<option value="lost" selected>') == page.count('<option value="lost"') == 1
    values = {f"condition-{paper.id}": "lost", f"condition-{other.id}": "clean"}
    assert as_("sup1").post(f"/loans/{loan.id}/hand-out", data=values).status_code == 303
    db.session.expire_all()
    assert [(row.document_id, row.is_out) for row in loan.documents] == [(other.id, True)]


def test_overdue_papers_are_asked_for_by_hand_once_a_day(as_):
    with time_machine.travel(NOON, tick=False):
        loan = out(document().customer)
    with time_machine.travel(NOON + timedelta(days=8), tick=False):
        browser = as_("sup1")
        assert "reminder" in text_of(browser, f"/loans/{loan.id}")
        assert browser.post(f"/loans/{loan.id}/reminder").status_code == 303
        assert browser.post(f"/loans/{loan.id}/reminder").status_code == 422


def test_papers_are_kept_longer_by_asking_again(as_):
    loan = out(document().customer)
    browser = as_("rep3")
    asking = text_of(browser, f"/loans/new?extends={loan.id}")
    assert f'value="{loan.id}"' in asking
    values = {**form(loan.customer, form="paper"), "reader_id": person("rep3").id, "extends_id": str(loan.id)}
    assert browser.post("/loans/new", data=values).status_code == 303
    second = db.session.query(Loan).filter(Loan.id != loan.id).one()
    assert (second.extends_id, second.state) == (loan.id, "pending")


def test_papers_of_a_merged_record_are_kept_longer_by_asking_again(as_):
    survivor, loser = factories.customer("rep1"), document().customer
    loan = out(loser, asked_for=loser.full_name)
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    browser = as_("rep3")
    asking = text_of(browser, f"/loans/new?extends={loan.id}")
    assert f'value="{survivor.number}"' in asking
    values = {**form(survivor, form="paper"), "reader_id": person("rep3").id, "extends_id": str(loan.id)}
    assert browser.post("/loans/new", data=values).status_code == 303
    assert db.session.query(Loan).filter_by(extends_id=loan.id).one().customer == survivor


def test_papers_that_are_out_are_offered_to_be_kept_as_papers_alone(as_):
    loan = out(document(pages=1).customer)
    browser = as_("rep3")
    asking = text_of(browser, f"/loans/new?extends={loan.id}")
    assert ('value="paper"' in asking, 'value="digital"' in asking) == (True, False)
    assert loan.documents[0].document.archive_number in asking
    refused = browser.post("/loans/new", data={**form(loan.customer), "extends_id": str(loan.id)})
    assert refused.status_code == 422
    assert "只能以纸质方式续借" in refused.get_data(as_text=True)


def test_papers_on_a_loan_that_was_carried_on_as_a_digital_one_are_taken_back(as_):
    with time_machine.travel(NOON, tick=False):
        paper = document()
        loan = out(paper.customer, numbers=[paper.archive_number])
        other = document(paper.customer)
        db.session.add(LoanDocument(loan=loan, document=other))
        loan.form = "digital"
        db.session.commit()
    with time_machine.travel(NOON + timedelta(days=8), tick=False):
        browser = as_("sup1")
        assert loan.customer.full_name in text_of(browser, "/inbox")
        page = text_of(browser, f"/loans/{loan.id}/return")
        assert (f"condition-{paper.id}" in page, f"condition-{other.id}" in page) == (True, False)
        assert browser.post(f"/loans/{loan.id}/return", data={f"condition-{paper.id}": "clean"}).status_code == 303
    db.session.expire_all()
    assert (loan.state, [row.is_out for row in loan.documents]) == ("returned", [False, False])


def test_a_loan_says_which_documents_it_is_about(as_):
    paper = document()
    one = asked(paper.customer, numbers=[paper.archive_number])
    for account in ("rep3", "sup1"):
        assert paper.archive_number in text_of(as_(account), f"/loans/{one.id}"), account


def test_a_digital_loan_of_a_record_that_was_merged_says_why_it_opens_nothing(as_):
    survivor, loser = factories.customer("rep1"), document().customer
    one = granted(loser)
    merge = CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    words = "该客户已并入另一档案"
    assert words in text_of(as_("rep3"), f"/loans/{one.id}")
    merge.undo(by=person("sup1"))
    db.session.commit()
    assert words not in text_of(as_("rep3"), f"/loans/{one.id}")


def test_the_dossier_says_who_has_it(as_):
    loan = out(document().customer)
    assert f"/loans/{loan.id}" in text_of(as_("rep1"), f"/customers/{loan.customer_id}/dossier")


def test_a_document_leads_to_the_loan_of_its_paper_only_where_that_may_be_opened(as_):
    survivor, paper = factories.customer("rep1"), document(factories.customer("rep2"))
    merge = CustomerMerge.carry_out(survivor, paper.customer, by=person("sup1"))
    db.session.commit()
    loan = out(survivor)
    merge.undo(by=person("sup1"))
    db.session.commit()
    for account, led in (("rep2", False), ("sup1", True)):
        page = text_of(as_(account), f"/documents/{paper.id}")
        assert (loan.reader.name in page, f"/loans/{loan.id}" in page) == (True, led)


def test_a_loan_that_was_given_up_stands_among_those_that_are_over(as_):
    loan = asked(factories.customer("rep1"))
    loan.submit(by=person("rep3"))
    sign(approval_of(loan), "sup1", "send-back")
    approval_of(loan).give_up("不再需要", by=person("rep3"))
    db.session.commit()
    assert f"/loans/{loan.id}" in text_of(as_("sup1"), "/loans?tab=over")


def test_the_signatory_is_told_that_the_last_day_is_over(as_):
    with time_machine.travel(NOON, tick=False) as traveller:
        loan = asked(document().customer, until_on=clock.today())
        loan.submit(by=person("rep3"))
        db.session.commit()
        traveller.move_to(NOON + timedelta(days=1))
        answer = post_signature(as_("sup1"), approval_of(loan))
        assert answer.status_code == 422
        assert "最后一天已过" in answer.get_data(as_text=True)
