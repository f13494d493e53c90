"""Blueprint `hand_overs`: hand-overs 移交 with their lists, prepared, carried out and signed (RO-4, RO-5)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("hand_overs", __name__)
navigation.creation(order=60, endpoint="hand_overs.index", title=N_("Hand-over list"), permission=Permission.CUSTOMER_READ)

# Routes register on import.
import portal.printing.hand_over as _printing  # noqa: E402, F401 - the list on paper
from portal.blueprints.hand_overs import pages as _pages  # noqa: E402, F401
