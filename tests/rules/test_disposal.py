"""When documents may be disposed of (AR-11)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.archive_numbers import RETENTIONS, retained_until
from portal.rules.disposal import card_kept_until, check_destruction, last_end_over, last_year_over, why_retained
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


terms = st.integers(0, 50)


@given(days, terms)
def test_a_card_is_kept_to_the_day_of_the_end_so_many_years_later(ended_on, years):
    until = card_kept_until(ended_on, years)
    assert (until.year - ended_on.year, until.month) == (years, ended_on.month)
    assert until.day == ended_on.day or (ended_on.day, until.day) == (29, 28)


@given(days, days, terms)
def test_the_cards_that_are_due_are_those_of_the_check(ended_on, today, years):
    assert (ended_on <= last_end_over(years, today)) == (card_kept_until(ended_on, years) < today)


@given(st.sampled_from([date(year, 2, 29) for year in range(2000, 2100, 4)]), terms, st.integers(-2, 2))
def test_the_cards_that_are_due_are_those_of_the_check_about_leap_days(ended_on, years, step):
    today = card_kept_until(ended_on, years) + timedelta(days=step)
    for end in (ended_on - timedelta(days=1), ended_on, ended_on + timedelta(days=1)):
        assert (end <= last_end_over(years, today)) == (card_kept_until(end, years) < today)


@pytest.mark.parametrize(
    ("ended_on", "years", "until"),
    [
        (date(2016, 2, 29), 10, date(2026, 2, 28)),
        (date(2016, 2, 29), 4, date(2020, 2, 29)),
        (date(2015, 2, 28), 1, date(2016, 2, 28)),
        (date(2016, 3, 5), 0, date(2016, 3, 5)),
    ],
)
def test_the_last_day_of_a_card(ended_on, years, until):
    assert card_kept_until(ended_on, years) == until
