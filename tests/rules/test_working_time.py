import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.working_time import ZONE, Calendar

CALENDAR = Calendar([(dt.time(9), dt.time(12)), (dt.time(13, 30), dt.time(17, 30))])
days = st.dates(min_value=dt.date(2024, 1, 1), max_value=dt.date(2028, 12, 31))
moments = st.datetimes(dt.datetime(2025, 1, 1), dt.datetime(2027, 12, 31), timezones=st.just(ZONE))  # noqa: DTZ001 - zone added
hours = st.integers(0, 2000).map(lambda quarter: quarter / 4)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        # 国务院办公厅 on the holidays of 2026 (2025-11-04) and of 2025 (国办发明电〔2024〕12号).
        ("2026-01-01", False),
        ("2026-01-04", True),
        ("2026-02-14", True),
        ("2026-02-16", False),
        ("2026-10-10", True),
        ("2025-10-08", False),
        ("2025-09-28", True),
        ("2026-03-05", True),
        ("2026-03-07", False),
    ],
)
def test_official_days(day, works):
    assert CALENDAR.is_working_day(dt.date.fromisoformat(day)) is works


def test_years_not_announced_have_weekends_only():
    assert CALENDAR.is_announced(2026)
    assert not CALENDAR.is_announced(2040)
    assert CALENDAR.is_working_day(dt.date(2040, 10, 1))
    assert not CALENDAR.is_working_day(dt.date(2040, 10, 6))


def test_the_sites_own_days_come_first():
    own = Calendar(days={dt.date(2026, 3, 5): False, dt.date(2026, 10, 1): True})
    assert not own.is_working_day(dt.date(2026, 3, 5))
    assert own.is_working_day(dt.date(2026, 10, 1))


def test_working_days_over_the_national_holiday():
    # 1 to 7 October 2026 are free, Saturday 10 October works.
    assert CALENDAR.add_working_days(dt.date(2026, 9, 30), 1) == dt.date(2026, 10, 8)
    assert CALENDAR.add_working_days(dt.date(2026, 9, 30), 3) == dt.date(2026, 10, 10)
    assert CALENDAR.add_working_days(dt.date(2026, 10, 8), -1) == dt.date(2026, 9, 30)
    assert CALENDAR.add_working_days(dt.date(2026, 10, 3), 0) == dt.date(2026, 10, 8)
    assert CALENDAR.working_days_between(dt.date(2026, 9, 30), dt.date(2026, 10, 10)) == 3


@given(days, st.integers(1, 300))
def test_the_nth_working_day_has_n_working_days_up_to_it(day, count):
    found = CALENDAR.add_working_days(day, count)
    assert CALENDAR.is_working_day(found)
    assert CALENDAR.working_days_between(day, found) == count
    assert CALENDAR.working_days_between(found, day) == -count


@pytest.mark.parametrize(
    ("start", "add", "end"),
    [
        ("2026-03-05T09:00", 1, "2026-03-05T10:00"),
        ("2026-03-05T11:30", 1, "2026-03-05T14:00"),  # over lunch
        ("2026-03-05T11:00", 1, "2026-03-05T12:00"),  # the end of a span, not the next opening
        ("2026-03-06T17:00", 1, "2026-03-09T09:30"),  # over the weekend
        ("2026-03-07T10:00", 0, "2026-03-09T09:00"),  # nothing to add: the next opening
        ("2026-09-30T17:00", 8, "2026-10-09T09:30"),  # over the national holiday
    ],
)
def test_office_hours(start, add, end):
    assert CALENDAR.add_working_hours(at(start), add) == at(end)


@given(moments, hours)
def test_as_much_office_time_passes_as_was_added(moment, added):
    end = CALENDAR.add_working_hours(moment, added)
    assert end >= moment
    assert CALENDAR.working_time_between(moment, end) == dt.timedelta(hours=added)


@given(moments, hours, hours)
def test_a_longer_deadline_is_never_earlier(moment, shorter, more):
    assert CALENDAR.add_working_hours(moment, shorter) <= CALENDAR.add_working_hours(moment, shorter + more)


def test_moments_of_other_zones_are_the_same_moments():
    assert CALENDAR.add_working_hours(dt.datetime(2026, 3, 5, 1, 0, tzinfo=dt.UTC), 1) == at("2026-03-05T10:00")
    with pytest.raises(ValueError, match="zone"):
        CALENDAR.add_working_hours(dt.datetime(2026, 3, 5), 1)  # noqa: DTZ001 - the mistake itself


@pytest.mark.parametrize("spans", [[], [(dt.time(12), dt.time(9))], [(dt.time(9), dt.time(12)), (dt.time(11), dt.time(17))]])
def test_bad_office_hours_are_refused(spans):
    with pytest.raises(ValueError, match="out of order"):
        Calendar(spans)


def test_an_office_that_never_opens_is_refused():
    closed = Calendar(days={dt.date(2026, 1, 1) + dt.timedelta(days=n): False for n in range(5000)})
    with pytest.raises(ValueError, match="ten years"):
        closed.add_working_days(dt.date(2026, 3, 5), 1)
