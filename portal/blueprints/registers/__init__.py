"""Blueprint `registers`: the office registers 登记簿, whichever are declared (AR-30, AR-31)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("registers", __name__)
navigation.area(
    order=26, endpoint="registers.index", title=N_("Office registers"), icon="journals", permission=Permission.REGISTER_READ,
    prefixes=("registers.",),
)  # fmt: skip

from portal.blueprints.registers import entries as _entries  # noqa: E402, F401 - routes register on import
from portal.blueprints.registers import lists as _lists  # noqa: E402, F401
