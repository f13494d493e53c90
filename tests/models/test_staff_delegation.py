"""Delegation (RO-6): who may sign for whom, on which days, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.database import StateConflict, db
from portal.models.delegation import Delegation, may_give
from portal.models.staff import Staff
from portal.rules.message import Refusal


def give(staff: dict[str, Staff], principal: str, delegate: str, begin: int = 0, end: int = 3) -> Delegation:
    day = clock.today()
    record = Delegation.give(
        staff[principal], staff[delegate], from_date=day + timedelta(days=begin), to_date=day + timedelta(days=end), by=staff[principal]
    )
    db.session.commit()
    return record


def names(staff: dict[str, Staff], account: str, day: date) -> list[str]:
    return [person.account for person in staff[account].delegators(day)]


def test_a_delegate_signs_from_the_first_to_the_last_day(staff: dict[str, Staff]) -> None:
    give(staff, "sup1", "mgr1")
    day = clock.today()
    assert [names(staff, "mgr1", day + timedelta(days=n)) for n in (-1, 0, 3, 4)] == [[], ["sup1"], ["sup1"], []]
    assert names(staff, "sup1", day) == []


@pytest.mark.parametrize(
    ("principal", "delegate", "begin", "end", "field"),
    [
        ("sup1", "sup1", 0, 3, "delegate_id"),
        ("mgr1", "sup1", 0, 3, "delegate_id"),
        ("sup1", "rep1", 0, 3, "delegate_id"),
        ("rep1", "sup1", 0, 3, "principal_id"),
        ("sup1", "sup2", 3, 0, "to_date"),
        ("sup1", "sup2", -3, -1, "to_date"),
        ("sup1", "sup2", 0, 367, "to_date"),
        ("sup1", "sup2", 367, 368, "from_date"),
    ],
)
def test_refusals(staff: dict[str, Staff], principal: str, delegate: str, begin: int, end: int, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        give(staff, principal, delegate, begin, end)
    assert refused.value.field == field


def test_a_deactivated_delegate_is_refused(staff: dict[str, Staff]) -> None:
    staff["sup2"].deactivate(by=staff["mgr1"], to=None)
    with pytest.raises(Refusal):
        give(staff, "sup1", "sup2")


@given(
    first=st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted), second=st.tuples(st.integers(0, 9), st.integers(0, 9)).map(sorted)
)
def test_two_delegations_never_overlap(staff: dict[str, Staff], first: list[int], second: list[int]) -> None:
    days = set(range(first[0], first[1] + 1)) & set(range(second[0], second[1] + 1))
    record = give(staff, "sup1", "sup2", *first)
    try:
        if days:
            with pytest.raises(Refusal) as refused:
                give(staff, "sup1", "mgr1", *second)
            today = clock.today()
            assert refused.value.message.params["begin"] == (today + timedelta(days=min(days))).isoformat()
            assert refused.value.message.params["end"] == (today + timedelta(days=max(days))).isoformat()
        else:
            give(staff, "sup1", "mgr1", *second).end(by=staff["sup1"])
    finally:
        record.end(by=staff["sup1"])
        db.session.commit()


def test_ending_it_early_stops_it_once(staff: dict[str, Staff]) -> None:
    record = give(staff, "sup1", "mgr1")
    record.end(by=staff["sup1"])
    assert names(staff, "mgr1", clock.today()) == []
    assert record.state(clock.today()) == "ended"
    with pytest.raises(StateConflict):
        record.end(by=staff["sup1"])


def test_a_delegate_who_is_demoted_no_longer_signs(staff: dict[str, Staff]) -> None:
    give(staff, "mgr1", "mgr2")
    staff["mgr2"].change(by=staff["mgr1"], role="supervisor", team=staff["rep1"].team)
    assert names(staff, "mgr2", clock.today()) == []


def test_deactivation_ends_what_others_gave_and_keeps_what_was_given(staff: dict[str, Staff]) -> None:
    to_them, from_them = give(staff, "mgr1", "mgr2"), give(staff, "mgr2", "mgr1")
    staff["mgr2"].deactivate(by=staff["mgr1"], to=None)
    assert to_them.ended_at
    assert from_them.ended_at is None


def test_who_may_name_and_end(staff: dict[str, Staff]) -> None:
    record = give(staff, "sup1", "sup2")
    assert may_give(staff["sup1"], staff["sup1"])
    assert may_give(staff["mgr1"], staff["sup1"])
    assert not may_give(staff["sup2"], staff["sup1"])
    assert not may_give(staff["rep1"], staff["rep1"])
    assert [record.may_end(staff[name]) for name in ("sup1", "mgr1", "sup2")] == [True, True, False]
    assert [one.id for one in db.session.scalars(Delegation.visible_to(staff["sup2"]))] == [record.id]
    assert db.session.scalars(Delegation.visible_to(staff["rep1"])).all() == []
