"""Requests of the demonstration office: in every state, some overdue, a month of complaints with causes, channels (SV-1 to SV-8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from portal import clock
from portal.database import db
from portal.models import channel_desk, request_flow, request_tally, request_visits
from portal.models.customer import Customer
from portal.models.promise import of_record
from portal.models.request import ServiceRequest
from portal.models.request_intake import take_in
from portal.models.staff import Staff

At = Callable[[float], AbstractContextManager[None]]
OPEN: tuple[tuple[str, str, str, str, str, float], ...] = (
    ("complaint", "telephone", "high", "上周送到的三箱货有一箱包装破损，要求换货。", "in-hand", 1.2),
    ("complaint", "letter", "normal", "来函反映两次送货均晚到，影响生产，要求书面答复。", "assigned", 0.3),
    ("complaint", "wechat", "urgent", "新装设备运行两天后停机，生产线停了，要求马上派人。", "assigned", 3),
    ("repair", "telephone", "urgent", "二号机漏油，请派人上门。", "visit", 0.8),
    ("repair", "front-desk", "normal", "门禁读卡器失灵，时好时坏。", "waiting", 4),
    ("inquiry", "e-mail", "normal", "询问年度合同续签需要哪些资料。", "assigned", 0.1),
    ("inquiry", "telephone", "normal", "询问本月对账单何时寄出。", "answered", 2),
    ("suggestion", "web", "normal", "建议送货单上注明批号，方便入库核对。", "in-hand", 6),
    ("special-event", "telephone", "urgent", "仓库夜间跑水，约两吨货物受潮，已断电。", "in-hand", 0.6),
    ("complaint", "telephone", "normal", "客服电话多次占线，无人回电。", "answered", 5),
)
"""Kind, channel, priority, text, how far it is brought, and how many days ago it came in."""
CLOSED: tuple[tuple[str, str, str, str, str], ...] = (
    ("delivery", "telephone", "送货晚到两天。", "补送并致歉，免收当次运费。", "改用两家承运商，发车前一日确认。"),
    ("quality", "e-mail", "一批零件尺寸超差。", "全部换货，旧件取回检验。", "出厂加一道全检。"),
    ("attitude", "front-desk", "前台接待冷淡。", "主管当面致歉。", "重新培训接待礼仪。"),
    ("delivery", "wechat", "送货单与实物不符。", "当日核对补齐。", "装车时双人复核。"),
    ("slowness", "telephone", "报修三天才有人上门。", "维修完成并回访。", "报修半日内必须电话答复。"),
    ("information", "telephone", "报价单价格有误。", "更正报价并说明。", "报价单出具前复核。"),
    ("quality", "telephone", "设备噪音偏大。", "更换轴承。", "列入季度巡检。"),
    ("delivery", "letter", "连续两次晚到。", "与客户约定固定送货日。", "改用两家承运商，发车前一日确认。"),
)
"""Cause, channel, text, what was done, what prevents it: complaints of the month before."""
DEPARTMENTS = {"delivery": "物流部", "quality": "质量部", "attitude": "客户关系部", "slowness": "售后服务部", "information": "销售部"}
LOOKED_AFTER = (("telephone", "sup1", "每日 8:30–17:30", 60), ("e-mail", "rep3", "工作日", 240), ("wechat", "rep2", "每日 8:30–20:00", 60))


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At) -> None:
    """Take requests of these customers in, and bring each as far as its turn says."""
    for (kind, channel, priority, text, stage, days), customer in zip(OPEN, customers, strict=False):
        owner = customer.owner or staff["rep1"]
        with at(days):
            given: dict[str, Any] = {"customer": customer, "kind": kind, "channel": channel, "priority": priority, "text": text}
            request = take_in({**given, "caller": "王工", "telephone": "0755-26001888"}, by=owner)
        _bring(request, stage, owner, days, at)
    with at(0.2):
        unknown = {"customer_name": "路过咨询的张先生", "kind": "inquiry", "channel": "front-desk", "text": "想了解供货价目。"}
        take_in(unknown, by=staff["rep1"])
    _month_before(customers[len(OPEN) :], staff, at)
    _channels(staff)
    while request_tally.count_changed():
        pass


def _bring(request: ServiceRequest, stage: str, owner: Staff, days: float, at: At) -> None:
    """Bring a request as far as its stage says, some time after it came in."""
    if stage == "assigned":
        return
    with at(days * 0.8):
        request_flow.take_in_hand(request, by=owner, version=request.version)
        request_flow.first_answer(request, "已受理，正在核实。", by=owner, version=request.version)
        if stage == "waiting":
            request_flow.wait(request, "请客户提供设备铭牌照片。", by=owner, version=request.version)
        elif stage == "answered":
            request_flow.answer(request, "已核实并答复客户。", by=owner, version=request.version)
        elif stage == "visit":
            starts_at = clock.now() + timedelta(hours=20)
            request_visits.arrange(
                request, fitter="老周", telephone="13900000000", starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), by=owner
            )


def _month_before(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At) -> None:
    """Close complaints of the month before, each with its cause; one came again and is open."""
    days = clock.today().day + 20
    for turn, ((cause, channel, text, done, prevention), customer) in enumerate(zip(CLOSED, customers, strict=False)):
        owner, since = customer.owner or staff["rep1"], days - turn * 1.5
        with at(since):
            given = {"customer": customer, "kind": "complaint", "channel": channel, "text": text}
            request = take_in({**given, "promise": "三日内书面答复", "promised_at": clock.now() + timedelta(days=3)}, by=owner)
        with at(since - 1 - turn % 3):
            request_flow.answer(request, done, by=owner, version=request.version)
            (promised,) = of_record("request", request.id)
            request_flow.settle_promise(request, promised, kept=True, word="", by=owner)
        with at(since - 2 - turn % 3):
            satisfied = turn % 4 != 2
            values = {
                "cause": cause, "done": done, "satisfied": satisfied, "word": "表示满意。" if satisfied else "仍希望更快。",
                "department": DEPARTMENTS[cause], "prevention": prevention,
            }  # fmt: skip
            request_flow.follow_up(request, satisfied=satisfied, word=str(values["word"]), by=owner, version=request.version)
            request_flow.close(request, values, by=owner, version=request.version)
        if turn == len(CLOSED) - 1:
            with at(1):
                request_flow.reopen(request, "本月又晚到一次。", by=owner, version=request.version)


def _channels(staff: Mapping[str, Staff]) -> None:
    for code, account, hours, minutes in LOOKED_AFTER:
        channel_desk.describe(
            code, staff_id=staff[account].id, hours=hours, first_minutes=minutes, note="", by=staff["mgr1"], version=0
        )  # fmt: skip
    year = clock.today().year - 1
    words = {"verdict": "接通率九成以上，高峰时段偶有占线。", "improvement": "高峰时段增加一名接听人员。"}
    channel_desk.evaluate("telephone", year, **words, by=staff["mgr1"], version=0)
    db.session.flush()
