"""The site's standards on what comes of proposals: rewards, encouragement, decisions, letters (PP-5 to PP-8, ST-1)."""

from __future__ import annotations

from portal.rules import rewards
from portal.rules.message import N_
from portal.rules.proposal_outcomes import LETTER_PLACES
from portal.rules.standards import Standard, add

GROUP = "proposals"
_DECIDING = N_("Rules for customers' proposals, assessment and decision (PP-5)")
_REWARDS = N_("Rules for customers' proposals, rewards (PP-6)")
_PRIZES = N_("Rules for customers' proposals, encouragement (PP-7)")
_WORK = N_("Rules for customers' proposals, carrying out (PP-8)")
_SIGNING = N_("Rules for review and approval (AP-3)")

_HEAD_ZH = "尊敬的{contact}：\n\n"
_END_ZH = "\n\n联系人：{handler}（电话{telephone}）。\n\n此致\n敬礼\n\n{site}"
_HEAD_EN = "Dear {contact},\n\n"
_END_EN = "\n\n{handler} (telephone {telephone}) is at your service.\n\nYours sincerely\n\n{site}"

LETTERS: dict[str, tuple[str, str, str, str, str]] = {
    "adopted": (
        N_("Notice that a proposal is adopted, in Chinese"), N_("Notice that a proposal is adopted, in English"),
        "贵公司{customer}于{received_on}提出的关于“{summary}”的提案（编号{number}），经{department}评估并经我方审定，予以采纳。\n\n理由：{reasons}\n\n"
        "按照客户提案奖励办法，本提案评为{grade}级，奖励{amount}元（{capitals}）。实施的措施与日期将另行告知。",
        'We have decided to adopt the proposal of {customer} of {received_on}, "{summary}" (number {number}), which {department} has '
        "assessed.\n\nOur reasons: {reasons}\n\nThe proposal is of grade {grade} and is rewarded with {amount} yuan ({capitals}). You will "
        "hear how and when it is carried out.", _DECIDING,
    ),
    "kept": (
        N_("Notice that a proposal is kept for later, in Chinese"), N_("Notice that a proposal is kept for later, in English"),
        "贵公司{customer}于{received_on}提出的关于“{summary}”的提案（编号{number}），经{department}评估并经我方审定，暂时保留。\n\n理由：{reasons}\n\n"
        "条件具备时我们将重新审议；届时如予采纳，按采纳提案给予奖励。",
        'The proposal of {customer} of {received_on}, "{summary}" (number {number}), has been assessed by {department}. We keep it for '
        "later.\n\nOur reasons: {reasons}\n\nWe will look at it again when the time has come. If it is adopted then, it is rewarded as "
        "an adopted one.", _DECIDING,
    ),
    "not-adopted": (
        N_("Notice that a proposal is not adopted, in Chinese"), N_("Notice that a proposal is not adopted, in English"),
        "贵公司{customer}于{received_on}提出的关于“{summary}”的提案（编号{number}），经{department}评估并经我方审定，此次不予采纳。\n\n理由：{reasons}\n\n"
        "感谢贵方的关心与支持，期待贵方继续提出宝贵意见。",
        'The proposal of {customer} of {received_on}, "{summary}" (number {number}), has been assessed by {department}. It is not adopted '
        "this time.\n\nOur reasons: {reasons}\n\nWe thank you for your interest and look forward to further proposals.", _DECIDING,
    ),
    "souvenir": (
        N_("Letter of thanks with a souvenir, in Chinese"), N_("Letter of thanks with a souvenir, in English"),
        "贵公司{customer}于{received_on}提出了关于“{summary}”的提案（编号{number}）。提案虽未能采纳，贵方的热忱与建议使我们深受启发。\n\n"
        "谨奉上纪念品一份，聊表谢意，并期待贵方继续指正。",
        '{customer} made us the proposal "{summary}" on {received_on} (number {number}). Although it could not be adopted, your interest '
        "and your advice are of great value to us.\n\nPlease accept a souvenir as a small sign of our thanks.", _PRIZES,
    ),
    "prize": (
        N_("Letter with the encouragement prize, in Chinese"), N_("Letter with the encouragement prize, in English"),
        "贵公司{customer}本年度多次向我们提出提案。为感谢贵方的热忱，按照客户提案奖励办法，谨致鼓励奖{amount}元（{capitals}）。\n\n期待贵方继续提出宝贵意见。",
        "{customer} has made us several proposals this year. To thank you, we award the encouragement prize of {amount} yuan ({capitals})."
        "\n\nWe look forward to hearing more from you.", _PRIZES,
    ),
    "plan": (
        N_("Notice of how a proposal is carried out, in Chinese"), N_("Notice of how a proposal is carried out, in English"),
        "贵公司{customer}关于“{summary}”的提案（编号{number}）已由{department}安排实施，时间为{first_on}至{last_on}。\n\n{plan}\n\n{measures}",
        'The proposal of {customer}, "{summary}" (number {number}), is carried out by {department} from {first_on} to {last_on}.\n\n{plan}'
        "\n\n{measures}", _WORK,
    ),
    "result": (
        N_("Notice of the result of a proposal, in Chinese"), N_("Notice of the result of a proposal, in English"),
        "贵公司{customer}关于“{summary}”的提案（编号{number}）已由{department}实施完毕，现将结果告知如下：\n\n{result}\n\n再次感谢贵方的宝贵意见。",
        'The proposal of {customer}, "{summary}" (number {number}), has been carried out by {department}. This came of it:\n\n{result}\n\n'
        "We thank you once more.", _WORK,
    ),
}  # fmt: skip
"""Letters to the customer: titles of their standards, text in Chinese and English, clause."""

