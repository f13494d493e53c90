"""The filters of the audit log."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from portal.forms import PortalForm
from portal.models.audit_records import RECORD_LABELS
from portal.models.audit_search import KIND_LABELS

LARGEST = 2**31 - 1
"""No number of a record is larger: a database does not even look for one that is."""


class AuditForm(PortalForm):
    """Person, kind, record, customer and days. `people` are (id, name)."""

    actor_id = SelectField(_l("Person"), coerce=int, default=0)
    kind = SelectField(_l("Kind"), default="")
    record_type = SelectField(_l("Record"), default="")
    record_id = IntegerField(_l("Record number"), [Optional(), NumberRange(1, LARGEST, message=_l("No record has this number."))])
    customer_number = StringField(_l("Customer number"), [Length(max=40)])
    from_date = DateField(_l("From the day"), [Optional()])
    to_date = DateField(_l("To"), [Optional()])

    def __init__(self, *args: Any, people: list[tuple[int, str]], **values: Any) -> None:
        super().__init__(*args, **values)
        self.actor_id.choices = [SelectChoice(0, _l("Everybody")), *(SelectChoice(number, name) for number, name in people)]
        records = sorted(((code, _(label)) for code, label in RECORD_LABELS.items()), key=itemgetter(1))
        self.record_type.choices = [SelectChoice("", _l("All")), *(SelectChoice(code, label) for code, label in records)]
        self.kind.choices = [SelectChoice("", _l("All")), *(SelectChoice(code, _l(label)) for code, label in KIND_LABELS.items())]
