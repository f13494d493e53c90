"""Results over time (SV-30): mean scores and rate of response by month, team, kind of request, grade and question, from kept figures."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, list_files
from portal.blueprints.surveys import bp
from portal.blueprints.surveys.lists import said
from portal.database import db
from portal.i18n import of_choice
from portal.models import survey_list
from portal.models.card import GRADES
from portal.models.survey_list import BY, Result, ResultQuery
from portal.models.survey_totals import Figures
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules.charts import BarRow, bars
from portal.rules.requests import KINDS
from portal.rules.surveys import shown
from portal.sessions import me


@bp.get("/survey-results")
@requires(Permission.SURVEY_PLAN)
def results() -> Any:
    """Show the results of a span of months by what the address asks for: bars, and the table beside them."""
    query, user = ResultQuery.read(request.args), me()
    found = survey_list.results(user, query)
    overall = together(found)
    drawn = [BarRow(name(query.by, one), one.scores.mean, overall.mean, _words(one), str(one.scores.number)) for one in found]
    return htmx.render(
        "surveys/results.html",
        "body",
        query=query,
        by=BY,
        lines=[(name(query.by, one), one, _link(query, one)) for one in found],
        overall=overall,
        responses=responded(found),
        chart=bars(drawn),
        questions=survey_list.question_names(),
        kinds=KINDS,
        grades=GRADES,
        teams=db.session.scalars(select(Team).order_by(Team.name)).all() if user.is_manager else [],
        chips=_chips(query),
        shown=shown,
    )


def together(found: list[Result]) -> Figures:
    """Return the scores of all rows together."""
    return Figures(
        number=sum(one.scores.number for one in found), points=sum(one.scores.points for one in found),
        low=sum(one.scores.low for one in found),
    )  # fmt: skip


def responded(found: list[Result]) -> Figures:
    """Return how many were asked and have answered in all rows together."""
    return Figures(
        asked=sum(one.asked.asked for one in found), replied=sum(one.asked.replied for one in found),
        number=sum(one.asked.number for one in found),
    )  # fmt: skip


def name(by: str, one: Result) -> str:
    """Return what a row is called in the reader's language."""
    if by == "month":
        return str(one.key)
    if by == "question":
        known = survey_list.question_names()
        return of_choice(known[one.key]) if one.key in known else str(one.key)
    if by == "kind":
        return _(KINDS[one.key]) if one.key else _("without a request")
    return one.name or str(one.key or _("none"))


def _words(one: Result) -> str:
    return shown(one.scores.mean) if one.scores.number else _("no records")


def _link(query: ResultQuery, one: Result) -> str:
    args: dict[str, Any] = survey_list.behind(query, one)
    return url_for("surveys.answers", **args) if one.scores.number else ""


def _chips(query: ResultQuery) -> list[tuple[str, str]]:
    words: dict[str, dict[str, str]] = {
        "question": {code: of_choice(one) for code, one in survey_list.question_names().items()},
        "kind": {code: _(title) for code, title in KINDS.items()},
    }
    found = []
    for code, value in query.filters.items():
        text = words.get(code, {}).get(value, value)
        if code == "team":
            team = db.session.get(Team, int(value))
            text = team.name if team else value
        found.append((said(_(BY[code]), text), _address(query.without(code))))
    return found


def _address(query: ResultQuery) -> str:
    values: dict[str, Any] = query.args()
    return url_for("surveys.results", **values)


@bp.get("/survey-results/file")
@requires(Permission.SURVEY_PLAN)
def results_file() -> Any:
    """Answer the results as a file."""
    query = ResultQuery.read(request.args)
    heads = [_(BY[query.by]), _("Mean score"), _("Scores given"), _("Low scores"), _("Customers asked"), _("Of them answered")]
    heads += [_("Rate of response in per cent")]
    rows = (
        [name(query.by, one), one.scores.mean, one.scores.number, one.scores.low, one.asked.asked, one.asked.replied, one.asked.rate]
        for one in survey_list.results(me(), query)
    )
    return list_files.answer(_("Results of surveys"), heads, rows, what="survey-results", filters=query.args())
