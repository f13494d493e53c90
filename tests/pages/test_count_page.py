"""The page that counts a deadline (SV-4): the worked case over Labour Day, days back, refusals; running cases keep their hours."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import pytest
import time_machine

from portal import clock
from portal.database import db
from portal.models import standard
from portal.models.calendar import SiteDay, site_calendar
from tests.approving import person

PAGE = "/standards/calendar/count"


def rows(page: str) -> list[list[str]]:
    """Return the cells of the count."""
    table = page[page.index('class="list keep counted"') :]
    return [re.findall(r"<t[hd][^>]*>(?:<time>)?([^<]*)", row) for row in re.findall(r"<tr(?: class=\"quiet\")?>(.*?)</tr>", table)[1:]]


def test_the_worked_case_and_what_else_is_counted(as_: Any) -> None:
    rep = as_("rep1")
    assert "count-" not in rep.get(PAGE).get_data(as_text=True)
    page = rep.get(f"{PAGE}?what=hours&from_day=2026-04-30&from_time=16:00&number=30").get_data(as_text=True)
    found = rows(page)
    assert "2026-05-09 16:00" in page
    assert len(found) == 10
    assert found[1] == ["2026-05-01", "星期五", "法定节假日：劳动节", "", "–", "1小时30分"]
    assert found[-1] == ["2026-05-09", "星期六", "劳动节调休上班", "08:30–12:00, 13:30–16:00", "6小时", "30小时"]
    page = rep.get(f"{PAGE}?what=days&from_day=2026-05-06&number=-2").get_data(as_text=True)
    assert [row[0] for row in rows(page)][-1] == "2026-04-29"
    page = rep.get(f"{PAGE}?what=between&from_day=2026-04-30&from_time=16:00&until_day=2026-05-09&until_time=16:00").get_data(as_text=True)
    assert rows(page)[-1][-1] == "30小时"


@pytest.mark.parametrize(
    "asked",
    [
        "what=hours&from_day=2026-04-30", "what=hours&from_day=2026-04-30&number=-1", "what=days&from_day=2026-04-30&number=1.5",
        "what=days&from_day=2026-04-30&number=401", "what=hours&from_day=1900-01-01&number=1", "what=hours&from_day=x&number=1",
        "what=between&from_day=2026-04-30", "what=between&from_day=2026-04-30&until_day=2026-04-29",
        "what=between&from_day=2026-04-30&until_day=2028-04-29", "what=luck&from_day=2026-04-30&number=1",
    ],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(as_: Any, asked: str) -> None:
    assert as_("rep1").get(f"{PAGE}?{asked}").status_code == 422


@time_machine.travel("2026-03-02 01:00Z", tick=False)
def test_a_running_case_keeps_the_hours_with_which_it_began(app: Any) -> None:
    manager, start = person("mgr1"), datetime(2026, 3, 5, 9, tzinfo=clock.SITE_ZONE)
    before = site_calendar()
    standard.set_value("office.hours", [["09:00", "12:00"], ["13:00", "16:00"]], by=manager, from_date=date(2026, 3, 3), reason="冬令时")
    SiteDay.set_days(date(2026, 3, 6), date(2026, 3, 6), working=False, note="盘点", by=manager)
    db.session.commit()
    with clock.pretend(datetime(2026, 3, 4, 3, tzinfo=clock.SITE_ZONE)):
        assert (before.version, site_calendar().version) == (0, 1)
        assert site_calendar().add_working_hours(start, 6).hour == 16
        kept = site_calendar(before.version).explain_hours(start, 8)
    assert kept.end == datetime(2026, 3, 9, 9, 30, tzinfo=clock.SITE_ZONE)
    assert str(kept.days[1].why) == "Closed by the site: 盘点"
