"""Blueprint `archive`."""

from flask import Blueprint

bp = Blueprint("archive", __name__)

from portal.blueprints.archive import bulk as _bulk  # noqa: E402, F401
from portal.blueprints.archive import contacts as _contacts  # noqa: E402, F401 - routes register on import
from portal.blueprints.archive import customers as _customers  # noqa: E402, F401
from portal.blueprints.archive import history as _history  # noqa: E402, F401
from portal.blueprints.archive import investigations as _investigations  # noqa: E402, F401
from portal.blueprints.archive import register as _register  # noqa: E402, F401
from portal.blueprints.archive import search as _search  # noqa: E402, F401
