"""Sheets of surveys: the questionnaire to fill in on paper, the report of results, lists of surveys and of answers (SV-30, PR-1, PR-5)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal import clock
from portal.models import survey_list
from portal.models.customer import Customer
from portal.models.notice import MAIL_STATES
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.survey import STATES, SURVEY_STATES, Survey, SurveyAnswer
from portal.models.survey_list import BY, AnswerQuery, Result, ResultQuery, SurveyQuery
from portal.models.team import Team
from portal.permissions import Permission
from portal.printing import catalogue, lists, papers
from portal.printing.filters import named
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Printable, declare
from portal.rules.charts import BarRow, bars
from portal.rules.message import N_
from portal.rules.requests import KINDS
from portal.rules.surveys import WAYS, mean, questions_of, rate, shown

_SHEETS = (
    catalogue.Sheet("survey_questionnaire", "QMS-PM-31295", N_("Satisfaction questionnaire"), "survey_questionnaire.html"),
    catalogue.Sheet("survey_results", "QMS-PM-31296", N_("Report of satisfaction surveys"), "survey_results.html"),
    catalogue.Sheet("survey_list", "QMS-PM-31267", N_("List of satisfaction surveys"), "survey_list.html"),
    catalogue.Sheet("survey_answers", "QMS-PM-31268", N_("Answers to satisfaction surveys"), "survey_answers.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})


def _between(labels: Labels) -> tuple[str, str]:
    return (": ", "; ") if labels.language == "en" else ("：", "；")


# --- questionnaire ----------------------------------------------------------------


def _asked(survey: Survey) -> dict[str, Any]:
    return {"survey": {"title": survey.title, "until": survey.closes_on.isoformat()}, "questions": survey.questions}


def _today(document: dict[str, Any], _labels: Labels) -> None:
    """Ask what is asked today on a form that is of no survey."""
    document["questions"] = document["questions"] or questions_of(standard("survey.questions"))


declare(
    Printable(
        sheet="survey_questionnaire",
        model=Survey,
        content=_asked,
        blank={"survey": {}, "questions": []},
        label=lambda survey: survey.title,
        page=lambda survey: ("surveys.survey", {"survey_id": survey.id}),
        permission=Permission.SURVEY_WORK,
        customer_id=lambda survey: None,
        finish=_today,
    )
)


# --- results ----------------------------------------------------------------


def _result_rows(found: list[Result]) -> list[dict[str, Any]]:
    return [
        {
            "key": str(one.key or ""),
            "name": one.name,
            "mean": "" if one.scores.mean is None else str(one.scores.mean),
            "number": str(one.scores.number),
            "points": str(one.scores.points),
            "low": str(one.scores.low),
            "asked": str(one.asked.asked),
            "replied": str(one.asked.replied),
        }
        for one in found
    ]


def _finish_results(document: dict[str, Any], labels: Labels) -> None:
    number, points = (sum(int(row[name]) for row in document["rows"]) for name in ("number", "points"))
    asked, replied = (sum(int(row[name]) for row in document["rows"]) for name in ("asked", "replied"))
    overall, drawn = mean(points, number), []
    none = str(labels(N_("no records")))
    for row in document["rows"]:
        row["name"] = row["name"] or _name(document["by"], row["key"], labels)
        found = Decimal(row["mean"]) if row["mean"] else None
        row["mean"] = row["mean"] or none
        row["rate"] = shown(rate(int(row["replied"]), int(row["asked"])), " %") if document["by"] != "question" else ""
        drawn.append(BarRow(str(row["name"]), found, overall, str(row["mean"]), row["number"]))
    document["total"] = {
        "mean": shown(overall) if number else none,
        "number": f"{number:,}",
        "asked": f"{asked:,}" if document["by"] != "question" else "",
        "rate": shown(rate(replied, asked), " %") if document["by"] != "question" else "",
    }
    document["chart"] = bars(drawn)
    document["head"] = labels(BY[document["by"]])
    document["words"] = {
        "title": str(labels(N_("Report of satisfaction surveys"))),
        "text": str(labels(N_("The figures stand in the table below."))),
        "now": str(labels(N_("Mean score, 1 to 5"))),
        "before": str(labels(N_("all together"))),
    }


def _name(by: str, key: str, labels: Labels) -> Any:
    if by == "question":
        known = survey_list.question_names()
        return labels.named(known[key]["zh"], known[key]["en"]) if key in known else key
    if by == "kind":
        return labels(KINDS[key]) if key else labels(N_("without a request"))
    return key or labels(N_("none"))


def _results(user: Staff, query: ResultQuery, most: int) -> list[Any]:
    return survey_list.results(user, query)[:most] if user.may(Permission.SURVEY_PLAN) else []


def _result_conditions(user: Staff, query: ResultQuery, labels: Labels) -> str:
    colon, semicolon = _between(labels)
    said = [f"{query.first} – {query.last}"]
    for name, value in query.filters.items():
        text = named(user, Team, value) if name == "team" else str(_name(name, value, labels))
        said.append(f"{labels(BY[name]).text}{colon}{text}")
    return semicolon.join(said)


lists.declare(
    ListSheet(
        "survey_results",
        "rows",
        _result_rows,
        {},
        Source(
            read=ResultQuery.read,
            ids=_results,
            records=list,
            conditions=_result_conditions,
            page=lambda query: ("surveys.results", query.args()),
            place=N_("Results of surveys"),
            counted=N_("%(count)s rows are on this sheet."),
            empty=N_("There is nothing on this sheet yet."),
            too_many=N_("A list of more than %(most)s rows is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_results,
        more=lambda _user, query: {"by": query.by},
    )
)


# --- surveys ----------------------------------------------------------------


def _survey_rows(found: list[Survey]) -> list[dict[str, Any]]:
    return [
        {
            "title": one.title,
            "way": one.way,
            "state": one.state,
            "begun": clock.local(one.created_at).date().isoformat(),
            "until": one.closes_on.isoformat(),
            "by": one.created_by.name,
        }
        for one in found
    ]


def _finish_surveys(document: dict[str, Any], labels: Labels) -> None:
    for row in document["rows"]:
        row["way"], row["state"] = labels(WAYS[row["way"]]), labels(SURVEY_STATES[row["state"]][0])


def _survey_conditions(_user: Staff, query: SurveyQuery, labels: Labels) -> str:
    colon, semicolon = _between(labels)
    words: dict[str, Any] = {"way": WAYS, "state": {code: one[0] for code, one in SURVEY_STATES.items()}}
    return semicolon.join(
        f"{labels(SurveyQuery.FILTERS[name]).text}{colon}{labels(words[name][value]).text}" for name, value in query.filters.items()
    )  # fmt: skip


lists.declare(
    ListSheet(
        "survey_list",
        "rows",
        _survey_rows,
        {},
        Source(
            read=SurveyQuery.read,
            ids=survey_list.SURVEYS.ids,
            records=survey_list.SURVEYS.records,
            conditions=_survey_conditions,
            page=lambda query: ("surveys.surveys", query.args()),
            place=N_("Satisfaction surveys"),
            counted=N_("%(count)s surveys are on this list."),
            empty=N_("There is no survey on this list."),
            too_many=N_("A list of more than %(most)s surveys is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_surveys,
    )
)


# --- answers ----------------------------------------------------------------


def _answer_rows(found: list[SurveyAnswer]) -> list[dict[str, Any]]:
    return [
        {
            "customer": one.customer.full_name if one.customer else "",
            "survey": one.survey.title,
            "state": one.state,
            "kind": one.kind,
            "grade": one.grade,
            "served": one.served_by.name if one.served_by else "",
            "answered": clock.local(one.answered_at).date().isoformat() if one.answered_at else "",
            "scores": one.scores,
            "text": one.text,
        }
        for one in found
    ]


def _finish_answers(document: dict[str, Any], labels: Labels) -> None:
    known = survey_list.question_names()
    document["questions"] = [[code, labels.named(one["zh"], one["en"])] for code, one in known.items() if one["active"]]
    for row in document["rows"]:
        row["customer"] = row["customer"] or labels(N_("name erased"))
        row["state"] = labels(STATES[row["state"]][0])
        row["kind"] = labels(KINDS[row["kind"]]) if row["kind"] else ""
        row.update({f"score-{code}": str(score) for code, score in row["scores"].items()})


def _answer_conditions(user: Staff, query: AnswerQuery, labels: Labels) -> str:
    colon, semicolon = _between(labels)
    said = []
    for name, value in query.filters.items():
        title = labels(AnswerQuery.FILTERS[name]).text
        said.append(title if name in ("low", "mine") else f"{title}{colon}{_value(user, name, value, labels)}")
    return semicolon.join(said)


def _value(user: Staff, name: str, value: str, labels: Labels) -> str:
    if name == "mail":
        return labels(MAIL_STATES[value][0]).text
    if name == "state":
        return labels(STATES[value][0]).text
    if value == "none" or (name == "team" and value == "0"):
        return labels(N_("none")).text
    if name in ("kind", "question"):
        return str(_name(name, value, labels))
    if name in ("survey", "customer", "team", "served"):
        return named(user, {"survey": Survey, "customer": Customer, "team": Team, "served": Staff}[name], value)
    return value


lists.declare(
    ListSheet(
        "survey_answers",
        "rows",
        _answer_rows,
        {},
        Source(
            read=AnswerQuery.read,
            ids=survey_list.ANSWERS.ids,
            records=survey_list.ANSWERS.records,
            conditions=_answer_conditions,
            page=lambda query: ("surveys.answers", query.args()),
            place=N_("Answers to surveys"),
            counted=N_("%(count)s customers asked are on this list."),
            empty=N_("There is no answer on this list."),
            too_many=N_("A list of more than %(most)s answers is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_answers,
    )
)
assert all(sheet.name in {**papers.PRINTABLES, **lists.LISTS} for sheet in _SHEETS)  # noqa: S101 - a misspelt form is a mistake of ours
