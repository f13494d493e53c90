"""Blueprint `accounts`: sign-in, own profile, staff, teams, delegation."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("accounts", __name__)
navigation.area(
    order=80,
    endpoint="accounts.staff_list",
    title=N_("Staff"),
    icon="people",
    permission=Permission.STAFF_MANAGE,
    prefixes=(
        "accounts.staff",
        "accounts.team",
        "accounts.new_staff",
        "accounts.create_staff",
        "accounts.change_staff",
        "accounts.deactivation",
    ),
)

# Routes register on import.
from portal.blueprints.accounts import delegations as _delegations  # noqa: E402, F401
from portal.blueprints.accounts import profile as _profile  # noqa: E402, F401
from portal.blueprints.accounts import sign_in as _sign_in  # noqa: E402, F401
from portal.blueprints.accounts import staff as _staff  # noqa: E402, F401
from portal.blueprints.accounts import teams as _teams  # noqa: E402, F401
