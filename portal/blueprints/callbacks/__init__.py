"""Blueprint `callbacks`: the day's calls, all calls, draws, and a customer's calls 电话回访 (SV-10 to SV-12)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("callbacks", __name__)
navigation.area(
    order=32,
    endpoint="callbacks.day",
    title=N_("Call-backs"),
    icon="telephone-outbound",
    permission=Permission.CALLBACK_WORK,
    prefixes=("callbacks.",),
)
navigation.creation(order=55, endpoint="callbacks.draw_new", title=N_("Draw customers to call"), permission=Permission.CALLBACK_PLAN)

# Routes register on import.
import portal.printing.callbacks as _printing  # noqa: E402, F401 - follow-up card and list
from portal.blueprints.callbacks import customers as _customers  # noqa: E402, F401
from portal.blueprints.callbacks import day as _day  # noqa: E402, F401
from portal.blueprints.callbacks import draws as _draws  # noqa: E402, F401
from portal.blueprints.callbacks import lists as _lists  # noqa: E402, F401
