import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.working_time import ZONE, Calendar, amount

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


# --- the count, day by day (SV-4) ---------------------------------------------------------------------------------------------

OFFICE = Calendar()
fractions = st.integers(0, 4000).map(lambda minutes: minutes / 60)


def test_thirty_working_hours_over_labour_day():
    count = OFFICE.explain_hours(at("2026-04-30T16:00"), 30)
    assert count.end == at("2026-05-09T16:00")
    assert [(one.day.day, one.weekday, str(one.why), str(amount(one.counted)), str(amount(one.total))) for one in count.days] == [
        (30, "Thursday", "Working day", "1 h 30 min", "1 h 30 min"),
        (1, "Friday", "Public holiday: Labour Day", "0 h", "1 h 30 min"),
        (2, "Saturday", "Public holiday: Labour Day", "0 h", "1 h 30 min"),
        (3, "Sunday", "Public holiday: Labour Day", "0 h", "1 h 30 min"),
        (4, "Monday", "Public holiday: Labour Day", "0 h", "1 h 30 min"),
        (5, "Tuesday", "Public holiday: Labour Day", "0 h", "1 h 30 min"),
        (6, "Wednesday", "Working day", "7 h 30 min", "9 h"),
        (7, "Thursday", "Working day", "7 h 30 min", "16 h 30 min"),
        (8, "Friday", "Working day", "7 h 30 min", "24 h"),
        (9, "Saturday", "Working weekend for Labour Day", "6 h", "30 h"),
    ]
    assert count.days[-1].spans == ((dt.time(8, 30), dt.time(12)), (dt.time(13, 30), dt.time(16)))


@given(moments, fractions, st.lists(st.tuples(moments, st.integers(1, 5000)), max_size=3))
def test_adding_then_counting_gives_back_and_never_ends_in_closed_time(moment, added, waits):
    pauses = [(start, start + dt.timedelta(minutes=minutes)) for start, minutes in waits]
    count = OFFICE.explain_hours(moment, added, pauses)
    assert OFFICE.working_time_between(moment, count.end, pauses) == count.total == dt.timedelta(hours=added)
    assert count.end >= OFFICE.add_working_hours(moment, added)
    local = count.end.replace(tzinfo=None)
    assert OFFICE.is_working_day(local.date())
    assert any(opening <= local.time() <= closing for opening, closing in OFFICE.office_hours)
    assert not any(start < count.end < end for start, end in pauses)
    assert sum((one.counted for one in count.days), dt.timedelta()) == count.total
    assert OFFICE.explain_between(moment, count.end, pauses).total == count.total


@given(moments, moments, moments)
def test_office_time_adds_up_and_never_runs_backwards(first, second, third):
    first, second, third = sorted((first, second, third))
    whole = OFFICE.working_time_between(first, third)
    assert whole == OFFICE.working_time_between(first, second) + OFFICE.working_time_between(second, third)
    assert dt.timedelta() <= whole <= third - first


@given(days, st.integers(-60, 60))
def test_days_are_explained_as_they_are_counted(day, number):
    count = OFFICE.explain_days(day, number)
    assert count.end == OFFICE.add_working_days(day, number)
    assert [one.counted for one in count.days] == [int(OFFICE.is_working_day(one.day)) for one in count.days]
    if number:
        assert count.total == abs(number)


def test_the_clock_stands_still_in_a_pause_and_own_days_say_why():
    own = Calendar(days={dt.date(2026, 3, 6): False}, notes={dt.date(2026, 3, 6): "Stock-taking"})
    waiting = [(at("2026-03-05T10:00"), at("2026-03-05T14:30"))]
    count = own.explain_hours(at("2026-03-05T09:00"), 5, waiting)
    assert count.days[0].spans == ((dt.time(9), dt.time(10)), (dt.time(14, 30), dt.time(17, 30)))
    assert [str(one.why) for one in count.days[1:]] == ["Closed by the site: Stock-taking", "Weekend", "Weekend", "Working day"]
    assert count.end == at("2026-03-09T09:30")
