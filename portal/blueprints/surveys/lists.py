"""Lists: the surveys, and the answers in scope with the filters of the address (SV-30)."""

from __future__ import annotations

from typing import Any

from flask import abort, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, list_files
from portal.blueprints.surveys import bp
from portal.database import db
from portal.filters import colon
from portal.i18n import of_choice
from portal.models import survey_list
from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.notice import MAIL_STATES
from portal.models.staff import Staff
from portal.models.survey import STATES, SURVEY_STATES, Survey
from portal.models.survey_list import AnswerQuery, SurveyQuery
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules.requests import KINDS
from portal.rules.surveys import WAYS, rate, shown
from portal.sessions import me


def said(label: str, text: str) -> str:
    """Return the words of a filter that is set."""
    return f"{label}{colon()}{text}"


# --- surveys ----------------------------------------------------------------


@bp.get("/surveys")
@requires(Permission.SURVEY_WORK)
def surveys() -> Any:
    """Show a page of the surveys in scope, the newest first."""
    query, user = SurveyQuery.read(request.args), me()
    page = survey_list.SURVEYS.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    words: dict[str, Any] = {"way": WAYS, "state": {code: one[0] for code, one in SURVEY_STATES.items()}}
    return htmx.render(
        "surveys/surveys.html",
        "list",
        query=query,
        surveys=page.rows,
        ways=WAYS,
        states=SURVEY_STATES,
        rate=rate,
        shown=shown,
        chips=[
            (said(_(SurveyQuery.FILTERS[name]), _(words[name][value])), _surveys_at(query.without(name)))
            for name, value in query.filters.items()
        ],
        next=_surveys_at(query, after=page.next) if page.next else "",
        previous=_surveys_at(query, before=page.previous) if page.previous else "",
    )


def _surveys_at(query: SurveyQuery, **changes: Any) -> str:
    return url_for("surveys.surveys", **{**query.args(), **changes})


@bp.get("/surveys/file")
@requires(Permission.CUSTOMER_EXPORT)
def surveys_file() -> Any:
    """Answer the list of surveys as a file; how a survey goes as a whole stands there for who sees that."""
    query, user = SurveyQuery.read(request.args), me()
    heads = [_("Survey"), _("How customers are asked"), _("State"), _("Begun"), _("By"), _("Until"), _("Customers asked")]
    heads += [_("Answers"), _("Rate of response in per cent")]

    def rows() -> Any:
        for one in survey_list.SURVEYS.rows(user, query):
            figures = [one.drawn, one.answered, rate(one.answered, one.drawn)] if one.shows_rate(user) else ["", "", ""]
            yield [
                one.title, _(WAYS[one.way]), _(SURVEY_STATES[one.state][0]), one.created_at, one.created_by.name, one.closes_on, *figures,
            ]  # fmt: skip

    return list_files.answer(_("Satisfaction surveys"), heads, rows(), what="surveys", filters=query.args())


# --- answers ----------------------------------------------------------------


@bp.get("/survey-answers")
@requires(Permission.SURVEY_WORK)
def answers() -> Any:
    """Show a page of the answers in scope, the newest first, with the filters of the address."""
    query, user = AnswerQuery.read(request.args), me()
    page = survey_list.ANSWERS.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "surveys/answers.html",
        "list",
        query=query,
        answers=page.rows,
        count=page.found,
        states=STATES,
        mail_states=MAIL_STATES,
        kinds=KINDS,
        grades=GRADES,
        questions=survey_list.question_names(),
        teams=db.session.scalars(select(Team).order_by(Team.name)).all() if user.is_manager else [],
        chips=_chips(query),
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
    )


def address(query: AnswerQuery, **changes: Any) -> str:
    """Return the address of a query, with other arguments where given."""
    return url_for("surveys.answers", **{**query.args(), **changes})


def _chips(query: AnswerQuery) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        label = _(AnswerQuery.FILTERS[name])
        text = label if name in ("low", "mine") else said(label, _text(name, value))
        found.append((text, address(query.without(name))))
    return found


def _text(name: str, value: str) -> str:
    """Return the words of a filter's value; what is outside the reader's scope is not found."""
    if value == "none" or (name == "team" and value == "0"):
        return _("none")
    if name in ("state", "mail"):
        return _((STATES if name == "state" else MAIL_STATES)[value][0])
    if name == "kind":
        return _(KINDS[value])
    if name == "question":
        return of_choice(survey_list.question_names()[value])
    if name in ("survey", "customer"):
        record: Any = db.session.scalar((Survey if name == "survey" else Customer).visible_to(me()).filter_by(id=int(value)))
        if record is None:
            abort(404)
        return str(record.title if name == "survey" else record.full_name)
    if name in ("team", "served"):
        named: Any = db.session.get(Team if name == "team" else Staff, int(value))
        return named.name if named else value
    return value


@bp.get("/survey-answers/file")
@requires(Permission.CUSTOMER_EXPORT)
def answers_file() -> Any:
    """Answer the list of answers as a file, a column for each question."""
    query, user = AnswerQuery.read(request.args), me()
    questions = survey_list.question_names()
    heads = [_("Survey"), _("Customer number"), _("Customer"), _("State"), _("Answered on"), _("Served by"), _("Team")]
    heads += [_("Kind of request"), _("Customer grade"), *(of_choice(one) for one in questions.values()), _("In the customer’s words")]

    def rows() -> Any:
        for one in survey_list.ANSWERS.rows(user, query):
            yield [
                one.survey.title, one.customer.number if one.customer else "", one.customer.full_name if one.customer else "",
                _(STATES[one.state][0]), one.answered_at, one.served_by.name if one.served_by else "", one.team.name if one.team else "",
                _(KINDS[one.kind]) if one.kind else "", one.grade, *(one.scores.get(code) for code in questions), one.text,
            ]  # fmt: skip

    return list_files.answer(_("Answers to surveys"), heads, rows(), what="survey-answers", filters=query.args())
