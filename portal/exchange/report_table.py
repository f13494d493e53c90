"""Information reports as a table, out to files (AR-22, AR-41)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext

from portal import clock
from portal.i18n import translate
from portal.models import report_list
from portal.models.report_fields import FIELDS, KINDS, PERIODIC, STATES, URGENT
from portal.models.report_list import ReportQuery
from portal.models.staff import Staff
from portal.rules.message import N_

WHAT = "reports"
_OWN = (
    N_("Kind"), N_("Report"), N_("Date"), N_("State"), N_("Customer number"), N_("Customer name"), N_("Reported by"), N_("Submitted at"),
    N_("Read by the supervisor at"), N_("Read by a manager at"),
)  # fmt: skip
_FIELDS = tuple(one for kind in (URGENT, PERIODIC) for one in FIELDS[kind] if one.name not in ("title", "happened_on"))


def heads() -> list[str]:
    """Return the heads in the reader's language; date and title of a report stand in the columns of all."""
    return [gettext(title) for title in _OWN] + [gettext(one.title) for one in _FIELDS]


def rows(user: Staff, query: ReportQuery) -> Iterator[list[Any]]:
    """Yield the cells of each report, as the list shows them and in its order."""
    for report in report_list.rows(user, query):
        moments = (report.submitted_at, report.read_at, report.manager_read_at)
        yield [
            gettext(KINDS[report.kind]),
            translate(report.heading),
            report.dated_on,
            gettext(STATES[report.state][0]),
            report.customer.number,
            report.customer.full_name,
            report.author.name,
            *(clock.local(moment) if moment else None for moment in moments),
            *(report.data.get(one.name, "") if one in report.fields else "" for one in _FIELDS),
        ]
