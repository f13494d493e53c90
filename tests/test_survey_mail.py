"""Links to a survey that go out by mail (SV-30): each with a token of its own, tried again, shown for each customer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal import clock, mail
from portal.database import db
from portal.models import survey_link, survey_mail
from portal.models.notice import Notice
from portal.models.standard import set_value
from portal.models.survey import SurveyAnswer
from portal.models.survey_desk import forget
from portal.models.survey_list import ANSWERS, AnswerQuery
from portal.rules.message import Refusal
from tests import factories, surveying
from tests.approving import person
from tests.test_mail import PostOffice, running, smtp  # noqa: F401 - the fixture


def _link(message: Any) -> str:
    return str(message.get_content()).split("/s/")[1].split()[0]


def _begin() -> dict[str, SurveyAnswer]:
    """Return the lines of a survey by link: of a customer with a contact who has an address, one with an address, and one without."""
    set_value("survey.link_open", True, by=person("mgr1"), reason="试点")
    named, _card, _none = (
        factories.customer("rep1", full_name=name, email=email) for name, email in (("甲", "x@a.cn"), ("乙", "b@b.cn"), ("丙", ""))
    )
    factories.contact(named, name="急", email="night@a.cn", emergency=True)
    factories.contact(named, name="王", email="wang@a.cn")
    survey = surveying.survey(3, way="link")
    return {one.customer.full_name: one for one in surveying.lines(survey) if one.customer}


def test_links_are_mailed_tried_again_and_shown(app: Flask, smtp: Any, as_: Any) -> None:  # noqa: F811
    lines = _begin()
    survey = lines["甲"].survey
    page = as_("mgr1").get(f"/surveys/{survey.id}").text
    assert f"/surveys/{survey.id}/mails" in page
    with pytest.raises(Refusal):
        survey_mail.queue(survey, by=person("rep1"))
    with running(PostOffice(data="451 busy")) as port:
        smtp(port)
        db.session.execute(Notice.__table__.delete())
        assert as_("mgr1").post(f"/surveys/{survey.id}/mails", data={}).status_code == 303
        mail.send_waiting()
    db.session.expire_all()
    states = {name: (one.mail_state, one.mail_to, one.mail_tries) for name, one in lines.items()}
    assert states == {"甲": ("waiting", "wang@a.cn", 1), "乙": ("waiting", "b@b.cn", 1), "丙": ("off", "", 0)}
    first = {name: one.token_hash for name, one in lines.items()}
    lines["乙"].customer_id = None  # erased meanwhile
    db.session.commit()
    office = PostOffice()
    with running(office) as port, time_machine.travel(clock.now() + timedelta(minutes=2), tick=False):
        smtp(port)
        mail.send_waiting()
        mail.send_waiting()
        ((to, message),) = office.got
        assert (to, message["Subject"]) == (["wang@a.cn"], survey.title)
        db.session.expire_all()
        opened = survey_link.by_token(_link(message))
        assert opened is not None
        assert (opened.id, opened.token_hash == first["甲"]) == (lines["甲"].id, False), "what the refused mail held opens nothing"
    assert _link(message) not in str(db.session.execute(select(SurveyAnswer.token_hash)).all()), "the token stands in the mail alone"
    assert survey_mail.counts(survey) == {"sent": 1}
    assert ANSWERS.ids(person("sup1"), AnswerQuery.read({"mail": "sent"}), 9) == [lines["甲"].id]
    page = as_("mgr1").get("/survey-answers?mail=sent").text
    assert "邮件已发出" in page
    with pytest.raises(Refusal, match="Nobody is left"):
        survey_mail.queue(survey, by=person("mgr1"))
    forget([lines["甲"].customer_id])
    db.session.commit()
    db.session.expire_all()
    assert (lines["甲"].mail_to, lines["甲"].mail_state) == ("", "off")


def test_without_a_mail_server_or_links_nothing_is_mailed(app: Flask, smtp: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    lines = _begin()
    survey = lines["甲"].survey
    survey_mail.queue(survey, by=person("mgr1"))
    set_value("survey.link_open", False, by=person("mgr1"), reason="停用")
    db.session.commit()
    mail.send_waiting()
    db.session.expire_all()
    assert (lines["甲"].mail_state, lines["甲"].token_hash) == ("off", "")
    set_value("survey.link_open", True, by=person("mgr1"), reason="再用")
    db.session.commit()
    monkeypatch.setitem(app.config, "SMTP_HOST", "")
    assert not survey_mail.can_mail(survey, person("mgr1"))
    with pytest.raises(Refusal, match="mail server"):
        survey_mail.queue(survey, by=person("mgr1"))
