"""The site's standards on customers' proposals (PP-1 to PP-4, ST-1): importing this adds them to the table."""

from __future__ import annotations

from portal.rules import proposals
from portal.rules.message import N_
from portal.rules.standards import Standard, add

GROUP = "proposals"
_KINDS = N_("Rules for customers' proposals, scope (PP-1)")
_THANKS = N_("Rules for customers' proposals, thanks and promise (PP-2)")
_ROUTES = N_("Rules for customers' proposals, routing (PP-3)")
_DAYS = N_("Rules for customers' proposals, deadlines (PP-4)")
_SIGNING = N_("Rules for review and approval (AP-3)")


def _choices(*entries: tuple[str, str, str]) -> list[dict[str, object]]:
    return [{"code": code, "zh": zh, "en": en, "active": True} for code, zh, en in entries]


KINDS = _choices(
    ("standardisation", "产品标准化", "Standardisation of products"),
    ("sales", "销售渠道与方式", "Sales channels and ways"),
    ("production-technology", "生产技术", "Production technology"),
    ("technique", "工艺技术", "Techniques"),
    ("new-product", "新产品", "New products"),
    ("materials", "新材料、新零部件信息", "New materials and parts"),
    ("quality", "质量检验", "Quality inspection"),
    ("service", "售后服务", "After-sales service"),
    ("other", "其他", "Others"),
)
DEPARTMENTS = _choices(
    ("production", "生产部", "Production"),
    ("workshops", "车间", "Workshops"),
    ("technology", "技术部", "Technology"),
    ("research", "研发部", "Research and development"),
    ("quality", "质量部", "Quality"),
    ("marketing", "市场营销部", "Marketing"),
    ("service", "客户服务部", "Customer service"),
)

THANKS_ZH = """尊敬的{contact}：

贵公司{customer}于{received_on}提出的关于“{summary}”的提案（编号{number}）我们已经收到，谨致以衷心的感谢。

贵方的提案由{department}负责研究，我们将在{promised_on}之前把处理意见告知贵方。提案办理期间的联系人为{handler}（电话{telephone}）。

此致
敬礼

{site}"""
THANKS_EN = """Dear {contact},

We have received the proposal of {customer} of {received_on}, "{summary}" (number {number}), and thank you most sincerely.

It is studied by {department}. You will hear from us what comes of it by {promised_on}. Until then {handler} (telephone {telephone}) \
is at your service.

Yours sincerely

{site}"""
CHANGE_ZH = """尊敬的{contact}：

贵公司{customer}关于“{summary}”的提案（编号{number}）正在办理之中。现办理部门为{department}，我们将在{promised_on}之前把处理意见告知贵方。

由此带来的不便，敬请谅解。联系人：{handler}（电话{telephone}）。

此致
敬礼

{site}"""
CHANGE_EN = """Dear {contact},

The proposal of {customer}, "{summary}" (number {number}), is being studied. It is now with {department}; you will hear from us what \
comes of it by {promised_on}.

We ask for your understanding. {handler} (telephone {telephone}) is at your service.

Yours sincerely

{site}"""
COPY_ZH = """{department}：

现转来客户提案{number}“{summary}”（{received_on}收到），贵部门为：{part}。请于{promised_on}前提出评估意见并送交客户服务部。

提案内容：
{text}

联系人：{handler}（电话{telephone}）"""
COPY_EN = """To {department}:

This is customer's proposal {number}, "{summary}", received on {received_on}. Your part: {part}. Please assess it and return your \
opinion to customer service by {promised_on}.

The proposal:
{text}

For questions: {handler} (telephone {telephone})"""

_APPROVAL = {"type": "portal", "role": "manager", "meaning": "approve"}

for _standard in (
    Standard("proposal.deadlines", N_("Days of a proposal from its receipt"), "proposal_days", proposals.START_DAYS, GROUP, _DAYS),
    Standard("proposal.routes", N_("Departments of each kind of proposal"), "proposal_routes", proposals.START_ROUTES, GROUP, _ROUTES),
    Standard(
        "proposal.answer_days", N_("Days in which a department answers, from the day on which it has the copy"), "days", 7, GROUP, _ROUTES,
        unit=N_("days"), minimum=1, maximum=60,
    ),
    Standard("choices.proposal_kind", N_("Kinds of customers' proposals"), "choices", KINDS, "lists", _KINDS),
    Standard("choices.department", N_("Departments for customers' proposals"), "choices", DEPARTMENTS, "lists", _ROUTES),
    Standard(
        "chain.proposal_routing", N_("Approval chain: routing of a proposal"), "chain",
        [{"case": "always", "when": {}, "steps": [_APPROVAL]}], "approvals", _SIGNING,
    ),
    Standard(
        "chain.proposal_extension", N_("Approval chain: more days for a proposal"), "chain",
        [
            {
                "case": "always",
                "when": {},
                "steps": [_APPROVAL, {"type": "paper", "title": "deputy_general_manager", "meaning": "approve"}],
            }
        ],
        "approvals", _SIGNING,
    ),
    Standard("proposal.thanks_zh", N_("Thanks for a proposal in Chinese"), "letter", THANKS_ZH, GROUP, _THANKS, codes=proposals.PLACES),
    Standard("proposal.thanks_en", N_("Thanks for a proposal in English"), "letter", THANKS_EN, GROUP, _THANKS, codes=proposals.PLACES),
    Standard("proposal.change_zh", N_("Another day or department in Chinese"), "letter", CHANGE_ZH, GROUP, _THANKS, codes=proposals.PLACES),
    Standard("proposal.change_en", N_("Another day or department in English"), "letter", CHANGE_EN, GROUP, _THANKS, codes=proposals.PLACES),
    Standard("proposal.copy_zh", N_("Copy for a department in Chinese"), "letter", COPY_ZH, GROUP, _ROUTES, codes=proposals.COPY_PLACES),
    Standard("proposal.copy_en", N_("Copy for a department in English"), "letter", COPY_EN, GROUP, _ROUTES, codes=proposals.COPY_PLACES),
):  # fmt: skip
    add(_standard)
