"""Channels compared by volume, answer times and satisfaction; what is said of each, and its yearly evaluation (SV-8)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length

from portal import clock
from portal.blueprints.service import bp
from portal.blueprints.service.forms import version_of
from portal.database import db
from portal.forms import PortalForm
from portal.models import channel_desk, request_tally
from portal.models.request_tally import Figures
from portal.models.staff import Staff
from portal.permissions import Permission, requires
from portal.rules.charts import BarRow, bars
from portal.rules.message import Refusal
from portal.rules.money import parse_amount
from portal.rules.requests import CHANNELS, KINDS
from portal.saving import saving
from portal.sessions import me


class ChannelForm(PortalForm):
    """What is said of a channel."""

    staff = SelectField(_l("Who looks after it"), choices=[], validate_choice=False)
    hours = StringField(_l("When it is attended to"), [Length(max=200)])
    first_hours = StringField(_l("First answer wanted within (working hours)"), [Length(max=20)], render_kw={"inputmode": "decimal"})
    note = TextAreaField(_l("Remarks"), [Length(max=channel_desk.LONGEST)], render_kw={"rows": 3})
    version = HiddenField()

    def offer(self) -> ChannelForm:
        """Fill in the people, and return the form."""
        people = db.session.execute(select(Staff.id, Staff.name).where(Staff.in_office).order_by(Staff.name, Staff.id))
        self.staff.choices = [SelectChoice("", "—"), *(SelectChoice(str(number), name) for number, name in people)]
        return self

    @property
    def minutes(self) -> int | None:
        """Return the hours that were typed, in minutes; None for none. Raises `Refusal` (field `first_hours`)."""
        text = (self.first_hours.data or "").strip()
        if not text:
            return None
        try:
            return int(parse_amount(text) * 60)
        except Refusal as refusal:
            raise refusal.at("first_hours") from None


class EvaluationForm(PortalForm):
    """How a channel has served in a year."""

    verdict = TextAreaField(_l("How it has served the customers"), [Length(max=channel_desk.LONGEST + 1000)], render_kw={"rows": 6})
    improvement = TextAreaField(_l("What is to be better next year"), [Length(max=channel_desk.LONGEST + 1000)], render_kw={"rows": 4})
    version = HiddenField()


def _year() -> int:
    text = request.args.get("year", "")
    return int(text) if len(text) == 4 and text.isdecimal() and int(text) >= 2000 else clock.today().year


@bp.get("/requests/channels")
@requires(Permission.REQUEST_READ)
def channels() -> Any:
    """Compare the channels of a year, of all kinds of requests or of one."""
    year, kind = _year(), request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    figures = request_tally.by_channel(f"{year}-01", f"{year}-12", kind)
    before = request_tally.by_channel(f"{year - 1}-01", f"{year - 1}-12", kind)
    volume = {code: (figures.get(code, Figures()).received, before.get(code, Figures()).received) for code in CHANNELS}
    rows = [BarRow(_(title), *volume[code], str(volume[code][0])) for code, title in CHANNELS.items()]
    return render_template(
        "service/channels.html",
        year=year,
        years=request_tally.years() or [year],
        kind=kind,
        kinds=KINDS,
        titles=CHANNELS,
        channels=channel_desk.channels(),
        evaluations=channel_desk.evaluations(year),
        figures=figures,
        nothing=Figures(),
        chart=bars(rows),
    )


@bp.route("/requests/channels/<string:code>", methods=["GET", "POST"])
@requires(Permission.CHANNEL_EDIT)
def channel(code: str) -> Any:
    """Say who looks after a channel, its hours and its standard for the first answer."""
    if code not in CHANNELS:
        abort(404)
    there = channel_desk.channels()[code]
    hours = f"{there.first_minutes / 60:g}" if there.first_minutes else ""
    form = ChannelForm(obj=there, data={"staff": str(there.staff_id or ""), "first_hours": hours}).offer()
    if not form.is_submitted():
        form.staff.data, form.first_hours.data = str(there.staff_id or ""), hours
        return _page(code, form)
    if not form.validate():
        return _page(code, form, 422)
    with saving(form.refuse) as saved:
        chosen = form.staff.data or ""
        channel_desk.describe(
            code, staff_id=int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None, hours=(form.hours.data or "").strip(),
            first_minutes=form.minutes, note=(form.note.data or "").strip(), by=me(), version=version_of(form),
        )  # fmt: skip
    if not saved:
        return _page(code, form, 422)
    flash(_("What is said of the channel is saved."), "ok")
    return redirect(url_for("service.channels"), 303)


def _page(code: str, form: ChannelForm, status: int = 200) -> Any:
    return render_template("service/channel.html", code=code, title=CHANNELS[code], form=form), status


@bp.route("/requests/channels/<string:code>/evaluations/<int:year>", methods=["GET", "POST"])
@requires(Permission.CHANNEL_EDIT)
def channel_evaluation(code: str, year: int) -> Any:
    """Write the evaluation of a channel for a year; its figures are kept with it."""
    if code not in CHANNELS or not 2000 <= year <= clock.today().year:
        abort(404)
    there = channel_desk.evaluation(code, year)
    form = EvaluationForm(obj=there, data=None if there else {"version": "0"})
    if not form.is_submitted():
        return _evaluation_page(code, year, form)
    if not form.validate():
        return _evaluation_page(code, year, form, 422)
    with saving(form.refuse) as saved:
        channel_desk.evaluate(
            code, year, verdict=(form.verdict.data or "").strip(), improvement=(form.improvement.data or "").strip(), by=me(),
            version=version_of(form),
        )  # fmt: skip
    if not saved:
        return _evaluation_page(code, year, form, 422)
    flash(_("The evaluation is written down."), "ok")
    return redirect(url_for("service.channels", year=year), 303)


def _evaluation_page(code: str, year: int, form: EvaluationForm, status: int = 200) -> Any:
    figures = request_tally.by_channel(f"{year}-01", f"{year}-12").get(code, Figures())
    there = channel_desk.evaluation(code, year)
    page = render_template("service/evaluation.html", code=code, title=CHANNELS[code], year=year, form=form, figures=figures, there=there)
    return page, status
