"""Months, quarters and half-years (AR-22)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.periods import CYCLES, HALF, MONTH, NONE, QUARTER, Period, last_ended, offered

DAYS = st.dates(date(1950, 1, 1), date(2200, 12, 31))
LENGTHS = st.sampled_from((MONTH, QUARTER, HALF))


@given(LENGTHS, DAYS)
def test_a_day_lies_in_its_period_and_periods_follow_each_other(cycle: str, day: date) -> None:
    period = Period.of(cycle, day)
    assert period.first <= day <= period.last
    assert period.before.last == period.first - timedelta(days=1)
    assert Period.of(cycle, period.last) == period
    assert last_ended(cycle, day).last < day


@given(LENGTHS, DAYS)
def test_a_code_is_read_as_it_is_written(cycle: str, day: date) -> None:
    period = Period.of(cycle, day)
    assert Period.read(period.code) == period


@pytest.mark.parametrize(
    ("cycle", "day", "code", "last"),
    [
        (MONTH, date(2024, 2, 29), "2024-M02", date(2024, 2, 29)),
        (MONTH, date(2026, 12, 31), "2026-M12", date(2026, 12, 31)),
        (QUARTER, date(2026, 5, 1), "2026-Q2", date(2026, 6, 30)),
        (HALF, date(2026, 7, 1), "2026-H2", date(2026, 12, 31)),
    ],
)
def test_codes_and_ends(cycle: str, day: date, code: str, last: date) -> None:
    assert (Period.of(cycle, day).code, Period.of(cycle, day).last) == (code, last)


@pytest.mark.parametrize("code", ["", "2026", "2026-M13", "2026-M3", "2026-Q0", "2026-Q5", "2026-H3", "2026-H01", "0000-H1", "2026-Q1 "])
def test_what_is_no_code(code: str) -> None:
    assert Period.read(code) is None


def test_offered_are_the_running_and_some_past_ones() -> None:
    codes = [one.code for one in offered(date(2026, 1, 15))]
    assert codes == [
        "2026-M01", "2025-M12", "2025-M11", "2025-M10", "2026-Q1", "2025-Q4", "2025-Q3", "2025-Q2",
        "2026-H1", "2025-H2", "2025-H1", "2024-H2",
    ]  # fmt: skip
    assert set(CYCLES) == {NONE, MONTH, QUARTER, HALF}
