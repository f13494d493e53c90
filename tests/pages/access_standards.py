"""Rows of standards and the working calendar."""

from datetime import timedelta
from typing import Any

from portal import clock
from portal.database import db
from portal.models import standard
from portal.models.calendar import SiteDay, site_calendar
from portal.models.staff import Staff
from tests.access import everyone, managers


def planned() -> dict[str, Any]:
    """A version of idle minutes that is set ahead."""
    by = Staff.by_account("mgr2")
    standard.set_value("session.idle_minutes", 45, by=by, from_date=clock.today() + timedelta(days=3), reason="调整")
    db.session.commit()
    return {}


def own_day() -> dict[str, Any]:
    """A day on which the office is closed, the next working day."""
    day = site_calendar().add_working_days(clock.today(), 1)
    SiteDay.set_days(day, day, working=False, note="盘点", by=Staff.by_account("mgr2"))
    db.session.commit()
    return {"day": day.isoformat()}


ROWS = [
    everyone("standards.index", "/standards"),
    everyone("standards.show", "/standards/chain.credit"),
    everyone("standards.show", "/standards/no.such", status=404),
    managers("standards.new_version", "/standards/chain.credit/new-version"),
    managers("standards.add_version", "/standards/chain.credit/new-version", "POST", 422),
    managers("standards.cancel_version", "/standards/session.idle_minutes/versions/1/cancellation", "POST", 422, prepare=planned),
    managers(
        "standards.cancel_version",
        "/standards/session.idle_minutes/versions/1/cancellation",
        "POST",
        303,
        data={"reason": "误设"},
        prepare=planned,
    ),
    everyone("standards.download", "/standards/file"),
    managers("standards.upload", "/standards/import"),
    managers("standards.read_upload", "/standards/import", "POST", 422),
    managers("standards.apply_upload", "/standards/import/versions", "POST", 422, data={"content_json": "{{}}"}),
    everyone("standards.calendar", "/standards/calendar?year=2026"),
    everyone("standards.count", "/standards/calendar/count"),
    everyone("standards.count", "/standards/calendar/count?what=between&from_day=2026-04-30", status=422),
    managers("standards.add_days", "/standards/calendar/days", "POST", 422),
    managers("standards.remove_day", "/standards/calendar/days/{day}/removal", "POST", 303, prepare=own_day),
]
