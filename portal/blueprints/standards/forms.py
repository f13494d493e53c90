"""Forms of standards and calendar."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

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
