"""Blueprint `surveys`: satisfaction surveys 满意度调查, their answers, results over time, and the page that a customer opens (SV-30)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("surveys", __name__)
navigation.area(
    order=36,
    endpoint="surveys.surveys",
    title=N_("Satisfaction surveys"),
    icon="emoji-smile",
    permission=Permission.SURVEY_WORK,
    prefixes=("surveys.",),
)
navigation.creation(order=56, endpoint="surveys.survey_new", title=N_("Satisfaction survey"), permission=Permission.SURVEY_PLAN)

# Routes register on import.
import portal.printing.surveys as _printing  # noqa: E402, F401 - questionnaire, results, lists
from portal.blueprints.surveys import asking as _asking  # noqa: E402, F401
from portal.blueprints.surveys import jobs as _jobs  # noqa: E402, F401
from portal.blueprints.surveys import lists as _lists  # noqa: E402, F401
from portal.blueprints.surveys import planning as _planning  # noqa: E402, F401
from portal.blueprints.surveys import public as _public  # noqa: E402, F401
from portal.blueprints.surveys import results as _results  # noqa: E402, F401
