"""Surveys and assessments of the demonstration office: answers over some months, one survey running, two months assessed (SV-30, SV-31)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import survey_draw
from portal.models.approval import Approval
from portal.models.staff import Staff
from portal.models.staff_assessment import AssessmentMonth, StaffAssessment
from portal.models.staff_assessment_reward import Proposal, StaffReward
from portal.models.survey import DECLINED, UNREACHED, Survey, SurveyAnswer
from portal.models.survey_draw import Filters, Wanted
from portal.rules.assessments import KNOWLEDGE, REWARD, Judged, month_before
from portal.rules.surveys import CUSTOMERS, INTERVIEW, TELEPHONE
from portal.rules.text import clean_line

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]
ROUNDS = ((100, "客户满意度季度调查（一）", TELEPHONE), (62, "维修服务满意度调查", TELEPHONE), (34, "客户访谈满意度调查", INTERVIEW))
"""Surveys that are over: begun how many days ago, called what, how customers were asked."""
SAID = ("", "交货再准时一些就更好了。", "小林服务很周到。", "希望发票能早点寄到。", "问题解决得快。", "")
MOODS = ((5, 5, 4, 5, 4, 5), (4, 4, 4, 5, 4, 4), (5, 4, 5, 4, 3, 5), (3, 4, 3, 3, 4, 4), (4, 5, 4, 4, 5, 4), (3, 2, 3, 2, 3, 3))
"""Scores to the six questions, in turn: most are content, one in six is not."""
EXAMINED = ("季度业务考试", "产品知识抽查", "新员工培训考核")


def fill(staff: Mapping[str, Staff], at: At, sign: Sign) -> int:
    """Ask customers over some months, assess two of them, and return how many answers there are."""
    for turn, (ago, title, way) in enumerate(ROUNDS):
        _survey(turn, ago, title, way, staff, at)
    until = clock.today() + timedelta(days=14)
    for number, account in enumerate(("sup1", "sup2")):
        with at(3):
            running = survey_draw.begin(
                Wanted(f"{clock.today().year} 年客户满意度调查（{'一二'[number]}科）", TELEPHONE, CUSTOMERS, 12, until),
                seed=20260401 + number, by=staff[account],
            )  # fmt: skip
        with at(1):
            _answers(running, 4, staff)
    _assess(staff, at, sign)
    return db.session.query(SurveyAnswer).count()


def _survey(turn: int, ago: int, title: str, way: str, staff: Mapping[str, Staff], at: At) -> None:
    with at(ago):
        until = clock.today() + timedelta(days=20)
        wanted = Wanted(clean_line(title), way, CUSTOMERS, 40, until, filters=Filters())
        survey = survey_draw.begin(wanted, seed=7000 + turn, by=staff["mgr1"])
    for step in range(3):
        with at(ago - 4 - 5 * step):
            _answers(survey, 10, staff, turn + step)
    with at(ago - 21):
        survey.close(by=staff["mgr1"])


def _answers(survey: Survey, most: int, staff: Mapping[str, Staff], turn: int = 0) -> None:
    query = select(SurveyAnswer).where(SurveyAnswer.survey_id == survey.id, SurveyAnswer.state == "open").order_by(SurveyAnswer.id)
    codes = [one["code"] for one in survey.questions]
    for place, one in enumerate(db.session.scalars(query.limit(most)).all()):
        by = one.assignee if one.assignee is not None and one.assignee.active else staff["sup1"]
        if place % 9 == 7:
            state, why = (DECLINED, "客户不愿参加") if turn % 2 else (UNREACHED, "三次未接通")
            one.leave(state, text=why, by=by, version=one.version)
            continue
        mood = MOODS[(place + turn) % len(MOODS)]
        one.answer(dict(zip(codes, mood, strict=False)), text=SAID[(place + turn) % len(SAID)], by=by, version=one.version)


def _assess(staff: Mapping[str, Staff], at: At, sign: Sign) -> None:
    """Assess the two months before this one: the older one is decided, of the newer some wait to be judged or signed."""
    newest = month_before(clock.today())
    first_day = clock.today().replace(day=1)
    older = month_before(first_day - timedelta(days=1))
    since = (clock.today() - first_day).days
    with at(since):
        months = [AssessmentMonth.open(month, by=staff["mgr1"]) for month in (older, newest)]
    for turn, month in enumerate(months):
        query = select(StaffAssessment).where(StaffAssessment.month_id == month.id).order_by(StaffAssessment.id)
        mine = [one for one in db.session.scalars(query) if one.staff.is_demo]
        for place, one in enumerate(mine):
            judge = staff["mgr1"] if one.role == "supervisor" else staff["sup1" if one.team_id == staff["sup1"].team_id else "sup2"]
            if turn and place % 3 == 2:
                continue
            with at(since * 0.6):
                judged = {KNOWLEDGE: Judged(Decimal(82 + 3 * (place % 5)), EXAMINED[place % len(EXAMINED)])}
                one.judge(judged, comment="工作认真，客户反映良好。", by=judge, version=one.version)
                db.session.flush()
                approval = one.submit(by=judge)
            if turn and place % 3 == 1:
                continue
            with at(since * 0.3):
                sign(approval, staff["mgr2"], "approve", "情况属实，同意。")
            if not turn and place == 0:
                _reward(one, judge, staff["mgr2"], at, sign, since)


def _reward(assessment: StaffAssessment, by: Staff, manager: Staff, at: At, sign: Sign, since: int) -> None:
    with at(since * 0.2):
        written = Proposal(REWARD, "bonus", "本月客户满意度最高，投诉全部按时办结。", Decimal("500.00"))
        reward = StaffReward.propose(assessment, written, by=by)
        db.session.flush()
        approval = reward.submit(by=by)
    with at(since * 0.1):
        sign(approval, manager, "approve", "同意奖励。")
