"""Forms built from the declared fields of a record (card, office registers, documents): reading, filling, two people editing at once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.widgets import DateInput, EmailInput, TelInput

from portal.forms import PortalForm
from portal.i18n import is_chinese, of_choice
from portal.models import card
from portal.models.edits import Clash, clashes
from portal.models.standard import value as standard
from portal.rules.message import Refusal
from portal.rules.regions import PROVINCES
from portal.rules.text import read_json

_WIDGETS = {"email": EmailInput(), "phone": TelInput()}
_ATTRIBUTES = {
    "money": {"inputmode": "decimal"},
    "integer": {"inputmode": "numeric"},
    "figure": {"inputmode": "decimal"},
    "plate": {"autocapitalize": "characters", "spellcheck": "false"},
    "code": {"autocapitalize": "characters", "spellcheck": "false"},
}


class RecordForm(PortalForm):
    """A form over declared fields. `base` remembers what the record held when the form was opened, `version` which version that was."""

    version = HiddenField()
    base = HiddenField()
    clashed = HiddenField()
    """Names of the fields that both changed, where the page asked which text counts."""

    def __init__(self, fields: Iterable[card.Field], record: Any = None, **kwargs: Any) -> None:
        """Fill the form from `record`, or leave it empty; what was sent wins."""
        self.fields = tuple(fields)
        start = card.texts(self.fields, record) if record is not None else {}
        self.start = start
        version = {} if record is None else {"version": str(record.version), "base": json.dumps(start, ensure_ascii=False)}
        super().__init__(data={**start, **version, **kwargs.pop("data", {})}, **kwargs)
        if record is not None and self.is_submitted():
            self._resolve(record)

    def process(self, formdata: Any = None, obj: Any = None, data: Any = None, extra_filters: Any = None, **kwargs: Any) -> None:
        """Add the declared fields, then fill them.

        They are items and not attributes of the form, because a record may call a field as the form calls a method (`problems`).
        """
        for field in self.fields:
            BaseForm.__setitem__(self, field.name, _input(field, str(self.start.get(field.name, ""))))
        super().process(formdata, obj, data=data, extra_filters=extra_filters, **kwargs)

    def read(self) -> dict[str, Any] | None:
        """Return the values sent, fit for the model; None, with the errors beside their fields, where one cannot be read."""
        if not self.validate_on_submit():
            return None
        values = {}
        for field in self.fields:
            try:
                values[field.name] = field.read(self[field.name].data)
            except Refusal as refusal:
                self.refuse(refusal)
        return None if self.errors else values

    def is_stale(self, record: Any) -> bool:
        """Return whether the record has another version than when the form was opened."""
        return str(self.version.data) != str(record.version)

    def clashes(self, record: Any, values: dict[str, Any]) -> list[Clash]:
        """Return the fields that somebody else changed since the form was opened, empty where the form is up to date."""
        if not self.is_stale(record):
            return []
        yours = {field.name: field.text(values[field.name]) for field in self.fields}
        return clashes(self.fields, {**yours, **self._before()}, card.texts(self.fields, record), yours)

    def rebase(self, record: Any, found: list[Clash]) -> None:
        """Put the form on the record as it stands now: theirs where only they changed, the sender's own texts everywhere else."""
        for clash in found:
            if not clash.both:
                self[clash.field.name].data = clash.theirs
        self.clashed.data = ",".join(clash.field.name for clash in found if clash.both)
        self.version.data = str(record.version)
        self.base.data = json.dumps(card.texts(self.fields, record), ensure_ascii=False)

    def _resolve(self, record: Any) -> None:
        """Fill theirs into the fields that both had changed, except where the sender chose their own: nothing is overwritten unseen."""
        theirs = card.texts(self.fields, record)
        for name in (self.clashed.data or "").split(","):
            if name in theirs and request.form.get(f"choose-{name}") != "yours":
                self[name].data = theirs[name]
        self.clashed.data = ""

    def _before(self) -> dict[str, Any]:
        try:
            found = read_json(self.base.data or "{}")
        except (ValueError, RecursionError):
            return {}
        return {field.name: found[field.name] for field in self.fields if field.name in found} if isinstance(found, dict) else {}


class ReasonForm(RecordForm):
    """A record form that also takes the reason and the date of a change that matters (AR-4)."""

    reason = StringField(_l("Reason"), render_kw={"maxlength": 500})
    effective_on = StringField(_l("Holds from"), widget=DateInput())
    insist_credit_code = BooleanField(_l("The code stands like this on the licence: keep it"))

    def reason_and_day(self) -> dict[str, Any]:
        """Return `reason` and `effective_on` for the model. Raises `Refusal` for a day that cannot be read."""
        day = card.Field("effective_on", "", kind="date").read(self.effective_on.data)
        return {"reason": card.Field("reason", "", length=500).read(self.reason.data), "effective_on": day}

    @property
    def insist(self) -> tuple[str, ...]:
        """The fields whose warning was put aside."""
        return ("credit_code",) if self.insist_credit_code.data else ()


class OwnerForm(ReasonForm):
    """The form of a new customer, for whoever may choose who is in charge."""

    owner_id = SelectField(_l("In charge"), coerce=int)


def options(field: card.Field, current: str = "") -> list[SelectChoice]:
    """Return the values and texts of a field's choices in the reader's language, with `current` even where it is no longer offered."""
    if field.kind == "province":
        found = [(province.zh, province.zh if is_chinese() else province.en) for province in PROVINCES]
    elif field.kind == "grade":
        found = [(grade, grade) for grade in card.GRADES]
    elif field.entries:
        found = [(one.code, one.zh if is_chinese() else one.en) for one in field.entries]
    else:
        entries = standard(f"choices.{field.choices}")
        found = [(entry["code"], of_choice(entry)) for entry in entries if entry["active"] or entry["code"] == current]
    if current and all(value != current for value, _text in found):
        found.append((current, current))
    return [SelectChoice(value, text) for value, text in [("", "—"), *found]]


def _input(field: card.Field, current: str) -> Field:
    """Return the unbound input of a field."""
    label = _(field.title)
    if field.kind == "switch":
        return BooleanField(label)
    if field.kind in ("choice", "province", "grade"):
        return SelectField(label, choices=options(field, current), default="")
    if field.kind == "date":
        return StringField(label, widget=DateInput())
    attributes: dict[str, Any] = {"maxlength": field.length + 200, **_ATTRIBUTES.get(field.kind, {})}
    if field.kind == "long":
        return TextAreaField(label, render_kw={**attributes, "rows": 3})
    return StringField(label, widget=_WIDGETS.get(field.kind), render_kw=attributes)
