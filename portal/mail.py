"""Mail: what notices say, letters about proposals (PP-2), links to surveys (SV-30); by SMTP from the worker, never from a request (AP-9).

A failing server delays nothing but the mail: it is tried again at growing distances, the failure stands on the record and in the log.
"""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import structlog
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import or_, select, update
from sqlalchemy import text as sql

from portal import clock
from portal.database import db
from portal.i18n import LANGUAGES, in_language, translate
from portal.jobs import every_minute
from portal.models import survey_link, survey_mail
from portal.models.notice import Notice
from portal.models.proposal_letter import ProposalLetter
from portal.models.staff import Staff
from portal.models.survey import SurveyAnswer

log = structlog.get_logger()

TIMEOUT = 10.0
"""Seconds that the server has for each answer."""
BATCH = 100
LONGEST = 30.0
"""Seconds after which the rest waits for the next minute: a server that takes its time must not keep other work of the thread waiting."""
LEASE = timedelta(minutes=15)
"""How long a mail belongs to the worker that took it; one that dies meanwhile leaves it to the next."""
AGAIN = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=6))
"""When a failed mail is tried again, after the first, second … failure; after the last it is given up."""


class Letter(NamedTuple):
    """One mail to send: its record, how often it failed, and what goes out."""

    model: type[Notice] | type[ProposalLetter] | type[SurveyAnswer]
    record_id: int
    tries: int
    message: EmailMessage


@every_minute
def send_waiting() -> None:
    """Send the mails that wait."""
    if not current_app.config["SMTP_HOST"]:
        return
    letters = _take()
    if not letters:
        return
    left, there, until = list(letters), False, time.monotonic() + LONGEST
    try:
        with _server() as server:
            there = True
            while left:
                _send(server, left[0])
                left.pop(0)
                if time.monotonic() >= until:
                    break
        for letter in left:
            _note(letter, mail_after=None)
    except (OSError, smtplib.SMTPException) as error:
        # The server itself fails: no use in trying the others at once.
        log.warning("mail server failed", host=current_app.config["SMTP_HOST"], waiting=len(left), error=_words(error))
        # A server may end after so many mails; what it has not been given has not failed.
        ended = len(left) < len(letters) and isinstance(error, smtplib.SMTPServerDisconnected)
        failed = len(left) if not there else 0 if ended else 1
        for letter in left[:failed]:
            _failed(letter, error, for_good=False)
        for letter in left[failed:]:
            _note(letter, mail_error=_words(error), mail_after=clock.now() + AGAIN[0])


def _take() -> list[Letter]:
    """Return the mails that are due, taken for this worker, and end the transaction: nobody waits while we talk to the server."""
    moment = clock.now()
    letters = []
    due = or_(Notice.mail_after.is_(None), Notice.mail_after <= moment)
    query = select(Notice, Staff).join(Staff, Staff.id == Notice.staff_id).where(Notice.mail_state == "waiting", due).order_by(Notice.id)
    query = query.limit(BATCH).with_for_update(of=Notice, skip_locked=True)  # a second worker takes others
    for notice, staff in db.session.execute(query).all():
        if not staff.active or not staff.email:
            notice.mail_state = "off"
            continue
        letters += _taken(notice, lambda notice=notice, staff=staff: _message(notice, staff), moment)  # type: ignore[misc]
    due = or_(ProposalLetter.mail_after.is_(None), ProposalLetter.mail_after <= moment)
    outgoing = select(ProposalLetter).where(sql("proposal_letter.mail_state = 'waiting'"), due).order_by(ProposalLetter.id)
    for letter in db.session.scalars(outgoing.limit(BATCH).with_for_update(of=ProposalLetter, skip_locked=True)):
        letters += _taken(letter, lambda letter=letter: _letter(letter), moment)  # type: ignore[misc]
    due = or_(SurveyAnswer.mail_after.is_(None), SurveyAnswer.mail_after <= moment)
    asked = select(SurveyAnswer).where(sql("survey_answer.mail_state = 'waiting'"), due).order_by(SurveyAnswer.id)
    for answer in db.session.scalars(asked.limit(BATCH).with_for_update(of=SurveyAnswer, skip_locked=True)):
        if survey_mail.still_wanted(answer):
            letters += _taken(answer, lambda answer=answer: _link(answer), moment)  # type: ignore[misc]
        else:
            answer.mail_state = "off"
    db.session.commit()
    return letters


def _taken(record: Notice | ProposalLetter | SurveyAnswer, write: Callable[[], EmailMessage], moment: datetime) -> list[Letter]:
    """Return the mail of a record, which belongs to this worker from now on; none where it cannot be written."""
    record.mail_after = moment + LEASE
    try:
        return [Letter(type(record), record.id, record.mail_tries, write())]
    except Exception as error:  # one that cannot be written must not keep the others from going out
        log.error("mail cannot be written", record=f"{type(record).__name__} {record.id}", exc_info=True)
        record.mail_state, record.mail_error = "failed", _words(error)
        return []


