"""Blueprint `reception`: applications of visiting customers, meeting rooms, what came of the visits 参观接待 (SV-21)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("reception", __name__)
navigation.area(
    order=36,
    endpoint="reception.receptions",
    title=N_("Receptions of visitors"),
    icon="door-open",
    permission=Permission.RECEPTION_WORK,
    prefixes=("reception.",),
)
navigation.creation(order=65, endpoint="reception.reception_new", title=N_("Reception application"), permission=Permission.RECEPTION_WORK)

# Routes register on import.
import portal.printing.reception as _printing  # noqa: E402, F401 - application, passes, escort sheet, list
from portal.blueprints.reception import outcomes as _outcomes  # noqa: E402, F401
from portal.blueprints.reception import pages as _pages  # noqa: E402, F401
from portal.blueprints.reception import rooms as _rooms  # noqa: E402, F401
from portal.blueprints.reception import writing as _writing  # noqa: E402, F401
