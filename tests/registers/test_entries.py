"""Entries of the office registers: numbers, checks, uniqueness, changes, removal, scope, switches (AR-30, AR-31)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models.audit import AuditEvent
from portal.models.merge import CustomerMerge
from portal.models.register_entry import RegisterEntry, in_use
from portal.models.register_list import EntryQuery, count, page, rows
from portal.models.staff import Staff
from portal.models.standard import set_value
from portal.registers import REGISTERS
from portal.rules.message import Refusal
from tests import factories
from tests.registers.samples import entry, values

PERMITS = REGISTERS["parking-permits"]
FORMS = {f"QMS-PM-{number}" for number in range(31301, 31319)}


def off(code: str) -> None:
    manager = Staff.by_account("mgr1")
    set_value(REGISTERS[code].switch, False, from_date=clock.today(), by=manager, reason="不用")
    db.session.commit()


def test_there_are_the_eighteen_forms() -> None:
    assert {one.form_number for one in REGISTERS.values()} == FORMS


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("code", sorted(REGISTERS))
def test_each_register_takes_an_entry(code: str) -> None:
    made = entry(code)
    assert made.number == f"{REGISTERS[code].prefix}-{clock.today().year}-0001"
    assert made.title
    assert made.dated_on == date(2026, 3, 5)
    assert [one.id for one in rows(Staff.by_account("rep1"), EntryQuery(register=code))] == [made.id]  # type: ignore[arg-type]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("code", sorted(REGISTERS))
def test_each_register_asks_for_its_required_fields(code: str) -> None:
    register, customer, rep = REGISTERS[code], factories.customer("rep1"), Staff.by_account("rep1")
    for one in register.fields:
        if one.required:
            with pytest.raises(Refusal) as refused:
                RegisterEntry.add(register, customer, {**values(register), one.name: one.empty}, by=rep)  # type: ignore[arg-type]
            assert refused.value.field == one.name


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("code", "wrong", "field"),
    [
        ("parking-permits", {"valid_until": "2026-03-04"}, "valid_until"),
        ("parking-permits", {"withdrawn_on": "2026-03-06", "withdrawn_because": ""}, "withdrawn_because"),
        ("meter-readings", {"water_old": "5", "water_new": "4", "replaced": ""}, "water_new"),
        ("meter-readings", {"water_new": "", "power_new": ""}, "water_new"),
        ("keys-in-custody", {"keys": "0"}, "keys"),
        ("keys-in-custody", {"returned_on": "2026-03-06", "returned_to": ""}, "returned_to"),
        ("telephone-moves", {"to_unit": "甲-1203"}, "to_unit"),
        ("telephone-transfers", {"settled": ""}, "settled"),
        ("parking-spaces", {"kind": "let", "rent": ""}, "rent"),
        ("foreign-organisations", {"staff_count": "2", "foreign_count": "3"}, "foreign_count"),
    ],
)
def test_what_does_not_go_together_is_refused(code: str, wrong: dict[str, str], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        entry(code, **wrong)
    assert refused.value.field == field


@pytest.mark.usefixtures("app")
def test_a_replaced_meter_may_begin_anew() -> None:
    assert entry("meter-readings", water_old="500", water_new="0.5", replaced="1").data["water_new"] == "0.5"


@pytest.mark.usefixtures("app")
def test_a_permit_number_stands_once_even_after_its_end() -> None:
    first = entry(permit_number="P-7")
    with pytest.raises(Refusal) as refused:
        entry(permit_number="P 7")
    assert refused.value.field == "permit_number"
    db.session.rollback()
    rep = Staff.by_account("rep1")
    first.change({"withdrawn_on": date(2026, 4, 1), "withdrawn_because": "退租"}, by=rep)  # type: ignore[arg-type]
    db.session.commit()
    with pytest.raises(Refusal):
        entry(permit_number="p7")


@pytest.mark.usefixtures("app")
def test_the_database_itself_holds_uniqueness() -> None:
    from sqlalchemy import update
    from sqlalchemy.exc import IntegrityError

    first, second = entry(permit_number="P-1"), entry(permit_number="P-2")
    with pytest.raises(IntegrityError):
        db.session.execute(update(RegisterEntry).where(RegisterEntry.id == second.id).values(unique_key=first.unique_key))


@pytest.mark.usefixtures("app")
def test_a_parking_space_can_be_let_again_when_it_was_given_up() -> None:
    first = entry("parking-spaces", space="B1-009")
    with pytest.raises(Refusal):
        entry("parking-spaces", space="B1-009")
    db.session.rollback()
    first.change({"given_up_on": date(2026, 5, 1)}, by=Staff.by_account("rep1"))  # type: ignore[arg-type]
    db.session.commit()
    assert first.ends_on is None
    entry("parking-spaces", space="B1-009")


@pytest.mark.usefixtures("app")
def test_a_removed_entry_keeps_its_reason_and_frees_its_number() -> None:
    made, rep = entry(permit_number="P-3"), Staff.by_account("rep1")
    assert rep is not None
    with pytest.raises(Refusal):
        made.remove(by=rep, reason="")
    made.remove(by=rep, reason="重复登记")
    db.session.commit()
    assert not page(rep, EntryQuery(register="parking-permits")).entries
    assert [one.id for one in page(rep, EntryQuery(register="parking-permits", state="removed")).entries] == [made.id]
    with pytest.raises(Refusal):
        made.change({"colour": "白"}, by=rep)
    last = db.session.scalars(select(AuditEvent).where(AuditEvent.record_type == "RegisterEntry").order_by(AuditEvent.id.desc())).first()
    assert last is not None
    assert (last.action, last.data["reason"], last.customer_id) == ("removed", "重复登记", made.customer_id)
    entry(permit_number="P-3")


@pytest.mark.usefixtures("app")
def test_a_change_says_what_changed() -> None:
    made, rep = entry(), Staff.by_account("rep1")
    assert rep is not None
    assert made.change({"colour": "白", "plate": "粤BD12345"}, by=rep) == [{"field": "colour", "old": "甲-1203", "new": "白"}]
    assert made.change({"colour": "白"}, by=rep) == []
    made.data = {**made.data, "from_before": "旧栏"}
    assert made.change({"colour": ""}, by=rep) == [{"field": "colour", "old": "白", "new": ""}]
    db.session.commit()
    assert "colour" not in made.data, "what was emptied is empty"
    assert made.data["from_before"] == "旧栏", "what an earlier declaration knew stays"
    assert made.change({"colour": ""}, by=rep) == []


@pytest.mark.usefixtures("app")
def test_scope_is_that_of_the_customer() -> None:
    made = entry(owner="rep1")
    query = EntryQuery(register="parking-permits")
    for account, seen in (("rep1", [made.id]), ("rep2", []), ("sup1", [made.id]), ("sup2", []), ("mgr1", [made.id])):
        person = Staff.by_account(account)
        assert person is not None
        assert [one.id for one in page(person, query).entries] == seen
        assert count(person, query).number == len(seen)


@pytest.mark.usefixtures("app")
def test_a_register_that_is_off_is_read_by_managers_only() -> None:
    made = entry()
    off("parking-permits")
    assert "parking-permits" not in {one.code for one in in_use()}
    for account, sees in (("rep1", False), ("sup1", False), ("mgr1", True)):
        person = Staff.by_account(account)
        assert person is not None
        assert (db.session.scalar(RegisterEntry.visible_to(person).where(RegisterEntry.id == made.id)) is not None) == sees
        assert bool(page(person, EntryQuery(register="parking-permits")).entries) == sees
    with pytest.raises(Refusal):
        entry()
    with pytest.raises(Refusal):
        made.change({"colour": "白"}, by=Staff.by_account("mgr1"))  # type: ignore[arg-type]


@pytest.mark.usefixtures("app")
def test_entries_follow_their_customer_at_a_merge_and_back() -> None:
    survivor, loser, supervisor = factories.customer("rep1"), factories.customer("rep1"), Staff.by_account("sup1")
    assert supervisor is not None
    made = entry(customer=loser)
    merge = CustomerMerge.carry_out(survivor, loser, by=supervisor, reason="同一客户")
    db.session.commit()
    assert db.session.get_one(RegisterEntry, made.id).customer_id == survivor.id
    merge.undo(by=supervisor)
    db.session.commit()
    assert db.session.get_one(RegisterEntry, made.id).customer_id == loser.id


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("sort", ["dated", "-dated", "title", "-title", "number", "-number"])
@pytest.mark.parametrize("account", ["rep1", "mgr1"])
def test_pages_follow_one_another_without_gap_or_repeat(sort: str, account: str) -> None:
    customer, person = factories.customer("rep1"), Staff.by_account(account)
    assert person is not None
    for number in range(7):
        entry(customer=customer, permit_number=f"P-{number}", valid_from=f"2026-03-0{1 + number % 3}", valid_until="2027-01-01")
    query = EntryQuery.of("parking-permits", {"sort": sort})
    whole = [one.id for one in rows(person, query)]
    assert len(set(whole)) == 7
    seen, after, last = [], "", None
    while True:
        last = page(person, query, after=after, size=3)
        seen += [one.id for one in last.entries]
        if not last.next:
            break
        after = last.next
    assert seen == whole
    assert [one.id for one in page(person, query, before=last.previous, size=3).entries] == whole[3:6]


@pytest.mark.usefixtures("app")
def test_filters() -> None:
    customer, person = factories.customer("rep1"), Staff.by_account("mgr1")
    assert person is not None
    soon = (clock.today()).isoformat()
    one = entry(customer=customer, permit_number="A-1", driver="张三", valid_until=soon)
    two = entry(owner="rep3", permit_number="B_2", driver="李四", valid_from="2025-01-01", valid_until="2099-01-01")

    def found(**args: str) -> list[int]:
        return [entry.id for entry in rows(person, EntryQuery.of("parking-permits", args))]

    assert found(q="张三") == [one.id]
    assert found(q="bd12345 a-1") == [one.id]
    assert found(q="b_2") == [two.id]
    assert found(q="_-1") == []
    assert found(q=two.number) == [two.id]
    assert found(customer=str(customer.id)) == [one.id]
    assert found(team=str(customer.team_id)) == [one.id]
    assert found(since="2026-01-01") == [one.id]
    assert found(till="2025-12-31") == [two.id]
    assert found(ending="1") == [one.id]
    assert found(q="月保", since="x", customer="99999999999") == [one.id, two.id]


@pytest.mark.usefixtures("app")
def test_who_sees_little_of_a_long_register_is_answered_by_their_customers(monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.models import register_list

    monkeypatch.setattr(register_list, "DEPTH", 3)
    mine = entry(owner="rep1", permit_number="M", valid_from="2020-01-01")
    for number in range(4):
        entry(owner="rep3", permit_number=f"P-{number}")
    rep = Staff.by_account("rep1")
    assert rep is not None
    assert [one.id for one in page(rep, EntryQuery(register="parking-permits")).entries] == [mine.id]
    assert count(rep, EntryQuery(register="parking-permits")).more
