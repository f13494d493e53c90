"""The customer card: numbers, derived forms, what a change asks for, and its history (AR-1, AR-4)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.database import db
from portal.models import card, history
from portal.models.contact import Contact
from portal.models.customer import Customer, CustomerState, NumberSeries, possible_owners
from portal.models.edits import clashes
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests import factories

Cast = dict[str, Staff]
YESTERDAY = clock.today() - timedelta(days=1)


def refused(call: Any, *args: Any, **kwargs: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call(*args, **kwargs)
    return caught.value


def test_a_new_customer_gets_the_next_number_and_belongs_to_its_recorder(staff: Cast) -> None:
    first = Customer.create({"full_name": "华为技术有限公司", "telephone": "+86 136-1234-5678"}, by=staff["rep1"])
    second = Customer.create({"full_name": "重庆银行股份有限公司"}, by=staff["rep2"])
    year = clock.today().year
    assert [first.number, second.number] == [f"C{year}000001", f"C{year}000002"]
    assert (first.owner_id, first.team_id, first.state) == (staff["rep1"].id, staff["rep1"].team_id, CustomerState.PROSPECT)
    assert (first.name_key, first.name_sort[:12], first.telephone_key) == ("华为技术", "hua wei ji s", "13612345678")
    assert second.name_sort.startswith("chong qing yin hang")


def test_serials_are_taken_in_blocks_without_overlap(app: Flask) -> None:
    assert [NumberSeries.take("C2026", 3), NumberSeries.take("C2026"), NumberSeries.take("D2026")] == [1, 4, 1]


@pytest.mark.parametrize(
    ("account", "expected"),
    [("rep1", ["rep1"]), ("sup1", ["rep1", "rep2", "sup1"]), ("mgr1", ["rep1", "rep2", "rep3", "rep4", "sup1", "sup2"])],
)
def test_who_can_be_put_in_charge(account: str, expected: list[str], staff: Cast) -> None:
    assert sorted(person.account for person in possible_owners(staff[account])) == expected


def test_nobody_gives_a_customer_beyond_their_reach(staff: Cast) -> None:
    assert refused(Customer.create, {"full_name": "甲"}, by=staff["rep1"], owner=staff["rep2"]).field == "owner_id"
    assert refused(Customer.create, {"full_name": "甲"}, by=staff["sup1"], owner=staff["rep3"]).field == "owner_id"
    assert refused(Customer.create, {"full_name": "甲"}, by=staff["mgr1"]).field == "owner_id"
    assert Customer.create({"full_name": "甲"}, by=staff["mgr1"], owner=staff["rep3"]).team_id == staff["rep3"].team_id


def test_what_a_card_cannot_be_without(staff: Cast) -> None:
    assert refused(Customer.create, {"short_name": "甲"}, by=staff["rep1"]).field == "full_name"
    assert refused(Customer.create, {"full_name": "甲", "nature": "sect"}, by=staff["rep1"]).field == "nature"
    with pytest.raises(KeyError):
        Customer.create({"full_name": "甲", "credit_limit": Decimal(1)}, by=staff["rep1"])


def test_a_day_that_has_not_come_stands_on_no_card(staff: Cast) -> None:
    ahead = {"full_name": "甲乙有限公司", "established_on": clock.today() + timedelta(days=1)}
    assert refused(Customer.create, ahead, by=staff["rep1"]).field == "established_on"


def test_a_doubtful_credit_code_is_kept_only_when_insisted_on(staff: Cast) -> None:
    values = {"full_name": "甲", "credit_code": "911100001000000001"}
    assert refused(Customer.create, values, by=staff["rep1"]).field == "credit_code"
    made = Customer.create(values, by=staff["rep1"], insist=("credit_code",))
    assert made.credit_code == "911100001000000001"
    assert made.change({"credit_code": made.credit_code, "short_name": "甲方"}, by=staff["rep1"])[0]["field"] == "short_name"


def test_a_change_is_history_with_old_and_new(staff: Cast) -> None:
    made = Customer.create({"full_name": "甲公司", "staff_count": 10}, by=staff["rep1"])
    db.session.commit()
    changes = made.change({"staff_count": 12, "website": "", "established_on": date(2003, 6, 18)}, by=staff["sup1"], source="import")
    db.session.commit()
    assert changes == [
        {"field": "staff_count", "old": "10", "new": "12"},
        {"field": "established_on", "old": "", "new": "2003-06-18"},
    ]
    newest = history.changes(made)[0][0]
    assert (newest.action, newest.actor_name, newest.data["changes"], newest.data["source"]) == ("changed", "周五行", changes, "import")


def test_nothing_changed_writes_nothing(staff: Cast) -> None:
    made = factories.customer(short_name="甲")
    assert made.change({"short_name": "甲"}, by=staff["rep1"]) == []
    db.session.commit()
    assert history.changes(made) == ([], False)


@pytest.mark.parametrize("name", sorted(card.MATTERS - {"full_name"}))
def test_what_matters_asks_for_reason_and_date_once_it_had_a_value(name: str, staff: Cast) -> None:
    field = card.CARD[name]
    codes = ("monthly", "net30") if field.kind == "choice" else (Decimal(5), Decimal(6)) if field.kind == "money" else ("甲", "乙")
    made = factories.customer(state=CustomerState.PROSPECT.value)
    assert made.change({name: codes[0]}, by=staff["rep1"])
    assert refused(made.change, {name: codes[1]}, by=staff["rep1"]).field == "reason"
    assert refused(made.change, {name: codes[1]}, by=staff["rep1"], reason="变更登记").field == "effective_on"
    ahead = clock.today() + timedelta(days=1)
    assert refused(made.change, {name: codes[1]}, by=staff["rep1"], reason="变更登记", effective_on=ahead).field == "effective_on"
    assert getattr(made, name) == codes[0]
    assert made.change({name: codes[1]}, by=staff["rep1"], reason="变更登记", effective_on=YESTERDAY)


def test_an_old_name_is_kept_among_the_former_names(staff: Cast) -> None:
    made = factories.customer(full_name="甲公司", former_names="甲商行")
    made.change({"full_name": "乙公司", "former_names": "甲商行"}, by=staff["rep1"], reason="更名", effective_on=YESTERDAY)
    assert (made.former_names, made.name_key) == ("甲商行\n甲公司", "乙公司")
    made.change({"full_name": "甲商行"}, by=staff["rep1"], reason="更名", effective_on=YESTERDAY)
    assert made.former_names == "甲公司\n乙公司"


@pytest.mark.parametrize("fields", [{"frozen_by_id": 7}, {"state": "past"}, {"state": "merged"}])
def test_a_closed_card_does_not_change(fields: dict[str, Any], staff: Cast) -> None:
    made = factories.customer(**fields)
    assert not made.can_edit(staff["rep1"])
    refused(made.change, {"short_name": "甲"}, by=staff["rep1"])
    refused(Contact.add, made, {"name": "张三", "kept_for": "orders"}, by=staff["rep1"])


def test_a_contact_says_what_it_is_kept_for(staff: Cast) -> None:
    made = factories.customer()
    assert refused(Contact.add, made, {"name": "张三"}, by=staff["rep1"]).field == "kept_for"
    assert refused(Contact.add, made, {"kept_for": "orders"}, by=staff["rep1"]).field == "name"
    assert refused(Contact.add, made, {"name": "张三", "kept_for": "orders", "frequency": "hourly"}, by=staff["rep1"]).field == "frequency"
    contact = Contact.add(made, {"name": "单田芳", "kept_for": "年会致辞", "telephone": "0755-23456789"}, by=staff["rep1"])
    assert (contact.name_pinyin, contact.telephone_key) == ("shan tian fang", "075523456789")


def test_another_contact_person_asks_for_a_reason(staff: Cast) -> None:
    made = factories.customer()
    contact = Contact.add(made, {"name": "张三", "kept_for": "orders"}, by=staff["rep1"])
    assert contact.change({"post": "采购主管"}, by=staff["rep1"]) == [{"field": "post", "old": "", "new": "采购主管"}]
    assert refused(contact.change, {"name": "李四"}, by=staff["rep1"]).field == "reason"
    assert contact.change({"name": "李四"}, by=staff["rep1"], reason="离职", effective_on=YESTERDAY)
    assert refused(contact.remove, by=staff["rep1"], reason="", effective_on=YESTERDAY).field == "reason"
    contact.remove(by=staff["rep1"], reason="离职", effective_on=YESTERDAY)
    db.session.commit()
    assert [event.action for event in history.changes(made)[0]] == ["removed", "changed", "changed", "added"]


def test_a_timeline_shows_its_stream_and_not_who_looked(staff: Cast) -> None:
    from portal.models import audit

    made = Customer.create({"full_name": "甲公司"}, by=staff["rep1"])
    db.session.commit()
    audit.write("access", "customer-viewed", actor=staff["rep1"], record=made)
    audit.write("print", "printed", actor=staff["rep1"], record=made)
    db.session.commit()
    assert [event.action for event in history.timeline(made)[0]] == ["printed", "created"]
    assert [event.action for event in history.timeline(made, only="prints")[0]] == ["printed"]
    events, more = history.timeline(made, limit=1)
    assert more
    assert [event.action for event in history.timeline(made, before=events[-1].id)[0]] == ["created"]


VALUES = st.sampled_from(["", "甲", "乙", "丙"])
FIELD = (card.CARD["short_name"],)


@given(before=VALUES, theirs=VALUES, yours=VALUES)
def test_a_clash_is_shown_exactly_when_saving_would_overwrite_or_miss_their_change(before: str, theirs: str, yours: str) -> None:
    found = clashes(FIELD, {"short_name": before}, {"short_name": theirs}, {"short_name": yours})
    assert bool(found) == (theirs not in (before, yours))
    if found:
        assert found[0].both == (yours != before)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("staff_count", "１，２００", 1200),
        ("registered_capital", "500万元", Decimal("5000000.00")),
        ("established_on", "2003年6月18日", date(2003, 6, 18)),
        ("province", "广东", "广东省"),
        ("province", "Hong Kong", "香港特别行政区"),
        ("telephone", "01088993108", "010-88993108"),
        ("credit_code", " 91440300ma5da1b23c ", "91440300MA5DA1B23C"),
        ("main_business", " 甲\r\n乙 ", "甲\n乙"),
        ("full_name", " 甲  乙 ", "甲 乙"),
        ("staff_count", " ", None),
        ("website", "", ""),
    ],
)
def test_what_people_type_is_read(name: str, typed: str, value: Any) -> None:
    assert card.CARD[name].read(typed) == value


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("staff_count", "1.5"),
        ("telephone", "见名片"),
        ("registered_capital", "-1"),
        ("email", "a@b"),
        ("website", "a b"),
        ("short_name", "甲" * 61),
        ("established_on", "x"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_field(name: str, typed: str) -> None:
    assert refused(card.CARD[name].read, typed).field == name


def test_every_field_of_the_card_is_a_column_with_a_place(app: Flask) -> None:
    for field in card.FIELDS:
        assert hasattr(Customer, field.name)
        assert field.group in card.GROUPS
    for field in card.CONTACT_FIELDS:
        assert hasattr(Contact, field.name)
    assert all(field.why for field in card.CONTACT_FIELDS if field.name != "kept_for")
