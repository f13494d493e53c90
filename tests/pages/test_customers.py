"""Pages of a customer: record, card, edit, contacts, history, timeline (AR-1, AR-4, AR-7)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.audit import AuditEvent
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.investigation import Investigation
from tests import factories
from tests.approving import person, sign
from tests.client import attributes, parsed
from tests.models.test_investigation import CARD, COMPLETE

YESTERDAY = (clock.today() - timedelta(days=1)).isoformat()


def opened(browser: Any, address: str) -> dict[str, str]:
    """Return what a form holds when it is opened, as the browser would send it."""
    page = browser.get(address)
    assert page.status_code == 200, page.get_data(as_text=True)[:500]
    return fields_of(page)


def fields_of(page: Any) -> dict[str, str]:
    tree, _ = parsed(page.get_data(as_text=True))
    found = {}
    for node in tree.select_one("form[data-unsaved]").descendants():
        kind, has = getattr(node, "name", None) and node.name.local, attributes(node) if hasattr(node, "attrs") else {}
        name = has.get("name", "")
        if kind == "input" and has.get("type") in ("checkbox", "radio"):
            if "checked" in has:
                found[name] = has.get("value", "")
        elif kind == "input":
            found[name] = has.get("value", "")
        elif kind == "textarea":
            found[name] = node.text().lstrip("\r\n")
        elif kind == "select":
            found[name] = next((attributes(option).get("value", "") for option in node.select("option[selected]")), "")
    return found


def text_of(page: Any) -> str:
    return page.get_data(as_text=True)


def test_a_rep_records_a_prospect(as_: Any) -> None:
    page = as_("rep1").post(
        "/customers/new", data={"full_name": "深圳市华运机电设备有限公司", "province": "广东省", "staff_count": "１２０人".rstrip("人")}
    )
    made = db.session.scalars(select(Customer)).one()
    assert (page.status_code, page.location) == (303, f"/customers/{made.id}")
    assert (made.owner.account, made.state, made.province, made.staff_count) == ("rep1", "prospect", "广东省", 120)


def test_a_supervisor_chooses_who_is_in_charge(as_: Any, staff: Any) -> None:
    browser = as_("sup1")
    assert "owner_id" in text_of(browser.get("/customers/new"))
    ids = {account: person.id for account, person in staff.items()}
    assert browser.post("/customers/new", data={"full_name": "甲公司", "owner_id": ids["rep3"]}).status_code == 422
    assert browser.post("/customers/new", data={"full_name": "甲公司", "owner_id": ids["rep2"]}).status_code == 303
    assert db.session.scalars(select(Customer)).one().owner_id == ids["rep2"]


def test_wrong_input_keeps_what_was_typed(as_: Any) -> None:
    page = as_("rep1").post(
        "/customers/new", data={"full_name": "", "email": "nobody", "main_business": "批发 <五金>", "registered_capital": "许多"}
    )
    assert page.status_code == 422
    text = text_of(page)
    assert 'href="#email"' in text
    assert 'href="#registered_capital"' in text
    assert "批发 &lt;五金&gt;" in text
    assert 'value="许多"' in text
    assert not db.session.scalar(select(func.count()).select_from(Customer))


def test_a_doubtful_code_offers_a_box_and_is_kept_with_it(as_: Any) -> None:
    browser = as_("rep1")
    data = {"full_name": "甲公司", "credit_code": "911100001000000001"}
    page = browser.post("/customers/new", data=data)
    assert page.status_code == 422
    assert 'name="insist_credit_code"' in text_of(page)
    assert 'name="insist_credit_code"' not in text_of(browser.get("/customers/new"))
    assert browser.post("/customers/new", data={**data, "insist_credit_code": "y"}).status_code == 303


def test_the_card_shows_what_is_known_and_names_what_is_not(as_: Any) -> None:
    made = factories.customer(
        **{**CARD, "state": "active", "website": "www.example.cn", "registered_capital": 5000000, "email": "a@example.cn"}
    )
    factories.contact(made, name="李堃", telephone="13800001234", emergency=True)
    text = text_of(as_("rep1").get(f"/customers/{made.id}"))
    assert "广东省深圳市高新中三道 9 号" in text
    assert 'href="https://www.example.cn"' in text
    assert '<span class="number">5,000,000.00</span>' in text
    assert "李堃" in text
    assert re.search(r"尚未填写|Not filled yet", text)


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
def test_a_full_card_and_an_empty_one_show_in_both_languages(language: str, as_: Any, staff: Any) -> None:
    staff["rep1"].language = language
    full = {
        **CARD,
        "full_name": "𠮷" * 120,
        "banks": "工行\n建行",
        "grade": "A",
        "grade_provisional": True,
        "remarks": "长" * 900,
        "nature": "gone",
    }
    customers = [factories.customer(**full), factories.customer(owner_id=None, team_id=None, full_name="无主")]
    assert [as_("mgr1").get(f"/customers/{made.id}").status_code for made in customers] == [200, 200]
    assert as_("rep1").get(f"/customers/{customers[0].id}").status_code == 200


def test_a_look_is_logged_once_for_a_while(as_: Any) -> None:
    made = factories.customer()
    count = select(func.count()).select_from(AuditEvent).where(AuditEvent.kind == "access", AuditEvent.customer_id == made.id)
    browser = as_("rep1")
    for _visit in range(3):
        browser.get(f"/customers/{made.id}")
    assert db.session.scalar(count) == 1
    as_("sup1").get(f"/customers/{made.id}")
    assert db.session.scalar(count) == 2


def test_the_card_is_read_with_few_queries_however_much_it_holds(as_: Any, app: Flask) -> None:
    from sqlalchemy import event

    made = factories.customer()
    browser = as_("rep1")
    statements: list[str] = []

    def queries() -> int:
        browser.get(f"/customers/{made.id}")
        statements.clear()
        browser.get(f"/customers/{made.id}")
        return len([one for one in statements if one.startswith("SELECT")])

    event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    bare = queries()
    for number in range(8):
        factories.contact(made, name=f"联系人{number}")
        made.change({"remarks": f"第{number}次"}, by=made.owner)
        db.session.commit()
    assert queries() == bare <= 22


def test_a_merged_record_leads_to_the_survivor(as_: Any) -> None:
    survivor = factories.customer()
    merged = factories.customer(state="merged", merged_into_id=survivor.id)
    page = as_("rep1").get(f"/customers/{merged.id}")
    assert (page.status_code, page.location) == (303, f"/customers/{survivor.id}")


def test_an_edit_asks_for_the_reason_and_then_saves(as_: Any) -> None:
    made = factories.customer(full_name="甲公司", legal_representative="张三")
    browser, address = as_("rep1"), f"/customers/{made.id}/edit"
    data = {**opened(browser, address), "legal_representative": "李四"}
    page = browser.post(address, data=data)
    assert page.status_code == 422
    assert 'href="#reason"' in text_of(page)
    assert browser.post(address, data={**data, "reason": "换届", "effective_on": YESTERDAY}).status_code == 303
    assert made.legal_representative == "李四"
    history = text_of(browser.get(f"/customers/{made.id}/history"))
    assert all(word in history for word in ("张三", "李四", "换届", YESTERDAY, "赵一鸣"))


def test_saving_an_untouched_form_changes_nothing(as_: Any) -> None:
    made = factories.customer(**{**CARD, "banks": "工行\n建行", "nature": "gone", "registered_capital": 5, "state": "active"})
    version = made.version
    browser, address = as_("rep1"), f"/customers/{made.id}/edit"
    assert browser.post(address, data=opened(browser, address)).status_code == 303
    assert made.version == version


def test_the_second_of_two_edits_sees_the_first_and_chooses(as_: Any) -> None:
    made = factories.customer(short_name="旧", fax="", remarks="")
    address = f"/customers/{made.id}/edit"
    first, second = as_("rep1"), as_("sup1")
    mine = {**opened(second, address), "short_name": "我的", "remarks": "我写的"}
    assert first.post(address, data={**opened(first, address), "short_name": "他们的", "website": "www.example.cn"}).status_code == 303
    page = second.post(address, data=mine)
    assert page.status_code == 409
    again = fields_of(page)
    assert (again["short_name"], again["remarks"], again["website"]) == ("我的", "我写的", "www.example.cn")
    assert all(word in text_of(page) for word in ("旧", "他们的", "我的", 'name="choose-short_name"'))
    assert made.short_name == "他们的"
    assert second.post(address, data={**again, "choose-short_name": "theirs"}).status_code == 303
    assert (made.short_name, made.remarks, made.website) == ("他们的", "我写的", "www.example.cn")


def test_choosing_yours_overwrites_with_open_eyes_and_not_choosing_keeps_theirs(as_: Any) -> None:
    made = factories.customer(short_name="旧")
    address = f"/customers/{made.id}/edit"
    browser, other = as_("sup1"), as_("rep1")
    for chosen, expected in (({"choose-short_name": "yours"}, "我的"), ({}, "他们的")):
        mine = {**opened(browser, address), "short_name": "我的 "}
        other.post(address, data={**opened(other, address), "short_name": "他们的"})
        again = browser.post(address, data={**mine, "short_name": "我的"})
        data = fields_of(again) if again.status_code == 409 else mine
        assert browser.post(address, data={**data, **chosen}).status_code == 303
        assert made.short_name == expected
        other.post(address, data={**opened(other, address), "short_name": "旧"})


def test_a_choice_outlives_a_refusal_for_another_reason(as_: Any) -> None:
    made = factories.customer(short_name="旧", street="原处")
    address = f"/customers/{made.id}/edit"
    browser, other = as_("sup1"), as_("rep1")
    mine = {**opened(browser, address), "short_name": "我的", "street": "别处"}
    other.post(address, data={**opened(other, address), "short_name": "他们的"})
    again = fields_of(browser.post(address, data=mine))
    refused = browser.post(address, data={**again, "choose-short_name": "yours"})
    assert refused.status_code == 422
    assert browser.post(address, data={**fields_of(refused), "reason": "迁址", "effective_on": YESTERDAY}).status_code == 303
    assert (made.short_name, made.street) == ("我的", "别处")


def test_a_forged_or_lost_memory_of_the_form_overwrites_nothing_unseen(as_: Any) -> None:
    made = factories.customer(short_name="旧")
    address = f"/customers/{made.id}/edit"
    browser, other = as_("sup1"), as_("rep1")
    mine = {**opened(browser, address), "short_name": "我的", "base": "{not json"}
    other.post(address, data={**opened(other, address), "short_name": "他们的"})
    assert browser.post(address, data=mine).status_code == 409
    assert made.short_name == "他们的"


def test_a_hand_over_meanwhile_does_not_disturb_an_edit(as_: Any, staff: Any) -> None:
    made = factories.customer()
    address = f"/customers/{made.id}/edit"
    browser = as_("sup1")
    data = {**opened(browser, address), "fax": "0755-23456780"}
    made.owner_id = staff["rep2"].id
    db.session.commit()
    assert browser.post(address, data=data).status_code == 303
    assert made.fax == "0755-23456780"


def test_a_frozen_card_says_why_it_cannot_be_edited(as_: Any) -> None:
    made = factories.customer(frozen_by_id=7)
    browser = as_("rep1")
    assert browser.post(f"/customers/{made.id}/edit", data={"full_name": "甲"}).status_code == 422
    assert f"/customers/{made.id}/edit" not in text_of(browser.get(f"/customers/{made.id}"))


def test_contacts_are_added_changed_and_removed(as_: Any) -> None:
    made = factories.customer()
    browser, base = as_("rep1"), f"/customers/{made.id}/contacts"
    assert browser.post(f"{base}/new", data={"name": "李堃"}).status_code == 422
    assert browser.post(f"{base}/new", data={"name": "李堃", "kept_for": "other", "kept_for_words": "年会致辞"}).status_code == 303
    contact = db.session.scalars(select(Contact)).one()
    assert contact.kept_for == "年会致辞"
    address = f"{base}/{contact.id}/edit"
    data = opened(browser, address)
    assert data["kept_for"] == "年会致辞"
    assert browser.post(address, data={**data, "telephone": "13800001234", "emergency": "y"}).status_code == 303
    assert (contact.telephone_key, contact.emergency, contact.decides) == ("13800001234", True, False)
    story = f"/customers/{made.id}/history"
    assert "138 0000 1234" in text_of(browser.get(story))
    assert browser.post(f"{base}/{contact.id}/removal", data={"reason": "", "effective_on": YESTERDAY}).status_code == 422
    assert browser.post(f"{base}/{contact.id}/removal", data={"reason": "离职", "effective_on": YESTERDAY}).status_code == 303
    assert not db.session.scalar(select(func.count()).select_from(Contact))
    told = text_of(browser.get(story))
    assert all(word in told for word in ("离职", "李堃", "只显示姓名"))
    assert "138 0000 1234" not in told
    assert "年会致辞" not in told


def test_a_contact_is_found_under_its_own_customer_only(as_: Any) -> None:
    first, second = factories.customer(), factories.customer()
    contact = factories.contact(first)
    assert as_("rep1").get(f"/customers/{second.id}/contacts/{contact.id}/edit").status_code == 404


def test_two_edits_of_a_contact(as_: Any) -> None:
    made = factories.customer()
    contact = factories.contact(made, post="经理")
    address = f"/customers/{made.id}/contacts/{contact.id}/edit"
    first, second = as_("rep1"), as_("sup1")
    mine = {**opened(second, address), "post": "主管"}
    first.post(address, data={**opened(first, address), "post": "总监"})
    assert second.post(address, data=mine).status_code == 409
    assert contact.post == "总监"


def test_the_timeline_answers_page_and_fragment(as_: Any) -> None:
    browser = as_("rep1")
    browser.post("/customers/new", data={"full_name": "甲公司"})
    made = db.session.scalars(select(Customer)).one()
    address = f"/customers/{made.id}/timeline?only=card"
    assert "<!doctype" in text_of(browser.get(address))
    fragment = browser.get(address, headers={"HX-Request": "true"})
    assert "<!doctype" not in text_of(fragment)
    assert "timeline" in text_of(fragment)
    assert fragment.headers["Vary"].startswith("HX-Request") or "HX-Request" in fragment.headers["Vary"]
    assert browser.get(f"/customers/{made.id}/timeline?only=nothing&before=x").status_code == 200


def test_an_investigation_is_kept_half_done_and_submitted_when_complete(as_: Any) -> None:
    made = factories.customer(**CARD)
    browser, address = as_("rep1"), f"/customers/{made.id}/investigation"
    assert browser.post(address, data={**opened(browser, address), "risks": "客户集中"}).status_code == 303
    document = db.session.scalars(select(Investigation)).one()
    assert document.risks == "客户集中"
    page = browser.post(f"{address}/submission", data={**opened(browser, address), "purpose": "长期供货"})
    assert page.status_code == 422
    assert 'href="#opinion"' in text_of(page)
    assert document.purpose == "长期供货"
    typed = {name: str(value) for name, value in COMPLETE.items()}
    assert browser.post(address, data={**fields_of(page), **typed}).status_code == 303
    assert document.missing() == ([], [])
    assert f"{address}/submission" in text_of(browser.get(f"/customers/{made.id}"))


def test_who_writes_an_investigation_again_reads_why_where_they_write(as_: Any) -> None:
    made = factories.customer(**CARD)
    browser, address = as_("rep1"), f"/customers/{made.id}/investigation"
    typed = {name: str(value) for name, value in COMPLETE.items()}
    assert browser.post(f"{address}/submission", data={**opened(browser, address), **typed}).status_code == 303
    approval = db.session.scalars(select(Approval)).one()
    sign(approval, "sup1", "send-back", "请补充开户行")
    assert f"{person('sup1').name} 退回：请补充开户行" in text_of(browser.get(address))
    again = text_of(browser.get(f"/approvals/{approval.id}"))
    assert f'<a class="btn btn-primary" href="{address}">修改</a>' in again
    assert f'<a class="btn btn-secondary" href="{address}">查看文件</a>' in text_of(as_("sup1").get(f"/approvals/{approval.id}"))


def test_what_the_card_lacks_is_said_at_submission(as_: Any) -> None:
    made = factories.customer(state="prospect")
    browser, address = as_("rep1"), f"/customers/{made.id}/investigation"
    page = browser.post(
        f"{address}/submission", data={**opened(browser, address), **{name: str(value) for name, value in COMPLETE.items()}}
    )
    assert page.status_code == 422
    assert re.search("主营|Main business", text_of(page))
    assert made.frozen_by_id is None


def test_two_edits_of_an_investigation(as_: Any) -> None:
    made = factories.customer(**CARD)
    address = f"/customers/{made.id}/investigation"
    first, second = as_("rep1"), as_("sup1")
    first.post(address, data={**opened(first, address), "risks": "旧"})
    mine = {**opened(second, address), "risks": "我的"}
    first.post(address, data={**opened(first, address), "risks": "他们的"})
    assert second.post(address, data=mine).status_code == 409


def test_after_a_rejection_it_is_begun_again_from_what_was_written(as_: Any, staff: Any) -> None:
    made = factories.customer(**CARD)
    document = Investigation.begin(made, COMPLETE, by=staff["rep1"])
    document.outcome = "rejected"
    db.session.commit()
    browser = as_("rep1")
    assert "renewal" in text_of(browser.get(f"/customers/{made.id}"))
    assert browser.get(f"/customers/{made.id}/investigation").status_code == 200
    assert browser.post(f"/customers/{made.id}/investigation/renewal").status_code == 303
    assert opened(browser, f"/customers/{made.id}/investigation")["opinion"] == "建议开始交易"


def test_an_investigation_says_from_the_first_what_the_card_lacks_and_that_a_refused_one_is_kept(as_: Any) -> None:
    made = factories.customer(state="prospect")
    browser, at = as_("rep1"), f"/customers/{made.id}/investigation"
    page = browser.get(at).get_data(as_text=True)
    assert re.search("客户资料卡还缺：[^<]*客户性质[^<]*。 <a", page)
    assert "草稿已保存" not in page
    answer = browser.post(f"{at}/submission", data={"opinion": "可以交易", "version": "0"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "草稿已保存，尚未提交。" in page
    assert page.count("客户资料卡还缺") == 1
    assert "data-unsaved data-stored" in page, "leaving asks nobody"
    assert "可以交易" in browser.get(at).get_data(as_text=True)


def test_all_that_a_contact_lacks_is_said_at_once(as_: Any) -> None:
    address = f"/customers/{factories.customer().id}/contacts/new"
    browser = as_("rep1")
    page = text_of(browser.post(address, data=opened(browser, address)))
    assert ('id="name-error"' in page, 'id="kept_for-error"' in page) == (True, True)
