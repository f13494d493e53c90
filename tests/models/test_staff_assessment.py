"""Assessment of staff: what records count, who judges and signs, what follows (SV-31, RO-3)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from portal import clock
from portal.database import StateConflict, db
from portal.models import inbox
from portal.models import staff_assessment_desk as desk
from portal.models.callback import Callback
from portal.models.request import ServiceRequest
from portal.models.staff_assessment import AssessmentMonth, StaffAssessment, pooled
from portal.models.staff_assessment_figures import of_month
from portal.models.staff_assessment_reward import Proposal, StaffReward
from portal.models.standard import set_value
from portal.models.standard_effects import effects
from portal.models.survey import SurveyAnswer
from portal.rules.assessments import PARTS, START_WEIGHTS, Judged, Part, bounds, month_before
from portal.rules.message import Refusal
from tests import calling, factories
from tests.approving import person, sign, told
from tests.service.requesting import taken
from tests.surveying import answered, asked, closed, judged, of, opened, reward, submitted

pytestmark = pytest.mark.usefixtures("app")


def last_month() -> str:
    return month_before(clock.today())


def put_back() -> None:
    """Let everything that was recorded have happened in the middle of the month before."""
    day = bounds(last_month())[0] + timedelta(days=14)
    noon = datetime.combine(day, datetime.min.time(), tzinfo=clock.SITE_ZONE) + timedelta(hours=12)
    db.session.execute(update(SurveyAnswer).where(SurveyAnswer.month != "").values(month=last_month()))
    db.session.execute(update(Callback).where(Callback.done_at.is_not(None)).values(done_at=noon))
    moved = {"received_on": day, "answered_at": noon, "solve_due_at": noon + timedelta(hours=1)}
    db.session.execute(update(ServiceRequest).values(**moved))
    db.session.commit()


def test_figures_come_from_the_records_of_the_month_and_of_the_person() -> None:
    answered(asked(), attitude=4, quality=5, company=3)
    calling.finished(calling.call(), satisfaction=5)
    late, again = closed(factories.customer("rep1")), closed(factories.customer("rep1"))
    answered(asked(factories.customer("rep3")), by="rep3", attitude=1)
    put_back()
    late.solve_due_at = late.answered_at - timedelta(hours=2) if late.answered_at else None
    again.reopened = 1
    db.session.commit()
    month = opened()
    parts = of("rep1", month).counted
    assert parts == {
        "surveys": Part(1, 3), "calls": Part(1, 5), "work": Part(1, 5), "lasting": Part(2, 1), "manner": Part(1, 4), "on-time": Part(2, 1),
    }  # fmt: skip
    found = of("rep1", month)
    assert found.scores == {"satisfaction": 80, "quality": 75, "attitude": 80, "speed": 50}
    assert (found.covered, found.open_to_judgement) == (85, ["knowledge"])
    assert of("rep3", month).scores == {"attitude": 20}
    nothing = of("rep2", month)
    assert (nothing.scores, nothing.total, nothing.covered) == ({}, None, 0), "no records are not 0"
    (group,) = desk.departments(month, desk.of_month(month, person("mgr1")))
    assert (group.people, group.scores["attitude"]) == (6, 50), "records of a department count together"


def test_a_complaint_that_waits_for_the_customer_is_late_only_if_it_was_before() -> None:
    day = bounds(last_month())[0] + timedelta(days=7)
    due = datetime.combine(day, datetime.min.time(), tzinfo=clock.SITE_ZONE) + timedelta(hours=12)
    for waiting_since in (None, due - timedelta(hours=1), due + timedelta(hours=1)):
        request = taken(factories.customer("rep1"))
        request.received_on, request.solve_due_at, request.waiting_since = day, due, waiting_since
    db.session.commit()
    assert of_month(last_month(), [person("rep1").id])[person("rep1").id]["on-time"] == Part(2, 0)


def test_the_mean_of_a_department_is_rounded_as_the_others_are() -> None:
    several: list[Any] = [
        SimpleNamespace(counted=dict.fromkeys(PARTS, Part()), judged={"knowledge": {"score": score}}) for score in ["80"] * 7 + ["81"]
    ]
    month: Any = SimpleNamespace(weights=START_WEIGHTS, least=0)
    assert pooled(several, month)[0] == {"knowledge": Decimal("80.13")}


def test_only_a_month_that_is_over_opens_once() -> None:
    today = f"{clock.today():%Y-%m}"
    for text in (today, "2999-01", "march", "1999-01"):
        with pytest.raises(Refusal) as refused:
            AssessmentMonth.open(text, by=person("mgr1"))
        assert refused.value.field == "month"
    month = opened()
    with pytest.raises(Refusal, match="open already"):
        AssessmentMonth.open(month.month, by=person("mgr1"))
    with pytest.raises(Refusal):
        AssessmentMonth.open("2020-01", by=person("sup1"))
    people = {one.staff.account for one in desk.of_month(month, person("mgr1"))}
    assert people == {"rep1", "rep2", "rep3", "rep4", "sup1", "sup2"}, "managers open, and are not assessed"


def test_who_judges_and_who_sees() -> None:
    month = opened()
    mine, boss = of("rep1", month), of("sup1", month)
    assert [mine.can_judge(person(one)) for one in ("sup1", "sup2", "mgr1", "rep1", "rep2")] == [True, False, True, False, False]
    assert [boss.can_judge(person(one)) for one in ("sup1", "sup2", "mgr1")] == [False, False, True]
    seen = {account: len(desk.of_month(month, person(account))) for account in ("rep1", "sup1", "mgr1")}
    assert seen == {"rep1": 0, "sup1": 2, "mgr1": 6}
    assert (len(inbox.entries(person("sup1"), "staff-assessment")), len(inbox.entries(person("mgr1"), "staff-assessment"))) == (2, 2)
    judged("rep1", month=month)
    submitted(mine)
    assert [one.staff.account for one in desk.of_month(month, person("rep1"))] == ["rep1"], "one's own, once it is submitted"
    assert desk.of_month(month, person("rep2")) == []


def test_the_chain_leads_past_who_judged_and_past_the_one_assessed() -> None:
    month = opened()
    found = judged("rep1", month=month)
    approval = submitted(found)
    assert [step.role for step in approval.current_round.steps] == ["supervisor", "manager"]
    assert [approval.can_sign(person(one)) for one in ("sup1", "rep1", "mgr1")] == [False, False, True]
    with pytest.raises(StateConflict):
        found.count_again(by=person("sup1"))
    sign(approval, "mgr1")
    assert (found.state, approval.state) == ("approved", "approved")
    assert any("is approved" in one for one in told("rep1"))
    boss = judged("sup1", by="mgr1", month=month)
    signed = submitted(boss, by="mgr1")
    person("sup1").role = "manager"
    db.session.commit()
    assert [signed.can_sign(person(one)) for one in ("sup1", "mgr1", "mgr2")] == [False, False, True], "nobody signs their own"


def test_a_rejected_one_is_judged_again_and_one_sent_back_too() -> None:
    found = judged()
    sign(submitted(found), "mgr1", "reject")
    assert found.state == "rejected"
    found.judge({"knowledge": Judged(Decimal(60), "补考")}, comment="重评", by=person("sup1"), version=found.version)
    db.session.commit()
    approval = submitted(found)
    sign(approval, "mgr1", "send-back")
    assert (found.state, inbox.count(person("sup1"))) == ("draft", 3), "the one sent back, the draft of it, and rep2's"


def test_what_has_records_is_not_judged_and_an_empty_one_needs_a_word() -> None:
    answered(asked(), attitude=4)
    put_back()
    month = opened()
    found = of("rep1", month)
    with pytest.raises(Refusal, match="Records say this"):
        found.judge({"attitude": Judged(Decimal(100), "印象")}, comment="", by=person("sup1"), version=found.version)
    nothing = of("rep2", month)
    with pytest.raises(Refusal, match="no records"):
        nothing.submit(by=person("sup1"))
    db.session.rollback()
    found = of("rep1", month)
    found.judge({}, comment="仅态度有记录", by=person("sup1"), version=found.version)
    assert (found.total, found.covered) == (None, 15), "15 % of the weights say too little"


def test_a_month_keeps_its_weights_and_records_added_later_are_counted_again() -> None:
    month = opened()
    found = judged("rep1", month=month)
    weights = {**START_WEIGHTS, "knowledge": 45, "satisfaction": 0}
    assert "6 assessments of staff" in str(next(iter(effects("assessment.weights", weights, clock.today()))))
    set_value("assessment.weights", weights, by=person("mgr1"), reason="新办法")
    answered(asked(), attitude=5)
    put_back()
    found = db.session.get_one(StaffAssessment, found.id)
    found.count_again(by=person("sup1"))
    db.session.commit()
    assert month.weights == START_WEIGHTS
    assert (found.scores["attitude"], "attitude" in found.judged) == (100, False), "a record takes the place of a judgement"


def test_rewards_follow_from_approved_assessments_with_reason_and_approval() -> None:
    draft = judged()
    with pytest.raises(StateConflict):
        reward_of(draft)
    sign(submitted(draft), "mgr1")
    for field, values in {"kind": {"kind": "x"}, "measure": {"measure": "x"}, "reason": {"reason": ""}, "amount": {"amount": "0"}}.items():
        with pytest.raises(Refusal) as refused:
            reward_of(draft, **values)
        assert refused.value.field == field
    found = reward_of(draft)
    assert desk.REWARDS.page(person("rep1"), None).rows == []
    assert [entry.kind for entry in inbox.entries(person("sup1"), "staff-reward")] == ["staff-reward"]
    approval = submitted(found)
    assert [approval.can_sign(person(one)) for one in ("sup1", "rep1", "mgr2")] == [False, False, True]
    sign(approval, "mgr2")
    assert (found.state, [one.id for one in desk.REWARDS.page(person("rep1"), None).rows]) == ("approved", [found.id])
    assert desk.REWARDS.page(person("sup2"), None).rows == []
    assert found.snapshot()["reward"]["amount"] == "500.00"


def reward_of(assessment: StaffAssessment, **values: str) -> StaffReward:
    given = {"kind": "reward", "measure": "bonus", "reason": "突出", "amount": "500", **values}
    written = Proposal(given["kind"], given["measure"], given["reason"], Decimal(given["amount"]))
    found = StaffReward.propose(assessment, written, by=person("sup1"))
    db.session.commit()
    return found


def test_a_draft_of_a_reward_is_given_up() -> None:
    found = reward()
    found.give_up(by=person("sup1"))
    db.session.commit()
    assert (found.state, inbox.count(person("sup1"))) == ("given-up", 1), "rep2 is still to be judged"


def test_what_is_frozen_is_the_record_as_it_is_stored_even_where_it_was_reckoned_a_moment_ago() -> None:
    answered(asked())
    put_back()
    found = of("rep1", opened())
    found.judge(
        {code: Judged(Decimal(80), "考试") for code in found.open_to_judgement}, comment="认真", by=person("sup1"), version=found.version
    )
    approval = submitted(found)
    db.session.expire_all()
    assert approval.current_round.snapshot == found.snapshot()
    assert found.submit(by=person("sup1")) is approval
