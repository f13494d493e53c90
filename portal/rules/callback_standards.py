"""The site's standards on calling customers back (SV-10 to SV-12, ST-1): importing this adds them to the table."""

from __future__ import annotations

from portal.rules import callbacks
from portal.rules.message import N_
from portal.rules.standards import Standard, add

GROUP = "callbacks"
_CALLS = N_("Rules for call-backs (SV-10)")
_DRAWING = N_("Rules for call-backs, further customers (SV-11)")
_SHEET = N_("Rules for call-backs, call sheet (SV-12)")

PURPOSES = [
    {"code": code, "zh": zh, "en": en, "active": True}
    for code, zh, en in (
        ("order", "订单", "Order"),
        ("publicity", "宣传", "Publicity"),
        ("goodwill", "情感", "Goodwill"),
        ("mediation", "调解", "Mediation"),
        ("advice", "建议", "Advice"),
        ("guidance", "指导", "Guidance"),
    )
]

add(Standard("callback.rules", N_("Which events are followed by a call, and when"), "callback_rules", callbacks.START, GROUP, _CALLS))
add(
    Standard(
        "callback.grace_days", N_("Days after its last day up to which a call is still made for an event recorded late"), "days", 14,
        GROUP, _CALLS, unit=N_("days"), minimum=0, maximum=90,
    )
)  # fmt: skip
add(
    Standard(
        "callback.low_score", N_("Satisfaction up to which a score counts as low"), "integer", 2, GROUP, _CALLS,
        unit=N_("of 5"), minimum=1, maximum=4,
    )
)  # fmt: skip
add(
    Standard(
        "callback.low_months", N_("Months back to which a low score makes a customer one to be drawn"), "integer", 12, GROUP, _DRAWING,
        unit=N_("months"), minimum=1, maximum=60,
    )
)  # fmt: skip
add(
    Standard(
        "callback.long_months", N_("Months without contact after which a customer counts as long without contact"), "integer", 6, GROUP,
        _DRAWING, unit=N_("months"), minimum=1, maximum=60,
    )
)  # fmt: skip
add(
    Standard(
        "callback.extra_tag", N_("Tag of customers with extra service"), "text", "额外服务", GROUP, _DRAWING,
        unit=N_("a tag of customers"), pattern=".{1,20}",
    )
)  # fmt: skip
add(Standard("choices.callback_purpose", N_("Purposes of call-backs"), "choices", PURPOSES, "lists", _SHEET))
