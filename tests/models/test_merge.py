"""Merging two records, and undoing it (AR-3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal import clock
from portal.database import StateConflict, db
from portal.exchange.tidying import remove_old
from portal.models import binder_list, card, history, loan_papers, review_shelves, search
from portal.models.approval import Approval
from portal.models.approval_kinds import KINDS
from portal.models.attachment import Attachment
from portal.models.binder import Binder
from portal.models.binder_holding import leaving
from portal.models.contact import Contact
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerTag, derived
from portal.models.dossier import ArchiveDocument
from portal.models.hand_over import add_tag, assist
from portal.models.loan_reading import loan_by_which
from portal.models.made_files import BOUND
from portal.models.merge import CustomerMerge, default_choice, hanging_on
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.printing.binder_content import volume_of
from portal.printing.boxes import lying_in
from portal.rules.message import Refusal
from portal.rules.numbering import verification_code
from tests import campaigning, disposing, factories, grading, maintaining
from tests.approving import APPROVE, sign, submitted
from tests.lending import document, granted, readable

WHY: dict[str, Any] = {"reason": "工商登记为准", "effective_on": date(2026, 1, 5)}
HUNG = ("contact", "tag", "same tag", "assistant", "same assistant", "draft", "same draft", "merged before")


def test_a_change_of_credit_that_lies_ahead_stays_with_its_customer(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1", credit_limit=Decimal("1000.00")), factories.customer("rep1")
    with time_machine.travel(datetime(2026, 3, 4, 4, 0, tzinfo=UTC), tick=False):
        sign(submitted(APPROVE, customer=loser, effective_on=date(2026, 3, 6)), "mgr1")
        with pytest.raises(Refusal) as refused:
            CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], **WHY)
        assert refused.value.message.params["day"] == "2026-03-06"
        CustomerMerge.carry_out(loser, survivor, by=staff["sup1"], **WHY)


def hang(customer: Customer, other: Customer, what: set[str], staff: dict[str, Staff]) -> None:
    if "contact" in what:
        factories.contact(customer, name="李堃", telephone="0755-23456780", telephone_key="075523456780")
    if "tag" in what:
        add_tag([customer.id], "展会", by=staff["sup1"])
    if "same tag" in what:
        add_tag([customer.id, other.id], "大客户", by=staff["sup1"])
    if "assistant" in what:
        assist([customer.id], staff["rep3"], by=staff["sup1"])
    if "same assistant" in what:
        assist([customer.id, other.id], staff["rep4"], by=staff["sup1"])
    for record, name in ((customer, "draft"), (other, "same draft")):
        if name in what:
            db.session.add(CreditChange(customer_id=record.id, reason="甲", effective_on=clock.today(), created_by_id=staff["rep1"].id))
    if "merged before" in what:
        earlier = factories.customer("rep2")
        db.session.flush()
        CustomerMerge.carry_out(customer, earlier, by=staff["sup1"])
    db.session.commit()


def everything() -> dict[str, Any]:
    """Return every row that hangs on a customer, and every card, without what a merge and its undo are bound to leave behind."""
    db.session.expire_all()
    found: dict[str, Any] = {}
    for table in db.metadata.sorted_tables:
        if table.name in ("customer_merge", "audit_event", "audit_head", "notice"):
            continue
        if table.name == "customer" or any(key.column.table.name == "customer" for key in table.foreign_keys):
            rows = [dict(row._mapping) for row in db.session.execute(select(table).order_by(table.c.id))]
            found[table.name] = [{key: value for key, value in row.items() if key not in ("version", "updated_at")} for row in rows]
    return found


@settings(max_examples=8)
@given(
    taken=st.sets(st.sampled_from([field.name for field in card.EDITABLE])),
    hung=st.sets(st.sampled_from(HUNG)),
    helping=st.booleans(),
)
def test_merge_and_undo_leave_everything_as_it_was(app: Flask, taken: set[str], hung: set[str], helping: bool) -> None:
    staff = {person.account: person for person in db.session.scalars(select(Staff))}
    mine = {"full_name": "甲乙有限公司", "telephone": "2345 6780", "email": "odd", "staff_count": 7, "established_on": date(2001, 2, 3)}
    theirs = {"full_name": "甲乙公司", "former_names": "乙甲公司", "telephone": "2345 6789", "registered_capital": 500, "route": "东线"}
    survivor = factories.customer("rep1", average_monthly_purchase=Decimal("12.34"), **mine, **derived(mine))
    loser = factories.customer("rep2", **theirs, **derived(theirs))
    hang(loser, survivor, hung, staff)
    before = everything()
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], take=taken, assist=helping, **WHY)
    db.session.commit()
    assert loser.state == "merged"
    merge.undo(by=staff["sup1"], **WHY)
    db.session.commit()
    assert everything() == before


def test_what_hangs_on_the_loser_moves_and_what_would_stand_twice_stays(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep2")
    hang(loser, survivor, set(HUNG), staff)
    assist([loser.id], staff["rep1"], by=staff["sup1"])
    db.session.commit()
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], assist=True)
    db.session.commit()

    def of(model: Any) -> list[Any]:
        return list(db.session.scalars(select(model).where(model.customer_id == survivor.id)))

    assert [contact.name for contact in of(Contact)] == ["李堃"]
    assert survivor.contact_count == 1
    assert sorted(tag.tag for tag in of(CustomerTag)) == ["大客户", "展会"]
    assert len(of(CreditChange)) == 1
    assert {one.staff.account for one in survivor.assistants} == {"rep3", "rep4", "rep2"}
    before = list(db.session.scalars(select(Customer.id).where(Customer.merged_into_id == survivor.id, Customer.id != loser.id)))
    assert merge.moved["customer"] == {"merged_into_id": before}
    assert len(before) == 1
    assert not any(hanging.moving for hanging in hanging_on(loser.id, survivor.id, taken={staff["rep1"].id}))


def test_the_old_number_and_names_lead_to_the_survivor(staff: dict[str, Staff]) -> None:
    survivor = factories.customer("rep1", full_name="华为技术有限公司")
    loser = factories.customer("rep2", full_name="华未技术有限公司", number="T2020000077")
    CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], take={"full_name"}, **WHY)
    db.session.commit()
    assert survivor.full_name == "华未技术有限公司"
    assert survivor.former_names == "华为技术有限公司"
    for words in ("T2020000077", "华为技术"):
        assert [hit.id for hit in search.search(staff["mgr1"], words)] == [survivor.id]


def test_fields_are_chosen_and_empty_ones_come_from_the_other(staff: dict[str, Staff]) -> None:
    survivor = factories.customer("rep1", telephone="0755-23456789", telephone_key="075523456789", email="")
    loser = factories.customer("rep1", telephone="0755-23456780", email="a@example.com", route="东线")
    take = default_choice(survivor, loser)
    assert take == {"email", "route"}
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], take=(take | {"telephone"}) - {"route"})
    assert (survivor.email, survivor.route, survivor.telephone_key) == ("a@example.com", "", "075523456780")
    assert set(merge.fields) == {"email", "telephone", "former_names"}


def test_the_history_of_the_survivor_tells_of_both(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep2")
    add_tag([loser.id], "展会", by=staff["sup1"])
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    db.session.commit()
    assert [event.action for event in history.timeline(survivor)[0]] == ["merged-away", "merged", "tagged"]
    merge.undo(by=staff["sup1"])
    db.session.commit()
    assert [event.action for event in history.timeline(survivor)[0]] == ["merge-undone", "merged"]
    assert [event.action for event in history.timeline(loser)[0]] == ["merge-undone", "merged-away", "tagged"]


def test_a_fact_that_matters_is_replaced_with_reason_and_day_and_put_back_with_its_own(staff: dict[str, Staff]) -> None:
    survivor = factories.customer("rep1", legal_representative="王敏", telephone="1")
    loser = factories.customer("rep1", legal_representative="李堃", telephone="2", street="滨河大道1号")
    take = {"legal_representative", "telephone", "street"}
    for missing, field in (({}, "reason"), ({"reason": "甲"}, "effective_on"), ({**WHY, "effective_on": date(2999, 1, 1)}, "effective_on")):
        with pytest.raises(Refusal) as caught:
            CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], take=take, **missing)
        assert (caught.value.field, loser.state) == (field, "active")
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], take=take, **WHY)
    db.session.commit()
    told = history.changes(survivor)[0]
    event = next(one for one in told if one.action == "merged")
    assert {change["field"] for change in event.data["changes"]} == {*take, "former_names"}
    assert (event.data["reason"], event.data["effective_on"]) == ("工商登记为准", "2026-01-05")
    assert merge.put_back() == ["street", "legal_representative"]
    with pytest.raises(Refusal, match="Say why"):
        merge.undo(by=staff["sup1"])
    merge.undo(by=staff["sup1"], reason="不是同一客户", effective_on=date(2026, 1, 6))
    db.session.commit()
    undone = history.changes(survivor)[0][0]
    assert (undone.action, undone.data["reason"], undone.data["effective_on"]) == ("merge-undone", "不是同一客户", "2026-01-06")


def test_what_was_empty_or_does_not_matter_is_taken_without_a_reason(staff: dict[str, Staff]) -> None:
    survivor = factories.customer("rep1", telephone="1")
    loser = factories.customer("rep1", telephone="2", legal_representative="李堃")
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], take={"telephone", "legal_representative"})
    assert set(merge.fields) == {"telephone", "legal_representative", "former_names"}


@pytest.mark.parametrize(("first", "second"), [("prospect", "active"), ("past", "prospect"), ("merged", "active"), ("active", "merged")])
def test_a_record_is_not_merged_into_one_that_is_less_far(staff: dict[str, Staff], first: str, second: str) -> None:
    with pytest.raises(Refusal):
        CustomerMerge.carry_out(factories.customer(state=first), factories.customer(state=second), by=staff["sup1"])


def test_nothing_is_merged_while_a_document_is_in_approval(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer(), factories.customer()
    values = {"kind_name": "credit", "record_id": 1, "title": "甲", "state": "pending"}
    db.session.add(Approval(customer_id=loser.id, submitter_id=staff["rep1"].id, **values))
    db.session.commit()
    with pytest.raises(Refusal, match="in approval"):
        CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    survivor.frozen_by_id = 1
    with pytest.raises(Refusal, match="in approval"):
        CustomerMerge.carry_out(survivor, factories.customer(), by=staff["sup1"])


def on_disposal(*customers: Customer) -> Approval:
    return disposing.submitted(*[disposing.old(disposing.past(one)) for one in customers])


def on_grade_list(*customers: Customer) -> Approval:
    grading.opened()
    return grading.submitted(*[grading.reviewed(one) for one in customers])


def on_plan(*customers: Customer) -> Approval:
    return maintaining.submitted(maintaining.drafted(*customers))


def on_plan_summary(*customers: Customer) -> Approval:
    plan = maintaining.running(*customers)
    for task in maintaining.tasks(plan):
        maintaining.done(task)
    approval = maintaining.summed(plan).submit(by=maintaining.person("sup1"))
    db.session.commit()
    return approval


def on_gift_list(*customers: Customer) -> Approval:
    return campaigning.submitted(campaigning.drafted(None, *customers))


@pytest.mark.parametrize("submit", [on_disposal, on_grade_list, on_plan, on_plan_summary, on_gift_list])
def test_nothing_is_merged_while_a_list_on_which_it_stands_is_in_approval(staff: dict[str, Staff], submit: Any) -> None:
    first, second, survivor, before = (factories.customer("rep1") for _number in range(4))
    merge = CustomerMerge.carry_out(first, before, by=staff["sup1"])
    db.session.commit()
    assert submit(first, second).customer_id is None
    survivor.state = second.state
    db.session.commit()
    for loser in (first, second):
        with pytest.raises(Refusal, match="in approval"):
            CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    assert "in approval" in str(merge.obstacles()[0])


def test_every_kind_of_document_says_which_customers_it_covers(app: Flask) -> None:
    for kind in KINDS.values():
        own = kind.model.__table__.c.get("customer_id")
        several = own.nullable if own is not None else not hasattr(kind.model, "customer_id")
        assert (kind.covers is not None) == several, kind.name
        if kind.covers is not None:
            assert db.session.execute(kind.covers).all() == []


def test_who_saw_older_records_does_not_merge_them(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer(), factories.customer()
    seen = (survivor.version, loser.version)
    loser.change({"short_name": "甲"}, by=staff["rep1"])
    db.session.commit()
    with pytest.raises(StateConflict):
        CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], versions=seen)


def test_after_an_undo_no_bound_copy_has_documents_of_both(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep2")
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["mgr1"])
    codes = [bound_copy(survivor, staff["rep1"]), bound_copy(factories.customer("rep1"), staff["rep1"])]
    merge.undo(by=staff["mgr1"])
    db.session.commit()
    sheets = [PrintedSheet.by_code(code, staff["mgr1"]) for code in codes]
    assert [one.file_id is not None for one in sheets if one] == [False, True]
    remove_old()
    assert [one.customer_id for one in db.session.query(Attachment)] == [one.customer_id for one in sheets[1:] if one]


def bound_copy(customer: Customer, by: Staff) -> str:
    """Return the code of a dossier's bound copy."""
    file = Attachment.keep(customer.number.encode(), filename="a.pdf", media_type="", purpose=BOUND, by=by, customer_id=customer.id)
    db.session.flush()
    code = verification_code()
    PrintedSheet.give(
        by=by, code=code, sheet="dossier_cover", form_number="", form_version="", subject=f"dossier_cover:{customer.id}", copy_number=1,
        record_type="dossier_cover", record_id=customer.id, customer_id=customer.id, content_hash="", language="zh", pages=1,
        file_id=file.id,
    )  # fmt: skip
    db.session.commit()
    return code


