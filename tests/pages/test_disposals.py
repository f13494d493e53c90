"""Pages of the end of dealings and of disposals (AR-11)."""

from __future__ import annotations

import io
import re

import pytest

from portal import clock
from portal.blueprints.custody import disposals
from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.disposal import Disposal
from tests import factories
from tests.approving import picture
from tests.approving import submitted as credit_submitted
from tests.disposing import approval_of, approved, destroyed, listed, old, past, years_ago

pytestmark = pytest.mark.usefixtures("app")


def text_of(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def test_dealings_end_and_begin_again(as_):
    customer = factories.customer("rep1")
    browser, page = as_("sup1"), f"/customers/{customer.id}"
    assert f"{page}/dealings-end" in text_of(browser, page)
    values = {"kind": "dissolved", "ended_on": clock.today().isoformat(), "reason": "公司注销"}
    assert browser.post(f"{page}/dealings-end", data={**values, "reason": ""}).status_code == 422
    assert browser.post(f"{page}/dealings-end", data={**values, "ended_on": "2999-01-01"}).status_code == 422
    nothing = browser.post(f"{page}/dealings-end", data={"ended_on": "2999-01-01"}).get_data(as_text=True)
    for field in ("kind", "reason", "ended_on"):
        assert f'id="{field}-error"' in nothing, "all that is lacking is said at once"
    assert "请选择交易结束方式" in nothing
    assert browser.post(f"{page}/dealings-end", data=values).status_code == 303
    assert browser.post(f"{page}/dealings-end", data=values).status_code == 409
    assert customer.full_name in text_of(browser, "/customers?tab=past")
    assert "公司注销" in text_of(browser, f"{page}/dealings-again")
    assert browser.post(f"{page}/dealings-again", data={"reason": ""}).status_code == 422
    assert browser.post(f"{page}/dealings-again", data={"reason": "重新签约"}).status_code == 303
    assert customer.state == "active"


def test_what_runs_is_named_and_there_is_no_button(as_):
    approval = credit_submitted()
    page = f"/customers/{approval.customer_id}/dealings-end"
    assert 'name="kind"' not in text_of(as_("sup1"), page)
    values = {"kind": "dissolved", "ended_on": clock.today().isoformat(), "reason": "公司注销"}
    assert as_("sup1").post(page, data=values).status_code == 422


def test_from_what_is_due_to_the_destruction(as_):
    one = old(past(), pages=1)
    browser = as_("sup1")
    assert one.archive_number in text_of(browser, f"/disposals/new?customer={one.customer_id}")
    assert browser.post("/disposals/new", data={"reason": "期满"}).status_code == 422
    assert browser.post("/disposals/new", data={"reason": "", "documents": one.id}).status_code == 422
    made = browser.post("/disposals/new", data={"reason": "期满", "documents": one.id})
    assert made.status_code == 303
    page = made.location
    assert browser.post(f"{page}/edit", data={"reason": "保管期满", "documents": one.id}).status_code == 303
    assert db.session.query(Disposal).one().reason == "保管期满"
    assert browser.post(f"{page}/submission").status_code == 303
    assert browser.get(f"{page}/edit").status_code == 409
    assert one.archive_number in text_of(browser, f"/prints/disposal/{db.session.query(Disposal).one().id}")


def test_what_was_left_out_of_a_draft_is_put_on_it_again(as_):
    one = old(past(), pages=1)
    other, elsewhere = old(one.customer), old(past())
    draft, browser = listed(one), as_("sup1")
    page = text_of(browser, f"/disposals/{draft.id}/edit")
    chosen = [f'value="{each.id}"' in page for each in (one, other, elsewhere)]
    checked = [bool(re.search(rf'value="{each.id}"[^>]* checked', page)) for each in (one, other)]
    assert (chosen, checked) == ([True, True, False], [True, False])
    data = {"reason": "保管期满", "documents": [one.id, other.id]}
    assert browser.post(f"/disposals/{draft.id}/edit", data=data).status_code == 303
    assert set(draft.documents) == {one, other}


def test_the_destruction_is_recorded_with_witnesses_and_scan(as_):
    list_ = approved(old(past(), pages=1))
    number, document_id = list_.documents[0].archive_number, list_.documents[0].id
    browser, page = as_("mgr1"), f"/disposals/{list_.id}"
    assert number in text_of(browser, f"/prints/destruction_list/{list_.id}")
    assert browser.get(f"{page}/signed-list").status_code == 404
    values = {"destroyed_on": clock.today().isoformat(), "witness_1": "周监", "witness_2": "吴销"}

    def sent(**more):
        return {**values, "scan": (io.BytesIO(picture()), "清册.png"), **more}

    assert browser.post(f"{page}/destruction", data=values).status_code == 422
    assert browser.post(f"{page}/destruction", data=sent(witness_2="周监")).status_code == 422
    assert browser.post(f"{page}/destruction", data=sent(scan=(io.BytesIO(b"no scan"), "a.png"))).status_code == 422
    assert browser.post(f"{page}/destruction", data=sent()).status_code == 303
    assert browser.post(f"{page}/destruction", data=sent()).status_code == 409
    shown = text_of(as_("sup1"), page)
    assert ("周监" in shown, f"{page}/signed-list" in shown) == (True, True)
    assert as_("sup1").get(f"{page}/signed-list").get_data() == picture(), "what the witnesses signed stays to be read"
    assert db.session.query(AuditEvent).filter_by(action="scan-downloaded", record_id=list_.id).count() == 1
    assert number in text_of(browser, f"/prints/destruction_list/{list_.id}")
    assert text_of(browser, f"/documents/{document_id}")
    assert browser.get(f"/documents/{document_id}/versions/1/file").status_code == 404


def test_an_approved_list_says_what_comes_next_and_which_cards_go(as_):
    one, customer = old(past(), pages=1), past()
    staying = old(customer)
    old(customer)
    page = f"/disposals/{approved(one, staying).id}"
    manager, supervisor = (text_of(as_(account), page) for account in ("mgr1", "sup1"))
    said = manager.partition("清单内的资料卡")[2].partition("</table>")[0]
    assert (one.customer.full_name in said, customer.full_name in said) == (True, False)
    assert ("由经理在此登记销毁" in supervisor, "由经理在此登记销毁" in manager) == (True, False)


def test_an_approved_list_is_given_up_with_a_reason(as_):
    list_ = approved(old(past()))
    browser, page = as_("mgr1"), f"/disposals/{list_.id}/giving-up"
    assert browser.post(page, data={"because": ""}).status_code == 422
    assert browser.post(page, data={"because": "客户来函"}).status_code == 303
    assert (list_.state, list_.documents[0].frozen_by_id) == ("given-up", None)


def test_what_stands_against_it_is_named_instead_of_the_button(as_):
    list_ = listed(old(factories.customer("rep1")))
    shown = text_of(as_("sup1"), f"/disposals/{list_.id}")
    assert "/submission" not in shown
    assert as_("sup1").post(f"/disposals/{list_.id}/submission").status_code == 422


def test_after_the_card_is_erased_its_history_tells_no_content(as_):
    customer = factories.customer("rep1")
    as_("rep1").post(f"/customers/{customer.id}/contacts/new", data={"name": "王小明", "kept_for": "daily"})
    one = old(customer)
    past(customer)
    list_ = destroyed(approved(one))
    browser = as_("sup1")
    for address in ("", "/timeline", "/history"):
        assert "王小明" not in text_of(browser, f"/customers/{customer.id}{address}"), address
    assert approval_of(list_).state == "approved"


def test_an_erased_card_asks_for_nothing_and_takes_no_more_papers(as_):
    one = old(past(), pages=1)
    browser, page = as_("sup1"), f"/customers/{one.customer_id}"
    asked = ("dossier/documents/new", "binders/new", "registers/special-events/new")
    shown = [text_of(browser, f"{page}{part}") for part in ("", "/dossier", "/registers")]
    assert [words in text for words, text in zip(asked, (shown[1], shown[1], shown[2]), strict=True)] == [True] * 3
    assert "尚未填写" in shown[0]
    destroyed(approved(one))
    shown = [text_of(browser, f"{page}{part}") for part in ("", "/dossier", "/registers")]
    assert [words in text for words, text in zip(asked, (shown[1], shown[1], shown[2]), strict=True)] == [False] * 3
    assert ("尚未填写" in shown[0], "尚无联系人" in shown[0], "齐全程度" in shown[1], "已销毁" in shown[1]) == (False, False, False, True)
    values = {"kind": "company", "title": "补充", "dated_on": "2026-03-05", "on_paper": "y"}
    for address, data in ((f"{page}/dossier/documents/new", values), (f"{page}/binders/new", {"width_mm": "30"})):
        answer = browser.post(address, data=data)
        assert (answer.status_code, "请重新登记为意向客户" in answer.get_data(as_text=True)) == (422, True), address


def test_a_destroyed_document_is_found_by_its_dossier_and_its_page_leads_to_the_list(as_):
    one = old(past(), pages=1)
    dossier, document, card = f"/customers/{one.customer_id}/dossier", f"/documents/{one.id}", f"/customers/{one.customer_id}"
    assert "资料卡按原样保存" in text_of(as_("sup1"), card)
    list_ = destroyed(approved(one))
    for account, led in (("sup1", True), ("rep1", False)):
        browser = as_(account)
        assert one.archive_number not in text_of(browser, dossier)
        assert one.archive_number in text_of(browser, f"{dossier}?show=removed")
        page = text_of(browser, document)
        assert f"已于{clock.today().isoformat()}销毁" in page
        assert (f"/disposals/{list_.id}" in page) is led
        assert "存放在档案盒中" not in page
        assert "保存有纸质原件" not in page
        shown = text_of(browser, card)
        assert f"已于{years_ago(11).isoformat()}结束往来" in shown
        assert (f"/disposals/{list_.id}" in shown) is led
        assert "资料卡已按批准的销毁清单清除，仅保留编号、名称和日期" in shown


def test_older_lists_are_led_to(as_, monkeypatch):
    monkeypatch.setattr("portal.blueprints.custody.disposals.PAGE", 2)
    customer = past()
    made = [listed(old(customer)) for _place in range(3)]
    browser = as_("sup1")
    first, second = text_of(browser, "/disposals"), text_of(browser, f"/disposals?before={made[1].id}")
    shown = [[f'href="/disposals/{one.id}"' in page for one in made] for page in (first, second)]
    assert shown == [[False, True, True], [True, False, False]]
    assert (f'before={made[1].id}" rel="next"' in first, 'rel="next"' in second) == (True, False)


def test_what_is_due_beyond_the_first_is_said(as_, monkeypatch):
    old(past(), pages=1)
    browser, words = as_("sup1"), "一次最多显示"
    assert words not in text_of(browser, "/disposals/new")
    monkeypatch.setattr(disposals, "SHOWN", 1)
    assert f"{words} 1 条" in text_of(browser, "/disposals/new")


def test_the_card_of_a_customer_without_documents_goes_the_same_way(as_):
    customer = past(factories.customer("rep1", telephone="0755-88880000"))
    factories.contact(customer, name="王小明")
    browser, card = as_("sup1"), f"/customers/{customer.id}"
    assert f"资料卡保管至{years_ago(1).isoformat()}" in text_of(as_("rep1"), card)
    due = text_of(browser, f"/disposals/new?customer={customer.id}")
    assert f'name="cards" value="{customer.id}"' in due
    assert customer.full_name not in text_of(as_("sup2"), "/disposals/new")
    refused = browser.post("/disposals/new", data={"reason": "", "cards": customer.id})
    assert (refused.status_code, "checked" in refused.get_data(as_text=True)) == (422, True)
    made = browser.post("/disposals/new", data={"reason": "期满", "cards": customer.id})
    assert made.status_code == 303
    page = made.location
    assert f'value="{customer.id}" aria-label="选择' in text_of(browser, f"{page}/edit")
    assert browser.post(f"{page}/edit", data={"reason": "期满"}).status_code == 422, "nothing is left on it"
    assert browser.post(f"{page}/edit", data={"reason": "保管期满", "cards": customer.id}).status_code == 303
    assert "清单内的资料卡" in text_of(browser, page)
    assert browser.post(f"{page}/submission").status_code == 303
    number = db.session.query(Disposal).one().id
    for language, words in (("zh", ("清单内的资料卡", "往来结束后保管 10 年")), ("en", ("Cards on the list", "Kept for 10 years"))):
        sheet = text_of(browser, f"/prints/disposal/{number}?language={language}")
        assert all(one in sheet for one in (*words, customer.number)), language
    for account, led in (("sup1", True), ("rep1", False)):
        shown = text_of(as_(account), card)
        assert "资料卡已列入销毁清单" in shown
        assert (f'href="/disposals/{number}"' in shown) is led
    assert f"/disposals/{number}" not in text_of(as_("sup2"), "/disposals")
    assert as_("sup2").get(page).status_code == 404


def test_an_erased_card_leads_to_its_list_and_the_list_tells_what_went(as_):
    customer = past(factories.customer("rep1", telephone="0755-88880000"))
    factories.contact(customer, name="王小明")
    list_ = destroyed(approved(customer))
    browser = as_("mgr1")
    page = text_of(browser, f"/disposals/{list_.id}")
    assert "保留编号、名称、日期和审批记录" in page
    assert re.search(r'data-label="联系人">1<', page), "as it stood when it was submitted"
    assert customer.number in text_of(browser, f"/prints/destruction_list/{list_.id}?language=zh")
    shown = text_of(browser, f"/customers/{customer.id}")
    assert f'href="/disposals/{list_.id}"' in shown
    assert "王小明" not in shown
