"""Blueprint `insights`: what the office's figures say; composition of customers and ABC analysis (IN-2)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("insights", __name__)
navigation.area(
    order=52, endpoint="insights.composition", title=N_("Insights"), icon="pie-chart", permission=Permission.INSIGHT_READ,
    prefixes=("insights.",),
)  # fmt: skip

from portal.blueprints.insights import abc as _abc  # noqa: E402, F401 - routes register on import
from portal.blueprints.insights import composition as _composition  # noqa: E402, F401
from portal.blueprints.insights import jobs as _jobs  # noqa: E402, F401
from portal.printing import insights as _sheets  # noqa: E402, F401 - sheets register on import
