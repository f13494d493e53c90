"""Dates in the forms that Chinese offices write and spreadsheets hold (AR-40)."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable

from portal.rules.message import Refusal

_TIME = r"(?:[T ]*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_FORMS = (
    re.compile(rf"(\d{{4}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_TIME}"),
    re.compile(rf"(\d{{4}})年()(\d{{1,2}})月(\d{{1,2}})[日号]?{_TIME}"),
    re.compile(r"(\d{4})()(\d{2})(\d{2})"),
)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_TIME}")
ORDERS = ("mdy", "dmy")
"""How a date with its year behind is read: 1/6/2012 is 6 January, or 1 June."""
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_DAYS_1904 = 1462
"""Days from the origin of Excel's 1900 system to that of its 1904 system."""
_LAST_SERIAL = 2958465  # 9999-12-31


def has_year_last(text: str) -> bool:
    """Return whether a text is a date with its year behind, of which somebody must say whether month or day comes first."""
    match = _YEAR_LAST.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not match:
        return False
    first, second = int(match[1]), int(match[3])
    return 1 <= min(first, second) <= 12 and max(first, second) <= 31


def order_of(texts: Iterable[str]) -> str:
    """Return the order that dates with their year behind show themselves: mdy, dmy, or '' where each could be either."""
    for text in texts:
        match = _YEAR_LAST.fullmatch(unicodedata.normalize("NFKC", text).strip())
        if match and int(match[1]) > 12:
            return "dmy"
        if match and int(match[3]) > 12:
            return "mdy"
    return ""


def parse_date(value: str | float | dt.date, *, excel_1904: bool = False, order: str = "") -> dt.date:
    """Return the day that `value` says (AR-40).

    Understood: 2026-03-05, 2026/3/5, 2026.3.5, 2026年3月5日, 20260305, each also in full-width figures and with a time of day
    behind (which is dropped); dates and datetimes; Excel serials as numbers or as text of five figures, of the 1900 system
    or, with `excel_1904`, the 1904 system. With `order` (mdy or dmy) also 1/6/2012.

    Raises `Refusal`, saying the forms, for anything else, and for serial 60, the 29 February 1900 that never was.
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    if isinstance(value, bool):
        raise _unreadable(value)
    if isinstance(value, int | float):
        return _from_serial(float(value), excel_1904)
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", value)).strip().replace("。", ".")
    if _SERIAL.fullmatch(plain):
        return _from_serial(float(plain), excel_1904)
    tight = re.sub(r" ?([-/.年月日号]) ?", r"\1", plain)
    for form in _FORMS:
        match = form.fullmatch(tight)
        if match:
            try:
                return dt.date(int(match[1]), int(match[3]), int(match[4]))
            except ValueError:
                raise Refusal("%(typed)s is not a day of the calendar.", typed=value[:40]) from None
    match = _YEAR_LAST.fullmatch(tight)
    if match and order in ORDERS:
        month, day = (1, 3) if order == "mdy" else (3, 1)
        try:
            return dt.date(int(match[4]), int(match[month]), int(match[day]))
        except ValueError:
            raise Refusal("%(typed)s is not a day of the calendar.", typed=value[:40]) from None
    raise _unreadable(value)


def _from_serial(serial: float, excel_1904: bool) -> dt.date:
    if not 0 <= serial < _LAST_SERIAL + 1:  # also false for NaN
        raise _unreadable(serial)
    day = int(serial) + (_DAYS_1904 if excel_1904 else 0)
    if not 1 <= day <= _LAST_SERIAL or (day == 60 and not excel_1904):
        raise _unreadable(serial)
    # Excel's 1900 system counts a 29 February 1900, so its days before March 1900 stand one later than its later ones.
    return dt.date(1899, 12, 31 if day < 60 else 30) + dt.timedelta(days=day)


def _unreadable(value: object) -> Refusal:
    return Refusal(
        "%(typed)s is not a date. Understood are 2026-03-05, 2026/3/5, 2026.3.5, 2026年3月5日, 20260305 and Excel's day numbers.",
        typed=str(value)[:40],
    )


def has_come(day: dt.date, today: dt.date, *, field: str | None = None) -> dt.date:
    """Return a day that has come. Raises `Refusal` (with `field`) for one that lies ahead."""
    if day > today:
        raise Refusal("This day has not come yet.", field=field)
    return day
