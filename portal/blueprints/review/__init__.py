"""Blueprint `review`: the half-yearly review 半年核对 (AR-21)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("review", __name__)
navigation.area(
    order=24,
    endpoint="review.campaigns",
    title=N_("Half-yearly review"),
    icon="clipboard-check",
    permission=Permission.REVIEW_WORK,
    prefixes=("review.",),
)

# Routes register on import.
import portal.printing.review as _printing  # noqa: E402, F401 - the list for the round of the shelves
from portal.blueprints.review import campaigns as _campaigns  # noqa: E402, F401
from portal.blueprints.review import jobs as _jobs  # noqa: E402, F401
from portal.blueprints.review import lines as _lines  # noqa: E402, F401
from portal.blueprints.review import shelves as _shelves  # noqa: E402, F401
