"""The site's standards on surveys and on the assessment of staff (SV-30, SV-31, ST-1): importing this adds them to the table."""

from __future__ import annotations

from portal.rules import assessments, surveys
from portal.rules.message import N_
from portal.rules.standards import Standard, add

GROUP, ASSESSING = "surveys", "assessments"
_ASKING = N_("Rules for service, satisfaction surveys (SV-30)")
_JUDGING = N_("Rules for service, assessment of staff (SV-31)")
_CHAIN = [
    {
        "case": "always",
        "when": {},
        "steps": [
            {"type": "portal", "role": "supervisor", "meaning": "review"},
            {"type": "portal", "role": "manager", "meaning": "approve"},
        ],
    }
]
MEASURES = [
    {"code": code, "zh": zh, "en": en, "active": True}
    for code, zh, en in (
        ("commendation", "通报表扬", "Commendation"),
        ("bonus", "奖金", "Bonus"),
        ("training", "培训机会或补训", "Training"),
        ("warning", "书面警告", "Written warning"),
        ("deduction", "扣减绩效", "Deduction"),
        ("other", "其他", "Other"),
    )
]

add(Standard("survey.questions", N_("Questions of satisfaction surveys"), "choices", surveys.QUESTIONS, GROUP, _ASKING))
add(Standard("survey.link_open", N_("Customers answer surveys by a link with a one-time token"), "switch", False, GROUP, _ASKING))
add(
    Standard(
        "survey.link_days", N_("Days after which a link to a survey no longer opens"), "days", 14, GROUP, _ASKING,
        unit=N_("days"), minimum=1, maximum=90,
    )
)  # fmt: skip
add(
    Standard(
        "assessment.weights", N_("Weights of the assessment of staff"), "weights", assessments.START_WEIGHTS, ASSESSING, _JUDGING,
        codes=tuple(assessments.INDICATORS), words=assessments.INDICATORS,
    )
)  # fmt: skip
add(
    Standard(
        "assessment.least_weight", N_("Weight that indicators with records need together, or there is no total"), "percent", 50, ASSESSING,
        _JUDGING, minimum=1, maximum=100,
    )
)  # fmt: skip
add(Standard("chain.assessment", N_("Approval chain: assessment of staff"), "chain", _CHAIN, "approvals", _JUDGING))
add(Standard("chain.staff_reward", N_("Approval chain: reward or sanction of staff"), "chain", _CHAIN, "approvals", _JUDGING))
add(Standard("choices.reward_measure", N_("Rewards and sanctions of staff"), "choices", MEASURES, "lists", _JUDGING))
