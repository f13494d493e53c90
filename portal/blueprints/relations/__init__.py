"""Blueprint `relations`: relation assessments 客户关系评估, and the value delivered to customers 顾客让渡价值 (RL-7, IN-5)."""

from flask import Blueprint

from portal import navigation
from portal.permissions import Permission
from portal.rules.message import N_

bp = Blueprint("relations", __name__)
navigation.area(
    order=42,
    endpoint="relations.assessments",
    title=N_("Relation assessments"),
    icon="clipboard2-pulse",
    permission=Permission.RELATION_WORK,
    prefixes=("relations.",),
)
navigation.creation(order=55, endpoint="relations.assessment_choose", title=N_("Relation assessment"), permission=Permission.RELATION_WORK)

# Routes register on import.
import portal.printing.relations as _printing  # noqa: E402, F401 - the form, the sheet of delivered value, lists
from portal.blueprints.relations import lists as _lists  # noqa: E402, F401
from portal.blueprints.relations import pages as _pages  # noqa: E402, F401
from portal.blueprints.relations import writing as _writing  # noqa: E402, F401
