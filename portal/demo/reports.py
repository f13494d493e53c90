"""Information reports of the demonstration office: urgent ones in every state, periodic ones of which a few are still owed (AR-22)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from portal import clock
from portal.models import report_due, report_notes
from portal.models.customer import Customer
from portal.models.report import InformationReport
from portal.models.staff import Staff

At = Callable[[float], AbstractContextManager[None]]
EVENTS: tuple[dict[str, str], ...] = (
    {
        "title": "主要仓库夜间失火，暂停收货",
        "source": "客户采购部王主管来电",
        "account": "昨夜十一时三号仓库起火，凌晨两点扑灭，无人员伤亡，约四成存货受损。",
        "consequence": "两周内无法收货，本月订单顺延；可能要求延长账期。",
        "action": "已暂停发货并通知仓储；建议主管本周内上门慰问，财务预先评估延期付款。",
    },
    {
        "title": "法定代表人被列为被执行人",
        "source": "中国执行信息公开网",
        "account": "例行查询发现其法定代表人因民间借贷纠纷被列为被执行人，标的约三百万元。",
        "consequence": "付款能力存疑，在途应收款有风险。",
        "action": "已提请暂缓新增赊销；建议重新评定信用额度。",
    },
    {
        "title": "竞争对手报价低一成，客户要求重新议价",
        "source": "拜访时采购经理告知",
        "account": "同城竞争对手以低于我方一成的价格报价，客户希望月底前得到答复。",
        "consequence": "若不答复，可能失去全年约三成的订单。",
        "action": "已请客户暂缓决定；建议由经理出面洽谈年度框架。",
    },
    {
        "title": "厂房搬迁提前至下月",
        "source": "客户来函",
        "account": "因政府收储，厂房搬迁由年底提前到下月。",
        "consequence": "搬迁期间停产约十天，送货地址变更。",
        "action": "已登记新址待核实；建议调整送货计划。",
    },
)
STAGES = ("fresh", "instructed", "read", "closed")
"""How far the urgent reports are brought, in turn."""
OWED_OF = 12
"""Of so many customers that owe a periodic report one still does."""
SALES = ("订单较上期增长约一成，以常规品类为主。", "订单与上期持平，新增一个品类试单。", "受季节影响订单略降，下期订单已确认。")
PROBLEMS = ("", "两笔货款晚付一周。", "对到货时间有意见，已改由专车配送。")
COMPETITORS = ("", "同城两家竞争对手上门报价。", "")
NEEDS = ("希望延长质保。", "需要每月对账单。", "希望增加技术培训。")
PLANS = ("下期走访采购与质检部门，推进年度合同。", "安排样品试用，争取新品类。", "跟进付款，组织一次联合回访。")


def urgent(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At) -> None:
    """Write an urgent report on each of the customers, each brought as far as its turn says."""
    for turn, (stage, customer) in enumerate(zip(STAGES, customers, strict=False)):
        author = customer.owner or staff["rep1"]
        supervisor = staff["sup1" if author.account in ("rep1", "rep2") else "sup2"]
        begun = {"fresh": 0.1, "instructed": 1.5, "read": 4, "closed": 20}[stage]
        with at(begun):
            values: dict[str, Any] = {**EVENTS[turn % len(EVENTS)], "happened_on": clock.today() - timedelta(days=turn % 2)}
            report = InformationReport.tell(customer, values, by=author)
            report_notes.announce(report, by=author)
        if stage == "fresh":
            continue
        with at(begun * 0.9):
            report_notes.add(report, "instruction", "请当日上门核实，明日中午前书面回复。", by=supervisor)
        if stage == "instructed":
            continue
        with at(begun * 0.8):
            report_notes.add(report, "read", "", by=staff["mgr1"])
            report_notes.add(report, "note", "已上门核实，情况与来函一致。", by=author)
        if stage == "closed":
            with at(begun * 0.5):
                report_notes.add(report, "conclusion", "新址已登记，送货计划已调整，恢复正常。", by=supervisor)


def periodic(customers: Sequence[Customer], staff: Mapping[str, Staff]) -> int:
    """Write what is owed on customers, but for a few, in the days after the period; most are read. Return how many reports there are."""
    today, done = clock.today(), 0
    for turn, customer in enumerate(customers):
        period = report_due.owed_by(customer, today)
        if period is None or customer.owner is None or turn % OWED_OF == 0:
            continue
        supervisor = staff["sup1" if customer.owner.account in ("rep1", "rep2") else "sup2"]
        values = {
            "sales": SALES[turn % 3], "problems": PROBLEMS[turn % 3], "competitors": COMPETITORS[turn // 3 % 3],
            "needs": NEEDS[turn % 3], "plans": PLANS[turn // 2 % 3],
        }  # fmt: skip
        since = clock.now() - timedelta(days=(today - period.last).days - 1)
        with clock.pretend(min(since + timedelta(days=turn % 4), clock.now())):
            report = InformationReport.begin(customer, period, values, by=customer.owner)
            report.submit(by=customer.owner)
            report_due.count_reported([customer.id])
        if turn % 9:
            with clock.pretend(min(since + timedelta(days=turn % 4 + 1), clock.now())):
                report_notes.add(report, "read", "", by=supervisor, told=False)
        done += 1
    return done
