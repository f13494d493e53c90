"""The register, search and chosen rows as pages (AR-5, AR-6, RO-5)."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import select

from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerTag, derived
from portal.models.saved_filter import SavedFilter
from tests import factories

HTMX = {"HX-Request": "true"}


def named(name: str, owner: str = "rep1", **fields: Any) -> Customer:
    return factories.customer(owner, full_name=name, **derived({"full_name": name}), **fields)


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


def test_lists_those_in_scope_with_chosen_columns(as_: Any) -> None:
    mine, theirs = named("甲方贸易公司", grade="A", province="广东省", city="深圳市"), named("乙方贸易公司", "rep3")
    browser = as_("rep1")
    page = text(browser.get("/customers"))
    assert mine.full_name in page
    assert "广东省 深圳市" in page
    assert theirs.full_name not in page
    browser.post("/customers/columns", data={"columns": ["credit_code"]})
    assert "广东省 深圳市" not in text(browser.get("/customers"))
    assert "广东省 深圳市" in text(as_("sup1").get("/customers"))


def test_numbers_of_the_register_and_of_the_head_of_a_card_dial(as_: Any) -> None:
    customer = named("甲方贸易公司", telephone="0755-12345678<b>")
    factories.contact(customer, name="张勇", telephone="13900001111")
    browser = as_("rep1")
    assert '<a href="tel:075512345678">0755-12345678&lt;b&gt;</a>' in text(browser.get("/customers"))
    head = text(browser.get(f"/customers/{customer.id}")).split('<header class="page-head">')[1].split("</header>")[0]
    assert '<a href="tel:13900001111">张勇 13900001111</a>' in head
    assert f'href="/visits/unplanned?customer={customer.id}"' in head


def test_filters_are_chips_each_removable(as_: Any) -> None:
    named("甲方贸易公司", grade="A", nature="government")
    named("乙方贸易公司", grade="B")
    page = text(as_("rep1").get("/customers?grade=A&nature=government&sort=-name"))
    assert "甲方" in page
    assert "乙方" not in page
    assert 'href="/customers?sort=-name&amp;nature=government"' in page
    assert 'href="/customers?sort=-name&amp;grade=A"' in page


def test_htmx_gets_the_list_alone_and_a_boosted_link_the_page(as_: Any) -> None:
    named("甲方贸易公司")
    browser = as_("rep1")
    assert text(browser.get("/customers", headers=HTMX)).lstrip().startswith('<div id="list"')
    assert "<!doctype" in text(browser.get("/customers", headers={**HTMX, "HX-Boosted": "true"}))


def test_pages_forward_and_back(as_: Any) -> None:
    for serial in range(55):
        named(f"第{serial}贸易公司")
    browser = as_("rep1")
    first = browser.get("/customers")
    forward = text(first).split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = text(browser.get(forward))
    assert second.count('name="ids"') == 5
    assert 'rel="next"' not in second
    back = second.split('rel="prev"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert text(browser.get(back)).count('name="ids"') == 50


def test_every_tab_has_its_empty_state_and_long_names_are_cut(as_: Any) -> None:
    browser = as_("rep1")
    for address in ("/customers", "/customers?tab=prospects", "/customers?tab=past", "/customers?grade=A"):
        assert 'class="empty"' in text(browser.get(address))
    named("很长的名字" * 30, state="past")
    assert 'class="cut"' in text(browser.get("/customers?tab=past"))


def test_saved_filters_are_private_or_the_teams(as_: Any) -> None:
    as_("rep1").post("/customers/saved-filters?grade=A&tab=past", data={"name": "过去甲级"})
    as_("rep1").post("/customers/saved-filters?grade=B", data={"name": "共享乙级", "shared": "1"})
    own, team, other = (text(as_(account).get("/customers")) for account in ("rep1", "rep2", "rep3"))
    assert "过去甲级" in own
    assert 'href="/customers?tab=past&amp;grade=A"' in own
    assert "过去甲级" not in team
    assert "共享乙级" in team
    assert "共享乙级" not in other


def test_a_shared_filter_of_somebody_who_has_left_is_removed_by_the_supervisor(as_: Any, staff: Any) -> None:
    as_("rep1").post("/customers/saved-filters?grade=B", data={"name": "共享乙级", "shared": "1"})
    removal = f"/customers/saved-filters/{db.session.scalar(select(SavedFilter.id))}/removal"
    assert as_("sup1").post(removal).status_code == 403
    staff["rep1"].active = False
    db.session.commit()
    assert removal in text(as_("sup1").get("/customers?grade=B"))
    assert as_("rep2").post(removal).status_code == 403
    assert as_("sup1").post(removal).status_code == 303
    assert db.session.scalar(select(SavedFilter.id)) is None


def test_search_suggests_while_typing_and_lists_without_scripts(as_: Any) -> None:
    named("华为技术有限公司")
    browser = as_("rep1")
    suggested = text(browser.get("/search?q=hwjs", headers=HTMX))
    assert suggested.strip().startswith("<li>")
    assert "华为技术有限公司" in suggested
    assert text(browser.get("/search?q=", headers=HTMX)) == ""
    assert "华为技术有限公司" in text(browser.get("/search?q=华为"))
    assert "华为技术有限公司" not in text(as_("rep3").get("/search?q=华为"))
    assert 'action="/search"' in text(browser.get("/"))


def test_hand_over_asks_with_thing_and_number_then_does_it(as_: Any, staff: Any) -> None:
    ids = [named(f"移交{serial}公司").id for serial in range(3)]
    browser = as_("sup1")
    asked = browser.post("/customers/hand-over", data={"ids": ids})
    assert asked.status_code == 200
    assert "3" in text(asked).split("<h1>")[1].split("</h1>")[0]
    assert set(db.session.scalars(select(Customer.owner_id))) == {staff["rep1"].id}
    nobody = browser.post("/customers/hand-over", data={"ids": ids, "confirmed": "1", "count": "3", "person": ""})
    assert nobody.status_code == 422
    done = browser.post(
        "/customers/hand-over", data={"ids": ids, "confirmed": "1", "count": "3", "person": staff["rep2"].id, "reason": "调岗"}
    )
    assert done.status_code == 303
    assert set(db.session.scalars(select(Customer.owner_id))) == {staff["rep2"].id}
    entries = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "handed-over")).all()
    assert [entry.customer_id for entry in entries] == ids
    assert entries[0].data["reason"] == "调岗"


def test_hand_over_of_all_that_match_is_asked_again_when_the_number_changed(as_: Any, staff: Any) -> None:
    for serial in range(3):
        named(f"移交{serial}公司", grade="A")
    named("不动公司", grade="B")
    browser = as_("sup1")
    form = {"all": "1", "query": "grade=A", "confirmed": "1", "person": staff["rep2"].id}
    assert browser.post("/customers/hand-over", data={**form, "count": "2"}).status_code == 422
    assert browser.post("/customers/hand-over", data={**form, "count": "3"}).status_code == 303
    assert sorted(db.session.scalars(select(Customer.full_name).where(Customer.owner_id == staff["rep1"].id))) == ["不动公司"]


def test_a_choice_with_one_foreign_row_is_refused_whole(as_: Any, staff: Any) -> None:
    ids = [named("我方公司").id, named("他方公司", "rep3").id]
    form = {"ids": ids, "confirmed": "1", "count": "2", "tag": "重点", "person": staff["rep2"].id}
    assert as_("rep1").post("/customers/tags", data=form).status_code == 404
    assert as_("sup1").post("/customers/hand-over", data=form).status_code == 404
    assert db.session.scalars(select(CustomerTag)).all() == []


def test_nothing_chosen_is_refused(as_: Any) -> None:
    assert as_("sup1").post("/customers/hand-over", data={}).status_code == 422
    assert as_("rep1").post("/customers/tags", data={"ids": ["x"]}).status_code == 422


def test_tags_are_put_on_and_taken_off(as_: Any) -> None:
    ids = [named("一公司").id, named("二公司").id]
    browser = as_("rep1")
    form = {"ids": ids, "confirmed": "1", "count": "2", "tag": "展会"}
    assert browser.post("/customers/tags", data={**form, "tag": ""}).status_code == 422
    assert browser.post("/customers/tags", data=form).status_code == 303
    assert text(browser.get("/customers?tag=展会")).count('name="ids"') == 2
    assert browser.post("/customers/tag-removals", data=form).status_code == 303
    assert db.session.scalars(select(CustomerTag)).all() == []


def test_an_assistant_works_on_it_but_does_not_hand_it_over(as_: Any, staff: Any) -> None:
    record = named("协办公司", "rep3")
    form = {"ids": [record.id], "confirmed": "1", "count": "1", "person": staff["sup1"].id}
    assert as_("sup2").post("/customers/assistants", data=form).status_code == 303
    browser = as_("sup1")
    assert "协办公司" in text(browser.get("/customers"))
    assert browser.post("/customers/hand-over", data={**form, "person": staff["rep1"].id}).status_code == 422
    assert as_("sup2").post("/customers/assistant-removals", data=form).status_code == 303
    assert "协办公司" not in text(browser.get("/customers"))


def test_provinces_are_in_the_language_of_the_page_and_numbers_are_not_broken(as_):
    named("甲方贸易公司", province="广东省", city="深圳市", telephone="0755-12345678")
    named("乙方贸易公司", province="北京市", city="北京市")
    browser = as_("rep1")
    assert "广东省 深圳市" in text(browser.get("/customers"))
    browser.post("/language", data={"language": "en"})
    page = text(browser.get("/customers"))
    assert '<td class="one-line">Guangdong 深圳市</td>' in page
    assert '<td class="one-line">Beijing</td>' in page
    assert re.search(r'<td class="one-line">\d{4}-\d\d-\d\d</td>', page)
    assert '<td class="one-line"><a href="tel:075512345678">0755-12345678</a></td>' in page


def test_what_is_done_to_chosen_customers_leads_back_to_the_list_as_it_was_filtered(app, as_):
    chosen = factories.customer("rep1", grade="A")
    browser, form = as_("rep1"), {"ids": str(chosen.id), "query": "grade=A"}
    page = browser.post("/customers/tags", data=form).get_data(as_text=True)
    back = "/customers?grade=A"
    assert f'href="{back}"' in page
    sent = dict(re.findall(r'<input type="hidden" name="(ids|query|count|confirmed)" value="([^"]*)"', page))
    answer = browser.post("/customers/tags", data={**sent, "tag": "重点"})
    assert (answer.status_code, answer.location) == (303, back)
