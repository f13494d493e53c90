"""Requests about orders as documents that are signed: their chains, what a decision does, what the log calls it (RL-6, AP-3)."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.database import transition
from portal.models import history
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, declare, into_approval
from portal.models.order_request import APPROVED, DRAFT, NAMES, PENDING, REJECTED, OrderRequest, figures_of
from portal.models.staff import Staff
from portal.rules.message import N_
from portal.rules.orders import A_TREATMENT, KINDS, REFUSAL


def _submitted(request: OrderRequest, _approval: Approval, _by: Staff | None) -> None:
    told = figures_of(request.customer) if request.kind == A_TREATMENT else {}
    into_approval(request, grade=request.customer.grade, figures=told)


def _to(state: str) -> Any:
    def move(request: OrderRequest, _approval: Approval, _by: Staff | None) -> None:
        change: dict[str, Any] = {"state": state, "version": request.version + 1}
        if state != DRAFT:
            change["decided_at"] = clock.now()
        transition(request, expect={"state": PENDING}, change=change)

    return move


_LABELS = {
    "customer.number": N_("Customer number"),
    "customer.full_name": N_("Customer"),
    "customer.grade": N_("Grade"),
    "customer.owner": N_("In charge"),
    "customer.team": N_("Team"),
    "order.number": N_("Order number"),
    "order.ordered_on": N_("Ordered on"),
    "order.amount": N_("Amount of the order (yuan)"),
    "order.delivery_on": N_("Delivery wished by"),
    "order.reason": N_("Reason"),
    "goods": N_("Goods ordered"),
    "goods.product": N_("Product"),
    "goods.quantity": N_("Quantity"),
    "goods.amount": N_("Amount (yuan)"),
    "sales.first": N_("Figures from"),
    "sales.last": N_("Figures until"),
    "sales.sales": N_("Sold (yuan)"),
    "sales.price_level": N_("Price level (%)"),
    "sales.price_level_score": N_("Score of the price level"),
    "sales.recovery": N_("Paid of what was due (%)"),
    "sales.recovery_score": N_("Score of the payment record"),
    "sales.sales_score": N_("Score of the sales"),
    "sales.open": N_("Open today (yuan)"),
    "sales.overdue": N_("Overdue today (yuan)"),
    "sales.price_note": N_("On the price"),
    "sales.payment_note": N_("On the payment"),
}

for _kind, _sheet in ((REFUSAL, "order_refusal"), (A_TREATMENT, "a_treatment")):
    declare(
        DocumentKind(
            name=NAMES[_kind],
            title=KINDS[_kind],
            model=OrderRequest,
            sheet=_sheet,
            chain=f"chain.{NAMES[_kind]}",
            page=lambda request: ("orders.order_request", {"asked_id": request.id}),
            filed_as="correspondence",
            on_submitted=_submitted,
            on_returned=_to(DRAFT),
            on_rejected=_to(REJECTED),
            on_approved=_to(APPROVED),
            labels=_LABELS,
            amounts=("order.amount", "goods.amount", "sales.sales", "sales.open", "sales.overdue"),
        )
    )

history.stream("orders", N_("Orders and agreements"), record_types=("OrderRequest", "Agreement"))
for _name, _title in (
    ("order-request-drafted", N_("Request about an order begun")),
    ("order-request-changed", N_("Request about an order changed")),
    ("order-request-given-up", N_("Request about an order given up")),
    ("order-refused", N_("Order refused")),
    ("order-concluded", N_("Order treated like grade A concluded")),
):
    history.action("OrderRequest", _name, _title)
