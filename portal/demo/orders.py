"""Orders and agreements of the demonstration office: requests in every state, agreements drafted to renewed (RL-4, RL-6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle

from portal import clock
from portal.database import db
from portal.models.agreement import Agreement, Terms
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.dossier import Upload
from portal.models.order_request import OrderRequest
from portal.models.staff import Staff
from portal.rules.orders import A_TREATMENT, REFUSAL, Goods, Wanted

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]
SUPERVISORS = {"rep1": "sup1", "rep2": "sup1", "rep3": "sup2", "rep4": "sup2"}
REFUSALS = ("approved", "pending", "second", "sent-back", "rejected", "draft")
"""How far refusals towards grade-A customers are brought, in turn."""
TREATMENTS = ("open", "done", "pending", "due", "draft", "given-up")
AGREEMENTS = ("running", "due", "renewed", "drafted", "revised", "run-out", "ended", "to-come")
_REASONS = ("该型号已停产，无替代品。", "要求账期一百二十天，超出信用额度。", "交期要求三天，产能不足。")
_GOODS = (("精密轴承 6204", "500 套", "18600.00"), ("行星减速机", "12 台", "43200.00"), ("伺服电机 750W", "20 台", "36000.00"))
_TERMS = "全年采购不低于上年，按目录价下浮百分之三；优先排产，七日内交货；质量问题二十四小时内到场。"


def fill(customers: Sequence[Customer], staff: Mapping[str, Staff], at: At, sign: Sign) -> int:
    """Refuse orders, have some treated like grade A, and make agreements, in every state; return how many records there are."""
    of = {grade: [one for one in customers if one.grade == grade and one.owner is not None] for grade in "ABC"}
    for turn, (stage, customer) in enumerate(zip(REFUSALS, cycle(of["A"]), strict=False)):
        _refuse(turn, stage, customer, staff, at, sign)
    for turn, customer in enumerate(of["B"][:2]):
        with at(9 + turn):
            _asked(REFUSAL, 50 + turn, customer, 9 + turn).record(by=_owner(customer))
    for turn, (stage, customer) in enumerate(zip(TREATMENTS, cycle(of["C"]), strict=False)):
        _treat(turn, stage, customer, staff, at, sign)
    for turn, (stage, customer) in enumerate(zip(AGREEMENTS, cycle(of["A"][::-1]), strict=False)):
        _agree(turn, stage, customer, staff, at)
    return db.session.query(OrderRequest).count() + db.session.query(Agreement).count()


def _owner(customer: Customer) -> Staff:
    assert customer.owner is not None  # noqa: S101 - chosen so
    return customer.owner


def _asked(kind: str, turn: int, customer: Customer, ago: float, delivery: date | None = None) -> OrderRequest:
    today = clock.today()
    product, quantity, amount = _GOODS[turn % len(_GOODS)]
    wanted = Wanted(
        order_number=f"DD{today:%Y%m}-{turn + 1:03d}",
        ordered_on=today - timedelta(days=1),
        goods=(Goods(product, quantity, Decimal(amount)),),
        reason=_REASONS[turn % len(_REASONS)] if kind == REFUSAL else "按目录价成交，预付五成，为争取其年度订单。",
        delivery_on=delivery or today + timedelta(days=20),
        price_note="" if kind == REFUSAL else "按目录价成交，无折扣。",
        payment_note="" if kind == REFUSAL else "预付五成，余款货到付清；近一年未逾期。",
    )
    made = OrderRequest.begin(kind, customer, wanted, by=_owner(customer))
    db.session.flush()
    return made


def _refuse(turn: int, stage: str, customer: Customer, staff: Mapping[str, Staff], at: At, sign: Sign) -> None:
    with at(8 - turn * 0.5):
        request = _asked(REFUSAL, turn, customer, 8)
        if stage == "draft":
            return
        approval = request.submit(by=_owner(customer))
    supervisor = staff[SUPERVISORS.get(_owner(customer).account, "sup1")]
    if stage == "pending":
        return
    with at(3 - turn * 0.2):
        if stage == "sent-back":
            sign(approval, supervisor, "send-back", "请先与客户商量替代型号。")
            return
        sign(approval, supervisor, "approve", "情况属实。")
        if stage != "second":
            decision, opinion = ("reject", "须接单，协调产能。") if stage == "rejected" else ("approve", "同意。")
            sign(approval, staff["mgr1"], decision, opinion)


def _treat(turn: int, stage: str, customer: Customer, staff: Mapping[str, Staff], at: At, sign: Sign) -> None:
    begun = {"done": 40, "due": 25}.get(stage, 6)
    today = clock.today()
    wished = today - timedelta(days=2) if stage == "due" else today - timedelta(days=15) if stage == "done" else today + timedelta(days=14)
    with at(begun):
        request = _asked(A_TREATMENT, 20 + turn, customer, begun, wished)
        if stage == "given-up":
            request.give_up(by=_owner(customer))
        if stage in ("draft", "given-up"):
            return
        approval = request.submit(by=_owner(customer))
    if stage == "pending":
        return
    with at(begun - 1):
        sign(approval, staff["mgr1"], "approve", "同意本单优先。")
    if stage == "done":
        with at(14):
            request.close("按期交货，余款已收。", by=_owner(customer))


def _agree(turn: int, stage: str, customer: Customer, staff: Mapping[str, Staff], at: At) -> None:
    today, owner = clock.today(), _owner(customer)
    supervisor = staff[SUPERVISORS.get(owner.account, "sup1")]
    first = {"due": today - timedelta(days=335), "run-out": today - timedelta(days=380), "to-come": today + timedelta(days=10)}.get(
        stage, today - timedelta(days=90)
    )
    title = ("年度供货协议", "框架采购协议", "联合备货协议")[turn // 3]
    terms = Terms(f"{first.year} {title}", f"XY-{first.year}-{turn + 1:02d}", first, first + timedelta(days=364), _TERMS)
    with at(100):
        agreement = Agreement.begin(customer, terms, by=owner, upload=_paper(f"{customer.number} {terms.number} 协议草稿"))
    if stage == "drafted":
        return
    if stage in ("revised", "renewed"):
        with at(95):
            note = "客户要求价格再下浮一个点。"
            agreement.revise(terms._replace(terms=_TERMS.replace("三", "四")), note, by=owner, version=agreement.version)
    if stage == "revised":
        return
    with at(90):
        agreement.file(by=supervisor, filed_on=clock.today(), upload=_paper(f"{customer.number} {terms.number} 已签协议"), on_paper=True)
    if stage == "ended":
        with at(4):
            agreement.end(by=supervisor, ended_on=clock.today(), reason="客户搬迁外省，双方同意提前终止。")
    if stage == "renewed":
        with at(3):
            begin = today + timedelta(days=20)
            later = terms._replace(title=f"{terms.title}（续签）", starts_on=begin, ends_on=begin + timedelta(days=364))
            Agreement.begin(customer, later, by=owner, previous=agreement).file(by=supervisor, filed_on=clock.today(), on_paper=True)


def _paper(text: str) -> Upload:
    return Upload.of(text.encode(), "长期协议.txt")
