"""Blueprint `exchange`: customers in from files and out to files (AR-40, AR-41)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("exchange", __name__)
navigation.area(
    order=70, endpoint="exchange.imports", title=N_("Imports"), icon="box-arrow-in-down", permission=Permission.CUSTOMER_IMPORT,
    prefixes=("exchange.import",),
)  # fmt: skip

from portal.blueprints.exchange import entries as _entries  # noqa: E402, F401 - routes register on import
from portal.blueprints.exchange import exports as _exports  # noqa: E402, F401 - routes register on import
from portal.blueprints.exchange import imports as _imports  # noqa: E402, F401
from portal.blueprints.exchange import insights as _insights  # noqa: E402, F401
from portal.blueprints.exchange import reports as _reports  # noqa: E402, F401
from portal.blueprints.exchange import requests as _requests  # noqa: E402, F401
from portal.blueprints.exchange import sales as _sales  # noqa: E402, F401
from portal.exchange import checking as _checking  # noqa: E402, F401 - jobs register on import
from portal.exchange import importing as _importing  # noqa: E402, F401
from portal.exchange import opening as _opening  # noqa: E402, F401
from portal.exchange import taking_back as _taking_back  # noqa: E402, F401
from portal.exchange import tidying as _tidying  # noqa: E402, F401
