"""Blueprint `prints`: preview and print of sheets, and what a sheet on paper is worth (PR-1 to PR-5, PR-9, PR-10)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("prints", __name__)
navigation.area(
    order=60, endpoint="prints.index", title=N_("Sheets"), icon="printer", permission=Permission.SHEET_PRINT, prefixes=("prints.",)
)

# Routes register on import.
from portal.blueprints.prints import batches as _batches  # noqa: E402, F401
from portal.blueprints.prints import binders as _binders  # noqa: E402, F401
from portal.blueprints.prints import lists as _lists  # noqa: E402, F401
from portal.blueprints.prints import pages as _pages  # noqa: E402, F401
from portal.blueprints.prints import seals as _seals  # noqa: E402, F401
from portal.blueprints.prints import verification as _verification  # noqa: E402, F401
from portal.printing import boxes as _boxes  # noqa: E402, F401 - sheets of binders
from portal.printing import registers as _registers  # noqa: E402, F401 - sheets of the office registers
