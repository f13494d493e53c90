"""Festival greetings and the strengthening table: holidays of the calendar, who was greeted how and by whom (RL-22, RL-24)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine

from portal import clock
from portal.database import StateConflict, db
from portal.models import greeting, history, inbox, strengthening
from portal.models.customer import CustomerState
from portal.models.greeting import GREETED, SKIPPED, GreetingLine, GreetingList, GreetingQuery
from portal.models.merge import CustomerMerge
from portal.models.strengthening import Person, StrengtheningTable
from portal.rules.maintenance import check_holiday, holidays_between
from portal.rules.message import Refusal
from portal.rules.working_time import Calendar
from tests import disposing, factories
from tests.approving import person
from tests.maintaining import day

pytestmark = pytest.mark.usefixtures("app")
NATIONAL = ("National Day", date(2026, 10, 1))


def made(*customers: Any, by: str = "sup1", holiday: tuple[str, date] = NATIONAL) -> GreetingList:
    found = GreetingList.make(*holiday, [one.id for one in customers], note="", by=person(by))
    db.session.commit()
    return found


def lines(listed: GreetingList) -> list[GreetingLine]:
    return list(db.session.scalars(db.select(GreetingLine).where(GreetingLine.list_id == listed.id).order_by(GreetingLine.id)))


def settled(line: GreetingLine, state: str = GREETED, by: str = "rep1", **values: Any) -> GreetingLine:
    line.settle(state, by=person(by), **{"way": "call", "done_on": clock.today(), "version": line.version, **values})
    db.session.commit()
    return line


# --- holidays -------------------------------------------------------------------------------------------------------------------


def test_the_holidays_of_an_announced_year_come_from_the_calendar() -> None:
    calendar = Calendar()
    found = holidays_between(date(2025, 1, 1), date(2025, 12, 31), calendar.free_holiday, calendar.is_announced)
    assert [(one.name, one.day.isoformat()) for one in found] == [
        ("New Year's Day", "2025-01-01"),
        ("Spring Festival", "2025-01-28"),
        ("Labour Day", "2025-05-01"),
        ("Dragon Boat Festival", "2025-05-31"),
        ("National Day", "2025-10-01"),
        ("Mid-autumn Festival", "2025-10-06"),
    ]


def test_of_a_year_that_is_not_announced_the_fixed_days_are_known() -> None:
    found = holidays_between(date(2090, 1, 1), date(2090, 12, 31), lambda day: "", lambda year: False)
    assert [(one.day.isoformat(), one.announced) for one in found] == [("2090-01-01", False), ("2090-05-01", False), ("2090-10-01", False)]


def test_a_day_that_is_not_the_holidays_is_refused_with_the_real_one() -> None:
    calendar = Calendar()
    with pytest.raises(Refusal, match="begins on 2025-01-28"):
        check_holiday("Spring Festival", date(2025, 2, 20), calendar.free_holiday, calendar.is_announced)
    check_holiday("Spring Festival", date(2090, 2, 20), calendar.free_holiday, calendar.is_announced)
    for name, on, field in (("Tomb-sweeping Day", date(2025, 4, 4), "holiday"), ("Spring Festival", None, "day")):
        with pytest.raises(Refusal) as refused:
            check_holiday(name, on, calendar.free_holiday, calendar.is_announced)
        assert refused.value.field == field


@time_machine.travel("2022-12-29 09:00:00+08:00")
def test_new_years_day_that_begins_in_december_is_of_the_next_year() -> None:
    listed = made(factories.customer("rep1"), holiday=("New Year's Day", date(2022, 12, 31)))
    assert str(listed.title) == "New Year's Day 2023"
    settled(lines(listed)[0])
    assert [event.label for event in history.of_record("GreetingLine", lines(listed)[0].id)] == ["New Year's Day 2023"]
    calendar = Calendar()
    with pytest.raises(Refusal, match="of 2023 begins on 2022-12-31"):
        check_holiday("New Year's Day", date(2023, 1, 5), calendar.free_holiday, calendar.is_announced)


# --- lists ------------------------------------------------------------------------------------------------------------------------


def test_a_list_takes_customers_in_scope_and_shows_each_reader_theirs() -> None:
    one, two, other = (factories.customer(account) for account in ("rep1", "rep2", "rep3"))
    listed = made(one, two, other)
    assert [line.customer_id for line in lines(listed)] == [one.id, two.id]
    assert [greeting.counts(person(account), listed)["open"] for account in ("rep1", "rep3", "sup1", "mgr1")] == [1, 0, 2, 2]
    assert db.session.scalar(GreetingList.visible_to(person("rep3"))) is None
    with pytest.raises(Refusal):
        made(other)
    with pytest.raises(Refusal):
        made(one, by="rep1")


def test_by_grade_come_those_on_the_register() -> None:
    wanted = factories.customer("rep1", grade="A")
    factories.customer("rep1", grade="B")
    factories.customer("rep1", grade="A", state="past")
    assert greeting.of_grade(person("sup1"), "A") == [wanted.id]
    assert greeting.of_grade(person("sup2"), "A") == []


def test_greeted_says_how_when_and_by_whom() -> None:
    customer = factories.customer("rep1")
    line = settled(lines(made(customer))[0], note="总经理接听")
    assert (line.state, line.way, line.done_on, line.by and line.by.account) == ("greeted", "call", clock.today(), "rep1")
    assert [one.action for one in history.timeline(customer, only="plans")[0]] == ["greeted"]
    with pytest.raises(StateConflict):
        settled(line)
    line.take_back(by=person("rep1"), version=line.version)
    db.session.commit()
    assert (line.state, line.way, line.by_id) == ("open", "", None)
    kept = {one["field"]: one["old"] for one in history.of_record("GreetingLine", line.id)[0].data["changes"]}
    assert kept == {"state": "greeted", "way": "call", "done_on": clock.today().isoformat(), "note": "总经理接听"}, (
        "what it was stays in the log"
    )


@pytest.mark.parametrize(
    ("state", "values", "field"),
    [
        (GREETED, {"way": "smoke"}, "way"),
        (GREETED, {"done_on": None}, "done_on"),
        (GREETED, {"done_on": day(1)}, "done_on"),
        (SKIPPED, {}, "note"),
    ],
)
def test_what_a_greeting_must_say(state: str, values: dict[str, Any], field: str) -> None:
    line = lines(made(factories.customer("rep1")))[0]
    with pytest.raises(Refusal) as refused:
        settled(line, state, **values)
    assert refused.value.field == field


def test_of_two_who_note_at_once_one_counts() -> None:
    line = lines(made(factories.customer("rep1")))[0]
    seen = line.version
    settled(line, version=seen)
    with pytest.raises(StateConflict):
        settled(line, SKIPPED, note="已拜访", version=seen)


def test_worked_through_one_after_the_other() -> None:
    listed = made(*(factories.customer("rep1") for _one in range(3)))
    first, second, third = lines(listed)
    reader = person("rep1")
    assert greeting.next_line(reader, listed) == first
    assert greeting.next_line(reader, listed, after=second.id) == third
    settled(third)
    assert greeting.next_line(reader, listed, after=second.id) == first
    assert greeting.ids(reader, GreetingQuery(listed.id, "greeted"), 50) == [third.id]
    assert greeting.next_line(reader, listed, owner_id=person("rep2").id) is None


@time_machine.travel("2026-09-28 09:00:00+08:00")
def test_near_the_holiday_the_list_stands_in_the_inbox_of_those_in_charge() -> None:
    made(factories.customer("rep1"), factories.customer("rep1"))
    found = [one for one in inbox.entries(person("rep1")) if one.kind == "greeting"]
    assert [(one.figures, one.due_on) for one in found] == [({"count": 2}, date(2026, 10, 1))]
    assert [one for one in inbox.entries(person("rep2")) if one.kind == "greeting"] == []


@time_machine.travel("2026-09-28 09:00:00+08:00")
def test_customers_of_nobody_are_greeted_by_the_supervisor_of_their_team() -> None:
    free = factories.customer("rep1", owner_id=None)
    listed = made(free, factories.customer("rep1"))
    found = [one for one in inbox.entries(person("sup1")) if one.kind == "greeting"]
    assert [one.figures for one in found] == [{"count": 1}]
    line = greeting.next_line(person("sup1"), listed, owner_id=person("sup1").id)
    assert line is not None
    assert line.customer_id == free.id
    assert [one for one in inbox.entries(person("sup2")) if one.kind == "greeting"] == []


@time_machine.travel("2026-09-28 09:00:00+08:00")
def test_who_is_no_customer_any_more_is_not_greeted() -> None:
    stays, past, again = (factories.customer("rep1") for _one in range(3))
    listed, reader = made(stays, past, again), person("rep1")
    past.state = CustomerState.PAST.value
    CustomerMerge.carry_out(stays, again, by=person("sup1"))
    db.session.commit()
    found = [one for one in inbox.entries(reader) if one.kind == "greeting"]
    assert [one.figures for one in found] == [{"count": 1}], "the merged record would be greeted twice"
    first = greeting.next_line(reader, listed)
    assert first is not None
    assert greeting.counts(person("mgr1"), listed) == {"open": 1, "greeted": 0, "skipped": 0}
    assert greeting.ids(person("mgr1"), GreetingQuery(listed.id), 50) == [first.id]
    settled(first)
    assert greeting.next_line(person("mgr1"), listed) is None
    assert not [one for one in inbox.entries(reader) if one.kind == "greeting"]


# --- strengthening table ---------------------------------------------------------------------------------------------------------------


def who(**values: Any) -> Person:
    given: dict[str, Any] = {
        "post": "general_manager", "name": "秦总", "influence": "decides", "competitors": "与甲公司同乡", "staff_id": person("rep1").id,
        "measures": "每季拜访", "until": day(90),
    }  # fmt: skip
    return Person(**{**given, **values})


def test_the_table_is_kept_once_a_customer_and_in_the_order_of_posts() -> None:
    customer = factories.customer("rep1")
    empty = who(post="deputy", name="", influence="", competitors="", staff_id=None, measures="", until=None)
    table = strengthening.save(customer, [who(post="section_head"), empty, who()], by=person("rep1"), version=0)
    db.session.commit()
    assert [one.post for one in table.rows] == ["general_manager", "section_head"]
    with pytest.raises(StateConflict):
        strengthening.save(customer, [who(name="他人")], by=person("sup1"), version=0)
    strengthening.save(customer, [who(name="新总")], by=person("sup1"), version=table.version)
    db.session.commit()
    assert [one.name for one in table.rows] == ["新总"]
    assert db.session.query(StrengtheningTable).count() == 1
    strengthening.save(customer, [who(name="新总", staff_id=person("rep2").id)], by=person("sup1"), version=table.version)
    db.session.commit()
    (newest, *_older) = history.timeline(customer, only="plans")[0]
    (changed,) = newest.data["changes"]
    assert ("赵一鸣" in changed["old"], "钱二宝" in changed["new"]) == (True, True), "who of ours is in charge"
    assert [one.action for one in history.timeline(customer, only="plans")[0]] == ["strengthening-saved"] * 3


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name-0"),
        ({"post": "x"}, "post-0"),
        ({"until": None}, "until-0"),
        ({"staff_id": None}, "staff-0"),
        ({"staff_id": 99_999}, "staff-0"),
    ],
)
def test_what_the_table_must_say(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        strengthening.save(factories.customer("rep1"), [who(**values)], by=person("rep1"), version=0)
    assert refused.value.field == field


def test_a_merge_moves_table_and_greetings_and_keeps_the_survivors_own() -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    for one in (survivor, loser):
        strengthening.save(one, [who(name=one.number)], by=person("rep1"), version=0)
    listed = made(loser)
    db.session.commit()
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    db.session.expire_all()
    table = strengthening.of_customer(survivor)
    assert table is not None
    assert table.rows[0].name == survivor.number
    assert lines(listed)[0].customer_id == survivor.id


def test_with_an_erased_card_they_go() -> None:
    customer = factories.customer("rep1")
    strengthening.save(customer, [who()], by=person("rep1"), version=0)
    made(customer)
    disposing.destroyed(disposing.approved(disposing.old(disposing.past(customer))))
    assert (db.session.query(StrengtheningTable).count(), db.session.query(GreetingLine).count()) == (0, 0)
