"""Blueprint `orders`: refused orders, orders treated like grade A (RL-6), long-term agreements (RL-4)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("orders", __name__)
navigation.area(
    order=46,
    endpoint="orders.order_requests",
    title=N_("Orders and agreements"),
    icon="file-earmark-check",
    permission=Permission.ORDER_REQUEST,
    prefixes=("orders.",),
)
navigation.creation(order=62, endpoint="orders.order_request_new", title=N_("Request about an order"), permission=Permission.ORDER_REQUEST)
navigation.creation(order=63, endpoint="orders.agreement_new", title=N_("Long-term agreement"), permission=Permission.AGREEMENT_EDIT)

# Routes register on import.
import portal.printing.orders as _printing  # noqa: E402, F401 - both requests and both lists
from portal.blueprints.orders import agreements as _agreements  # noqa: E402, F401
from portal.blueprints.orders import lists as _lists  # noqa: E402, F401
from portal.blueprints.orders import requests as _requests  # noqa: E402, F401
