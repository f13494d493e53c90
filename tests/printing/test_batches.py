"""Batches: every form once, in order, with its bookmark, its own numbers and its counted copy (PR-7)."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from portal import clock, jobs
from portal.database import db
from portal.models.attachment import Attachment
from portal.models.hand_over import hand_over
from portal.models.notice import Notice
from portal.models.sheet import PrintedSheet
from portal.printing import batches
from portal.rules.message import Refusal
from tests import factories
from tests.approving import APPROVE, sign, submitted


def done(job):
    db.session.commit()
    jobs.start(job)
    db.session.refresh(job)
    return job


def file_of(job):
    return PdfReader(io.BytesIO(db.session.get_one(Attachment, job.result["attachment"]).content()))


def test_cards_print_in_order_each_with_bookmark_copy_and_page_numbers_of_its_own(staff):
    customers = [factories.customer("rep1", full_name=f"批量打印{number}号有限公司") for number in range(23)]
    job = done(batches.queue_records("customer_card", [one.id for one in customers], "zh", by=staff["rep1"]))
    assert (job.state, job.result["forms"], job.result["refused"]) == ("done", 23, [])
    reader = file_of(job)
    marks = [(mark.title, reader.get_destination_page_number(mark)) for mark in reader.outline]
    assert [title for title, _page in marks] == [one.full_name for one in customers]
    copies = {one.record_id: one for one in db.session.scalars(select(PrintedSheet))}
    for customer, (_title, page) in zip(customers, marks, strict=True):
        text = reader.pages[page].extract_text()
        assert customer.full_name in text
        assert copies[customer.id].shown_code in text
        assert "第 1 页" in text
    assert job.result["pages"] == len(reader.pages) == sum(one.pages for one in copies.values())
    told = db.session.scalars(select(Notice).where(Notice.staff_id == staff["rep1"].id)).all()
    assert told[-1].link == f"/prints/batches/{job.id}"


def test_what_cannot_be_printed_is_named_and_the_rest_of_its_pile_prints(staff):
    good, bad = factories.customer("rep1", full_name="好字有限公司"), factories.customer("rep1", full_name="\U0001fae8字有限公司")
    job = done(batches.queue_records("customer_card", [bad.id, good.id], "zh", by=staff["rep1"]))
    assert (job.state, job.result["forms"]) == ("done", 1)
    assert "U+1FAE8" in job.result["refused"][0]
    assert [one.record_id for one in db.session.scalars(select(PrintedSheet))] == [good.id]


def test_who_no_longer_sees_a_customer_does_not_get_the_card(staff):
    mine, other = factories.customer("rep1"), factories.customer("rep3")
    job = done(batches.queue_records("customer_card", [mine.id, other.id], "en", by=staff["rep1"]))
    assert job.result["forms"] == 1
    assert other.full_name not in "".join(page.extract_text() for page in file_of(job).pages)


def test_approved_forms_of_a_period_are_those_decided_in_it(staff):
    approval = submitted(APPROVE)
    today = clock.today()
    assert batches.approved(staff["mgr1"], approval.kind_name, today, today) == []
    sign(approval, "mgr1")
    db.session.commit()
    assert batches.approved(staff["mgr1"], approval.kind_name, today, today) == [approval.id]
    before = today - timedelta(days=1)
    assert batches.approved(staff["mgr1"], approval.kind_name, before, before) == []
    assert batches.approved(staff["rep3"], approval.kind_name, today, today) == []
    job = done(batches.queue_approved(approval.kind_name, today, today, "zh", by=staff["mgr1"]))
    assert (job.state, job.result["forms"]) == ("done", 1)
    with pytest.raises(Refusal):
        batches.queue_approved(approval.kind_name, before, before, "zh", by=staff["mgr1"])


def test_a_batch_has_a_limit(staff):
    with pytest.raises(Refusal):
        batches.queue_records("customer_card", range(batches.MOST + 1), "zh", by=staff["rep1"])


def test_a_batch_made_in_another_scope_is_not_handed_out(staff, as_):
    job = done(batches.queue_records("customer_card", [factories.customer("rep1").id], "zh", by=staff["rep1"]))
    browser = as_("rep1")
    assert browser.get(f"/prints/batches/{job.id}/file").status_code == 200
    staff["rep1"].team_id = staff["rep3"].team_id
    db.session.commit()
    assert browser.get(f"/prints/batches/{job.id}/file").status_code == 404


def test_a_batch_with_somebody_whom_its_reader_no_longer_sees_is_not_handed_out(staff, as_):
    mine, other, never = factories.customer("rep1"), factories.customer("rep1"), factories.customer("rep3")
    job = done(batches.queue_records("customer_card", [mine.id, other.id, never.id], "zh", by=staff["rep1"]))
    browser, page = as_("rep1"), f"/prints/batches/{job.id}"
    assert browser.get(f"{page}/file").status_code == 200, "of whom it never had a card does not matter"
    hand_over([other.id], to=staff["rep2"], by=staff["sup1"])
    db.session.commit()
    assert browser.get(f"{page}/file").status_code == 404
    assert "不再提供该文件" in browser.get(page).get_data(as_text=True)
    hand_over([other.id], to=staff["rep1"], by=staff["sup1"])
    db.session.commit()
    assert browser.get(f"{page}/file").status_code == 200


def test_a_batch_of_approved_forms_goes_with_the_forms(staff, as_):
    approval, today = submitted(APPROVE), clock.today()
    sign(approval, "mgr1")
    job = done(batches.queue_approved(approval.kind_name, today, today, "zh", by=staff["sup1"]))
    browser = as_("sup1")
    assert browser.get(f"/prints/batches/{job.id}/file").status_code == 200
    hand_over([approval.customer_id], to=staff["rep3"], by=staff["mgr1"])
    db.session.commit()
    assert browser.get(f"/prints/batches/{job.id}/file").status_code == 404


def test_chosen_customers_are_named_before_their_cards_print(as_, staff):
    customer = factories.customer("rep1")
    browser = as_("rep1")
    asked = browser.post("/customers/cards", data={"ids": str(customer.id)})
    assert asked.status_code == 200
    assert customer.full_name in asked.text
    begun = browser.post("/customers/cards", data={"ids": str(customer.id), "confirmed": "1", "count": "1", "language": "zh"})
    assert begun.status_code == 303
    assert "/prints/batches/" in begun.location
