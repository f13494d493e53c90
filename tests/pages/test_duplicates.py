"""The check while typing and at save, the scan, and merging as pages (AR-3)."""

from __future__ import annotations

from typing import Any

import pytest

from portal.database import db
from portal.models.binder import Binder
from portal.models.customer import Customer, derived
from portal.models.duplicate import DeclaredDifferent
from portal.models.merge import CustomerMerge
from portal.models.merge_hanging import title_of
from tests import factories
from tests.approving import person, sign, submitted
from tests.lending import document
from tests.pages.test_customers import fields_of

NEW = "/customers/new"
TYPED = {"full_name": "华为技术公司", "owner_id": ""}


@pytest.fixture
def there() -> Customer:
    values = {"full_name": "华为技术有限公司", "telephone": "0755-28780808", "city": "深圳市"}
    return factories.customer("rep3", **values, **derived(values))


def test_a_likely_duplicate_is_shown_and_nothing_is_saved(as_: Any, there: Customer) -> None:
    page = as_("sup2").post(NEW, data={"full_name": "华为技术公司", "owner_id": str(there.owner_id)})
    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert there.number in text
    assert "深圳市" in text
    assert db.session.query(Customer).count() == 1


def test_who_does_not_see_it_learns_only_whom_to_ask(as_: Any, there: Customer) -> None:
    browser = as_("rep1")
    typing = browser.get("/customers/duplicates?telephone=075528780808", headers={"HX-Request": "true"})
    for page in (browser.post(NEW, data=TYPED), typing):
        text = page.get_data(as_text=True)
        assert "孙三省" in text
        for secret in (there.number, "有限公司</", "0755-28780808", "深圳", f"/customers/{there.id}"):
            assert secret not in text


def test_who_insists_saves_and_the_pair_is_not_offered_again(as_: Any, there: Customer) -> None:
    browser = as_("rep1")
    sent = fields_of(browser.post(NEW, data=TYPED))
    assert sent["shown_duplicates"]
    saved = browser.post(NEW, data={**TYPED, "shown_duplicates": sent["shown_duplicates"], "insist_duplicates": "1"})
    assert saved.status_code == 303
    new = db.session.query(Customer).filter(Customer.full_name == "华为技术公司").one()
    assert [(pair.first_id, pair.second_id) for pair in db.session.query(DeclaredDifferent)] == [(there.id, new.id)]
    edit = fields_of(browser.get(f"/customers/{new.id}/edit"))
    again = browser.post(f"/customers/{new.id}/edit", data={**edit, "full_name": "华为技术", "reason": "更名"})
    assert again.status_code == 303


def test_insisting_on_what_was_not_shown_does_not_count(as_: Any, there: Customer) -> None:
    page = as_("rep1").post(NEW, data={**TYPED, "shown_duplicates": "0123456789abcdef", "insist_duplicates": "1"})
    assert page.status_code == 422


def test_an_edit_that_makes_a_customer_like_another_is_asked_about(as_: Any, there: Customer) -> None:
    mine = factories.customer("rep3", full_name="别的公司")
    browser = as_("rep3")
    edit = fields_of(browser.get(f"/customers/{mine.id}/edit"))
    page = browser.post(f"/customers/{mine.id}/edit", data={**edit, "telephone": "(0755) 2878 0808"})
    assert page.status_code == 422
    assert there.number in page.get_data(as_text=True)
    assert browser.post(f"/customers/{mine.id}/edit", data={**edit, "short_name": "甲"}).status_code == 303


def test_scan_list_and_declare_different(as_: Any, there: Customer) -> None:
    values = {"full_name": "华为技术(深圳)公司", "telephone": "0755 28780808"}
    other = factories.customer("rep4", **values, **derived(values))
    browser = as_("sup2")
    browser.post("/duplicates/scan")
    assert other.number in browser.get("/duplicates").get_data(as_text=True)
    assert other.number not in as_("sup1").get("/duplicates").get_data(as_text=True)
    browser.post("/duplicates/different", data={"first": there.id, "second": other.id})
    assert other.number not in browser.get("/duplicates").get_data(as_text=True).split("</header>")[-1]
    assert other.number in browser.get("/duplicates/different").get_data(as_text=True)


