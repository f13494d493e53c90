"""Asking one customer: the quick form that is typed while asking, one after the other; declined, not reached, taken back; its link."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.surveys import bp
from portal.database import StateConflict, commit, db
from portal.i18n import translate
from portal.looks import look
from portal.models import survey_link, survey_list
from portal.models.callback_due import waits
from portal.models.standard import why
from portal.models.survey import ANSWERED, STATES, Survey, SurveyAnswer
from portal.permissions import Permission, requires
from portal.rules.callbacks import LOW_SCORE
from portal.rules.message import Refusal
from portal.rules.requests import KINDS
from portal.rules.surveys import LONGEST_TEXT, SCALE, WAYS, is_low, read_scores
from portal.rules.text import clean, clean_line
from portal.saving import saving
from portal.sessions import me


class Sent:
    """What was sent with a form of scores, and what was refused of it, for the form to show again."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        self.values = {name: value for name, value in request.form.items() if name != "csrf_token"}
        self.field = (refusal.field or "") if refusal else ""
        self.text = translate(refusal.message) if refusal else ""


def scores_sent(questions: list[dict[str, str]]) -> dict[str, int]:
    """Return the scores that were sent. Raises `Refusal` with the field."""
    codes = [one["code"] for one in questions]
    return read_scores({code: clean_line(request.form.get(f"score-{code}", "")) for code in codes}, codes)


@bp.get("/survey-answers/<int:answer_id>")
@requires(Permission.SURVEY_WORK, answer=SurveyAnswer)
def answer(answer: SurveyAnswer) -> Any:
    """Show what a customer is asked, or has answered."""
    if answer.customer is not None:
        look(answer.customer)
    return _page(answer)


def _page(answer: SurveyAnswer, sent: Sent | None = None, link: str = "", status: int = 200) -> Any:
    user = me()
    page = render_template(
        "surveys/answer.html",
        answer=answer,
        survey=answer.survey,
        customer=answer.customer,
        states=STATES,
        kinds=KINDS,
        ways=WAYS,
        scale=SCALE,
        sent=sent,
        link=link,
        longest=LONGEST_TEXT,
        can_work=answer.can_work(user),
        can_take_back=answer.can_take_back(user),
        can_link=survey_link.can_make(answer, user),
        following=survey_list.next_to_ask(user, answer),
        low=why("callback.low_score"),
        sees_survey=_sees_survey(answer),
    )
    return page, status


def _sees_survey(answer: SurveyAnswer) -> bool:
    """Return whether the reader of an answer sees its survey: one of another team asks customers who came, or are assisted with, since."""
    return db.session.scalar(Survey.visible_to(me()).where(Survey.id == answer.survey_id)) is not None


@bp.post("/survey-answers/<int:answer_id>")
@requires(Permission.SURVEY_WORK, answer=SurveyAnswer)
def answer_save(answer: SurveyAnswer) -> Any:
    """Keep the answers, and go on to the next customer of the survey where there is one."""
    if not answer.can_work(me()):
        raise StateConflict(f"survey answer {answer.id}")
    with saving() as saved:
        scores = scores_sent(answer.survey.questions)
        text, spoken = clean(request.form.get("text", "")), clean_line(request.form.get("spoken_with", ""))
        called_back = answer.answer(scores, text=text, spoken_with=spoken, by=me(), version=_version())
        following = survey_list.next_to_ask(me(), answer)
    if saved.refusal:
        return _page(answer, Sent(saved.refusal), status=422)
    text = _("Kept. A score is low: a call-back is due.") if called_back else _("The answers are kept.")
    if not called_back and answer.customer is not None and is_low(scores, answer.limit) and waits(answer.customer, LOW_SCORE):
        text = _("Kept. A score is low: the call-back after low satisfaction that is due already asks about this as well.")
    return _onwards(answer, following, text)


def _version() -> int:
    return request.form.get("version", 0, int)


def _onwards(answer: SurveyAnswer, following: SurveyAnswer | None, text: str) -> Any:
    flash(text, "ok")
    if following is not None:
        return redirect(url_for("surveys.answer", answer_id=following.id), 303)
    if _sees_survey(answer):
        return redirect(url_for("surveys.survey", survey_id=answer.survey_id), 303)
    return redirect(url_for("surveys.answer", answer_id=answer.id), 303)


@bp.post("/survey-answers/<int:answer_id>/leaving")
@requires(Permission.SURVEY_WORK, answer=SurveyAnswer)
def answer_leave(answer: SurveyAnswer) -> Any:
    """Keep that the customer declined or was not reached."""
    with saving() as saved:
        answer.leave(clean_line(request.form.get("state", "")), text=clean(request.form.get("why", "")), by=me(), version=_version())
        following = survey_list.next_to_ask(me(), answer)
    if saved.refusal:
        return _page(answer, Sent(saved.refusal), status=422)
    return _onwards(answer, following, _("Kept: %(state)s", state=_(STATES[answer.state][0])))


@bp.post("/survey-answers/<int:answer_id>/taking-back")
@requires(Permission.SURVEY_WORK, answer=SurveyAnswer)
def answer_take_back(answer: SurveyAnswer) -> Any:
    """Open an answer again that was typed in by mistake."""
    was = answer.state
    answer.take_back(by=me(), version=_version())
    answer_id = answer.id
    commit()
    text = _("The answers are taken back. A call-back that they made due stays; drop it if it is not wanted.")
    flash(text if was == ANSWERED else _("The customer is to be asked again."), "ok")
    return redirect(url_for("surveys.answer", answer_id=answer_id), 303)


@bp.post("/survey-answers/<int:answer_id>/link")
@requires(Permission.SURVEY_WORK, answer=SurveyAnswer)
def answer_link(answer: SurveyAnswer) -> Any:
    """Make a new link and show it, once."""
    token = survey_link.make(answer, by=me())
    commit()
    return _page(answer, link=url_for("surveys.public_form", token=token, _external=True))
