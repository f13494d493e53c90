"""Blueprint `service`: requests and complaints, channels (SV-1 to SV-8)."""

from flask import Blueprint

bp = Blueprint("service", __name__)

from portal.blueprints.service import jobs as _jobs  # noqa: E402, F401 - kinds of jobs register on import
