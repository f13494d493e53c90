"""Customers' proposals of the demonstration: from registered to late, for departments with and without an account (PP-1 to PP-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from portal import clock
from portal.database import db
from portal.models import proposal_clock, proposal_intake, proposal_letter
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.proposal import Proposal
from portal.models.proposal_department import ProposalDepartment, parts_of
from portal.models.proposal_extension import ProposalExtension
from portal.models.proposal_routing import ProposalRouting, proposed_lines
from portal.models.request_intake import take_in
from portal.models.staff import Staff
from portal.rules import proposals as rules

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]
Paper = Callable[[Approval, str], None]


class Idea(NamedTuple):
    """What is proposed: kind, way, how far it is brought, and how many days ago it came."""

    kind: str
    channel: str
    stage: str
    ago: int
    summary: str
    text: str


IDEAS = (
    Idea(
        "quality", "letter", "registered", 1, "来料检验增加抽检比例", "近两批外壳出现毛刺，建议对关键零件提高抽检比例，按月反馈检验结果。"
    ),
    Idea("service", "telephone", "registered", 4, "售后报修增加夜间值班", "我司为三班生产，夜间设备停机无人受理，建议晚间设值班电话。"),
    Idea("sales", "e-mail", "registered", 11, "按季度签订框架订单", "建议改为按季度签订框架订单，分批交货，减少每批议价的时间。"),
    Idea("standardisation", "face-to-face", "routing", 5, "统一接线端子规格", "贵司三个系列的端子规格不同，备件要备三套，建议统一为一种。"),
    Idea("new-product", "e-mail", "routing", 8, "推出防潮型控制柜", "沿海地区潮湿，建议增加防潮型控制柜，柜内带加热除湿。"),
    Idea("quality", "letter", "to-send", 6, "出厂检验报告附照片", "建议出厂检验报告附关键部位照片，便于我们收货时核对。"),
    Idea("technique", "e-mail", "routed", 9, "焊接改用氩弧焊工艺", "支架焊缝外观不匀，建议改用氩弧焊，并提供焊接工艺评定。"),
    Idea("materials", "e-mail", "routed", 12, "推荐新型密封材料", "我司在用的一种氟橡胶密封件耐温更高，附材料数据，建议试用。"),
    Idea("production-technology", "face-to-face", "routed", 16, "装配线增加防错工装", "来厂时看到人工装配容易装反，建议增加防错工装。"),
    Idea("quality", "letter", "late", 26, "更换包装防震材料", "运输中玻璃面板破损率偏高，建议改用蜂窝纸板防震。"),
    Idea("standardisation", "letter", "paper", 17, "图纸改用统一编号规则", "图纸编号每年更换，历史资料难以查找，建议统一编号规则。"),
    Idea("new-product", "e-mail", "extended", 22, "开发远程监控模块", "希望设备带远程监控模块，可在手机上看到运行状态。"),
    Idea("service", "telephone", "void", 7, "重复登记的提案", "与此前提案重复。"),
    Idea("quality", "letter", "routed", 40, "零件加贴批次二维码", "建议每个零件加贴批次二维码，出现问题时可追溯到批次。"),
    Idea("sales", "e-mail", "routed", 55, "网上下单与查询进度", "希望能在网上下单并查询生产进度，减少电话沟通。"),
    Idea("technique", "face-to-face", "routed", 70, "喷涂前增加磷化处理", "户外使用一年后漆面起泡，建议喷涂前增加磷化处理。"),
    Idea("service", "letter", "routed", 95, "随机附中文维护手册", "进口部件只有英文资料，建议随机附中文维护手册。"),
    Idea("materials", "e-mail", "routed", 120, "外壳改用阻燃材料", "客户消防检查要求阻燃等级 V0，建议外壳改用阻燃材料。"),
    Idea("production-technology", "letter", "routed", 150, "改进夹具缩短换型时间", "小批量订单交期长，建议改进夹具，缩短换型时间。"),
    Idea("quality", "e-mail", "routed", 175, "关键尺寸提供检测数据", "建议对关键尺寸提供每批检测数据，以便免检收货。"),
    Idea("other", "telephone", "routed", 200, "停车区增设充电桩", "来访车辆多为电动车，建议停车区增设充电桩。"),
    Idea("service", "letter", "routed", 230, "备件库存信息共享", "建议共享常用备件库存信息，便于我们安排检修。"),
    Idea("quality", "letter", "routed", 260, "来料检验提高抽检比例", "电源模块来料不良率偏高，建议提高抽检比例。"),
    Idea("sales", "face-to-face", "routed", 290, "增设区域备货仓库", "西北地区交货慢，建议增设区域备货仓库。"),
)
"""What customers propose; from 40 days ago on they are decided by what comes after."""
PEOPLE = ("林秋实", "何佳宁", "邵云飞", "苏婉清", "顾长河", "沈若溪")


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At, sign: Sign, paper: Paper) -> list[Proposal]:
    """Register proposals, bring each as far as its stage says, and return them."""
    mine = [one for one in customers if one.owner is not None]
    found = [_brought(turn, idea, mine[turn % len(mine)], staff, at, sign, paper) for turn, idea in enumerate(IDEAS)]
    customer = mine[len(IDEAS) % len(mine)]
    owner = customer.owner
    assert owner is not None  # noqa: S101 - chosen so
    with at(2):
        asked = {
            "customer": customer, "kind": "suggestion", "channel": "letter", "text": "建议改用可回收包装，减少运输破损，也便于我司回收。",
            "caller": "沈若溪", "telephone": "13900007788",
        }  # fmt: skip
        found.append(proposal_intake.from_request(take_in(asked, by=owner), by=owner))
    while proposal_clock.tell_due():
        db.session.flush()
    return found


def _brought(turn: int, idea: Idea, customer: Customer, staff: Mapping[str, Staff], at: At, sign: Sign, paper: Paper) -> Proposal:
    owner = customer.owner
    assert owner is not None  # noqa: S101 - chosen so
    supervisor = staff["sup1" if owner.team_id == staff["sup1"].team_id else "sup2"]
    with at(idea.ago):
        values = {
            "kind": idea.kind, "channel": idea.channel, "contact": PEOPLE[turn % len(PEOPLE)], "reach": f"1390000{7000 + turn}",
            "received_on": clock.today(), "received_time": f"{9 + turn % 8:02d}:{(turn * 7) % 60:02d}", "summary": idea.summary,
            "text": idea.text,
        }  # fmt: skip
        proposal = proposal_intake.register(customer, values, by=owner)
    if idea.stage == "void":
        with at(idea.ago * 0.9):
            proposal_intake.void(proposal, reason="重复登记", by=owner)
        return proposal
    if idea.stage == "registered":
        return proposal
    with at(idea.ago - 0.6):
        _told(proposal, "thanks", owner)
    with at(idea.ago - 1.2):
        written = {"kind": idea.kind, "lines": proposed_lines(idea.kind), "word": "请结合现有工艺评估。"}
        approval = ProposalRouting.begin(proposal, written, by=supervisor).submit(by=supervisor)
    if idea.stage == "routing":
        return proposal
    with at(idea.ago - 2):
        sign(approval, staff["mgr1"], "approve", "同意分派。")
    if idea.stage == "to-send":
        return proposal
    with at(idea.ago - 2.5):
        for part in db.session.scalars(parts_of(proposal.id, ProposalDepartment.state == rules.TO_SEND)).all():
            proposal_letter.send_copy(part, by=owner)
        _told(proposal, "change", owner)
    if idea.stage in ("paper", "extended"):
        with at(idea.ago - 6):
            asked = ProposalExtension.begin(proposal, {"ground": "complicated", "reason": "需外部试验机构出具报告。"}, by=supervisor)
            approval = asked.submit(by=supervisor)
        with at(idea.ago - 7):
            sign(approval, staff["mgr1"], "approve", "同意延期，请副总经理审批。")
        if idea.stage == "extended":
            with at(idea.ago - 8):
                paper(approval, "秦致远")
    return proposal


def _told(proposal: Proposal, what: str, by: Staff) -> None:
    letter = proposal_letter.draft(proposal, what, by=by)
    values = {"to_name": letter.to_name, "address": letter.address, "subject": letter.subject, "body": letter.body}
    letter.change(way=proposal_letter.LETTER, **values, by=by, version=letter.version)
    letter.send(by=by)
