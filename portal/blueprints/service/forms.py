"""Forms of requests: taking in, each step, closing; moments are those of the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import DateTimeLocalField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.forms import PortalForm
from portal.i18n import of_choice
from portal.models.request_flow import targets
from portal.models.standard import value as standard
from portal.rules import requests as rules
from portal.rules.working_time import ZONE

LINE, TEXT = [Length(max=120)], [Length(max=rules.LONGEST + 1000)]
"""A text that is longer than is kept is refused by the rule, which says by how much."""


def moment(field: Any) -> datetime | None:
    """Return a moment that was typed, at the site; None for none."""
    return field.data.replace(tzinfo=ZONE) if field.data else None


def version_of(form: Any) -> int:
    """Return the version that the page showed; -1, which is none, where it says nothing."""
    text = form.version.raw_data[0] if form.version.raw_data else ""
    return int(text) if text.isdecimal() and len(text) < 10 else -1


def _choices(words: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice(code, _l(title)) for code, title in words.items()]


class IntakeForm(PortalForm):
    """A request as it is taken in: customer, kind, channel, text; the rest can follow."""

    customer = StringField(_l("Customer"), [Length(max=200)])
    kind = SelectField(_l("Kind"), choices=_choices(rules.KINDS), validate_choice=False)
    channel = SelectField(_l("Channel"), choices=_choices(rules.CHANNELS), validate_choice=False)
    text = TextAreaField(_l("What is asked for"), TEXT, render_kw={"rows": 5})
    priority = SelectField(_l("Priority"), choices=_choices(rules.PRIORITIES), default=rules.NORMAL, validate_choice=False)
    caller = StringField(_l("Who calls or writes"), LINE)
    telephone = StringField(_l("Telephone to call back"), [Length(max=60)])
    received_at = DateTimeLocalField(_l("Received at, if not just now"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    promise = StringField(_l("Promised to the customer"), [Length(max=500)])
    promised_at = DateTimeLocalField(_l("Promised by"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    answer = TextAreaField(_l("Answer, if it was given at once"), TEXT, render_kw={"rows": 3})


class StepForm(PortalForm):
    """A step with its word."""

    word = TextAreaField(_l("Word"), TEXT, render_kw={"rows": 3})
    satisfied = RadioField(
        _l("Is the customer satisfied?"),
        choices=[SelectChoice("yes", _l("Satisfied")), SelectChoice("no", _l("Not satisfied"))],
        validate_choice=False,
    )
    version = HiddenField()

    @property
    def is_satisfied(self) -> bool | None:
        """Return what was chosen, None for nothing."""
        return {"yes": True, "no": False}.get(self.satisfied.data)


class PassForm(PortalForm):
    """To whom a request is passed on, and why."""

    to = SelectField(_l("Pass to"), choices=[], validate_choice=False)
    word = TextAreaField(_l("Why it goes there"), TEXT, render_kw={"rows": 2})
    version = HiddenField()

    def offer(self) -> PassForm:
        """Fill in people, teams and departments, nobody chosen, and return the form."""
        groups = {"person": _("People"), "team": _("Teams"), "department": _("Departments")}
        found = [SelectChoice(code, name, optgroup=groups[kind]) for kind, some in targets().items() for code, name in some]
        self.to.choices = [SelectChoice("", _("Choose…")), *found]
        return self


class CustomerForm(PortalForm):
    """Which customer a request is of."""

    customer = StringField(_l("Customer"), [Length(max=200)])
    version = HiddenField()


class PromiseForm(PortalForm):
    """What a customer is promised, by when."""

    promise = StringField(_l("Promised to the customer"), [Length(max=500)])
    promised_at = DateTimeLocalField(_l("Promised by"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


class KeptForm(PortalForm):
    """Whether a promise was kept."""

    word = StringField(_l("Why it was not kept"), [Length(max=500)])


class LinkForm(PortalForm):
    """Another request that it repeats, or has to do with."""

    other = StringField(_l("Number of the other request"), [Length(max=40)])
    link = SelectField(
        _l("How they belong together"),
        choices=[
            SelectChoice("related", _l("has to do with it")),
            SelectChoice("duplicate", _l("this one repeats it: join it to that one")),
        ],
        validate_choice=False,
    )
    version = HiddenField()


class VisitForm(PortalForm):
    """A fitter's visit."""

    fitter = StringField(_l("Fitter"), [Length(max=80)])
    telephone = StringField(_l("Telephone of the fitter"), [Length(max=60)])
    starts_at = DateTimeLocalField(_l("Comes at"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    ends_at = DateTimeLocalField(_l("Done by"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


class DoneForm(PortalForm):
    """That a repair is done."""

    result = TextAreaField(_l("What was done"), TEXT, render_kw={"rows": 2})
    done_at = DateTimeLocalField(_l("Done at, if not just now"), [Optional()], format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


class ChangeForm(PortalForm):
    """What a request says, to be corrected or filled in."""

    kind = SelectField(_l("Kind"), choices=_choices(rules.KINDS), validate_choice=False)
    channel = SelectField(_l("Channel"), choices=_choices(rules.CHANNELS), validate_choice=False)
    priority = SelectField(_l("Priority"), choices=_choices(rules.PRIORITIES), validate_choice=False)
    caller = StringField(_l("Who calls or writes"), LINE)
    telephone = StringField(_l("Telephone to call back"), [Length(max=60)])
    text = TextAreaField(_l("What is asked for"), TEXT, render_kw={"rows": 6})
    cause = SelectField(_l("Cause"), choices=[], validate_choice=False)
    department = StringField(_l("Responsible department"), LINE, render_kw={"list": "departments"})
    done = TextAreaField(_l("What was done"), TEXT, render_kw={"rows": 3})
    prevention = TextAreaField(_l("What prevents it from coming again"), TEXT, render_kw={"rows": 3})
    version = HiddenField()

    def offer(self, before: str) -> ChangeForm:
        """Fill in the causes in use, with the one that stands, and return the form."""
        self.cause.choices = causes(before)
        return self


class ClosingForm(PortalForm):
    """What a closed request says; of a complaint everything is asked for (SV-5)."""

    cause = SelectField(_l("Cause"), choices=[], validate_choice=False)
    done = TextAreaField(_l("What was done"), TEXT, render_kw={"rows": 4})
    satisfied = RadioField(
        _l("Is the customer satisfied?"),
        choices=[SelectChoice("yes", _l("Satisfied")), SelectChoice("no", _l("Not satisfied"))],
        validate_choice=False,
    )
    word = TextAreaField(_l("What the customer said of it"), TEXT, render_kw={"rows": 2})
    department = StringField(_l("Responsible department"), LINE, render_kw={"list": "departments"})
    prevention = TextAreaField(_l("What prevents it from coming again"), TEXT, render_kw={"rows": 3})
    version = HiddenField()

    def offer(self, before: str) -> ClosingForm:
        """Fill in the causes in use, with the one that stands, and return the form."""
        self.cause.choices = causes(before)
        return self

    def values(self) -> dict[str, Any]:
        """Return what was typed."""
        satisfied = {"yes": True, "no": False}.get(self.satisfied.data)
        texts = {name: (self[name].data or "").strip() for name in ("cause", "done", "word", "department", "prevention")}
        return {**texts, "satisfied": satisfied}


def causes(before: str = "") -> list[SelectChoice]:
    """Return the causes to choose from, with the one that stands even where it is no longer in use."""
    found = [one for one in standard("choices.complaint_cause") if one["active"] or one["code"] == before]
    return [SelectChoice("", "—"), *(SelectChoice(one["code"], of_choice(one)) for one in found)]


def departments() -> list[str]:
    """Return the departments of the office, to be suggested."""
    return [name for _code, name in targets()["department"]]
