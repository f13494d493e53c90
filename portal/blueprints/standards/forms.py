"""Forms of standards and calendar."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, DecimalField, HiddenField, RadioField, StringField, TextAreaField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.forms import PortalForm

_REQUIRED = _l("Say why.")


class VersionForm(PortalForm):
    """From when a new value holds, and why. The value itself stands in an editor of its kind; `value` holds what is wrong with it."""

    value = StringField(_l("New value"))
    from_date = DateField(_l("In force from"), [InputRequired(_l("Enter a date, such as 2026-03-05."))])
    reason = TextAreaField(_l("Why it changes"), [InputRequired(_REQUIRED), Length(max=500)])
    expect = HiddenField()
    """The number of the last version when the form was opened: a change by somebody else meanwhile is a conflict."""


class CancellationForm(PortalForm):
    """Why a version that was set ahead is given up."""

    reason = StringField(_l("Why it is cancelled"), [InputRequired(_REQUIRED), Length(max=500)])


class FileForm(PortalForm):
    """A file of standards to read."""

    file = FileField(_l("File of standards"), [FileRequired(_l("Choose a file."))])


class ImportForm(PortalForm):
    """From when the values of a read file hold, and why."""

    content_json = HiddenField()
    from_date = DateField(_l("In force from"), [InputRequired(_l("Enter a date, such as 2026-03-05."))])
    reason = TextAreaField(_l("Why they change"), [InputRequired(_REQUIRED), Length(max=500)])
    file = HiddenField()
    """Holds what is wrong with the file."""


class SiteDayForm(PortalForm):
    """Days of the site's own."""

    first = DateField(_l("First day"), [InputRequired(_l("Enter a date, such as 2026-03-05."))])
    last = DateField(_l("Last day"), [InputRequired(_l("Enter a date, such as 2026-03-05."))])
    working = RadioField(
        _l("These days are"),
        choices=[SelectChoice("free", _l("closed by the site")), SelectChoice("working", _l("open by the site"))],
        default="free",
    )
    note = StringField(_l("Why it differs"), [InputRequired(_REQUIRED), Length(max=100)])


_DAY = _l("Enter a date, such as 2026-03-05.")
HOURS, DAYS, BETWEEN = "hours", "days", "between"
MOST_COUNTED = 2000


class CountForm(PortalForm):
    """What is counted by the calendar: a deadline in hours or days, or the office time between two moments. It changes nothing."""

    class Meta(PortalForm.Meta):
        """Sent by its address."""

        csrf = False

    what = RadioField(
        _l("What is counted"),
        choices=[
            SelectChoice(HOURS, _l("working hours from a moment on")),
            SelectChoice(DAYS, _l("working days after a day")),
            SelectChoice(BETWEEN, _l("office time between two moments")),
        ],
        default=HOURS,
    )
    from_day = DateField(_l("From the day"), [InputRequired(_DAY)])
    from_time = TimeField(_l("at"), [Optional()])
    number = DecimalField(_l("How many"), [Optional(), NumberRange(-MOST_COUNTED, MOST_COUNTED)], places=None)
    until_day = DateField(_l("Until"), [Optional()])
    until_time = TimeField(_l("at"), [Optional()])
