"""Links to a survey that go out by mail (SV-30): to the customer's contact, or to the address of the card, from the worker (`mail.py`).

Where somebody asks for it, every answer still to come waits for its mail. Its token is made when the mail is written and stands in the
mail alone; a mail that is tried again has another one, and the one before opens nothing any more.
"""

from __future__ import annotations

from typing import NamedTuple

from flask import current_app
from sqlalchemy import func, select, update

from portal.database import db
from portal.models import audit, survey_link
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.staff import Staff
from portal.models.survey import OPEN, Survey, SurveyAnswer
from portal.permissions import Permission
from portal.rules.identifiers import check_email
from portal.rules.message import Refusal
from portal.rules.surveys import LINK

WAITING, SENT, FAILED = "waiting", "sent", "failed"


class Queued(NamedTuple):
    """How many links wait for their mail now, and how many customers have no address."""

    number: int
    without: int


def can_mail(survey: Survey, user: Staff) -> bool:
    """Return whether `user`, who sees the survey, may mail its links: a mail server is configured, and links are switched on."""
    asked = survey.way == LINK and survey.is_running and user.may(Permission.SURVEY_PLAN)
    return asked and bool(current_app.config["SMTP_HOST"]) and survey_link.is_open()


def queue(survey: Survey, *, by: Staff) -> Queued:
    """Let every answer that `by` sees, is still to come and was not mailed yet, wait for its mail; failed ones too.

    Raises `Refusal` where no mail can go out, or nobody is left to be mailed.
    """
    if not can_mail(survey, by):
        raise Refusal("Links go out by mail where a mail server is configured and links are switched on among the standards.")
    lines = [one for one in survey_link.open_lines(survey, by) if one.mail_state not in (WAITING, SENT)]
    addresses = addresses_of([one.customer for one in lines if one.customer is not None])
    found = {one.id: addresses[one.customer_id] for one in lines if one.customer_id in addresses}
    if not found:
        raise Refusal("Nobody is left to whom a link can be mailed: they were mailed before, or no e-mail address is known.")
    for number, address in found.items():
        waits = {"mail_state": WAITING, "mail_to": address, "mail_error": "", "mail_tries": 0, "mail_after": None}
        here = update(SurveyAnswer).where(SurveyAnswer.id == number, SurveyAnswer.state == OPEN)
        db.session.execute(here.values(**waits), execution_options={"synchronize_session": "fetch"})
    audit.write("change", "survey-links-mailed", actor=by, record=survey, label=survey.label, number=len(found))
    return Queued(len(found), len(lines) - len(found))


def addresses_of(customers: list[Customer]) -> dict[int | None, str]:
    """Return customer id → where a mail reaches it: the first contact with an e-mail address, else the address of the card."""
    found: dict[int | None, str] = {}
    people = select(Contact.customer_id, Contact.email).where(Contact.customer_id.in_([one.id for one in customers]), Contact.email != "")
    rows = db.session.execute(people.order_by(Contact.emergency, Contact.id)).all()
    for number, address in [*((row[0], row[1]) for row in rows), *((one.id, one.email) for one in customers)]:
        if address and check_email(address) is None:
            found.setdefault(number, address)
    return found


def counts(survey: Survey) -> dict[str, int]:
    """Return how many links of a survey wait for their mail, were mailed, or could not be."""
    query = select(SurveyAnswer.mail_state, func.count()).where(SurveyAnswer.survey_id == survey.id, SurveyAnswer.mail_state != "off")
    return {row[0]: row[1] for row in db.session.execute(query.group_by(SurveyAnswer.mail_state))}


def still_wanted(answer: SurveyAnswer) -> bool:
    """Return whether a mail that waits is still to go out: the answer is to come, the survey runs, and links are switched on."""
    return answer.state == OPEN and answer.customer_id is not None and answer.survey.is_running and survey_link.is_open()
