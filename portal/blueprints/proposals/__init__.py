"""Blueprint `proposals`: customers' proposals registered, routed, told, extended; what departments see of them 客户提案 (PP-1 to PP-4)."""

from typing import Any

from flask import Blueprint

from portal import navigation
from portal.models import proposal_desk
from portal.permissions import Permission
from portal.rules.message import N_


def _waiting(user: Any) -> int:
    """Return what the rail shows behind the area: of a department's account how much it is to answer."""
    return proposal_desk.to_answer(user) if user.is_department else 0


bp = Blueprint("proposals", __name__)
navigation.area(
    order=48,
    endpoint="proposals.proposals",
    title=N_("Customers' proposals"),
    icon="lightbulb",
    permission=Permission.PROPOSAL_READ,
    count=_waiting,
    prefixes=("proposals.",),
)
navigation.creation(order=58, endpoint="proposals.proposal_new", title=N_("Customer's proposal"), permission=Permission.PROPOSAL_WORK)

# Routes register on import.
import portal.printing.proposal_outcomes as _outcomes  # noqa: E402, F401 - assessment, decision, reward slip, yearly list
import portal.printing.proposal_overview as _overview_sheet  # noqa: E402, F401 - figures of a year
import portal.printing.proposals as _printing  # noqa: E402, F401 - registration form, routing, copies, letters, extension, list
from portal.blueprints.proposals import assessment as _assessment  # noqa: E402, F401
from portal.blueprints.proposals import carrying_out as _carrying_out  # noqa: E402, F401
from portal.blueprints.proposals import deadlines as _deadlines  # noqa: E402, F401
from portal.blueprints.proposals import decisions as _decisions  # noqa: E402, F401
from portal.blueprints.proposals import jobs as _jobs  # noqa: E402, F401
from portal.blueprints.proposals import letters as _letters  # noqa: E402, F401
from portal.blueprints.proposals import lists as _lists  # noqa: E402, F401
from portal.blueprints.proposals import overview as _overview  # noqa: E402, F401
from portal.blueprints.proposals import pages as _pages  # noqa: E402, F401
from portal.blueprints.proposals import registration as _registration  # noqa: E402, F401
from portal.blueprints.proposals import rewards as _rewards  # noqa: E402, F401
from portal.blueprints.proposals import routing as _routing  # noqa: E402, F401
