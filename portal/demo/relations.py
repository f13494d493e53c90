"""Relation assessments of the demonstration office: some customers over a year, others in every state on the way (RL-7, IN-5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from portal import clock
from portal.database import db
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.relation import RelationAssessment, Rule
from portal.models.staff import Staff
from portal.rules.relation import END, PARTS, Written

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]
OVER_TIME = 10
"""So many customers have been assessed more than once."""
DAYS_AGO = (330, 215, 110, 25)
STAGES = ("draft", "supervisor", "manager", "sent-back", "rejected", "given-up", "ended")
"""How far the assessments of others are brought, in turn."""
REASONS = (
    "本年订单稳定，结构合理", "对账及时，偶有逾期", "合作五年以上，人员稳定", "沟通顺畅，问题当日答复", "满意度回访四分以上",
    "新厂投产，需求上升",
)  # fmt: skip
POOR = ("订单逐月减少", "逾期三个月以上，多次催收", "联系人频繁更换", "来函不复，约见推迟", "两次书面投诉未了", "主营收缩，无新项目")
BASIS = ("产品合格率与交期统计", "客户访谈与满意度回访", "报价与同行比价", "订货到收货的天数", "手续与往来次数", "装卸与验收用工")
START = {"functional": 62, "emotional": 50, "money": 45, "time": 30, "energy": 22, "effort": 18}
GROWTH = {"functional": 6, "emotional": 7, "money": -3, "time": -5, "energy": -3, "effort": -2}
"""What an improved relation gives more, and costs less, from one assessment to the next."""


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At, sign: Sign) -> int:
    """Assess customers and return how many assessments there are."""
    owned = [one for one in customers if one.owner is not None]
    for turn, customer in enumerate(owned[:OVER_TIME]):
        for step, ago in enumerate(DAYS_AGO[turn % 3 :]):
            _assess(customer, staff, at, sign, ago + turn, _written(52 + 9 * step - 3 * (turn % 4), turn, step), "approved")
    for turn, stage in enumerate(STAGES):
        if OVER_TIME + turn < len(owned):
            score = 25 if stage in ("manager", "ended", "rejected") else 66
            _assess(owned[OVER_TIME + turn], staff, at, sign, 6 + turn, _written(score, turn, -1 if score < 40 else 1), stage)
    return db.session.query(RelationAssessment).count()


def _written(score: int, turn: int, step: int) -> Written:
    """Return what somebody wrote: scores around `score`, and delivered value after so many steps of improvement."""
    reasons = POOR if score < 40 else REASONS
    codes = [one.code for one in Rule.in_force().indicators]
    scores = {
        code: (str(min(95, max(5, score + 5 * ((turn + place) % 4) - 5))), reasons[place % len(reasons)])
        for place, code in enumerate(codes)
    }  # fmt: skip
    points = {code: (str(max(4, START[code] + GROWTH[code] * step + 2 * (turn % 3))), BASIS[place]) for place, code in enumerate(PARTS)}
    result = "长期拖欠且多次违约，继续交易风险大。" if score < 40 else "合作总体平稳，交期与服务得到认可，仍可提高响应速度。"
    return Written(scores, points, result, "", "")


def _assess(customer: Customer, staff: Mapping[str, Staff], at: At, sign: Sign, ago: float, written: Written, stage: str) -> None:
    owner = customer.owner
    assert owner is not None  # noqa: S101 - chosen above
    supervisor = staff["sup1" if owner.account in ("rep1", "rep2") else "sup2"]
    with at(ago):
        found = RelationAssessment.begin(customer, written, assessed_on=clock.today(), by=owner)
        db.session.flush()
        if stage == "given-up":
            found.give_up(by=owner)
    if stage in ("draft", "given-up"):
        return
    with at(ago * 0.8):
        approval = found.submit(by=owner)
    if stage == "supervisor":
        return
    with at(ago * 0.6):
        decision = {"sent-back": "send-back", "rejected": "reject"}.get(stage, "approve")
        opinion = {"send-back": "请补充回款情况。", "reject": "情况尚可，不同意终止，请改提改善措施。"}.get(decision, "情况属实，同意。")
        sign(approval, supervisor, decision, opinion)
    if stage in ("sent-back", "rejected", "manager") or found.advice != END:
        return
    with at(ago * 0.4):
        sign(approval, staff["mgr1"], "approve", "同意终止关系。")
