"""The site's standards on visiting customers (SV-20, ST-1): importing this adds them to the table."""

from __future__ import annotations

from portal.rules import visits
from portal.rules.message import N_
from portal.rules.standards import Standard, add

GROUP = "visits"
_OFTEN = N_("Rules for visiting customers, frequency (SV-20)")
_PLANS = N_("Rules for visiting customers, plans (SV-20)")
_REPORTS = N_("Rules for visiting customers, daily report (SV-20)")
_THANKS = N_("Rules for visiting customers, thanks after a deal (SV-20)")

PURPOSES = [
    {"code": code, "zh": zh, "en": en, "active": True}
    for code, zh, en in (
        ("regular", "例行拜访", "Regular visit"),
        ("order", "订单跟进", "Order"),
        ("effect", "使用效果回访", "How it is used"),
        ("goodwill", "情感维系", "Goodwill"),
        ("complaint", "投诉处理", "Complaint"),
        ("payment", "货款沟通", "Payment"),
        ("opening", "业务开拓", "New business"),
    )
]

LETTER_ZH = """尊敬的{contact}：

贵公司{customer}于{deal_on}惠予订购，谨致以衷心的感谢。

承蒙信任，我们将认真做好交付、安装与售后服务。使用中如有任何问题或建议，请随时与我们联系，我们将及时答复并处理。

期待与贵公司长期合作，共同发展。

此致
敬礼"""
LETTER_EN = """Dear {contact},

We thank {customer} most sincerely for the order placed on {deal_on}.

Your trust obliges us: we will see to it that delivery, installation and service are as you expect them. Should you have any question \
or suggestion, please let us know at any time; you will have an answer soon.

We look forward to working with you for many years.

Yours sincerely"""

for _grade, _title, _start in (
    ("A", N_("Visits a year to customers of grade A"), 12),
    ("B", N_("Visits a year to customers of grade B"), 6),
    ("C", N_("Visits a year to customers of grade C"), 3),
    ("none", N_("Visits a year to customers without a grade"), 2),
    (visits.PROSPECT, N_("Visits a year to prospects"), 4),
):
    add(
        Standard(
            f"visit.yearly.{_grade}", _title, "integer", _start, GROUP, _OFTEN, unit=N_("visits a year, 0 for none by rule"), minimum=0,
            maximum=visits.MOST_YEARLY,
        )
    )  # fmt: skip
add(
    Standard(
        "visit.per_day", N_("Visits that are planned for a day"), "integer", 6, GROUP, _PLANS, unit=N_("visits"), minimum=1,
        maximum=visits.MOST_A_DAY,
    )
)  # fmt: skip
add(
    Standard(
        "visit.ahead_days", N_("Days ahead up to which visits are planned"), "days", 92, GROUP, _PLANS, unit=N_("days"), minimum=7,
        maximum=366,
    )
)  # fmt: skip
add(
    Standard(
        "visit.late_days", N_("Days back for which a visit is still written down"), "days", 14, GROUP, _REPORTS, unit=N_("days"),
        minimum=0, maximum=92,
    )
)  # fmt: skip
add(
    Standard(
        "visit.report_days", N_("Working days after the day of the visits until which its report is submitted"), "days", 1, GROUP,
        _REPORTS, unit=N_("working days"), minimum=0, maximum=10,
    )
)  # fmt: skip
add(Standard("choices.visit_purpose", N_("Purposes of visits to customers"), "choices", PURPOSES, "lists", _REPORTS))
add(
    Standard(
        "visit.deal_amount", N_("Amount of a deal from which a letter of thanks is proposed"), "amount", "10000.00", GROUP, _THANKS,
        unit=N_("yuan"), minimum=0, maximum=10**9,
    )
)  # fmt: skip
add(Standard("visit.thanks_zh", N_("Letter of thanks in Chinese"), "letter", LETTER_ZH, GROUP, _THANKS))
add(Standard("visit.thanks_en", N_("Letter of thanks in English"), "letter", LETTER_EN, GROUP, _THANKS))
