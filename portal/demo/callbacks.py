"""Call-backs of the demonstration office: events of the last weeks, calls with their sheets and attempts, a draw (SV-10 to SV-12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta

from portal import clock
from portal.database import db
from portal.models.calendar import site_calendar
from portal.models.callback import LATER, NO_ANSWER, OPEN, Callback, CallSheet
from portal.models.callback_draw import CallbackDraw, Filters
from portal.models.callback_due import due
from portal.models.customer import Customer
from portal.models.staff import Staff
from portal.rules.callbacks import AT_RANDOM, COMPLAINT, INSTALLATION, PROPOSAL, REPAIR_ARRANGED, REPAIR_DONE

At = Callable[[float], AbstractContextManager[None]]
HAPPENED = (
    (INSTALLATION, 20, "一号车间生产线"), (REPAIR_DONE, 15, "伺服电机更换"), (COMPLAINT, 12, "交货延迟三天"), (REPAIR_DONE, 6, ""),
    (INSTALLATION, 2, "二楼机房"), (REPAIR_ARRANGED, 1, "刘师傅 13800000101"), (PROPOSAL, 1, "建议改用可回收包装"),
    (REPAIR_DONE, 4, "变频器检修"), (COMPLAINT, 0, "来函反映噪声偏大"), (INSTALLATION, 0, ""),
)  # fmt: skip
"""What happened, how many days ago, and what is said of it; the calls of what lies further back are written down."""
SAID = (
    ("运行平稳，操作工已能独立使用。", 5, "半年后回访运行情况"),
    ("维修后未再停机，客户表示满意。", 4, ""),
    ("交货已补齐，希望今后提前通知。", 2, "向物流部反映，改进通知"),
    ("设备正常，询问保养周期。", 4, "寄送保养手册"),
)


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At) -> int:
    """Let things happen to these customers, call some of them, draw a few; return how many calls were made by events."""
    reachable, made = [one for one in customers if one.owner is not None and one.telephone], 0
    for turn, customer in enumerate(reachable):
        kind, days, note = HAPPENED[turn % len(HAPPENED)]
        if customer.owner is None:
            continue
        with at(days):
            calls = due(customer, kind, on=clock.today(), by=customer.owner, source=f"demo:{turn}", note=note)
        made += len(calls)
        for call in calls:
            if days > 5:
                _write_down(call, customer.owner, turn, at, days)
            elif turn % 5 == 2:
                call.put_off(NO_ANSWER, on=clock.today(), by=customer.owner, version=call.version)
            elif turn % 5 == 4:
                hour = clock.local(clock.now()).replace(hour=16, minute=30) + timedelta(days=1)
                call.put_off(LATER, on=hour.date(), at=hour, note="客户正在开会", by=customer.owner, version=call.version)
    tomorrow = site_calendar().add_working_days(clock.today(), 1)
    CallbackDraw.carry_out(
        AT_RANDOM, 6, Filters(grade="A"), purpose="goodwill", due_on=tomorrow, note="季度抽样回访", seed=20260305, by=staff["sup1"]
    )
    db.session.flush()
    return made


def _write_down(call: Callback, by: Staff, turn: int, at: At, days: int) -> None:
    result, score, following = SAID[turn % len(SAID)]
    with at(max(0, days - 4)):
        if call.state == OPEN and call.due_on <= clock.today():
            answers = [{**asked, "answer": "是，没有问题。" if score > 2 else "不太满意。"} for asked in call.questions]
            sheet = CallSheet(result, opening="您好，占用您几分钟做个回访。", answers=answers, satisfaction=score, next_step=following)
            call.finish(sheet, by=by, version=call.version)
