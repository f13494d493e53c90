"""When the half-yearly reviews are, and until when (AR-21)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.review import due_on, half_year, last_of_month, month_of, opened_by_calendar, reminded_on
from portal.rules.working_time import Calendar

days = st.dates(date(2005, 1, 1), date(2060, 12, 31))
CALENDAR = Calendar()


@given(days)
def test_every_day_has_one_half_year_which_is_reviewed_in_it(day):
    half = half_year(day)
    month = month_of(half)
    assert month.year == day.year
    assert month.month == (2 if day.month <= 6 else 8)
    assert half_year(month) == half


@given(days)
def test_the_last_of_a_month_is_followed_by_a_first(day):
    last = last_of_month(day)
    assert (last.year, last.month) == (day.year, day.month)
    assert (last + timedelta(days=1)).day == 1


@given(days, st.booleans())
def test_a_review_ends_in_its_month_or_that_of_its_opening_and_never_before_it_begins(day, working):
    half = half_year(day)
    due = due_on(half, day, CALENDAR, working=working)
    assert due >= day
    assert (due.year, due.month) == max((month_of(half).year, month_of(half).month), (day.year, day.month))
    if working and due != last_of_month(due):
        assert CALENDAR.is_working_day(due)
        assert not CALENDAR.is_working_day(last_of_month(due))


@given(days)
def test_the_calendar_opens_from_the_first_working_day_of_february_and_august(day):
    half = opened_by_calendar(day, CALENDAR)
    first = CALENDAR.add_working_days(day.replace(day=1), 0)
    assert bool(half) == (day.month in (2, 8) and day >= first)
    assert half in ("", half_year(day))


@given(days, st.integers(1, 15))
def test_so_many_working_days_lie_between_the_reminder_and_the_end(day, count):
    due = due_on(half_year(day), day, CALENDAR)
    told = reminded_on(due, count, CALENDAR)
    assert CALENDAR.is_working_day(told)
    assert sum(CALENDAR.is_working_day(told + timedelta(days=n)) for n in range((due - told).days)) == count


def test_february_of_2026():
    assert due_on("2026-H1", date(2026, 2, 2), CALENDAR) == date(2026, 2, 28)
    assert due_on("2027-H1", date(2027, 2, 1), CALENDAR, working=True) == date(2027, 2, 26)
    assert reminded_on(date(2026, 2, 28), 5, CALENDAR) == date(2026, 2, 14), "the 28th is worked in for the Spring Festival"
    assert opened_by_calendar(date(2026, 2, 1), CALENDAR) == "", "a Sunday"
    assert opened_by_calendar(date(2026, 2, 2), CALENDAR) == "2026-H1"


@pytest.mark.parametrize("text", ["", "2026", "2026-H3", "26-H1", "2026-H1 "])
def test_what_is_no_half_year_is_refused(text):
    with pytest.raises(ValueError, match="no half-year"):
        month_of(text)
