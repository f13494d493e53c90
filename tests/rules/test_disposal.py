"""When documents may be disposed of (AR-11)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.archive_numbers import RETENTIONS, retained_until
from portal.rules.disposal import check_destruction, last_year_over, why_retained
from portal.rules.message import Refusal

days = st.dates(date(2000, 1, 1), date(2100, 12, 31))
years = st.integers(1950, 2100)
TODAY = date(2026, 3, 5)


@given(years, days)
def test_what_is_permanent_is_never_disposed_of(year, today):
    assert why_retained("Y", year, today) is not None
    assert last_year_over("Y", today) is None


@given(st.sampled_from(["D10", "D30"]), years)
def test_retention_ends_the_day_after_its_last_day(retention, year):
    last = retained_until(retention, year)
    assert why_retained(retention, year, last) is not None
    assert why_retained(retention, year, last + timedelta(days=1)) is None


@given(st.sampled_from(["D10", "D30"]), years, days)
def test_the_list_of_what_is_due_is_that_of_the_check(retention, year, today):
    assert (year <= last_year_over(retention, today)) == (why_retained(retention, year, today) is None)


def test_every_period_is_known_and_no_other():
    assert {code for code in RETENTIONS if last_year_over(code, TODAY) is None} == {"Y"}
    with pytest.raises(KeyError):
        last_year_over("D20", TODAY)


@pytest.mark.parametrize(
    ("day", "witnesses", "field"),
    [
        (None, ("甲", "乙"), "destroyed_on"),
        (TODAY + timedelta(days=1), ("甲", "乙"), "destroyed_on"),
        (TODAY - timedelta(days=9), ("甲", "乙"), "destroyed_on"),
        (TODAY, ("", "乙"), "witness_1"),
        (TODAY, ("甲", " "), "witness_2"),
        (TODAY, ("甲", "甲 "), "witness_2"),
    ],
)
def test_what_is_no_destruction(day, witnesses, field):
    with pytest.raises(Refusal) as refused:
        check_destruction(day, witnesses, TODAY - timedelta(days=8), TODAY)
    assert refused.value.field == field


def test_a_destruction():
    check_destruction(TODAY, ("甲", "乙"), TODAY, TODAY)
