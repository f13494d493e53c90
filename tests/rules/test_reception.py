"""Receiving visitors: every rule refuses what it must, with its field and standard, at its exact limit (SV-21)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import reception as rules
from portal.rules.message import Named, Refusal
from portal.rules.reception import Application, Policy, Visitor
from portal.rules.working_time import Calendar

CALENDAR = Calendar()
TODAY = date(2026, 3, 2)
POLICY = Policy(
    refused_up_to=10,
    days={"ordinary": 0, "important": 5, "major": 5},
    lowest={
        "accompanied": "important", "explained": "important", "workshop": "important", "tea": "important", "souvenir": "important",
        "meal": "major", "room": "important", "rehearsal": "major", "management": "major",
    },
    most_days=5,
)  # fmt: skip


def people(count: int) -> tuple[Visitor, ...]:
    return tuple(Visitor(f"来宾{number}") for number in range(count))


def asked(class_: str = "important", count: int = 8, **values: Any) -> Application:
    first_on = values.pop("first_on", date(2026, 3, 16))
    major = class_ == "major"
    given: dict[str, Any] = {
        "class_": class_, "proposed": class_, "purpose": "考察", "count": count, "visitors": people(count), "first_on": first_on,
        "last_on": first_on, "starts_at": time(9), "ends_at": time(11), "seats": 12,
        "room": None if class_ == "ordinary" else Named("第一会议室", "Meeting room 1"),
        "areas": ("showroom",), "has_host": True, "rehearsal_on": first_on - timedelta(days=1) if major else None,
        "management": "秦致远" if major else "", "management_post": "general_manager" if major else "",
    }  # fmt: skip
    return Application(**{**given, **values})


def refused(application: Application, policy: Policy = POLICY, today: date = TODAY, applied_on: date | None = None) -> dict[str, str]:
    """Return field → the standard that refuses, empty where none does."""
    found = rules.problems(application, policy, CALENDAR, applied_on=applied_on or today, today=today)
    return {one.refusal.field or "": one.standard for one in found}


@pytest.mark.parametrize("application", [asked(), asked("major"), asked("ordinary", 11)], ids=["important", "major", "ordinary"])
def test_nothing_is_wrong_with_what_keeps_the_rules(application: Application) -> None:
    assert refused(application) == {}


@given(st.integers(1, rules.MOST_VISITORS), st.integers(0, rules.MOST_VISITORS))
def test_ordinary_groups_up_to_the_limit_itself_are_not_received(count: int, limit: int) -> None:
    found = refused(asked("ordinary", count), replace(POLICY, refused_up_to=limit))
    assert found == ({"count": "reception.refused_up_to"} if count <= limit else {})


@given(st.integers(1, 60), st.integers(1, 60))
def test_a_room_holds_as_many_as_it_has_seats(count: int, seats: int) -> None:
    found = refused(asked("important", count, seats=seats))
    assert found == ({"room": "reception.from.room"} if count > seats else {})


@given(st.dates(date(2025, 1, 1), date(2026, 12, 1)), st.integers(0, 20), st.integers(0, 40))
def test_days_ahead_are_working_days_of_the_calendar(today: date, days: int, ahead: int) -> None:
    visit = today + timedelta(days=ahead)
    policy = replace(POLICY, days={"ordinary": 0, "important": days, "major": 5})
    early = CALENDAR.working_days_between(today, visit) >= days
    assert ("first_on" in refused(asked(first_on=visit), policy, today)) != early


def test_five_days_ahead_over_the_may_holiday() -> None:
    # 1 to 5 May 2026 are free, Saturday the 9th is worked: from Thursday 30 April the fifth working day is Monday the 11th.
    today = date(2026, 4, 30)
    assert rules.earliest_day(today, "important", POLICY, CALENDAR) == date(2026, 5, 11)
    assert refused(asked(first_on=date(2026, 5, 10)), today=today) == {"first_on": "reception.days.important"}
    assert refused(asked(first_on=date(2026, 5, 11)), today=today) == {}
    assert refused(asked("ordinary", 11, first_on=today), today=today) == {}


def test_what_came_back_counts_its_days_from_its_first_submission() -> None:
    visit = date(2026, 3, 9)
    assert refused(asked(first_on=visit), today=date(2026, 3, 4), applied_on=TODAY) == {}
    assert refused(asked(first_on=visit), today=date(2026, 3, 4)) == {"first_on": "reception.days.important"}


@pytest.mark.parametrize(
    ("class_", "wish", "standard"),
    [
        ("ordinary", "accompanied", "reception.from.accompanied"),
        ("ordinary", "explained", "reception.from.explained"),
        ("ordinary", "workshop", "reception.from.workshop"),
        ("ordinary", "tea", "reception.from.tea"),
        ("ordinary", "meal", "reception.from.meal"),
        ("important", "meal", "reception.from.meal"),
        ("important", "workshop", ""),
        ("major", "meal", ""),
    ],
)
def test_wishes_that_a_class_is_not_given(class_: str, wish: str, standard: str) -> None:
    assert refused(asked(class_, 11, wishes=(wish,))) == ({"wishes": standard} if standard else {})


def test_photographs_need_their_reason_whatever_the_class() -> None:
    for class_ in rules.CLASSES:
        assert refused(asked(class_, 11, wishes=("photographs",))) == {"photo_reason": ""}
        assert refused(asked(class_, 11, wishes=("photographs",), photo_reason="新闻稿")) == {}


@pytest.mark.parametrize(
    ("application", "field", "standard"),
    [
        (asked("important", room=None), "room", "reception.from.room"),
        (asked("major", rehearsal_on=None), "rehearsal_on", "reception.from.rehearsal"),
        (asked("major", rehearsal_on=date(2026, 3, 16)), "rehearsal_on", "reception.from.rehearsal"),
        (asked("major", rehearsal_on=date(2026, 3, 1)), "rehearsal_on", "reception.from.rehearsal"),
        (asked("major", management=""), "management", "reception.from.management"),
        (asked("major", management_post=""), "management_post", "reception.from.management"),
        (asked(last_on=date(2026, 3, 21)), "last_on", "reception.most_days"),
        (asked(last_on=date(2026, 3, 15)), "last_on", ""),
        (asked("ordinary", 11, first_on=date(2026, 3, 1)), "first_on", ""),
        (asked(starts_at=time(9, 10)), "starts_at", ""),
        (asked(ends_at=time(9)), "ends_at", ""),
        (asked(visitors=people(7)), "visitors", ""),
        (asked(visitors=people(9)), "visitors", ""),
        (asked(count=0), "count", ""),
        (asked(purpose=""), "purpose", ""),
        (asked(areas=()), "areas", ""),
        (asked(has_host=False), "host_id", ""),
        (asked("", proposed="ordinary"), "class_", ""),
        (asked("", proposed=""), "class_", ""),
        (asked(proposed="major"), "class_reason", ""),
    ],
)  # fmt: skip
def test_what_is_missing_or_out_of_order(application: Application, field: str, standard: str) -> None:
    assert refused(application).get(field) == standard


def test_without_a_customer_no_class_is_proposed() -> None:
    assert "class_reason" not in refused(asked(proposed=""))
    told = [one.refusal.message.text for one in rules.problems(asked("", proposed=""), POLICY, CALENDAR, applied_on=TODAY, today=TODAY)]
    assert "Decide on the class of the visitors." in told


def test_what_each_class_is_given_by_itself_and_on_wish() -> None:
    assert POLICY.services("ordinary", ["workshop", "tea", "photographs"]) == ["photographs"]
    assert POLICY.services("important", []) == ["accompanied", "explained", "tea", "souvenir"]
    assert POLICY.services("important", ["workshop"]) == ["accompanied", "explained", "workshop", "tea", "souvenir"]
    assert POLICY.services("major", []) == ["accompanied", "explained", "tea", "souvenir", "meal"]
    assert replace(POLICY, lowest={**POLICY.lowest, "tea": "nobody"}).services("major", ["tea"]) == [
        "accompanied", "explained", "souvenir", "meal",
    ]  # fmt: skip
    each = {"tea": Decimal(15), "souvenir": Decimal(50), "meal": Decimal(80)}
    assert rules.costs(12, POLICY.services("important", []), each) == Decimal(12 * 65)
    assert rules.costs(12, POLICY.services("major", []), each) == Decimal(12 * 145)


@given(st.integers(0, 3), st.integers(0, 94), st.integers(1, 95))
def test_a_visit_takes_each_quarter_of_an_hour_once(days: int, start: int, length: int) -> None:
    end = min(start + length, 95)
    at = [time(quarter // 4, quarter % 4 * 15) for quarter in (start, end)]
    found = rules.slots(TODAY, TODAY + timedelta(days=days), *at)
    assert len(found) == len(set(found)) == (days + 1) * (end - start)
    assert {quarter for _day, quarter in found} == set(range(start, end))
    following = rules.slots(TODAY, TODAY, at[1], time(23, 59)) if end < 95 else []
    assert not set(found) & set(following), "the end of one visit is the beginning of the next"


@given(st.integers(1, 200), st.integers(-1, 250))
def test_nobody_comes_beyond_those_who_were_approved(announced: int, came: int) -> None:
    if 1 <= came <= announced:
        assert rules.ensure_came(came, announced) == came
        return
    with pytest.raises(Refusal) as refusal:
        rules.ensure_came(came, announced)
    assert refusal.value.field == "came"


def test_visitors_are_read_from_lines() -> None:
    text = "张伟，华兴公司，总经理\n\n  李娜 ,华兴公司\n王芳\t恒昌\t经理|翻译\n，无名公司"
    assert rules.read_visitors(text) == (
        Visitor("张伟", "华兴公司", "总经理"), Visitor("李娜", "华兴公司"), Visitor("王芳", "恒昌", "经理 翻译"), Visitor("", "无名公司"),
    )  # fmt: skip
    assert rules.read_visitors(Visitor("张伟", "华兴公司", "总经理").line) == (Visitor("张伟", "华兴公司", "总经理"),)
    assert refused(asked(count=4, visitors=rules.read_visitors(text))) == {"visitors": ""}