def test_an_undo_names_what_is_in_its_way(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep1", route="东线")
    contact = factories.contact(loser)
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"], take={"route"})
    db.session.commit()
    assert merge.obstacles() == []
    survivor.change({"route": "西线"}, by=staff["rep1"])
    contact.remove(by=staff["rep1"], reason="离职", effective_on=clock.today())
    db.session.commit()
    texts = [str(one) for one in merge.obstacles()]
    assert texts == ["Changed since the merge: Visit route.", "Removed or moved on since: 1 of Contacts."]
    with pytest.raises(Refusal, match="Changed since the merge"):
        merge.undo(by=staff["sup1"])


def test_a_merge_is_undone_within_its_days_and_once(staff: dict[str, Staff]) -> None:
    survivor, loser, other = factories.customer(), factories.customer(), factories.customer()
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    db.session.commit()
    with time_machine.travel(clock.now() + timedelta(days=30, seconds=1), tick=False):
        assert CustomerMerge.open_of(survivor) == []
        with pytest.raises(Refusal, match="30 days"):
            merge.undo(by=staff["sup1"])
    later = CustomerMerge.carry_out(other, survivor, by=staff["sup1"])
    with pytest.raises(Refusal, match="Undo that first"):
        merge.undo(by=staff["sup1"])
    later.undo(by=staff["sup1"])
    merge.undo(by=staff["sup1"])
    with pytest.raises(Refusal, match="already"):
        merge.undo(by=staff["sup1"])


def test_an_undo_gives_the_record_of_somebody_who_has_left_to_who_is_here(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep2")
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    db.session.commit()
    staff["rep2"].deactivate(by=staff["mgr1"], to=None)
    db.session.commit()
    merge.undo(by=staff["sup1"], reason="两家公司")
    db.session.commit()
    assert (loser.state, loser.owner, survivor.owner) == ("active", staff["rep1"], staff["rep1"])
    assert ("handed-over", "两家公司") in [(event.action, event.data.get("reason")) for event in history.timeline(loser)[0]]


def test_an_undo_leaves_the_record_with_who_had_it(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep2")
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    db.session.commit()
    merge.undo(by=staff["sup1"])
    db.session.commit()
    assert loser.owner == staff["rep2"]


def test_an_undo_takes_out_of_a_binder_what_is_another_customers_then(staff: dict[str, Staff]) -> None:
    rep, survivor, loser = staff["rep1"], factories.customer("rep1"), factories.customer("rep3")

    def paper(customer: Customer, binder: Binder) -> ArchiveDocument:
        values = {"kind": "company", "title": "合同", "dated_on": date(2020, 3, 5), "on_paper": True, "binder_id": binder.id}
        return ArchiveDocument.file(customer, values, by=rep)

    ours, theirs = (Binder.add(customer, {"title": "盒", "shelf": "A-1"}, by=rep) for customer in (survivor, loser))
    stays = paper(loser, theirs)
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["mgr1"])
    db.session.commit()
    filed_since = paper(survivor, theirs)
    stays_too = paper(survivor, ours)
    assert [(one.number, one.code) for one in leaving(merge)] == [(filed_since.archive_number, theirs.code)]
    put_elsewhere = paper(survivor, theirs)
    merge.moved = {**merge.moved, "archive_document": {"customer_id": [stays.id, put_elsewhere.id]}}
    put_elsewhere.change({"binder_id": ours.id}, by=rep)
    db.session.commit()
    assert {one.number for one in leaving(merge)} == {filed_since.archive_number, put_elsewhere.archive_number}
    merge.undo(by=staff["mgr1"])
    db.session.commit()
    assert (filed_since.customer_id, put_elsewhere.customer_id) == (survivor.id, loser.id)
    assert [one.binder_id for one in (filed_since, put_elsewhere, stays, stays_too)] == [None, None, theirs.id, ours.id]
    told = history.of_record("ArchiveDocument", filed_since.id)[0]
    assert (told.action, told.data["changes"]) == ("left-binder", [{"field": "binder_id", "old": theirs.code, "new": ""}])


def test_a_binder_shows_nothing_of_another_customer(staff: dict[str, Staff]) -> None:
    rep, customer, other = staff["rep1"], factories.customer("rep1"), factories.customer("rep3")
    binder = Binder.add(customer, {"title": "盒", "shelf": "A-1"}, by=rep)
    values = {"kind": "company", "title": "合同", "on_paper": True}
    own = ArchiveDocument.file(customer, {**values, "dated_on": date(2020, 3, 5), "binder_id": binder.id}, by=rep)
    foreign = ArchiveDocument.file(other, {**values, "dated_on": date(2021, 3, 5), "retention": "D10"}, by=rep)
    foreign.binder_id = binder.id
    db.session.commit()
    assert lying_in(binder) == review_shelves.contents([binder])[binder.id] == [own]
    assert [one.facts["archive_number"] for one in volume_of(binder).documents] == [own.archive_number]
    assert (binder_list.holdings([binder.id])[binder.id].count, binder.mixed()) == (1, [])
    assert binder_list.page(rep, binder_list.Query({"mixed": "years"})).rows == []


def test_a_loan_granted_before_a_merge_opens_nothing_that_came_with_it(staff: dict[str, Staff]) -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    ours, theirs = document(survivor), document(loser)
    digital, on_paper = granted(survivor), granted(survivor, form="paper", by="rep4")
    merge = CustomerMerge.carry_out(survivor, loser, by=staff["sup1"])
    db.session.commit()
    filed_since = document(survivor)
    assert readable("rep3") == [ours.id, filed_since.id]
    assert {one.id for one in loan_papers.papers_of(on_paper)} == {ours.id, filed_since.id}
    assert (loan_by_which(staff["rep3"], ours), loan_by_which(staff["rep3"], theirs)) == (digital, None)
    granted(survivor, by="rep4")
    assert readable("rep4") == [ours.id, theirs.id, filed_since.id]
    merge.undo(by=staff["sup1"])
    db.session.commit()
    assert readable("rep3") == readable("rep4") == [ours.id, filed_since.id]
    again = CustomerMerge.carry_out(loser, survivor, by=staff["sup1"])
    again.undo(by=staff["sup1"])
    db.session.commit()
    assert readable("rep3") == [ours.id, filed_since.id]
