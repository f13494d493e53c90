"""Links by which a customer answers without an account (SV-30): off by default, one-time tokens that expire.

A token is made once and shown once; the portal keeps its SHA-256 alone. What it opens is the questionnaire of one customer in one survey,
without a name on it. It opens nothing once it was used, is past its day, was replaced, or the survey is over; nor while links are
switched off.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.database import StateConflict, db, transition
from portal.models import audit
from portal.models.staff import Staff
from portal.models.standard import value as standard
from portal.models.survey import OPEN, Survey, SurveyAnswer
from portal.rules import surveys as rules
from portal.rules.message import Refusal

BYTES = 32


def is_open() -> bool:
    """Return whether links are switched on among the standards."""
    return bool(standard("survey.link_open"))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def can_make(answer: SurveyAnswer, user: Staff) -> bool:
    """Return whether `user`, who sees the answer, may make its link."""
    return is_open() and answer.survey.way == rules.LINK and answer.can_work(user)


def make(answer: SurveyAnswer, *, by: Staff) -> str:
    """Return a new token for an answer; the one before opens nothing any more. Raises `Refusal`, `StateConflict`."""
    if not is_open():
        raise Refusal("Links are switched off among the standards: customers cannot open them.")
    if not can_make(answer, by):
        raise StateConflict(f"survey answer {answer.id}")
    token, until = renewed(answer)
    audit.write("change", "survey-link-made", actor=by, record=answer, label=answer.label, until=until.isoformat())
    return token


def renewed(answer: SurveyAnswer) -> tuple[str, datetime]:
    """Return a new token of an answer and until when it opens; the one before opens nothing any more. Raises `StateConflict`."""
    token = secrets.token_urlsafe(BYTES)
    until = clock.now() + timedelta(days=int(standard("survey.link_days")))
    change = {"token_hash": _hash(token), "token_until": until, "version": answer.version + 1}
    transition(answer, expect={"state": OPEN, "version": answer.version}, change=change)
    return token, until


def open_lines(survey: Survey, user: Staff) -> list[SurveyAnswer]:
    """Return the answers of a survey that `user` sees and that are still to come, with their customers."""
    query = SurveyAnswer.visible_to(user).where(SurveyAnswer.survey_id == survey.id, SurveyAnswer.state == OPEN)
    query = query.where(SurveyAnswer.customer_id.is_not(None))
    return list(db.session.scalars(query.options(joinedload(SurveyAnswer.customer)).order_by(SurveyAnswer.id)))


def by_token(token: str) -> SurveyAnswer | None:
    """Return the answer that a token opens now, None for every token that opens nothing, whatever the reason."""
    if not is_open() or not token:
        return None
    query = select(SurveyAnswer).where(SurveyAnswer.token_hash == _hash(token)).options(joinedload(SurveyAnswer.survey))
    found = db.session.scalar(query)
    if found is None or found.state != OPEN or found.customer_id is None or not found.survey.is_running:
        return None
    return found if found.token_until is not None and found.token_until > clock.now() else None
