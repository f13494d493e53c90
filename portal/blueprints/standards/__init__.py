"""Blueprint `standards`: the site's own figures, lists and chains, and its working calendar."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("standards", __name__)
navigation.area(
    order=82,
    endpoint="standards.index",
    title=N_("Standards"),
    icon="sliders",
    permission=Permission.STANDARD_READ,
    prefixes=("standards.",),
)

from portal.blueprints.standards import calendar as _calendar  # noqa: E402, F401 - routes register on import
from portal.blueprints.standards import exchange as _exchange  # noqa: E402, F401
from portal.blueprints.standards import pages as _pages  # noqa: E402, F401
