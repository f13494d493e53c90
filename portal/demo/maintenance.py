"""Maintenance of the demonstration office: plans in every state, tasks done and overdue, tables, greetings (RL-20 to RL-24)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from portal import clock
from portal.database import db
from portal.models import greeting, strengthening
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.greeting import GREETED, SKIPPED, GreetingLine, GreetingList
from portal.models.plan import MaintenancePlan
from portal.models.plan_papers import PlanAmendment, PlanSummary
from portal.models.plan_task import OPEN, PlanTask
from portal.models.staff import Staff
from portal.models.strengthening import Person
from portal.rules.maintenance import EACH, ONCE, Measure, Outline

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]
PaperSign = Callable[[Approval, str], None]
STAGES = ("closed", "running", "amended", "pending", "paper", "draft", "rejected", "sent-back", "summed", "given-up")
"""How far the plans are brought, in turn."""
PLANS = (
    ("年度重点客户巩固", "全年采购额不低于上年，续签年度框架合同。", "高层互访与技术交流相结合。"),
    ("新客户暖场计划", "首单三个月内形成稳定月度订单。", "每月走访一次，及时处理首批问题。"),
    ("回款改善专项", "逾期应收压降到百分之五以内。", "逐户对账，约定付款计划并跟进。"),
    ("竞争防守方案", "守住主力品类份额，不流失订单。", "技术部门同访，提供替代方案。"),
    ("节日关怀方案", "关键联系人全部问候到位。", "春节、中秋上门或寄送贺卡。"),
)
RESULTS = ("总经理接待，表示继续合作。", "约定下月提供新品试样。", "已对账，逾期款分两期支付。", "客户对交期满意。")
LEARNED = "拜访须提前一周约定；由技术人员同去，客户更愿意谈明年的计划。"


def _measures(today: date, staff: Sequence[Staff], length: int) -> tuple[Measure, ...]:
    return (
        Measure("visit", "登门拜访关键联系人", EACH, None, today + timedelta(days=length // 6), Decimal(1200)),
        Measure("call", "电话回访使用情况", EACH, None, today + timedelta(days=length // 3), Decimal(0)),
        Measure("event", "客户答谢交流会", ONCE, staff[0].id, today + timedelta(days=length // 2), Decimal(3000)),
        Measure("greeting", "节日问候并寄贺卡", EACH, None, today + timedelta(days=length * 2 // 3), Decimal(300)),
    )


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At, sign: Sign, paper: PaperSign) -> int:
    """Write plans for customers of each team in every state, a few tables, and greetings; return how many plans there are."""
    sides: dict[str, list[Customer]] = {"sup1": [], "sup2": []}
    for one in customers:
        if one.owner is not None:
            sides["sup1" if one.owner.account in ("rep1", "rep2") else "sup2"].append(one)
    for turn, stage in enumerate(STAGES):
        author = "sup1" if turn % 2 == 0 else "sup2"
        mine = sides[author][turn * 2 : turn * 2 + 3]
        if mine:
            _plan(turn, stage, mine, staff, author, at, sign, paper)
    _tables(customers[:6], at)
    _greetings(sides, staff, at)
    return db.session.query(MaintenancePlan).count()


def _plan(
    turn: int, stage: str, customers: list[Customer], staff: Mapping[str, Staff], author: str, at: At, sign: Sign, paper: PaperSign
) -> None:
    by, people = staff[author], [staff[one] for one in (("rep1", "rep2") if author == "sup1" else ("rep3", "rep4"))]
    begun = {"closed": 120, "summed": 110, "running": 50, "amended": 60}.get(stage, 4)
    length = 90
    title, goal, means = PLANS[turn % len(PLANS)]
    with at(begun):
        today = clock.today()
        outline = Outline(
            f"{today.year} {title}", goal, means, Decimal(6000), today, today + timedelta(days=length), tuple(one.id for one in people),
            _measures(today, people, length), len(customers),
        )  # fmt: skip
        plan = MaintenancePlan.begin(outline, [one.id for one in customers], by=by)
        db.session.flush()
    if stage == "given-up":
        with at(begun * 0.9):
            plan.give_up(by=by)
    if stage in ("draft", "given-up"):
        return
    with at(begun * 0.95):
        approval = plan.submit(by=by)
    if stage == "pending":
        return
    with at(begun * 0.92):
        decision = {"rejected": "reject", "sent-back": "send-back"}.get(stage, "approve")
        opinion = {"reject": "与去年方案重复，不同意。", "send-back": "请补充竞争对手情况，措施再具体些。"}.get(decision, "同意。")
        sign(approval, staff["mgr1"], decision, opinion)
    if stage in ("rejected", "sent-back", "paper"):
        return
    with at(begun * 0.9):
        paper(approval, "罗客户总监")
    _carry_out(plan, stage, at)
    if stage == "amended":
        with at(3):
            values: dict[str, Any] = {"budget": Decimal(9000), "ends_on": plan.ends_on + timedelta(days=30)}
            change = PlanAmendment.begin(plan, reason="客户新设分公司，需追加走访与交流。", measures=[], by=by, **values)
            approval = change.submit(by=by)
            sign(approval, staff["mgr2"], "approve", "同意追加。")
            paper(approval, "罗客户总监")
    if stage in ("closed", "summed"):
        with at(2):
            written = {"verdict": "reached", "reached": "两家续签年度合同，订单较上年增长一成。", "cost_note": "", "learned": LEARNED}
            approval = PlanSummary.begin(plan, written, by=by).submit(by=by)
    if stage == "closed":
        with at(1):
            sign(approval, staff["mgr1"], "approve", "总结属实，经验可推广。")


def _carry_out(plan: MaintenancePlan, stage: str, at: At) -> None:
    tasks = list(db.session.scalars(db.select(PlanTask).where(PlanTask.plan_id == plan.id).order_by(PlanTask.due_on, PlanTask.id)))
    whole = stage in ("closed", "summed")
    now = clock.today()
    for turn, task in enumerate(tasks):
        ago = max((now - task.due_on).days, 0)
        who = task.staff
        if who is None or (not whole and (ago == 0 or turn % 4 == 3)):
            continue
        with at(max(ago, 3) + 0.2):
            if turn % 5 == 4:
                task.drop(reason="客户近期出国，不便接待", by=who, version=task.version)
                continue
            cost = Decimal(0) if task.kind == "call" else Decimal(150 + 40 * (turn % 4))
            task.finish(result=RESULTS[turn % len(RESULTS)], cost=cost, done_on=clock.today(), by=who, version=task.version)
    if not whole:
        late = [one for one in tasks if one.state == OPEN and one.staff is not None and one.due_on > now]
        for task in late[:1]:
            assert task.staff is not None  # noqa: S101 - chosen above
            day = min(task.due_on + timedelta(days=5), plan.ends_on)
            task.move(day, reason="客户改约", by=task.staff, version=task.version)


def _tables(customers: Sequence[Customer], at: At) -> None:
    for turn, customer in enumerate(customers):
        if customer.owner is None:
            continue
        until = clock.today() + timedelta(days=60 + turn)
        mine = customer.owner.id
        people = [
            Person("general_manager", "钱国栋", "decides", "与甲公司总经理同乡，来往不多", mine, "每季由经理拜访一次", until),
            Person("department_head", "孙丽华", "strong", "曾用甲公司产品，认可我方交期", mine, "邀请参加技术交流会", until),
            Person("section_head", "李志强", "some", "中立", mine, "每月电话沟通，及时处理问题", until),
        ]
        with at(12 + turn):
            strengthening.save(customer, people[: 3 - turn % 2], by=customer.owner, version=0)


def _greetings(sides: Mapping[str, list[Customer]], staff: Mapping[str, Staff], at: At) -> None:
    offered = greeting.offered(clock.today())
    past = [one for one in offered if one.day <= clock.today()]
    ahead = [one for one in offered if one.day > clock.today()]
    for holiday in (past[-1:], ahead[:1]):
        for one in holiday:
            for author, customers in sides.items():
                with at(max((clock.today() - one.day).days, 0) + 1):
                    listed = GreetingList.make(one.name, one.day, [found.id for found in customers[:18]], note="", by=staff[author])
                _greet(listed, at)


def _greet(listed: GreetingList, at: At) -> None:
    lines = db.session.scalars(db.select(GreetingLine).where(GreetingLine.list_id == listed.id).order_by(GreetingLine.id)).all()
    ways = [one["code"] for one in greeting.ways()]
    ago = max((clock.today() - listed.day).days, 0)
    for turn, line in enumerate(lines):
        by = line.customer.owner
        if by is None or turn % 3 == 2:
            continue
        with at(ago):
            if turn % 9 == 7:
                line.settle(SKIPPED, note="已上门拜访，不再另行问候", by=by, version=line.version)
            else:
                line.settle(GREETED, way=ways[turn % len(ways)], done_on=clock.today(), by=by, version=line.version)
