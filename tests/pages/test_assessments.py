"""Pages of the assessment of staff: opening a month, judging, drill-down, one's own, rewards (SV-31)."""

from __future__ import annotations

from typing import Any

import pytest

from portal import clock
from portal.database import db
from portal.models.staff_assessment import AssessmentMonth
from portal.models.staff_assessment_reward import StaffReward
from portal.rules.assessments import month_before
from tests.approving import person, sign
from tests.surveying import approved, of, opened, submitted

pytestmark = pytest.mark.usefixtures("app")


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def test_a_manager_opens_a_month_and_a_supervisor_judges_and_submits(as_: Any) -> None:
    opened()
    db.session.query(AssessmentMonth).delete()
    db.session.commit()
    month = month_before(clock.today())
    answer = as_("mgr1").post("/assessments", data={"month": month})
    assert month in text_of(as_("mgr1").get(answer.location))
    assert "已经开启" in text_of(as_("mgr1").post("/assessments", data={"month": month}))
    found, browser = of("rep1", db.session.query(AssessmentMonth).one()), as_("sup1")
    address = f"/assessments/{found.id}"
    page = text_of(browser.get(address))
    assert "无记录" in page
    assert "无总分" in page
    typed = {"version": str(found.version), "score-knowledge": "90", "reason-knowledge": "", "comment": "好"}
    wrong = browser.post(address, data=typed)
    assert wrong.status_code == 422
    assert 'id="reason-knowledge-error"' in text_of(wrong)
    typed |= {"reason-knowledge": "三月考试", "score-attitude": "80", "reason-attitude": "现场观察"}
    assert browser.post(address, data={**typed, "version": "9"}).status_code == 409
    answer = browser.post(address, data={**typed, "do": "submit"})
    assert "/approvals/" in answer.location
    sheet = text_of(browser.get(answer.location))
    for words in ("员工考核", "三月考试", "服务态度", person("rep1").name):
        assert words in sheet
    own = text_of(as_("rep1").get(address))
    assert "三月考试" in own
    assert "score-knowledge" not in own
    assert "我的考核" in text_of(as_("rep1").get("/assessments"))


def test_a_reward_is_proposed_signed_and_seen_by_whom_it_concerns(as_: Any) -> None:
    found, browser = approved(), as_("sup1")
    address = f"/assessments/{found.id}/rewards/new"
    at_once = text_of(browser.post(address, data={"kind": "reward", "measure": "bonus", "amount": "", "reason": ""}))
    for field in ("amount", "reason"):
        assert f'id="{field}-error"' in at_once, "a bonus says how much it is, and why"
    wrong = browser.post(address, data={"kind": "reward", "measure": "bonus", "amount": "viel", "reason": "好"})
    assert wrong.status_code == 422
    assert 'id="amount-error"' in text_of(wrong)
    answer = browser.post(address, data={"kind": "reward", "measure": "bonus", "amount": "1,409.50", "reason": "满意度第一"})
    reward = db.session.query(StaffReward).one()
    assert answer.location == f"/staff-rewards/{reward.id}"
    assert "1,409.50" in text_of(browser.get(answer.location))
    assert as_("rep1").get(answer.location).status_code == 404
    approval = submitted(reward)
    sign(approval, "mgr2")
    assert "满意度第一" in text_of(as_("rep1").get(answer.location))
    assert "奖金" in text_of(as_("rep1").get("/staff-rewards"))
    assert "满意度第一" not in text_of(as_("rep2").get("/staff-rewards"))
