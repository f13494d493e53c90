"""Loans of demonstration dossiers: asked for, open, to be handed out, out, overdue and returned (AR-20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

from portal import clock
from portal.models import loan_papers
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.loan import Loan
from portal.models.staff import Staff

PURPOSES = ("核对去年合同条款", "准备联合拜访", "处理同一集团的投诉", "复核装修验收记录", "续签前查阅往来文件", "配合财务对账")
STAGES = ("asked", "reading", "to-hand-out", "out", "overdue", "returned")
_OTHERS = {"rep1": "rep3", "rep2": "rep4", "rep3": "rep1", "rep4": "rep2"}
"""Who borrows from whom: somebody of the other team."""


def fill(
    customers: Sequence[Customer],
    staff: Mapping[str, Staff],
    at: Callable[[float], AbstractContextManager[None]],
    sign: Callable[[Approval, Staff, str, str], None],
) -> int:
    """Bring a loan of each customer as far as its turn says, and return how many loans there are."""
    for turn, (stage, customer) in enumerate(zip(STAGES, customers, strict=False)):
        _loan(turn, stage, customer, staff, at, sign)
    return min(len(STAGES), len(customers))


def _loan(turn: int, stage: str, customer: Customer, staff: Mapping[str, Staff], at: Any, sign: Any) -> None:
    owner = customer.owner.account if customer.owner else "rep1"
    reader, supervisor = staff[_OTHERS[owner]], staff["sup1" if owner in ("rep1", "rep2") else "sup2"]
    begun = {"asked": 0.2, "reading": 2, "to-hand-out": 1, "out": 3, "overdue": 12, "returned": 20}[stage]
    with at(begun):
        values: dict[str, Any] = {
            "asked_for": customer.number,
            "reader": reader,
            "form": "digital" if stage in ("asked", "reading") else "paper",
            "numbers": [],
            "purpose": PURPOSES[turn % len(PURPOSES)],
            "until_on": clock.today() + timedelta(days=10),
        }
        loan = Loan.ask(customer, values, by=reader)
        approval = loan.submit(by=reader)
    if stage == "asked" or approval is None:
        return
    with at(begun - 0.3):
        sign(approval, supervisor, "approve", "同意，限本次用途。")
    if stage in ("reading", "to-hand-out"):
        return
    papers = loan_papers.papers_of(loan)
    with at(begun - 0.5):
        loan_papers.hand_out(loan, {one.id: "clean" for one in papers}, by=supervisor)
    if stage == "returned":
        with at(begun - 6):
            loan_papers.take_back(
                loan, {one.id: "soiled" if one is papers[0] else "clean" for one in papers}, by=supervisor, note="封面沾水"
            )
