"""The site's standards of requests and complaints (SV-4, SV-5, ST-1): importing this adds them to the table."""

from __future__ import annotations

from portal.rules import request_deadlines
from portal.rules.message import N_
from portal.rules.standards import Standard, add

GROUP = "requests"
_CLOCKS = N_("Rules for service, deadlines (SV-4)")
_COMPLAINTS = N_("Rules for service, complaints (SV-5)")


def _causes(*entries: tuple[str, str, str]) -> list[dict[str, object]]:
    return [{"code": code, "zh": zh, "en": en, "active": True} for code, zh, en in entries]


CAUSES = _causes(
    ("quality", "产品质量", "Quality of the product"),
    ("delivery", "交货延误", "Late delivery"),
    ("installation", "安装调试", "Installation and tuning"),
    ("repair", "维修服务", "Repair service"),
    ("attitude", "服务态度", "Attitude of staff"),
    ("slowness", "处理迟缓", "Slow handling"),
    ("information", "信息有误", "Wrong information"),
    ("price", "价格与费用", "Prices and charges"),
    ("contract", "合同履行", "Performance of the contract"),
    ("environment", "环境与设施", "Premises and facilities"),
    ("customer", "客户自身", "On the customer's side"),
    ("other", "其他", "Another"),
)

for _standard in (
    Standard(
        "request.deadlines", N_("Hours until first answer and solution of requests"), "deadlines", request_deadlines.START, GROUP, _CLOCKS,
    ),
    Standard(
        "request.near_hours", N_("Working hours before a deadline from which a request counts as near it"), "hours", 4, GROUP, _CLOCKS,
        unit=N_("hours"), minimum=0, maximum=80,
    ),
    Standard(
        "request.escalate_hours", N_("Working hours after going up to the supervisor when an overdue request goes up to the manager"),
        "hours", 8, GROUP, _CLOCKS, unit=N_("hours"), minimum=1, maximum=200,
    ),
    Standard(
        "request.follow_up_days", N_("Working days after the answer in which a request is followed up and closed"), "days", 3, GROUP,
        _CLOCKS, unit=N_("working days"), minimum=1, maximum=60,
    ),
    Standard("choices.complaint_cause", N_("Causes of complaints"), "choices", CAUSES, "lists", _COMPLAINTS),
):  # fmt: skip
    add(_standard)
