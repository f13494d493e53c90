"""Blueprint `maintenance`: plans with their tasks, strengthening tables, festival greetings 客户关系维护 (RL-20 to RL-24)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("maintenance", __name__)
navigation.area(
    order=44,
    endpoint="maintenance.tasks",
    title=N_("Maintenance"),
    icon="calendar2-heart",
    permission=Permission.PLAN_WORK,
    prefixes=("maintenance.",),
)
navigation.creation(order=60, endpoint="maintenance.plan_new", title=N_("Maintenance plan"), permission=Permission.PLAN_EDIT)

# Routes register on import.
import portal.printing.maintenance as _printing  # noqa: E402, F401 - plan, amendment, summary, tables, lists
from portal.blueprints.maintenance import greetings as _greetings  # noqa: E402, F401
from portal.blueprints.maintenance import papers as _papers  # noqa: E402, F401
from portal.blueprints.maintenance import plans as _plans  # noqa: E402, F401
from portal.blueprints.maintenance import strengthening as _strengthening  # noqa: E402, F401
from portal.blueprints.maintenance import tasks as _tasks  # noqa: E402, F401
from portal.blueprints.maintenance import writing as _writing  # noqa: E402, F401
