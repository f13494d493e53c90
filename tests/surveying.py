"""Short ways through surveys and the assessment of staff for tests. rep1 and rep2 are of team 1 with sup1, rep3 of team 2."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from portal import clock
from portal.database import db
from portal.models import request_flow, survey_draw, survey_link
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.request import ServiceRequest
from portal.models.staff import Staff
from portal.models.staff_assessment import AssessmentMonth, StaffAssessment
from portal.models.staff_assessment_reward import Proposal, StaffReward
from portal.models.standard import set_value
from portal.models.survey import Survey, SurveyAnswer
from portal.models.survey_draw import Wanted
from portal.rules.assessments import Judged, month_before
from tests import factories
from tests.approving import person, sign
from tests.service import requesting

MONTH = "2026-01"


def survey(number: int = 1, by: str = "mgr1", way: str = "telephone", source: str = "customers", **filters: Any) -> Survey:
    """Return a committed survey among customers that are there already."""
    until = clock.today() + timedelta(days=10)
    wanted = Wanted("季度调查", way, source, number, until, filters=survey_draw.Filters(**filters))
    found = survey_draw.begin(wanted, seed=7, by=person(by))
    db.session.commit()
    return found


def lines(of: Survey) -> list[SurveyAnswer]:
    """Return whom a survey asks, in the order drawn."""
    return list(db.session.scalars(select(SurveyAnswer).where(SurveyAnswer.survey_id == of.id).order_by(SurveyAnswer.id)))


def closed(customer: Customer) -> ServiceRequest:
    """Return a complaint of a customer that is answered and closed."""
    request, actor = requesting.taken(customer), person("rep1")
    request_flow.answer(request, "已补发。", by=actor, version=request.version)
    request_flow.close(request, requesting.COMPLETE, by=actor, version=request.version)
    db.session.commit()
    return request


def asked(customer: Customer | None = None, **values: Any) -> SurveyAnswer:
    """Return the line of a survey that asks one new customer of rep1."""
    if customer is None:
        customer = factories.customer("rep1", grade="A")
    return next(one for one in lines(survey(500, **values)) if one.customer_id == customer.id)


def answered(line: SurveyAnswer, by: str = "rep1", text: str = "", **scores: int) -> bool:
    """Answer, and return whether a call-back is due."""
    found = line.answer(scores or {"attitude": 5}, text=text, by=person(by), version=line.version)
    db.session.commit()
    return found


def linked() -> tuple[SurveyAnswer, str]:
    """Return a line with the token that opens it; links are switched on."""
    if not survey_link.is_open():
        set_value("survey.link_open", True, by=person("mgr1"), reason="试点")
        db.session.commit()
    line = asked(way="link")
    token = survey_link.make(line, by=person("sup1"))
    db.session.commit()
    return line, token


def opened(month: str = "") -> AssessmentMonth:
    """Return a committed month of assessment: the last one before this that is not open yet; everybody has served for long."""
    db.session.execute(update(Staff).values(created_at=clock.now() - timedelta(days=900)))
    known = set(db.session.scalars(select(AssessmentMonth.month)))
    wanted = month or month_before(clock.today())
    while not month and wanted in known:
        wanted = month_before(date.fromisoformat(f"{wanted}-01"))
    found = AssessmentMonth.open(wanted, by=person("mgr1"))
    db.session.commit()
    return found


def of(account: str, month: AssessmentMonth | None = None) -> StaffAssessment:
    """Return somebody's assessment in a month, opened where none is."""
    month = month or opened()
    query = select(StaffAssessment).where(StaffAssessment.month_id == month.id, StaffAssessment.staff_id == person(account).id)
    return db.session.scalars(query).one()


def judged(account: str = "rep1", by: str = "sup1", score: str = "80", month: AssessmentMonth | None = None) -> StaffAssessment:
    """Return an assessment whose knowledge, attitude and comment are judged."""
    found = of(account, month)
    scores = {code: Judged(Decimal(score), "考试") for code in found.open_to_judgement}
    found.judge(scores, comment="认真", by=person(by), version=found.version)
    db.session.commit()
    return found


def submitted(document: Any, by: str = "sup1") -> Approval:
    """Return the committed running approval of an assessment or reward."""
    approval: Approval = document.submit(by=person(by))
    db.session.commit()
    return approval


def approved(account: str = "rep1", month: AssessmentMonth | None = None) -> StaffAssessment:
    """Return an assessment that is approved."""
    found = judged(account, month=month)
    sign(submitted(found), "mgr1")
    return db.session.get_one(StaffAssessment, found.id)


def reward(by: str = "sup1", amount: str = "1409.50", **values: Any) -> StaffReward:
    """Return the committed draft of a reward of rep1."""
    written = Proposal(**{"kind": "reward", "measure": "bonus", "reason": "成绩突出", "amount": Decimal(amount), **values})
    found = StaffReward.propose(approved(), written, by=person(by))
    db.session.commit()
    return found
