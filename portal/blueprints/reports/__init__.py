"""Blueprint `reports`: the salespeople's information reports 信息报告, urgent and periodic (AR-22)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("reports", __name__)
navigation.area(
    order=28,
    endpoint="reports.reports",
    title=N_("Information reports"),
    icon="megaphone",
    permission=Permission.REPORT_READ,
    prefixes=("reports.",),
)
navigation.creation(order=30, endpoint="reports.urgent_new", title=N_("Urgent report"), permission=Permission.REPORT_WRITE)
navigation.creation(order=31, endpoint="reports.periodic_new", title=N_("Periodic report"), permission=Permission.REPORT_WRITE)

from portal.blueprints.reports import lists as _lists  # noqa: E402, F401 - routes register on import
from portal.blueprints.reports import pages as _pages  # noqa: E402, F401
from portal.blueprints.reports import writing as _writing  # noqa: E402, F401
from portal.printing import reports as _sheets  # noqa: E402, F401 - sheets of reports