def test_merge_from_choice_to_undo(as_: Any, there: Customer) -> None:
    other = factories.customer("rep3", full_name="华为公司", short_name="华为", number="T2019000001")
    factories.contact(other, name="李堃")
    browser = as_("sup2")
    assert f"/customers/{there.id}/merge/{other.id}" in browser.get(f"/customers/{there.id}/merge?q=T2019000001").get_data(as_text=True)
    address = f"/customers/{there.id}/merge/{other.id}"
    assert browser.get(address).status_code == 200
    fields = {"version": there.version, "other_version": other.version, "take-short_name": "other"}
    asked = browser.post(address, data=fields)
    assert asked.status_code == 200
    assert other.state == "active"
    done = browser.post(address, data={**fields, "confirmed": "1"})
    assert done.status_code == 303
    assert browser.get(f"/customers/{other.id}").headers["Location"] == f"/customers/{there.id}"
    merge = db.session.query(CustomerMerge).one()
    text = browser.get(f"/customers/{there.id}").get_data(as_text=True)
    assert "李堃" in text
    assert f"/merges/{merge.id}" in text
    assert there.short_name == "华为"
    assert browser.post(f"/merges/{merge.id}/undo").status_code == 303
    assert "李堃" in browser.get(f"/customers/{other.id}").get_data(as_text=True)


def test_what_is_in_approval_is_led_to(as_: Any) -> None:
    running, other = submitted(), factories.customer("rep1")
    browser, led = as_("sup1"), f'href="/approvals/{running.id}"'
    page = f"/customers/{other.id}/merge/{running.customer_id}"
    assert led in browser.get(page).get_data(as_text=True)
    sign(running, "sup1", "reject")
    assert led not in browser.get(page).get_data(as_text=True)


def test_what_moves_is_called_by_its_name(as_: Any, there: Customer) -> None:
    """Each kind once, in the reader's language, whichever table it stands in (AR-3)."""
    other = factories.customer("rep3")
    document(other)
    document(other, title="第二份")
    browser, fields = as_("sup2"), {"version": there.version, "other_version": other.version}
    asked = browser.post(f"/customers/{there.id}/merge/{other.id}", data=fields).get_data(as_text=True)
    browser.post(f"/customers/{there.id}/merge/{other.id}", data={**fields, "confirmed": "1"})
    done = browser.get(f"/merges/{db.session.query(CustomerMerge).one().id}").get_data(as_text=True)
    for page in (asked, done):
        assert page.count("归档文件") == 1
        assert "Other records" not in page
    assert title_of("gift_refusal").text == "Other records"


def test_an_undo_says_what_leaves_its_binder(as_: Any, there: Customer) -> None:
    supervisor, other = person("sup2"), factories.customer("rep3")
    binder = Binder.add(other, {"title": "盒", "shelf": "A-1"}, by=supervisor)
    merge = CustomerMerge.carry_out(there, other, by=supervisor)
    db.session.commit()
    filed = document(there, binder_id=binder.id)
    browser = as_("sup2")
    assert f"{filed.archive_number}，在档案盒 {binder.code} 中" in browser.get(f"/merges/{merge.id}").get_data(as_text=True)
    address = browser.post(f"/merges/{merge.id}/undo").location
    assert "有 1 份文件已移出现属另一客户的档案盒" in browser.get(address).get_data(as_text=True)


def test_a_merge_that_replaces_facts_that_matter_asks_once_for_reason_and_day(as_: Any, there: Customer) -> None:
    there.street, there.district = "滨河大道1号", "福田区"
    other = factories.customer("rep3", full_name="华为公司", street="科技路2号", district="南山区")
    browser = as_("sup2")
    address = f"/customers/{there.id}/merge/{other.id}"
    fields = {"version": there.version, "other_version": other.version, "take-street": "other", "take-district": "other"}
    asked = browser.post(address, data=fields).get_data(as_text=True)
    assert asked.count('name="effective_on"') == 1
    refused = browser.post(address, data={**fields, "confirmed": "1", "reason": "", "effective_on": "2026-01-05"})
    assert (refused.status_code, other.state) == (422, "active")
    assert 'name="take-street" value="other"' in refused.get_data(as_text=True)
    odd = browser.post(address, data={**fields, "confirmed": "1", "reason": "搬迁", "effective_on": "昨天"})
    assert odd.status_code == 422
    done = browser.post(address, data={**fields, "confirmed": "1", "reason": "搬迁", "effective_on": "2026-01-05"})
    assert done.status_code == 303
    page = browser.get(f"/customers/{there.id}/history").get_data(as_text=True)
    assert "搬迁" in page
    assert "2026" in page
    merge = db.session.query(CustomerMerge).one()
    assert 'name="effective_on"' in browser.get(f"/merges/{merge.id}").get_data(as_text=True)
    assert browser.post(f"/merges/{merge.id}/undo").status_code == 422
    assert browser.post(f"/merges/{merge.id}/undo", data={"reason": "弄错了", "effective_on": "2026-01-06"}).status_code == 303


def test_a_merge_of_records_that_changed_meanwhile_shows_them_again(as_: Any, there: Customer) -> None:
    other = factories.customer("rep3")
    address = f"/customers/{there.id}/merge/{other.id}"
    page = as_("sup2").post(address, data={"version": "1", "other_version": "7", "confirmed": "1"})
    assert page.status_code == 409
    assert other.state == "active"