def _letter(letter: ProposalLetter) -> EmailMessage:
    """Return a letter to a customer, or a department's copy, as a mail: as it was written."""
    message = _blank(letter.subject, letter.address, f"proposal-letter-{letter.id}")
    message.set_content(letter.body.rstrip() + "\n")
    return message


def _link(answer: SurveyAnswer) -> EmailMessage:
    """Return the mail with the link to a survey, in both languages; each try has a link, and so a name, of its own."""
    token, until = survey_link.renewed(answer)
    address, said = f"{current_app.config['SITE_URL']}/s/{token}", []
    for language in LANGUAGES:
        with in_language(language):
            site = current_app.config["SITE_NAME"] or _("Customer relations office")
            asks = _("%(site)s asks how satisfied you are with our service. It takes two minutes, and no account is needed.", site=site)
            opens = _("The link opens once, until %(day)s:", day=clock.local(until).date().isoformat())
            said.append(f"{asks}\n{opens}\n{address}")
    message = _blank(answer.survey.title, answer.mail_to, f"survey-{answer.id}-{answer.mail_tries}")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(said) + "\n")
    return message


def _blank(subject: str, address: str, name: str) -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())[:200]
    message["From"] = current_app.config["SMTP_SENDER"]
    message["To"] = address
    message["Date"] = format_datetime(clock.now())
    # Always the same for a record, so that one sent twice shows once.
    message["Message-ID"] = f"<{name}@{urlsplit(current_app.config['SITE_URL']).hostname or 'portal'}>"
    return message


def _message(notice: Notice, staff: Staff) -> EmailMessage:
    site = current_app.config["SITE_URL"]
    with in_language(staff.language):
        text = translate(notice.message)
        closing = _("This message comes from the portal; nobody reads answers to it.")
    message = _blank(text, staff.email, f"notice-{notice.id}")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("\n\n".join(filter(None, (text, f"{site}{notice.link}" if notice.link else "", closing))) + "\n")
    return message


@contextmanager
def _server() -> Iterator[smtplib.SMTP]:
    settings, tls = current_app.config, ssl.create_default_context()
    address = settings["SMTP_HOST"], settings["SMTP_PORT"]
    encrypted = settings["SMTP_SSL"]
    with smtplib.SMTP_SSL(*address, timeout=TIMEOUT, context=tls) if encrypted else smtplib.SMTP(*address, timeout=TIMEOUT) as server:
        if settings["SMTP_STARTTLS"] and not encrypted:
            server.starttls(context=tls)
        if settings["SMTP_USER"]:
            server.login(settings["SMTP_USER"], settings["SMTP_PASSWORD"])
        yield server


def _send(server: smtplib.SMTP, letter: Letter) -> None:
    """Send one mail. What concerns this mail alone is kept on its record; raises what makes the server useless for the others."""
    try:
        server.send_message(letter.message)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        _failed(letter, error, for_good=all(code >= 500 for code in codes))
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        _failed(letter, error, for_good=error.smtp_code >= 500)
    except (ValueError, smtplib.SMTPNotSupportedError) as error:  # an address that this server cannot take
        _failed(letter, error, for_good=True)
    else:
        _note(letter, mail_state="sent", mail_error="", mail_after=None)


def _failed(letter: Letter, error: Exception, *, for_good: bool) -> None:
    tries = letter.tries + 1
    given_up = for_good or tries > len(AGAIN)
    log.warning("mail not sent", record=f"{letter.model.__name__} {letter.record_id}", tries=tries, given_up=given_up, error=_code(error))
    after = None if given_up else clock.now() + AGAIN[tries - 1]
    _note(letter, mail_state="failed" if given_up else "waiting", mail_error=_words(error), mail_tries=tries, mail_after=after)


def _note(letter: Letter, **values: object) -> None:
    db.session.execute(update(letter.model).where(letter.model.id == letter.record_id).values(**values))
    db.session.commit()


def _code(error: Exception) -> str:
    """Return an error for the log: what a server says names the address, and stands on the record alone."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {code for code, _said in error.recipients.values()}
    else:
        codes = {error.smtp_code} if isinstance(error, smtplib.SMTPResponseException) else set()
    return " ".join([type(error).__name__, *map(str, sorted(codes))])


def _words(error: Exception) -> str:
    """Return an error on one line, without what a server might put into it to break a page or a log."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        text = "; ".join(f"{code} {said.decode(errors='replace')}" for code, said in error.recipients.values())
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    else:
        text = str(error) or type(error).__name__
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300]
