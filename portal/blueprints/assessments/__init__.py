"""Blueprint `assessments`: assessment of service staff and departments by month 考核, rewards and sanctions (SV-31)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("assessments", __name__)
navigation.area(
    order=37,
    endpoint="assessments.months",
    title=N_("Assessment of staff"),
    icon="clipboard2-check",
    permission=Permission.ASSESSMENT_READ,
    prefixes=("assessments.",),
)

# Routes register on import.
import portal.printing.assessments as _printing  # noqa: E402, F401 - sheets of persons, months, rewards
from portal.blueprints.assessments import months as _months  # noqa: E402, F401
from portal.blueprints.assessments import people as _people  # noqa: E402, F401
from portal.blueprints.assessments import rewards as _rewards  # noqa: E402, F401
