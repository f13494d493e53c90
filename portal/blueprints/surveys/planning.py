"""Beginning, following and closing a survey; links for all whom it asks (SV-30)."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal import clock, list_files
from portal.blueprints.surveys import bp
from portal.database import StateConflict, commit, db
from portal.forms import PortalForm
from portal.i18n import LANGUAGES, of_choice, translate
from portal.models import survey_draw, survey_link, survey_list, survey_mail
from portal.models.card import GRADES
from portal.models.notice import MAIL_STATES
from portal.models.standard import value as standard
from portal.models.standard import why
from portal.models.survey import STATES, SURVEY_STATES, Survey
from portal.models.survey_draw import Filters, Wanted
from portal.models.team import Team
from portal.permissions import Permission, ensure, requires
from portal.rules import assessments
from portal.rules.charts import BarRow, bars
from portal.rules.requests import KINDS
from portal.rules.surveys import LINK, MOST_DRAWN, SOURCES, TELEPHONE, WAYS, rate, shown
from portal.saving import saving
from portal.sessions import me

DEFAULT_DAYS = 21


class SurveyForm(PortalForm):
    """A survey: what it is called, how customers are asked, of whom is drawn."""

    title = StringField(_l("Name of the survey"), [Length(max=80)])
    way = SelectField(_l("How customers are asked"), validate_choice=False)
    number = IntegerField(_l("How many customers"), [InputRequired(_l("Enter a number."))])
    closes_on = DateField(_l("Answers are taken until"), [Optional()])
    language = SelectField(_l("Language of the links"), validate_choice=False)
    source = RadioField(_l("Drawn of"), validate_choice=False)
    first = DateField(_l("Requests closed from"), [Optional()])
    last = DateField(_l("Requests closed until"), [Optional()])
    team = SelectField(_l("Team"), coerce=int, validate_choice=False)
    kind = SelectField(_l("Kind of the last request"), validate_choice=False)
    grade = SelectField(_l("Customer grade"), validate_choice=False)
    nature = SelectField(_l("Nature"), validate_choice=False)

    def offer(self) -> SurveyForm:
        """Offer what can be chosen: links only where they are switched on."""
        everything = SelectChoice("", _("Everything"))
        ways = {code: title for code, title in WAYS.items() if code != LINK or survey_link.is_open()}
        self.way.choices = [SelectChoice(code, _(title)) for code, title in ways.items()]
        self.language.choices = [SelectChoice(code, name) for code, name in LANGUAGES.items()]
        self.source.choices = [SelectChoice(code, _(title)) for code, title in SOURCES.items()]
        teams = db.session.scalars(select(Team).where(Team.active).order_by(Team.name)).all()
        user = me()
        offered = [one for one in teams if user.is_manager or one.id == user.team_id]
        self.team.choices = [SelectChoice(0, _("All I see")), *(SelectChoice(one.id, one.name) for one in offered)]
        self.kind.choices = [everything, *(SelectChoice(code, _(title)) for code, title in KINDS.items())]
        self.grade.choices = [everything, *(SelectChoice(one, one) for one in GRADES)]
        self.nature.choices = [
            everything,
            *(SelectChoice(one["code"], of_choice(one)) for one in standard("choices.nature") if one["active"]),
        ]
        return self

    def wanted(self) -> Wanted:
        """Return the survey as it was typed."""
        filters = Filters(
            self.team.data or 0, self.kind.data or "", self.grade.data or "", self.nature.data or "", self.first.data, self.last.data
        )  # fmt: skip
        language = self.language.data if self.language.data in LANGUAGES else next(iter(LANGUAGES))
        return Wanted(
            (self.title.data or "").strip(), self.way.data or "", self.source.data or "", self.number.data or 0, self.closes_on.data,
            language, filters,
        )  # fmt: skip


@bp.route("/surveys/new", methods=["GET", "POST"])
@requires(Permission.SURVEY_PLAN)
def survey_new() -> Any:
    """Draw customers and begin a survey among them."""
    if request.method == "GET":
        today = clock.today()
        first, last = assessments.bounds(assessments.month_before(today))
        until = today + timedelta(days=DEFAULT_DAYS)
        return _form(
            SurveyForm(formdata=None, number=20, way=TELEPHONE, source="customers", closes_on=until, first=first, last=last).offer()
        )  # fmt: skip
    form = SurveyForm().offer()
    complete, wanted = form.validate(), form.wanted()
    lacking = list(survey_draw.problems(wanted, me()))
    form.refuse_all(lacking, str)
    if complete and not lacking:
        with saving(form.refuse) as saved:
            survey = survey_draw.begin(wanted, seed=secrets.randbelow(10**9), by=me())
        if saved:
            flash(_("%(count)s customers are drawn.", count=survey.drawn), "ok")
            return redirect(url_for("surveys.survey", survey_id=survey.id), 303)
    return _form(form, 422)


def _form(form: SurveyForm, status: int = 200) -> Any:
    return render_template("surveys/survey_form.html", form=form, most=MOST_DRAWN, link_open=survey_link.is_open()), status


@bp.get("/surveys/<int:survey_id>")
@requires(Permission.SURVEY_WORK, survey=Survey)
def survey(survey: Survey) -> Any:
    """Show a survey: how it was drawn, how far it is, and what was answered to each question, as far as the reader sees."""
    user = me()
    states = survey_list.by_state(survey, user)
    scores = survey_list.of_survey(survey, user)
    number, points = sum(one.number for one in scores.values()), sum(one.points for one in scores.values())
    overall = survey_list.Figures(number=number, points=points)
    rows = [(one, scores[one["code"]]) for one in survey.questions]
    team = db.session.get(Team, survey.filters["team"]) if "team" in survey.filters else None
    return render_template(
        "surveys/survey.html",
        survey=survey,
        words=SURVEY_STATES[survey.state],
        counts=states,
        states=STATES,
        ways=WAYS,
        sources=SOURCES,
        kinds=KINDS,
        team=team,
        rows=rows,
        overall=overall,
        chart=bars([BarRow(of_choice(one), found.mean, overall.mean, shown(found.mean), str(found.number)) for one, found in rows]),
        rate=rate(states["answered"], sum(states.values())),
        shown=shown,
        can_close=survey.can_close(user),
        can_mail=survey_mail.can_mail(survey, user),
        mails=survey_mail.counts(survey) if survey.way == LINK and survey.shows_rate(user) else {},
        mail_states=MAIL_STATES,
        can_link=survey.way == LINK and survey.is_running and survey_link.is_open() and user.may(Permission.SURVEY_PLAN),
        to_ask=survey_list.ANSWERS.page(user, survey_list.AnswerQuery({"survey": str(survey.id), "state": "open"}), size=10).rows,
        low=why("callback.low_score"),
    )


@bp.post("/surveys/<int:survey_id>/closing")
@requires(Permission.SURVEY_PLAN, survey=Survey)
def survey_close(survey: Survey) -> Any:
    """Close a survey before its last day."""
    ensure(survey.shows_rate(me()))
    if not survey.can_close(me()):
        raise StateConflict(f"survey {survey.id}")
    survey.close(by=me())
    commit()
    flash(_("The survey is closed."), "ok")
    return redirect(url_for("surveys.survey", survey_id=survey.id), 303)


@bp.post("/surveys/<int:survey_id>/mails")
@requires(Permission.SURVEY_PLAN, survey=Survey)
def survey_mails(survey: Survey) -> Any:
    """Give the links of all who are still to answer to the mail."""
    with saving(lambda refusal: flash(translate(refusal.message), "warning")) as saved:
        found = survey_mail.queue(survey, by=me())
    if saved:
        flash(_("%(count)s links go out by mail.", count=found.number), "ok")
        if found.without:
            flash(_("Of %(count)s customers no e-mail address is known.", count=found.without), "warning")
    return redirect(url_for("surveys.survey", survey_id=survey.id), 303)


@bp.post("/surveys/<int:survey_id>/links")
@requires(Permission.SURVEY_PLAN, survey=Survey)
def survey_links(survey: Survey) -> Any:
    """Make a link for each customer still to answer, and answer them as a file: for the office's own e-mails and SMS."""
    user = me()
    lines = survey_link.open_lines(survey, user)
    rows = []
    for one in lines:
        token = survey_link.make(one, by=user)
        assert one.customer is not None  # noqa: S101 - chosen by it
        link = url_for("surveys.public_form", token=token, _external=True)
        rows.append([one.customer.number, one.customer.full_name, one.customer.telephone, one.customer.email, link])
    title = survey.title
    commit()
    heads = [_("Customer number"), _("Customer"), _("Telephone"), _("E-mail"), _("Link")]
    return list_files.answer(_("Links to the survey"), heads, iter(rows), what="survey-links", filters={"survey": title})
