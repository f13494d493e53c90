"""Rows of satisfaction surveys, with the page that a customer opens by a link."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal import clock
from tests import factories, surveying
from tests.access import Row, everyone


def _survey() -> dict[str, Any]:
    line = surveying.asked(by="sup1")
    return {"survey": line.survey_id, "answer": line.id, "version": line.version}


def _done() -> dict[str, Any]:
    line = surveying.asked(by="sup1")
    surveying.answered(line)
    return {"answer": line.id}


def _linked() -> dict[str, Any]:
    line, token = surveying.linked()
    return {"survey": line.survey_id, "answer": line.id, "token": token}


def _customer() -> dict[str, Any]:
    return {"customer": factories.customer("rep1").id, "other": factories.customer("rep3").id}


_NEW = {
    "title": "季度调查", "way": "telephone", "number": "5", "source": "customers", "team": "0",
    "closes_on": (clock.today() + timedelta(days=30)).isoformat(),
}  # fmt: skip
_PLANNERS = {"owner": 403, "colleague": 403, "stranger": 403}

ROWS = [
    everyone("surveys.surveys", "/surveys", prepare=_survey),
    everyone("surveys.surveys_file", "/surveys/file?format=csv"),
    everyone("surveys.answers", "/survey-answers", prepare=_survey),
    everyone("surveys.answers_file", "/survey-answers/file?format=csv"),
    Row("surveys.results", "/survey-results", prepare=_done, other_supervisor=200, **_PLANNERS),
    Row("surveys.results_file", "/survey-results/file?format=csv", other_supervisor=200, **_PLANNERS),
    Row("surveys.survey_new", "/surveys/new", other_supervisor=200, **_PLANNERS),
    Row("surveys.survey_new", "/surveys/new", "POST", _NEW, _customer, supervisor=303, other_supervisor=303, manager=303, **_PLANNERS),
    Row("surveys.survey", "/surveys/{survey}", prepare=_survey),
    Row("surveys.survey_close", "/surveys/{survey}/closing", "POST", prepare=_survey, owner=403, supervisor=303, manager=303),
    Row("surveys.survey_links", "/surveys/{survey}/links?format=csv", "POST", prepare=_linked, owner=403),
    Row("surveys.survey_mails", "/surveys/{survey}/mails", "POST", prepare=_linked, owner=403, supervisor=303, manager=303),
    Row("surveys.answer", "/survey-answers/{answer}", prepare=_survey),
    Row("surveys.answer_save", "/survey-answers/{answer}", "POST", {"version": "1"}, _survey, owner=422, supervisor=422, manager=422),
    Row(
        "surveys.answer_leave", "/survey-answers/{answer}/leaving", "POST", {"version": "1", "state": "declined"}, _survey,
        owner=303, supervisor=303, manager=303,
    ),
    Row(
        "surveys.answer_take_back", "/survey-answers/{answer}/taking-back", "POST", {"version": "2"}, _done,
        owner=303, supervisor=303, manager=303,
    ),
    Row("surveys.answer_link", "/survey-answers/{answer}/link", "POST", prepare=_linked),
    everyone("surveys.public_form", "/s/{token}", prepare=_linked, anonymous=200),
    everyone("surveys.public_answer", "/s/{token}", "POST", data={"score-attitude": "5"}, prepare=_linked, anonymous=200),
]  # fmt: skip
