"""Blueprint `archive`: the register, a customer's pages, search."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("archive", __name__)
navigation.area(
    order=20,
    endpoint="archive.register",
    title=N_("Customers"),
    icon="people",
    permission=Permission.CUSTOMER_READ,
    prefixes=("archive.",),
    key="c",
)
navigation.creation(order=10, endpoint="archive.customer_new", title=N_("New prospect"), permission=Permission.CUSTOMER_EDIT, key="n")

# Routes register on import.
from portal.blueprints.archive import binders as _binders  # noqa: E402, F401
from portal.blueprints.archive import bulk as _bulk  # noqa: E402, F401
from portal.blueprints.archive import contacts as _contacts  # noqa: E402, F401
from portal.blueprints.archive import customers as _customers  # noqa: E402, F401
from portal.blueprints.archive import documents as _documents  # noqa: E402, F401
from portal.blueprints.archive import dossier as _dossier  # noqa: E402, F401
from portal.blueprints.archive import duplicates as _duplicates  # noqa: E402, F401
from portal.blueprints.archive import history as _history  # noqa: E402, F401
from portal.blueprints.archive import investigations as _investigations  # noqa: E402, F401
from portal.blueprints.archive import merges as _merges  # noqa: E402, F401
from portal.blueprints.archive import personal_data as _personal_data  # noqa: E402, F401
from portal.blueprints.archive import register as _register  # noqa: E402, F401
from portal.blueprints.archive import search as _search  # noqa: E402, F401