_APPROVAL = {"type": "portal", "role": "manager", "meaning": "approve"}

for _standard in (
    Standard(
        "proposal.rewards", N_("Grades of rewards for adopted proposals"), "thresholds", rewards.START_BANDS, GROUP, _REWARDS,
        unit=N_("yuan"), codes=rewards.GRADES,
    ),
    Standard(
        "proposal.prize.none_from", N_("Proposals of a year, none adopted, that earn the encouragement prize"), "integer", 3, GROUP,
        _PRIZES, unit=N_("proposals"), minimum=1, maximum=100,
    ),
    Standard(
        "proposal.prize.kept_from", N_("Proposals of a year, one kept for later, that earn the encouragement prize"), "integer", 2, GROUP,
        _PRIZES, unit=N_("proposals"), minimum=1, maximum=100,
    ),
    Standard(
        "proposal.prize.amount", N_("Encouragement prize"), "amount", "300.00", GROUP, _PRIZES, unit=N_("yuan"), minimum=1, maximum=100_000,
    ),
    Standard(
        "proposal.souvenir", N_("Souvenir for a proposal that is not adopted"), "amount", "50.00", GROUP, _PRIZES, unit=N_("yuan"),
        minimum=0, maximum=5000,
    ),
    Standard(
        "proposal.measure_notice_days", N_("Days before which a measure stands in the inbox"), "days", 3, GROUP, _WORK, unit=N_("days"),
        minimum=0, maximum=60,
    ),
    Standard(
        "chain.proposal_decision", N_("Approval chain: proposal decision and reward"), "chain",
        [{"case": "always", "when": {}, "steps": [_APPROVAL]}], "approvals", _SIGNING,
    ),
):  # fmt: skip
    add(_standard)

for _name, (_title_zh, _title_en, _zh, _en, _clause) in LETTERS.items():
    for _title, _language, _text in ((_title_zh, "zh", _HEAD_ZH + _zh + _END_ZH), (_title_en, "en", _HEAD_EN + _en + _END_EN)):
        add(Standard(f"proposal.{_name}_{_language}", _title, "letter", _text, GROUP, _clause, codes=LETTER_PLACES))
