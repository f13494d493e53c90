"""The page that a customer opens by a one-time link, without an account (SV-30): off unless the site switches it on.

It says nothing of who is asked, nor of anybody else. A token that opens nothing answers 404, for whatever reason; who tries many is made
to wait (429).
"""

from __future__ import annotations

from flask import Response, abort, make_response, render_template, request
from flask_babel import force_locale

from portal.blueprints.surveys import bp
from portal.blueprints.surveys.asking import Sent, scores_sent
from portal.database import StateConflict, commit, db
from portal.i18n import LANGUAGES
from portal.models import survey_link
from portal.models.session import SignInAttempt, Throttled
from portal.models.survey import SurveyAnswer
from portal.permissions import public
from portal.rules.message import Refusal
from portal.rules.surveys import LONGEST_TEXT, SCALE
from portal.rules.text import clean

TRIED = "survey link"
"""Under this name wrong tokens of an address are counted, beside its wrong passwords."""


def _open(token: str) -> SurveyAnswer:
    """Return the answer that a token opens; 404 for every other one, 429 for an address that has tried too many."""
    if not survey_link.is_open():
        abort(404)
    found = survey_link.by_token(token)
    if found is None:
        address = request.remote_addr or ""
        try:
            SignInAttempt.count(f"{TRIED} {address}", address)
        except Throttled:
            abort(429)
        abort(404)
    return found


def _language(answer: SurveyAnswer) -> str:
    asked = request.args.get("language", "")
    return asked if asked in LANGUAGES else answer.survey.language


def _page(answer: SurveyAnswer, token: str, sent: Sent | None = None, *, done: bool = False, status: int = 200) -> Response:
    language = _language(answer)
    with force_locale(language):
        page = render_template(
            "surveys/public.html",
            questions=answer.survey.questions,
            scale=SCALE,
            token=token,
            version=answer.version,
            sent=sent,
            done=done,
            language=language,
            other=next(code for code in LANGUAGES if code != language),
            languages=LANGUAGES,
            longest=LONGEST_TEXT,
        )
    response = make_response(page, status)
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.get("/s/<string:token>")
@public
def public_form(token: str) -> Response:
    """Show the questionnaire that a link opens."""
    return _page(_open(token), token)


@bp.post("/s/<string:token>")
@public
def public_answer(token: str) -> Response:
    """Keep what the customer answered; the link is used up."""
    answer = _open(token)
    language = _language(answer)
    try:
        with force_locale(language):
            scores = scores_sent(answer.survey.questions)
        answer.answer(scores, text=clean(request.form.get("text", "")), by=None, version=answer.version)
    except Refusal as refusal:
        db.session.rollback()
        with force_locale(language):
            sent = Sent(refusal)
        return _page(answer, token, sent, status=422)
    except StateConflict:
        abort(404)
    page = _page(answer, token, done=True)
    commit()
    return page
