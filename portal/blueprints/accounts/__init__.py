"""Blueprint `accounts`: sign-in, own profile, staff, delegation."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)

from portal.blueprints.accounts import sign_in as _sign_in  # noqa: E402, F401 - routes register on import
