"""Lists of surveys and of answers, and results over time (SV-30): filters, pages by keyset, the newest first; for page, paper and file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import db
from portal.models import survey_totals
from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing
from portal.models.notice import MAIL_STATES
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.survey import STATES, SURVEY_STATES, Survey, SurveyAnswer
from portal.models.survey_totals import Figures
from portal.models.team import Team
from portal.rules.message import N_
from portal.rules.requests import KINDS
from portal.rules.surveys import WAYS

_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")


# --- surveys ----------------------------------------------------------------


@dataclass(frozen=True)
class SurveyQuery(ListQuery):
    """What a reader asks of the surveys; its address says the same."""

    FILTERS = {"way": N_("How customers are asked"), "state": N_("State")}
    KNOWN = {"way": WAYS, "state": SURVEY_STATES}


def _surveys(user: Staff, query: SurveyQuery) -> Select[Any]:
    found = Survey.visible_to(user)
    for name, value in query.filters.items():
        found = found.where(getattr(Survey, name) == value)
    return found


SURVEYS = Listing(Survey, _surveys, (joinedload(Survey.created_by, innerjoin=True).load_only(Staff.name),))


# --- answers ----------------------------------------------------------------


@dataclass(frozen=True)
class AnswerQuery(ListQuery):
    """What a reader asks of the answers; its address says the same. `kind` and `grade` 'none': without any."""

    FILTERS = {
        "survey": N_("Survey"),
        "state": N_("State"),
        "low": N_("Low satisfaction"),
        "month": N_("Answered in"),
        "first": N_("Answered from"),
        "last": N_("Answered until"),
        "team": N_("Team"),
        "kind": N_("Kind of request"),
        "grade": N_("Customer grade"),
        "served": N_("Served by"),
        "mine": N_("To be asked by me"),
        "customer": N_("Customer"),
        "question": N_("Survey question"),
        "mail": N_("Mail with the link"),
    }
    KNOWN = {"mail": MAIL_STATES, "state": STATES, "kind": {**KINDS, "none": ""}, "grade": (*GRADES, "none")}
    NUMBERS = ("survey", "team", "served", "customer")
    SWITCHES = ("low", "mine")
    LONGEST = 40

    @classmethod
    def filters_of(cls, args: Mapping[str, str]) -> dict[str, str]:
        """Return the filters that an address says rightly: months as 2026-04, a question of the site's."""
        found = super().filters_of(args)
        wrong: set[str] = {name for name in ("month", "first", "last") if name in found and not _MONTH.fullmatch(found[name])}
        if found.get("question") not in {None, *question_names()}:
            wrong.add("question")
        return {name: text for name, text in found.items() if name not in wrong}


def question_names() -> dict[str, dict[str, str]]:
    """Return the questions of today, retired ones included: code → {"zh", "en"}."""
    return {one["code"]: one for one in standard("survey.questions")}


def _answers(user: Staff, query: AnswerQuery) -> Select[Any]:
    one, filters = SurveyAnswer, query.filters
    found = one.listed_for(user)
    for name, column in (("survey", one.survey_id), ("team", one.team_id), ("served", one.served_by_id), ("customer", one.customer_id)):
        if name in filters:
            number = int(filters[name])
            found = found.where(column == number if number else column.is_(None))
    for name, text in (("kind", one.kind), ("grade", one.grade)):
        if name in filters:
            found = found.where(text == ("" if filters[name] == "none" else filters[name]))
    if "state" in filters:
        found = found.where(one.state == filters["state"])
    if "month" in filters:
        found = found.where(one.month == filters["month"])
    if "first" in filters:
        found = found.where(one.month >= filters["first"])
    if "last" in filters:
        found = found.where(one.month <= filters["last"], one.month != "")
    if "low" in filters:
        found = found.join(Survey, Survey.id == one.survey_id).where(one.lowest <= Survey.low_score)
    if "mail" in filters:
        found = found.where(one.mail_state == filters["mail"])
    if "mine" in filters:
        found = found.where(one.assignee_id == user.id)
    if "question" in filters:
        found = found.where(one.scores[filters["question"]].as_string().is_not(None))
    return found


_WITH = (
    joinedload(SurveyAnswer.survey), joinedload(SurveyAnswer.customer).load_only(Customer.number, Customer.full_name),
    joinedload(SurveyAnswer.served_by), joinedload(SurveyAnswer.team), joinedload(SurveyAnswer.assignee),
)  # fmt: skip


ANSWERS = Listing(SurveyAnswer, _answers, _WITH)


def next_to_ask(user: Staff, after: SurveyAnswer) -> SurveyAnswer | None:
    """Return who is asked next in the same survey by `user`: typed in one after the other, without going back to the list.

    Who asks customers of others, as a supervisor may, goes on with whoever is left of those they see.
    """
    query = SurveyAnswer.visible_to(user).where(SurveyAnswer.survey_id == after.survey_id, SurveyAnswer.state == "open")
    query = query.where(SurveyAnswer.id != after.id, SurveyAnswer.customer_id.is_not(None))
    if after.assignee_id == user.id:
        query = query.where(SurveyAnswer.assignee_id == user.id)
    later = db.session.scalar(query.where(SurveyAnswer.id > after.id).order_by(SurveyAnswer.id).limit(1))
    return later or db.session.scalar(query.order_by(SurveyAnswer.id).limit(1))


