"""How long loans last and when they are over (AR-20)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.loans import check_until, days_overdue, default_until, is_over
from portal.rules.message import Refusal

TODAY = date(2026, 3, 5)
days = st.dates(date(2020, 1, 1), date(2060, 1, 1))
lengths = st.integers(1, 365)


@given(days, lengths, lengths)
def test_what_is_proposed_may_be_asked_for(today, default, most):
    check_until(default_until(today, default, most), today, most)


@given(days, st.integers(-400, 400), lengths)
def test_a_loan_lasts_from_today_to_its_longest(today, ahead, most):
    until = today + timedelta(days=ahead)
    if 0 <= ahead <= most:
        check_until(until, today, most)
        return
    with pytest.raises(Refusal) as refused:
        check_until(until, today, most)
    assert refused.value.field == "until_on"


def test_a_loan_without_an_end_is_refused():
    with pytest.raises(Refusal):
        check_until(None, TODAY, 30)


@given(days, st.integers(-400, 400))
def test_overdue_begins_on_the_day_after_the_last(until, later):
    today = until + timedelta(days=later)
    assert days_overdue(until, today) == max(later, 0)
    assert is_over(until, today) == (days_overdue(until, today) > 0)
