"""Printed sheets: copies, codes, who sees them, and what a paper is worth today (PR-2, PR-9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.database import StateConflict, db
from portal.models.audit import AuditEvent
from portal.models.customer import Customer
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.printing.documents import sheet_data
from portal.printing.papers import PRINTABLES, Paper, blank_paper, paper_of, paper_of_round
from portal.printing.standing import Standing, standing
from portal.rules.message import Refusal
from portal.rules.numbering import verification_code
from tests import factories
from tests.approving import APPROVE, FINANCE, REVIEW, change, person, record_paper, rename, sign, submitted

pytestmark = pytest.mark.usefixtures("app")
CARD = PRINTABLES["customer_card"]
CREDIT = PRINTABLES["credit_change"]


def give(paper: Paper, by: str = "rep1", **changes: Any) -> PrintedSheet:
    """Count a paper as printed, without printing it."""
    values = {
        "code": verification_code(),
        "sheet": paper.sheet,
        "form_number": "QMS-PM-31202",
        "form_version": "A/0",
        "subject": paper.subject,
        "copy_number": PrintedSheet.next_copy(paper.subject),
        "record_type": paper.record_type,
        "record_id": paper.record_id,
        "customer_id": paper.customer_id,
        "approval_id": paper.round.approval_id if paper.round else None,
        "round": paper.round.number if paper.round else None,
        "content_hash": paper.content_hash,
        "state": paper.state,
        "signatures": paper.signatures,
        "language": "zh",
        "label": paper.label,
        "pages": 1,
        **changes,
    }
    printed = PrintedSheet.give(by=person(by), **values)
    db.session.commit()
    return printed


def card_of(customer: Customer) -> Paper:
    return paper_of(CARD, customer)


def said(found: Standing) -> str:
    return " ".join(str(one) for one in [*found.reasons, found.advice])


def test_copies_are_counted_by_record_and_form():
    one, other = factories.customer(), factories.customer()
    copies = [give(card_of(one)).copy_number, give(card_of(one)).copy_number, give(card_of(other)).copy_number]
    assert copies == [1, 2, 1]
    assert give(paper_of(PRINTABLES["customer_status"], one)).copy_number == 1


def test_a_copy_number_is_given_once():
    paper = card_of(factories.customer())
    give(paper, copy_number=1)
    with pytest.raises(StateConflict):
        PrintedSheet.give(by=person("rep1"), **_columns(give(paper)), copy_number=1, code=verification_code())


def _columns(printed: PrintedSheet) -> dict[str, Any]:
    left_out = ("id", "code", "copy_number", "printed_by_id", "printed_at", "file_id")
    return {column.key: getattr(printed, column.key) for column in PrintedSheet.__table__.columns if column.key not in left_out}


def test_every_print_is_in_the_log_and_on_the_timeline():
    customer = factories.customer()
    printed = give(card_of(customer))
    event = db.session.query(AuditEvent).filter_by(kind="print").one()
    assert (event.actor_name, event.customer_id, event.record_id) == ("赵一鸣", customer.id, printed.id)
    assert (event.data["copy"], event.data["form"], event.data["code"]) == (1, "QMS-PM-31202 A/0", printed.shown_code)


@pytest.mark.parametrize(
    ("account", "sees"), [("rep1", True), ("rep2", False), ("rep3", False), ("sup1", True), ("sup2", False), ("mgr1", True)]
)
def test_a_sheet_is_seen_by_who_sees_its_customer(account, sees):
    printed = give(card_of(factories.customer("rep1")))
    assert (PrintedSheet.by_code(printed.code, person(account)) is not None) is sees


def test_a_list_is_seen_by_who_printed_it_and_managers():
    printed = give(card_of(factories.customer("rep1")), by="rep2", record_type="list", customer_id=None)
    seen = [account for account in ("rep1", "rep2", "sup1", "mgr1") if PrintedSheet.by_code(printed.code, person(account))]
    assert seen == ["rep2", "mgr1"]


def test_a_sheet_in_approval_is_seen_by_who_signs_it():
    approval = submitted(REVIEW, APPROVE)
    printed = give(paper_of_round(approval, approval.current_round))
    customer = db.session.get_one(Customer, approval.customer_id)
    customer.team_id, customer.owner_id = person("rep3").team_id, person("rep3").id
    db.session.commit()
    assert PrintedSheet.by_code(printed.code, person("sup1")) is not None
    assert PrintedSheet.by_code(printed.code, person("rep2")) is None


def test_a_code_is_found_however_it_is_typed():
    printed = give(card_of(factories.customer()))
    assert PrintedSheet.by_code(f"  {printed.shown_code.lower()} ", person("rep1")) == printed
    with pytest.raises(Refusal):
        PrintedSheet.by_code("0O1I", person("rep1"))


def test_an_unchanged_card_is_the_latest_and_may_stay():
    found = standing(give(card_of(factories.customer())))
    assert (found.verdict, found.reasons, str(found.advice)) == ("latest", [], "It may stay in the binder.")


def test_a_changed_card_is_superseded_by_the_next_copy():
    customer = factories.customer()
    first = give(card_of(customer))
    customer.change({"fax": "010-66668888"}, by=person("rep1"))
    db.session.commit()
    assert standing(first).verdict == "superseded"
    assert "Print the sheet again" in said(standing(first))
    second = give(card_of(customer))
    assert standing(second).verdict == "latest"
    assert "Put copy no. 2" in said(standing(first))
    assert standing(first).newest == second


def test_a_card_that_becomes_as_it_was_is_the_latest_again():
    customer = factories.customer(fax="010-1")
    first = give(card_of(customer))
    for fax in ("010-66668888", "010-1"):
        customer.change({"fax": fax}, by=person("rep1"))
    db.session.commit()
    assert standing(first).verdict == "latest"


def test_a_merged_customers_card_is_withdrawn():
    customer, survivor = factories.customer(), factories.customer()
    printed = give(card_of(customer))
    customer.state, customer.merged_into_id = "merged", survivor.id
    db.session.commit()
    found = standing(printed)
    assert found.verdict == "withdrawn"
    assert survivor.number in said(found)


def test_a_prospects_card_is_a_draft():
    assert card_of(factories.customer(state="prospect")).state == "draft"
    assert card_of(factories.customer()).state == ""


def test_a_document_prints_its_frozen_round_not_the_record():
    approval = submitted(REVIEW, APPROVE)
    approval.document.reason = "改了别的"
    db.session.flush()
    paper = paper_of(CREDIT, approval.document)
    assert paper.content["change"]["reason"] == "采购量增加"
    assert (paper.state, paper.content_hash) == ("pending", approval.current_round.content_hash)
    assert paper.subject == paper_of_round(approval, approval.current_round).subject


def test_a_round_prints_its_choices_as_they_were_called_when_it_was_submitted():
    approval = submitted(REVIEW, APPROVE)
    before = give(paper_of(CREDIT, approval.document))
    rename("net30", "90天账期", "90 days")
    paper, moment = paper_of(CREDIT, approval.document), clock.now()
    said = {language: sheet_data(paper, language, printed_by="", printed_at=moment)["document"]["new"] for language in ("zh", "en")}
    assert [str(one["payment_terms"]) for one in said.values()] == ["30天账期", "30 days"]
    assert standing(before).verdict == "latest"
    draft = paper_of(CREDIT, change())
    assert str(sheet_data(draft, "zh", printed_by="", printed_at=moment)["document"]["new"]["payment_terms"]) == "90天账期"


def test_a_signature_supersedes_the_sheet_printed_before_it():
    approval = submitted(REVIEW, APPROVE)
    before = give(paper_of(CREDIT, approval.document))
    sign(approval, "sup1")
    found = standing(before)
    assert (found.verdict, found.state_now) == ("superseded", "pending")
    assert "1 signatures were given after it was printed" in said(found)
    between = give(paper_of(CREDIT, approval.document))
    assert (standing(between).verdict, between.signatures) == ("latest", 1)
    assert "still running" in said(standing(between))
    sign(approval, "mgr1")
    assert "today it is “Approved”" in said(standing(between))
    assert standing(give(paper_of(CREDIT, approval.document))).verdict == "latest"


def test_a_sheet_signed_by_hand_stays_behind_the_final_one():
    approval = submitted(FINANCE)
    printed = give(paper_of(CREDIT, approval.document))
    record_paper(approval)
    assert "signed by hand stays behind it" in said(standing(printed))


def test_a_withdrawn_document_has_no_valid_sheet_until_it_is_submitted_again():
    approval = submitted(REVIEW)
    printed = give(paper_of(CREDIT, approval.document))
    approval.withdraw(by=person("rep1"))
    db.session.commit()
    assert standing(printed).verdict == "withdrawn"
    approval.document.submit(by=person("rep1"))
    db.session.commit()
    found = standing(printed)
    assert found.verdict == "superseded"
    assert "Round 2 was submitted" in said(found)


def test_the_sheet_of_a_change_that_was_cancelled_says_so():
    approval = submitted(APPROVE, effective_on=clock.today() + timedelta(days=3))
    sign(approval, "mgr1")
    printed = give(paper_of(CREDIT, approval.document))
    assert standing(printed).verdict == "latest"
    approval.document.cancel(reason="客户另议", by=person("mgr2"))
    db.session.commit()
    paper = paper_of(CREDIT, approval.document)
    sheet = sheet_data(paper, "zh", printed_by="林", printed_at=clock.now())["sheet"]
    assert (sheet["state"], sheet["cancelled"].text) == (
        "cancelled", f"{person('mgr2').name}于 {clock.today().isoformat()} 取消：客户另议",
    )  # fmt: skip
    found = standing(printed)
    assert (found.verdict, found.state_now) == ("superseded", "cancelled")
    assert standing(give(paper)).verdict == "latest"


def test_what_was_sent_back_is_being_revised():
    approval = submitted(REVIEW)
    printed = give(paper_of(CREDIT, approval.document))
    sign(approval, "sup1", "send-back")
    found = standing(printed)
    assert (found.verdict, found.state_now) == ("superseded", "sent-back")
    assert "being revised" in said(found)
    assert paper_of(CREDIT, approval.document).state == "draft"
    assert paper_of_round(approval, approval.current_round).state == "sent-back"


def test_a_new_version_of_the_form_supersedes_the_paper():
    printed = give(card_of(factories.customer()), form_version="0/0")
    assert standing(printed).verdict == "superseded"
    assert "The form itself has a new version." in said(standing(printed))


def test_the_draft_and_the_empty_form_show_the_boxes_of_the_chain():
    approval = submitted(REVIEW, FINANCE)
    paper = blank_paper(CREDIT)
    assert [box.meaning for box in paper.boxes] == [box.meaning for box in paper_of_round(approval, approval.current_round).boxes]
    assert all(box.signature is None for box in paper.boxes)
    assert standing(give(paper, record_id=None)).verdict == "latest"


def test_changes_that_matter_stand_on_the_card_with_reason_and_day():
    customer = factories.customer(legal_representative="张晓东")
    from datetime import date

    customer.change({"legal_representative": "李堃"}, by=person("rep1"), reason="换届", effective_on=date(2026, 1, 5))
    customer.change({"fax": "010-66668888"}, by=person("rep1"))
    db.session.commit()
    (change,) = card_of(customer).content["changes"]
    assert change == {
        "changed_on": "2026-01-05",
        "field": "legal_representative",
        "old": "张晓东",
        "new": "李堃",
        "reason": "换届",
        "who": "赵一鸣",
    }


def test_an_opinion_prints_with_its_signature():
    approval = submitted(REVIEW, APPROVE)
    colleague = db.session.query(Staff).filter_by(account="rep2").one()
    approval.ask_opinion(by=person("sup1"), colleague=colleague, when="before", question="价格可行吗？")
    db.session.commit()
    sign(approval, "rep2", "opinion", "可行")
    boxes = paper_of_round(approval, approval.current_round).boxes
    assert [(box.meaning, box.signature.opinion) for box in boxes if box.signature] == [("opinion", "可行")]
