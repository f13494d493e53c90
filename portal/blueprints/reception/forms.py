"""The forms of visits and rooms, and how they are read."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.database import db
from portal.forms import PortalForm
from portal.i18n import is_chinese, of_choice
from portal.models.reception import Reception
from portal.models.room import MeetingRoom, active_rooms
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.rules.message import Refusal
from portal.rules.reception import CLASSES, LONGEST_LINE, LONGEST_TEXT, PASS_KINDS, WISH_WORDS, WISHES, read_visitors
from portal.rules.text import clean_line
from portal.sessions import me

_LINES = [Length(max=LONGEST_LINE)]
_TEXT = [Length(max=LONGEST_TEXT)]
_COPIED = ("class_reason", "purpose", "pass_kind", "other_wishes", "photo_reason", "telephone", "management")
_PLAIN = ("class_", "first_on", "last_on", "starts_at", "ends_at", "language", "rehearsal_on", "management_post")


class Boxes(SelectMultipleField):
    """Several of a few choices, each with its box."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ReceptionForm(PortalForm):
    """What an application says, in the order of the sheet."""

    customer = StringField(_l("Customer"), [Length(max=200)])
    class_ = RadioField(_l("Class of the visitors"), choices=[SelectChoice(code, _l(text)) for code, text in CLASSES.items()],
                        validate_choice=False)  # fmt: skip
    class_reason = StringField(_l("Why another class"), _LINES)
    purpose = TextAreaField(_l("Purpose of the reception"), _TEXT, render_kw={"rows": 2})
    count = StringField(_l("Number of visitors"), [Length(max=9)], render_kw={"inputmode": "numeric"})
    visitors = TextAreaField(_l("Visitors"), [Length(max=40_000)], render_kw={"rows": 6})
    pass_kind = RadioField(
        _l("Passes"), choices=[SelectChoice(code, _l(text)) for code, text in PASS_KINDS.items()], default="each", validate_choice=False
    )
    areas = Boxes(_l("Areas allowed"), validate_choice=False)
    telephone = StringField(_l("Telephone of the visitors"), _LINES, render_kw={"inputmode": "tel"})
    language = SelectField(_l("Language"), validate_choice=False)
    wishes = Boxes(_l("Wishes"), choices=[SelectChoice(code, _l(WISH_WORDS[code])) for code in WISHES], validate_choice=False)
    photo_reason = TextAreaField(_l("Special leave to photograph"), _TEXT, render_kw={"rows": 2})
    other_wishes = TextAreaField(_l("Other wishes"), _TEXT, render_kw={"rows": 2})
    first_on = DateField(_l("Day of the reception"), [Optional()])
    last_on = DateField(_l("Last day"), [Optional()])
    starts_at = TimeField(_l("Begins at"), [Optional()], render_kw={"step": 900})
    ends_at = TimeField(_l("Ends at"), [Optional()], render_kw={"step": 900})
    room = SelectField(_l("Meeting room"), validate_choice=False)
    host_id = SelectField(_l("Host of the visitors"), validate_choice=False)
    rehearsal_on = DateField(_l("Rehearsal on"), [Optional()])
    management = StringField(_l("Member of the management"), _LINES)
    management_post = SelectField(_l("Post in the management"), validate_choice=False)
    reason = TextAreaField(_l("Reason of the change"), _TEXT, render_kw={"rows": 2})
    version = HiddenField()

    def offer(self, reception: Reception | None = None) -> ReceptionForm:
        """Fill in rooms, people and lists, what the visit has already among them; return the form."""
        none = SelectChoice("", _("none"))
        kept = reception.room_id if reception else None
        self.room.choices = [none] + [SelectChoice(str(one.id), room_words(one)) for one in active_rooms(besides=kept)]
        self.host_id.choices = [SelectChoice("", "")] + [SelectChoice(str(number), name) for number, name in hosts(reception)]
        self.language.choices = _listed("visit_language", reception.language if reception else "")
        self.management_post.choices = [none, *_listed("management_post", reception.management_post if reception else "")]
        self.areas.choices = _listed("visit_area", *(reception.areas if reception else ()))
        return self

    def fill(self, reception: Reception) -> ReceptionForm:
        """Show what is written, and return the form."""
        for name in (*_COPIED, *_PLAIN):
            self[name].data = getattr(reception, name)
        self.count.data, self.visitors.data = str(reception.count), "\n".join(one.line for one in reception.people)
        self.wishes.data, self.areas.data = list(reception.wishes), list(reception.areas)
        self.room.data, self.host_id.data = str(reception.room_id or ""), str(reception.host_id)
        self.reason.data, self.version.data = reason_of(reception), str(reception.version)
        self.customer.data = f"{reception.customer.number} {reception.customer.full_name}"
        return self

    def values(self) -> dict[str, Any]:
        """Return what was entered, as models take it (`reception_judging.problems_of`); the number is None where none can be read."""
        found = {name: (self[name].data or "").strip() for name in _COPIED}
        found |= {name: self[name].data for name in _PLAIN}
        for name in ("language", "management_post"):
            found[name] = found[name] if found[name] in _codes(self[name]) else ""
        digits = clean_line(self.count.data or "")
        return {
            **found,
            "class_": found["class_"] or "",
            "pass_kind": found["pass_kind"] if found["pass_kind"] in PASS_KINDS else "each",
            "count": int(digits) if digits.isdecimal() and len(digits) < 6 else None,
            "visitors": read_visitors(self.visitors.data or ""),
            "wishes": [code for code in WISHES if code in (self.wishes.data or [])],
            "areas": [code for code in _codes(self.areas) if code in (self.areas.data or [])],
            "room": _record(MeetingRoom, self.room),
            "host": _record(Staff, self.host_id),
        }


