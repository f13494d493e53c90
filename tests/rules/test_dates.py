import datetime as dt

import openpyxl.utils.datetime as excel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.dates import parse_date
from portal.rules.message import Refusal

days = st.dates(min_value=dt.date(1900, 3, 1), max_value=dt.date(9999, 12, 31))


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-05",
        "2026/3/5",
        "2026.3.5",
        "2026年3月5日",
        "２０２６年０３月０５日",
        " 2026 年 3 月 5 日 ",
        "20260305",
        "2026-03-05 09:30",
        "2026-03-05T09:30:15.25",
        "46086",
        46086,
        46086.75,
        dt.date(2026, 3, 5),
        dt.datetime(2026, 3, 5, 23, 59),  # noqa: DTZ001 - spreadsheets hold naive times
    ],
)
def test_dates_are_read(value):
    assert parse_date(value) == dt.date(2026, 3, 5)


@given(days)
def test_every_form_of_a_day_is_read(day):
    forms = (day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day.year}年{day.month}月{day.day}日", f"{day:%Y%m%d}".zfill(8))
    assert {parse_date(form) for form in forms} == {day}


@given(days)
def test_excel_serials_agree_with_openpyxl(day):
    assert parse_date(excel.to_excel(day)) == day


@given(st.dates(min_value=dt.date(1904, 1, 2), max_value=dt.date(9999, 12, 31)))
def test_serials_of_the_1904_system_agree_with_openpyxl(day):
    assert parse_date(excel.to_excel(day, epoch=excel.CALENDAR_MAC_1904), excel_1904=True) == day


def test_the_day_that_never_was():
    assert parse_date(59) == dt.date(1900, 2, 28)
    assert parse_date(61) == dt.date(1900, 3, 1)
    with pytest.raises(Refusal):
        parse_date(60)


@pytest.mark.parametrize("value", ["", "2026-13-01", "2026-02-30", "2026-3/5", "5.3.2026", "明天", 0, -1, 3e9, float("nan"), True, "123"])
def test_what_is_no_date_is_refused(value):
    with pytest.raises(Refusal):
        parse_date(value)


@given(st.text(max_size=20))
def test_any_text_is_a_date_or_refused(value):
    try:
        assert isinstance(parse_date(value), dt.date)
    except Refusal as refusal:
        assert value[:40] in str(refusal) or float(value)  # noqa: PT017 - both outcomes are right
