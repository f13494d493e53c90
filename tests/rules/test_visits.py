"""Rules of visits: frequency, days filled along a route, letters, labels (SV-20)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import visits
from portal.rules.message import Refusal
from portal.rules.visits import Sheet

DAY = date(2026, 3, 5)


def test_how_often_is_counted_in_days() -> None:
    assert [visits.days_between(yearly) for yearly in (0, 1, 6, 12, 52)] == [0, 365, 61, 30, 7]
    assert visits.due_on(DAY, 12) == date(2026, 4, 4)
    assert visits.due_on(DAY, 0) is None


@given(
    st.lists(st.integers(1, 40), max_size=60),
    st.lists(st.integers(0, 30), min_size=1, max_size=10, unique=True),
    st.integers(1, 8),
    st.dictionaries(st.integers(0, 30), st.integers(0, 9), max_size=10),
)
def test_days_are_filled_along_the_route_and_nobody_twice(route: list[int], offsets: list[int], most: int, taken: dict[int, int]) -> None:
    days = [DAY + timedelta(days=one) for one in sorted(offsets)]
    before = {DAY + timedelta(days=one): count for one, count in taken.items()}
    stops = visits.along(route, days, most, before)
    ids = [one.customer_id for one in stops]
    assert ids == list(dict.fromkeys(route))[: len(ids)]
    assert [one.day for one in stops] == sorted(one.day for one in stops)
    for day in days:
        assert sum(one.day == day for one in stops) <= max(0, most - before.get(day, 0))
    room = sum(max(0, most - before.get(day, 0)) for day in days)
    assert len(stops) == min(room, len(set(route)))


def test_a_day_is_refused_with_its_reason() -> None:
    last = DAY + timedelta(days=90)
    one = timedelta(days=1)
    refused = ((None, True, "which day"), (DAY - one, True, "passed"), (last + one, True, "up to"), (DAY, False, "no working day"))
    for day, working, word in refused:
        with pytest.raises(Refusal, match=word):
            visits.check_day(day, DAY, is_working=working, last=last)
    assert visits.check_day(last, DAY, is_working=True, last=last) == last


def test_everything_that_is_wrong_with_a_sheet_is_told_at_once() -> None:
    found = visits.problems(Sheet("", "x", needs="字" * 2001), {"regular"})
    assert [one.field for one in found] == ["met", "purpose", "needs"]
    assert [one.field for one in visits.problems(Sheet("王", "regular"), {"regular"})] == ["review"]
    assert not visits.problems(Sheet("王", "regular", effect="好"), {"regular"})


def test_letters_are_filled_in_and_unknown_places_refused() -> None:
    assert visits.fill("{customer}：{contact}{none}", {"customer": "甲公司", "contact": "王"}) == "甲公司：王{none}"
    wrong = [visits.check_letter(text) for text in ("", "x" * 3001, "{price}", "{customer}")]
    assert [bool(one) for one in wrong] == [True, True, True, False]


@given(st.integers(0, 200), st.integers(0, 23))
def test_every_label_has_its_place_behind_those_that_are_gone(count: int, skip: int) -> None:
    pages = visits.pages_of_labels(count, skip)
    assert all(len(page) == 24 for page in pages)
    flat = [place for page in pages for place in page]
    assert [place for place in flat if place is not None] == list(range(count))
    assert not count or flat[skip] == 0


def test_weeks_go_by_their_code() -> None:
    assert visits.days_of_week("2026-W01") == (date(2025, 12, 29), date(2026, 1, 4))
    assert visits.week_of(date(2026, 1, 4)) == "2026-W01"
    for code in ("", "2026-W54", "2025-W53", "x", "0000-W01"):
        assert visits.days_of_week(code) is None
