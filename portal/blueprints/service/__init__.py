"""Blueprint `service`: requests and complaints, the month's complaints, channels (SV-1 to SV-8)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("service", __name__)
navigation.area(
    order=30,
    endpoint="service.requests",
    title=N_("Requests and complaints"),
    icon="headset",
    permission=Permission.REQUEST_READ,
    prefixes=("service.",),
    key="r",
    short=N_("Requests"),
)
navigation.creation(order=5, endpoint="service.request_new", title=N_("Take in a request"), permission=Permission.REQUEST_WORK, key="q")

from portal.blueprints.service import channels as _channels  # noqa: E402, F401 - routes register on import
from portal.blueprints.service import intake as _intake  # noqa: E402, F401
from portal.blueprints.service import jobs as _jobs  # noqa: E402, F401 - kinds of jobs register on import
from portal.blueprints.service import lists as _lists  # noqa: E402, F401
from portal.blueprints.service import months as _months  # noqa: E402, F401
from portal.blueprints.service import pages as _pages  # noqa: E402, F401
from portal.blueprints.service import steps as _steps  # noqa: E402, F401
from portal.printing import requests as _sheets  # noqa: E402, F401 - sheets of requests