class RoomForm(PortalForm):
    """A meeting room."""

    zh = StringField(_l("Chinese name"), _LINES)
    en = StringField(_l("English name"), _LINES)
    seats = StringField(_l("Seats"), [Length(max=5)], render_kw={"inputmode": "numeric"})
    areas = Boxes(_l("Areas allowed"), validate_choice=False)
    note = StringField(_l("Note"), _LINES)
    active = BooleanField(_l("Room in use"), default=True)
    version = HiddenField()

    def offer(self, *kept: str) -> RoomForm:
        """Fill in the areas, and return the form."""
        self.areas.choices = _listed("visit_area", *kept)
        return self

    def values(self) -> dict[str, Any]:
        """Return what was entered; seats are 0 where no number can be read."""
        digits = clean_line(self.seats.data or "")
        return {
            "zh": clean_line(self.zh.data or ""),
            "en": clean_line(self.en.data or ""),
            "seats": int(digits) if digits.isdecimal() and len(digits) < 6 else 0,
            "areas": [code for code in _codes(self.areas) if code in (self.areas.data or [])],
            "note": clean_line(self.note.data or ""),
            "active": bool(self.active.data),
        }


def room_words(room: MeetingRoom) -> str:
    """Return a room's name in the reader's language, with its seats."""
    return _("%(room)s (%(seats)s seats)", room=room.zh if is_chinese() else room.en, seats=room.seats)


def hosts(reception: Reception | None = None) -> list[tuple[int, str]]:
    """Return who can receive visitors: of a manager everybody, else the own team; and who does already."""
    query = select(Staff.id, Staff.name).order_by(Staff.name, Staff.id)
    mine = Staff.in_office if me().is_manager else Staff.in_office & ((Staff.id == me().id) | (Staff.team_id == (me().team_id or 0)))
    query = query.where(or_(mine, Staff.id == (reception.host_id if reception else 0)))
    return [(row[0], row[1]) for row in db.session.execute(query)]


def reason_of(reception: Reception) -> str:
    """Return why a visit is changed; empty for what is no amendment."""
    return reception.reason if reception.amends_id else ""


def sent_version(text: str | None) -> int:
    """Return the version that a form was shown with, 0 for none."""
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _listed(name: str, *kept: str) -> list[SelectChoice]:
    return [SelectChoice(one["code"], of_choice(one)) for one in standard(f"choices.{name}") if one["active"] or one["code"] in kept]


def _codes(field: Any) -> list[str]:
    return [str(one.value) for one in field.choices]


def _record(model: Any, field: Any) -> Any:
    """Return the record that a field chose among those it offers, else None."""
    return db.session.get(model, int(field.data)) if field.data and field.data in _codes(field) else None


def unread(form: ReceptionForm) -> list[Refusal]:
    """Return what is said beside the number where none can be read."""
    digits = clean_line(form.count.data or "")
    return [Refusal("%(value)s is not a whole number.", field="count", value=digits)] if digits and not digits.isdecimal() else []
