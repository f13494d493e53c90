"""Blueprint `sales`: sales and payments, by line and by month, and products (RL-8)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("sales", __name__)
navigation.area(
    order=50, endpoint="sales.sales", title=N_("Sales"), icon="graph-up", permission=Permission.SALES_READ, prefixes=("sales.",)
)
navigation.creation(order=60, endpoint="sales.sale_new", title=N_("New sale"), permission=Permission.SALES_EDIT)
navigation.creation(order=61, endpoint="sales.payment_new", title=N_("New payment"), permission=Permission.SALES_EDIT)

from portal.blueprints.sales import entries as _entries  # noqa: E402, F401 - routes register on import
from portal.blueprints.sales import jobs as _jobs  # noqa: E402, F401
from portal.blueprints.sales import lists as _lists  # noqa: E402, F401
from portal.blueprints.sales import products as _products  # noqa: E402, F401
from portal.printing import sales as _sheets  # noqa: E402, F401 - printed lists
