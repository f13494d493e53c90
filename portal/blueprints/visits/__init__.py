"""Blueprint `visits`: the day's list, who is due, plans, daily reports, letters of thanks 拜访 (SV-20)."""

from flask import Blueprint

from portal import bulk, navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("visits", __name__)
navigation.area(
    order=33,
    endpoint="visits.day",
    title=N_("Visits to customers"),
    icon="geo-alt",
    permission=Permission.VISIT_WORK,
    prefixes=("visits.",),
)
navigation.creation(order=57, endpoint="visits.unplanned", title=N_("Write down a visit"), permission=Permission.VISIT_WORK, key="v")
bulk.bulk_action(
    order=75, name="thanks", title=N_("Write letters of thanks"), permission=Permission.VISIT_WORK, endpoint="visits.letters_chosen"
)

# Routes register on import.
import portal.printing.visits as _printing  # noqa: E402, F401 - daily report, letter, labels, lists
from portal.blueprints.visits import customers as _customers  # noqa: E402, F401
from portal.blueprints.visits import day as _day  # noqa: E402, F401
from portal.blueprints.visits import letters as _letters  # noqa: E402, F401
from portal.blueprints.visits import lists as _lists  # noqa: E402, F401
from portal.blueprints.visits import planning as _planning  # noqa: E402, F401
from portal.blueprints.visits import reports as _reports  # noqa: E402, F401
from portal.blueprints.visits import steps as _steps  # noqa: E402, F401
