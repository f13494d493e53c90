"""Forms of visits: plan, sheet, attempt, moving, letters; each of those on one page has a prefix of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, DecimalField, HiddenField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal import clock
from portal.forms import PortalForm
from portal.i18n import of_choice
from portal.models import visit as visits
from portal.models.standard import value as standard
from portal.models.visit_checks import purposes
from portal.rules import visits as rules
from portal.rules.text import clean_line
from portal.rules.visits import Sheet
from portal.sessions import me

LONG = [Length(max=rules.LONGEST_TEXT + 500)]
"""A text that is longer than is kept is refused by the rule, which says by how much."""
_REVIEW, _EFFECT, _NEEDS, _NEXT = rules.SHEET.values()
_MOMENT = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]


def version_of(form: Any) -> int:
    """Return the version that the page showed; -1, which is none, where it says nothing."""
    text = form.version.raw_data[0] if form.version.raw_data else ""
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def is_stale(form: Any, record: Any) -> bool:
    """Return whether a form that brings a version was shown before its record became what it is."""
    return "version" in form and version_of(form) != record.version


def day_of(text: str, otherwise: date) -> date:
    """Return the day of an address, or `otherwise` where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


def _purposes(also: str = "") -> list[SelectChoice]:
    return [SelectChoice(one["code"], of_choice(one)) for one in purposes(also)]


class PromiseForm(PortalForm):
    """What a customer is promised, by when."""

    promise = StringField(_l("Promised to the customer"), [Length(max=500)])
    promised_at = DateTimeLocalField(_l("Promised by"), [Optional()], format=_MOMENT)

    @property
    def moment(self) -> datetime | None:
        """Return by when, at the site; None where nothing is said."""
        return self.promised_at.data.replace(tzinfo=clock.SITE_ZONE) if self.promised_at.data else None

    @property
    def said(self) -> str:
        """Return what is promised, '' for nothing."""
        return clean_line(self.promise.data or "")


class SheetForm(PromiseForm):
    """What came of a visit, and what was promised there."""

    version = HiddenField()
    on = DateField(_l("Day of the visit"), [Optional()])
    met = StringField(_l("Whom you met"), [Length(max=rules.LONGEST_NAMES + 100)])
    purpose = SelectField(_l("Purpose of the visit"), validate_choice=False)
    review = TextAreaField(_l(_REVIEW), LONG, render_kw={"rows": 2})
    effect = TextAreaField(_l(_EFFECT), LONG, render_kw={"rows": 2})
    needs = TextAreaField(_l(_NEEDS), LONG, render_kw={"rows": 2})
    next_step = TextAreaField(_l(_NEXT), LONG, render_kw={"rows": 2})

    def offer(self, also: str = "") -> SheetForm:
        """Fill in the purposes, and return the form."""
        self.purpose.choices = _purposes(also)
        return self

    @property
    def sheet(self) -> Sheet:
        """Return what was written."""
        texts = {name: (self[name].data or "").strip() for name in rules.SHEET}
        return Sheet(met=clean_line(self.met.data or ""), purpose=self.purpose.data or "", **texts)


class UnplannedForm(SheetForm):
    """A visit that was not planned: to whom, and what came of it."""

    customer = StringField(_l("Customer"), [Length(max=200)])


class MissForm(PortalForm):
    """That nobody was met, and when to go again."""

    version = HiddenField()
    note = StringField(_l("What happened"), [Length(max=rules.LONGEST_LINE)])
    later_on = DateField(_l("Go again on"), [Optional()])


class MoveForm(PortalForm):
    """Another day, or an end, with the reason."""

    version = HiddenField()
    day = DateField(_l("Another day"), [Optional()])
    reason = StringField(_l("Reason"), [Length(max=rules.LONGEST_LINE)])


class PersonForm(PortalForm):
    """Who goes."""

    version = HiddenField()
    staff = SelectField(_l("Who goes"), coerce=int, validate_choice=False)

    def offer(self) -> PersonForm:
        """Fill in whom the reader may send, and return the form."""
        self.staff.choices = [SelectChoice(number, name) for number, name in visits.people(me())]
        return self


class KeptForm(PortalForm):
    """Whether a promise was kept."""

    word = StringField(_l("Why it was not kept"), [Length(max=500)])


class PlanForm(PortalForm):
    """A visit for a day: of one customer, or of those chosen on the list of who is due."""

    day = DateField(_l("Day of the visit"), [Optional()])
    staff = SelectField(_l("Who goes"), coerce=int, validate_choice=False)
    purpose = SelectField(_l("Purpose of the visit"), validate_choice=False)
    aim = StringField(_l("What is to be done there"), [Length(max=rules.LONGEST_TEXT)])

    def offer(self, staff_id: int | None = None) -> PlanForm:
        """Fill in people and purposes, and return the form."""
        self.staff.choices = [SelectChoice(number, name) for number, name in visits.people(me())]
        self.purpose.choices = _purposes()
        if not self.is_submitted():
            self.staff.data = staff_id if staff_id in {number for number, _name in visits.people(me())} else me().id
        return self


class DaysForm(PortalForm):
    """How many working days are filled along the route, from when, with how many visits a day."""

    first = DateField(_l("From the day"), [Optional()])
    days = IntegerField(_l("Working days"), [InputRequired(_l("Enter a number."))])
    a_day = IntegerField(_l("Visits a day"), [InputRequired(_l("Enter a number."))])
    staff = SelectField(_l("Who goes"), coerce=int, validate_choice=False)

    def offer(self, staff_id: int | None = None) -> DaysForm:
        """Fill in people and the usual figures, and return the form."""
        self.staff.choices = [SelectChoice(number, name) for number, name in visits.people(me())]
        if not self.is_submitted():
            self.staff.data = staff_id or me().id
            self.days.data, self.a_day.data = 5, standard("visit.per_day")
        return self


class ReportForm(PortalForm):
    """The word on the day as a whole."""

    version = HiddenField()
    remarks = TextAreaField(_l("On the day as a whole"), LONG, render_kw={"rows": 3})


class WordForm(PortalForm):
    """A word on a daily report."""

    version = HiddenField()
    text = TextAreaField(_l("Text"), LONG, render_kw={"rows": 3})


class PeriodForm(PortalForm):
    """Deals of which period are thanked for."""

    since = DateField(_l("Deals from"), [InputRequired()])
    until = DateField(_l("until"), [InputRequired()])
    least = DecimalField(_l("From this amount on (yuan)"), [Optional()])


class LetterKindForm(PortalForm):
    """Letter or card."""

    kind = SelectField(_l("Letter or card"), choices=[SelectChoice(code, _l(title)) for code, title in rules.LETTER_KINDS.items()])


class ChosenForm(LetterKindForm):
    """Letters to chosen customers: which kind, and the day of the deal."""

    deal_on = DateField(_l("Day of the deal"), [Optional()])


class LetterForm(PortalForm):
    """The texts of a letter."""

    version = HiddenField()
    text_zh = TextAreaField(_l("Text in Chinese"), [Length(max=rules.LONGEST_LETTER + 500)], render_kw={"rows": 12, "lang": "zh-CN"})
    text_en = TextAreaField(_l("Text in English"), [Length(max=rules.LONGEST_LETTER + 500)], render_kw={"rows": 12, "lang": "en"})


def everything() -> SelectChoice:
    """Return the choice that sets no filter."""
    return SelectChoice("", _("Everything"))
