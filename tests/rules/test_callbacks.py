"""The table of call-backs (SV-10): every row gives its call on the right day; tables are checked; draws can be repeated (SV-11)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules import callbacks as rules
from portal.rules.callbacks import DAY, YEAR, Window, add_months, due, next_day, open_windows, window
from portal.rules.message import Refusal
from portal.rules.working_time import Calendar

CALENDAR = Calendar()
ROWS = {row.code: row for row in rules.rows_of(rules.START)}
decade = st.dates(min_value=date(2016, 1, 1), max_value=date(2026, 6, 30))


@pytest.mark.parametrize(
    ("code", "on", "first", "last"),
    [
        ("installed", "2026-03-05", "2026-03-05", "2026-03-05"),
        ("bought-week", "2026-03-05", "2026-03-12", "2026-03-12"),
        ("bought-half-year", "2026-03-05", "2026-06-05", "2026-09-04"),  # the fourth to the sixth month
        ("bought-year", "2025-03-05", "2025-12-05", "2026-03-04"),  # the tenth to the twelfth
        ("bought-yearly", "2025-03-05", "2026-03-05", "2026-04-04"),
        ("complaint-confirmed", "2026-04-30", "2026-04-30", "2026-04-30"),
        ("proposal-received", "2026-05-01", "2026-05-06", "2026-05-06"),  # on a holiday: the first working day after it
        ("repair-arranged", "2026-05-09", "2026-05-09", "2026-05-09"),  # a Saturday that is worked
        ("repair-late", "2026-03-07", "2026-03-09", "2026-03-09"),
        ("repair-done", "2026-03-05", "2026-03-09", "2026-03-10"),  # the third day is a Sunday
        ("repair-done", "2026-09-30", "2026-10-08", "2026-10-08"),  # the whole window is closed
    ],
)
def test_the_days_of_each_row(code: str, on: str, first: str, last: str) -> None:
    found = due(ROWS[code], date.fromisoformat(on), CALENDAR)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)


@given(st.sampled_from(sorted(ROWS)), decade)
def test_every_row_gives_its_call_on_a_working_day_of_its_window(code: str, on: date) -> None:
    row = ROWS[code]
    raw, found = window(row, on), due(row, on, CALENDAR)
    assert CALENDAR.is_working_day(found.first)
    assert on <= raw.first <= found.first <= found.last
    assert not any(CALENDAR.is_working_day(raw.first + timedelta(days=n)) for n in range((found.first - raw.first).days))
    if row.unit == DAY:
        assert ((raw.first - on).days, (raw.last - on).days) == (row.first, row.last)
    else:
        months = (raw.first.year - on.year) * 12 + raw.first.month - on.month
        assert months == (row.first if row.unit == YEAR else row.first - 1)
        assert raw.first.day in (on.day, add_months(on, months).day)


@given(decade, st.integers(0, 3000))
def test_the_worker_makes_each_window_once_when_it_begins(on: date, behind: int) -> None:
    """However seldom it looks, it finds the day on which the next window begins, and no window twice."""
    rows = [row for row in ROWS.values() if row.unit != DAY and row.event == rules.PURCHASE]
    end = on + timedelta(days=behind)
    made: list[Window] = []
    day: date | None = on
    while day is not None and day <= end:
        for row in rows:
            made += [(row.code, one) for one in open_windows(row, on, day, 14)]  # type: ignore[misc]
        day = next_day(rows, on, day)
    wanted = [("bought-half-year", window(ROWS["bought-half-year"], on)), ("bought-year", window(ROWS["bought-year"], on))]
    wanted += [("bought-yearly", window(ROWS["bought-yearly"], on, turn)) for turn in range(10)]
    assert set(made) == {one for one in wanted if one[1].first <= end}  # type: ignore[comparison-overlap]


def test_what_is_recorded_long_after_makes_no_stale_calls() -> None:
    row = ROWS["bought-half-year"]
    last = window(row, date(2025, 3, 5)).last
    assert open_windows(row, date(2025, 3, 5), last + timedelta(days=14), 14)
    assert not open_windows(row, date(2025, 3, 5), last + timedelta(days=15), 14)


@given(decade, st.integers(-40, 240))
def test_months_keep_the_day_or_end_with_the_month(day: date, months: int) -> None:
    found = add_months(day, months)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found + timedelta(days=1)).day == 1


@pytest.mark.parametrize(
    "change",
    [
        {"code": "Ä"}, {"code": "bought-week"}, {"event": "rain"}, {"zh": " "}, {"unit": "week"}, {"first": 5, "last": 3}, {"first": -1},
        {"last": 400}, {"purpose": ""}, {"needs": "luck"}, {"questions_en": "?" * 501},
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_worked_by_is_refused(change: dict[str, object]) -> None:
    rules.check_rules(rules.START)
    with pytest.raises(Refusal):
        rules.check_rules([{**rules.START[0], **change}, *rules.START[1:]])


def test_questions_stand_side_by_side_in_both_languages() -> None:
    row = ROWS["installed"]._replace(questions_zh="满意吗？|会用吗？", questions_en="Satisfied?")
    assert row.questions == [{"zh": "满意吗？", "en": "Satisfied?"}, {"zh": "会用吗？", "en": "会用吗？"}]


@given(st.sets(st.integers(1, 9999)), st.integers(0, 60), st.integers(0, 10**6))
def test_a_draw_can_be_repeated_and_draws_nobody_twice(pool: set[int], wanted: int, seed: int) -> None:
    found = rules.sample(pool, wanted, seed)
    assert found == rules.sample(list(pool), wanted, seed)
    assert len(set(found)) == len(found) == min(wanted, len(pool))
    assert set(found) <= pool


def test_of_very_many_some_are_tried_and_each_is_as_likely_as_any_other() -> None:
    fitting = set(range(0, 20_000, 7))
    found = rules.probe(0, 20_000, 300, 5, fitting.intersection)
    assert found == rules.probe(0, 20_000, 300, 5, fitting.intersection)
    assert len(set(found)) == 300
    assert set(found) <= fitting
    thirds = [sum(1 for one in found if low <= one < low + 6667) for low in (0, 6667, 13334)]
    assert min(thirds) > 60
