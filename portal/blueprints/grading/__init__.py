"""Blueprint `grading`: the yearly grading of customers 客户质量等级评定 (RL-1 to RL-4)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("grading", __name__)
navigation.area(
    order=40,
    endpoint="grading.campaigns",
    title=N_("Grading"),
    icon="award",
    permission=Permission.GRADING_WORK,
    prefixes=("grading.",),
)

# Routes register on import.
import portal.printing.grading as _printing  # noqa: E402, F401 - form, ledger and grade list
from portal.blueprints.grading import campaigns as _campaigns  # noqa: E402, F401
from portal.blueprints.grading import gradings as _gradings  # noqa: E402, F401
from portal.blueprints.grading import jobs as _jobs  # noqa: E402, F401
from portal.blueprints.grading import lists as _lists  # noqa: E402, F401
