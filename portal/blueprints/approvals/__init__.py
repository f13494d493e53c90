"""Blueprint `approvals`: inbox, sign-off, paper steps, own submissions, notices, changes of credit (AP-1 to AP-10)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g

from portal import navigation, waiting
from portal.models import notice
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("approvals", __name__)


def unread_count(user: Any) -> int:
    """Return how many notices `user` has not read, asked once a request."""
    if "unread_count" not in g:
        g.unread_count = notice.unread_count(user)
    return int(g.unread_count)


navigation.area(
    order=10,
    endpoint="approvals.inbox",
    title=N_("Inbox"),
    icon="inbox",
    permission=Permission.APPROVAL_READ,
    count=waiting.count,
    prefixes=("approvals.",),
    key="i",
)


@bp.app_context_processor
def counts() -> dict[str, Any]:
    """Give templates the two counts of the top bar."""
    return {"waiting_count_of": waiting.count, "unread_count_of": unread_count}


bp.after_app_request(waiting.note_act)

# Routes and periodic work register on import.
from portal.blueprints.approvals import credit as _credit  # noqa: E402, F401
from portal.blueprints.approvals import inbox as _inbox  # noqa: E402, F401
from portal.blueprints.approvals import jobs as _jobs  # noqa: E402, F401
from portal.blueprints.approvals import notices as _notices  # noqa: E402, F401
from portal.blueprints.approvals import pages as _pages  # noqa: E402, F401
from portal.blueprints.approvals import signing as _signing  # noqa: E402, F401
