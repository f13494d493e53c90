"""Draws of further customers to be called (SV-11)."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal import clock
from portal.blueprints.callbacks import bp, reading
from portal.database import db
from portal.forms import PortalForm
from portal.i18n import of_choice
from portal.models import callback_draw
from portal.models.calendar import site_calendar
from portal.models.callback import STATES
from portal.models.callback_draw import CallbackDraw, Filters
from portal.models.card import GRADES
from portal.models.customer import possible_owners
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.permissions import Permission, requires
from portal.rules.callbacks import LONGEST_LINE, WAYS
from portal.rules.message import Refusal
from portal.rules.regions import find_province
from portal.saving import saving
from portal.sessions import me


class DrawForm(PortalForm):
    """How many customers are drawn, how, of whom, and for what."""

    way = SelectField(_l("How to draw"), choices=[SelectChoice(code, _l(title)) for code, title in WAYS.items()], validate_choice=False)
    wanted = IntegerField(_l("How many customers"), [InputRequired(_l("Enter a number."))])
    grade = SelectField(_l("Grade"), validate_choice=False)
    nature = SelectField(_l("Nature"), validate_choice=False)
    province = StringField(_l("Province"), [Length(max=40)])
    owner = SelectField(_l("In charge"), coerce=int, validate_choice=False)
    purpose = SelectField(_l("Purpose of the call"), validate_choice=False)
    due_on = DateField(_l("To be called on"), [Optional()])
    note = StringField(_l("What it is about"), [Length(max=LONGEST_LINE)])

    def offer(self) -> DrawForm:
        """Offer what can be chosen."""
        everything = SelectChoice("", _("Everything"))
        self.grade.choices = [everything, *(SelectChoice(one, one) for one in GRADES)]
        self.nature.choices = [
            everything,
            *(SelectChoice(one["code"], of_choice(one)) for one in standard("choices.nature") if one["active"]),
        ]
        self.owner.choices = [SelectChoice(0, _("Everybody")), *(SelectChoice(one.id, one.name) for one in possible_owners(me()))]
        self.purpose.choices = [SelectChoice(one["code"], of_choice(one)) for one in reading.purposes()]
        return self


@bp.get("/call-backs/draws")
@requires(Permission.CALLBACK_PLAN)
def draws() -> Any:
    """Show the draws in scope, the newest first."""
    return render_template("callbacks/draws.html", draws=callback_draw.newest(me()), ways=WAYS)


@bp.route("/call-backs/draws/new", methods=["GET", "POST"])
@requires(Permission.CALLBACK_PLAN)
def draw_new() -> Any:
    """Draw customers and make their calls."""
    if request.method == "GET":
        tomorrow = site_calendar().add_working_days(clock.today(), 1)
        return _form(DrawForm(formdata=None, wanted=10, purpose="goodwill", due_on=tomorrow).offer())
    form = DrawForm().offer()
    complete, lacking = form.validate(), list[Refusal]()
    filters = _filters(form, lacking)
    way, wanted, purpose = form.way.data or "", form.wanted.data or 0, form.purpose.data or ""
    lacking += callback_draw.problems(way, wanted, filters, purpose, form.due_on.data)
    form.refuse_all(lacking, str)
    if complete and not lacking:
        with saving(form.refuse) as saved:
            draw = CallbackDraw.carry_out(
                way, wanted, filters, purpose=purpose, due_on=form.due_on.data,
                note=form.note.data or "", seed=secrets.randbelow(10**9), by=me(),
            )  # fmt: skip
        if saved:
            flash(_("%(count)s customers are drawn. Their calls stand on the lists of who is in charge.", count=draw.drawn), "ok")
            return redirect(url_for("callbacks.draw", draw_id=draw.id), 303)
    return _form(form, 422)


def _filters(form: DrawForm, wrong: list[Refusal]) -> Filters:
    """Return among whom is drawn; a province that is none is noted with `wrong`."""
    typed = (form.province.data or "").strip()
    province = find_province(typed) if typed else None
    if typed and province is None:
        wrong.append(Refusal("%(typed)s is no province.", field="province", typed=typed[:40]))
    return Filters(form.grade.data or "", form.nature.data or "", province.zh if province else "", form.owner.data or 0)


def _form(form: DrawForm, status: int = 200) -> Any:
    return render_template("callbacks/draw_form.html", form=form), status


@bp.get("/call-backs/draws/<int:draw_id>")
@requires(Permission.CALLBACK_PLAN, draw=CallbackDraw)
def draw(draw: CallbackDraw) -> Any:
    """Show a draw: how it was made, and how far its calls are."""
    owner = db.session.get(Staff, draw.filters["owner"]) if "owner" in draw.filters else None
    calls = callback_draw.calls_of(draw, me())
    return render_template("callbacks/draw.html", draw=draw, ways=WAYS, states=STATES, calls=calls, owner=owner)