def by_state(survey: Survey, user: Staff) -> dict[str, int]:
    """Return how many customers of a survey, of those that `user` sees, are in each state; a survey asks at most `MOST_DRAWN`."""
    chosen = SurveyAnswer.visible_to(user).where(SurveyAnswer.survey_id == survey.id)
    rows = db.session.execute(chosen.with_only_columns(SurveyAnswer.state, func.count()).group_by(SurveyAnswer.state))
    found = {state: int(number) for state, number in rows}
    return {state: found.get(state, 0) for state in STATES}


def of_survey(survey: Survey, user: Staff) -> dict[str, Figures]:
    """Return the figures of each question of a survey, of the answers that `user` sees; a survey asks at most `MOST_DRAWN`."""
    chosen = SurveyAnswer.visible_to(user).where(SurveyAnswer.survey_id == survey.id, SurveyAnswer.state == "answered")
    found = {one["code"]: [0, 0, 0] for one in survey.questions}
    for scores in db.session.scalars(chosen.with_only_columns(SurveyAnswer.scores)):
        for code, score in scores.items():
            if code in found:
                found[code][0] += 1
                found[code][1] += score
                found[code][2] += score <= survey.low_score
    return {code: Figures(number=number, points=points, low=low) for code, (number, points, low) in found.items()}


# --- results over time ----------------------------------------------------------------


BY = {
    "month": N_("Month"),
    "team": N_("Team"),
    "kind": N_("Kind of request"),
    "grade": N_("Customer grade"),
    "question": N_("Survey question"),
}
SPAN = 12
"""So many months are shown where nothing is said."""


@dataclass(frozen=True)
class ResultQuery(ListQuery):
    """What a reader asks of the results; its address says the same."""

    FILTERS = {name: BY[name] for name in ("question", "team", "kind", "grade")}
    KNOWN = {"kind": KINDS, "grade": GRADES}
    NUMBERS = ("team",)
    by: str = "month"
    first: str = ""
    last: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> ResultQuery:
        """Return the query of an address; what is unknown is as if nothing were said."""
        today, by = clock.today(), args.get("by", "")
        last = args.get("last", "") if _MONTH.fullmatch(args.get("last", "")) else f"{today:%Y-%m}"
        first = args.get("first", "") if _MONTH.fullmatch(args.get("first", "")) else _months_before(last, SPAN - 1)
        return cls(cls.filters_of(args), by if by in BY else "month", min(first, last), max(first, last))

    @classmethod
    def filters_of(cls, args: Mapping[str, str]) -> dict[str, str]:
        """Return the filters that an address says rightly: a question of the site's."""
        found = super().filters_of(args)
        return {name: text for name, text in found.items() if name != "question" or text in question_names()}

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return {"by": self.by, "first": self.first, "last": self.last, **self.filters}


def _months_before(month: str, number: int) -> str:
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 - number, 12)
    return f"{max(year, 1900):04d}-{place + 1:02d}"


class Result(NamedTuple):
    """One row of the results: what it is of, the scores, and how many were asked and answered."""

    key: Any
    name: str
    """Its name where it has one of its own; '' for a code or nothing."""
    scores: Figures
    asked: Figures


def results(user: Staff, query: ResultQuery) -> list[Result]:
    """Return the results that `user` may see, by month, team, kind, grade or question: a supervisor those of the team (RO-1)."""
    asked = dict(query.filters)
    question = asked.pop("question", "")
    team: int | None = int(asked.pop("team")) if "team" in asked else None
    if not user.is_manager:
        if user.team_id is None or team not in (None, user.team_id):
            return []
        team = user.team_id
    scores = survey_totals.read(query.by, query.first, query.last, question, team, **asked)
    by_answer = {} if query.by == "question" else survey_totals.responses(query.by, query.first, query.last, team, **asked)
    keys = sorted({*scores, *by_answer}, key=lambda key: (not key, key))
    names: dict[Any, str] = {}
    if query.by == "team":
        names = {row[0]: row[1] for row in db.session.execute(select(Team.id, Team.name).where(Team.id.in_(keys)))}
    return [Result(key, names.get(key, ""), scores.get(key, Figures()), by_answer.get(key, Figures())) for key in keys]


def behind(query: ResultQuery, result: Result) -> dict[str, str]:
    """Return the arguments of the list of answers behind a row: those of its month, or of the span of months."""
    args = {**query.filters, "state": "answered"}
    if query.by == "month":
        return {**args, "month": str(result.key)}
    found = str(result.key or ("0" if query.by == "team" else "none"))
    return {**args, "first": query.first, "last": query.last, query.by: found}
