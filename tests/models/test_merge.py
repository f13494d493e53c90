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
from portal.models import card, history, search
from portal.models.approval import Approval
from portal.models.attachment import Attachment
from portal.models.contact import Contact
from portal.models.credit import CreditChange
from portal.models.customer import Customer, CustomerTag, derived
from portal.models.hand_over import add_tag, assist
from portal.models.made_files import BOUND
from portal.models.merge import CustomerMerge, default_choice, hanging_on
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.rules.message import Refusal
from portal.rules.numbering import verification_code
from tests import factories
from tests.approving import APPROVE, sign, submitted

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
