"""Blueprint `custody`: loans of dossiers 借阅, the end of dealings, and disposal 销毁 (AR-11, AR-20)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("custody", __name__)
navigation.area(
    order=22,
    endpoint="custody.loans",
    title=N_("Dossier loans"),
    icon="journal-arrow-up",
    permission=Permission.LOAN_READ,
    prefixes=("custody.",),
)
navigation.creation(order=40, endpoint="custody.loan_new", title=N_("Ask for a dossier"), permission=Permission.LOAN_ASK)

# Routes register on import.
from portal.blueprints.custody import dealings as _dealings  # noqa: E402, F401
from portal.blueprints.custody import disposals as _disposals  # noqa: E402, F401
from portal.blueprints.custody import jobs as _jobs  # noqa: E402, F401
from portal.blueprints.custody import loans as _loans  # noqa: E402, F401
from portal.blueprints.custody import papers as _papers  # noqa: E402, F401
from portal.printing import custody as _custody  # noqa: E402, F401 - sheets of loans and disposals
