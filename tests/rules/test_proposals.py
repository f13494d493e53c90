"""The days of proposals (PP-4) over month ends, leap days and year ends; the table of departments (PP-3)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import proposals
from portal.rules.message import Refusal
from portal.rules.proposals import OPINION, RESPONSIBLE, Deadlines

DAYS = Deadlines.of(proposals.START_DAYS)
received = st.dates(date(2019, 12, 1), date(2033, 3, 1))


def test_days_over_a_leap_day_a_month_end_and_a_year_end():
    assert DAYS.last_day(date(2028, 2, 20)) == date(2028, 3, 11)
    assert DAYS.last_day(date(2027, 2, 20)) == date(2027, 3, 12)
    assert DAYS.last_day(date(2026, 12, 20)) == date(2027, 1, 9)
    assert DAYS.last_day(date(2028, 1, 31), extended=True) == date(2028, 3, 1)
    assert DAYS.target_day(date(2026, 12, 31)) == date(2027, 1, 15)


@given(received, st.booleans())
def test_each_day_of_a_proposal_is_warned_on_late_or_neither(day: date, extended: bool):
    """Warnings come exactly on days 10, 15 and 18; day 21 without an extension is late, day 20 is not; with one, day 31."""
    limit, told, warned = (30 if extended else 20), 0, []
    for gone in range(40):
        today = day + timedelta(days=gone)
        assert DAYS.is_late(day, today, extended=extended) is (gone > limit)
        step = DAYS.reached(day, today, extended=extended)
        if step > told:
            assert gone == step
            warned.append(gone)
            told = step
        ahead = DAYS.next_step(day, told, extended=extended)
        assert ahead is None or ahead > today
    assert warned == ([10, 15, 18, 28, 31] if extended else [10, 15, 18, 21])


@given(received, st.lists(st.integers(0, 40), min_size=1, max_size=12))
def test_a_worker_that_slept_tells_the_latest_step_once(day: date, runs: list[int]):
    told, found = 0, []
    for gone in sorted(runs):
        step = DAYS.reached(day, day + timedelta(days=gone))
        if step > told:
            told = step
            found.append(step)
    assert found == sorted(set(found))
    assert (told == 21) is (max(runs) >= 21)


@given(received, st.booleans())
def test_the_explanation_stands_in_order_and_names_every_day(day: date, extended: bool):
    rows = proposals.explain_days(DAYS, day, extended=extended)
    assert [on for on, _count, _text in rows] == sorted(on for on, _count, _text in rows)
    assert all(on == day + timedelta(days=count) for on, count, _text in rows)
    assert [count for _on, count, _text in rows] == sorted([0, 10, 10, 15, 15, 18, 20, *([28, 30, 31] if extended else [21])])


@pytest.mark.parametrize(
    "change",
    [
        {"target_from": 16}, {"target": 21}, {"extended": 20}, {"warn_second": 10}, {"warn_last": 21}, {"limit": 0}, {"limit": 400},
        {"limit": True}, {"more": 1},
    ],
)  # fmt: skip
def test_days_out_of_order_are_refused(change: dict[str, Any]):
    proposals.check_deadlines(proposals.START_DAYS)
    with pytest.raises(Refusal):
        proposals.check_deadlines({**proposals.START_DAYS, **change})


def test_every_kind_of_the_start_has_departments_as_pp_3_says():
    proposals.check_routes(proposals.START_ROUTES)
    table = {row["kind"]: row["departments"] for row in proposals.START_ROUTES}
    assert table["production-technology"] == ["production", "workshops"]
    assert table["technique"] == ["production", "technology"]
    assert table["new-product"] == ["research", "technology"]
    assert (table["quality"], table["sales"], table["service"]) == (["production", "quality"], ["marketing"], ["service"])
    assert proposals.departments_for(proposals.START_ROUTES, "unknown") == []


@pytest.mark.parametrize(
    "rows", [[], [{"kind": "a"}], [{"kind": "a", "departments": []}], [{"kind": "a", "departments": ["x", "x"]}],
             [{"kind": "a", "departments": ["x"]}] * 2, [{"kind": "", "departments": ["x"]}], "x"],
)  # fmt: skip
def test_a_table_of_departments_that_is_none_is_refused(rows: Any):
    with pytest.raises(Refusal):
        proposals.check_routes(rows)


def test_a_routing_has_one_responsible_department():
    one, two = {"department": "a", "part": RESPONSIBLE}, {"department": "b", "part": OPINION}
    proposals.check_lines([one, two])
    for wrong in ([], [two], [one, {**two, "part": RESPONSIBLE}], [one, {**two, "department": "a"}]):
        with pytest.raises(Refusal) as refused:
            proposals.check_lines(wrong)
        assert refused.value.field == "departments"


@pytest.mark.parametrize(("typed", "serial"), [("P2026-000123", 123), ("p2026-12", 12), ("123", 123), ("P", None), ("抽检", None)])
def test_a_number_is_read_as_it_was_typed(typed: str, serial: int | None):
    assert proposals.serial_of(typed) == serial
