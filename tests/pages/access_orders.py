"""Rows of requests about orders and long-term agreements."""

from __future__ import annotations

from typing import Any

from tests import factories, ordering
from tests.access import Row, everyone
from tests.ordering import day


def _bare() -> dict[str, Any]:
    customer = factories.customer("rep1", grade="A")
    return {"customer": customer.id, "number": customer.number, "day": day(), "last": day(300)}


def _drafted() -> dict[str, Any]:
    request = ordering.asked()
    return {"request": request.id, "customer": request.customer_id, "day": day()}


def _of_b() -> dict[str, Any]:
    return {"request": ordering.asked(customer=factories.customer("rep1", grade="B")).id}


def _treated() -> dict[str, Any]:
    return {"request": ordering.treated().id, "day": day()}


def _agreement() -> dict[str, Any]:
    agreement = ordering.drafted()
    return {"agreement": agreement.id, "number": agreement.customer.number, "day": day(), "last": day(300)}


def _filed() -> dict[str, Any]:
    return {"agreement": ordering.filed().id, "day": day()}


def _worked(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of everybody who sees the customer."""
    return Row(endpoint, url, method, owner=status, supervisor=status, manager=status, **values)


def _decided(endpoint: str, url: str, status: int, **values: Any) -> Row:
    """Return the row of what supervisors and managers do who see the customer."""
    return Row(endpoint, url, "POST", owner=403, supervisor=status, manager=status, **values)


def _chosen(endpoint: str, url: str, **values: Any) -> Row:
    """Return the row of a form that everybody has and that finds only customers in scope."""
    return Row(endpoint, url, "POST", owner=303, colleague=422, stranger=422, supervisor=303, other_supervisor=422, manager=303, **values)


_ORDER = {
    "customer": "{number}", "order_number": "DD-1", "ordered_on": "{day}", "reason": "停产", "goods-product-0": "轴承",
    "goods-quantity-0": "5", "goods-amount-0": "100",
}  # fmt: skip
_TERMS = {"customer": "{number}", "title": "协议", "starts_on": "{day}", "ends_on": "{last}", "terms": "下浮 3%"}

ROWS = [
    everyone("orders.order_requests", "/order-requests?kind=refusal&state=draft&q=x", prepare=_drafted),
    everyone("orders.order_requests", "/order-requests"),
    everyone("orders.order_requests_file", "/order-requests/file?format=csv", prepare=_drafted),
    everyone("orders.order_request_new", "/order-requests/new?kind=a_treatment"),
    _chosen("orders.order_request_new", "/order-requests/new?kind=refusal", data=_ORDER, prepare=_bare),
    _worked("orders.order_request", "/order-requests/{request}", prepare=_drafted),
    _worked("orders.order_request_edit", "/order-requests/{request}/edit", prepare=_drafted),
    _worked("orders.order_request_edit", "/order-requests/{request}/edit", "POST", 422, data={"version": "1"}, prepare=_drafted),
    _worked("orders.order_request_submit", "/order-requests/{request}/submission", "POST", 303, prepare=_drafted),
    _worked("orders.order_request_record", "/order-requests/{request}/recording", "POST", 303, prepare=_of_b),
    _worked("orders.order_request_record", "/order-requests/{request}/recording", "POST", 422, prepare=_drafted),
    _worked("orders.order_request_give_up", "/order-requests/{request}/giving-up", "POST", 303, prepare=_drafted),
    _worked(
        "orders.order_request_close", "/order-requests/{request}/conclusion", "POST", 303,
        data={"closed_on": "{day}", "closing_note": "已交货"}, prepare=_treated,
    ),
    _worked("orders.order_request_close", "/order-requests/{request}/conclusion", "POST", 409, prepare=_drafted),
    everyone("orders.agreements", "/agreements?standing=draft&grade=A", prepare=_agreement),
    everyone("orders.agreements_file", "/agreements/file?format=csv", prepare=_agreement),
    everyone("orders.agreement_new", "/agreements/new"),
    _chosen("orders.agreement_new", "/agreements/new", data=_TERMS, prepare=_bare),
    _worked("orders.agreement", "/agreements/{agreement}", prepare=_agreement),
    _worked("orders.agreement", "/agreements/{agreement}", prepare=_filed),
    _worked("orders.agreement_revise", "/agreements/{agreement}/revision", prepare=_agreement),
    _worked(
        "orders.agreement_revise", "/agreements/{agreement}/revision", "POST", 303,
        data={**_TERMS, "note": "降价", "version": "1"}, prepare=_agreement,
    ),
    _decided(
        "orders.agreement_file", "/agreements/{agreement}/filing", 303, data={"filed_on": "{day}", "on_paper": "y"}, prepare=_agreement
    ),
    _decided("orders.agreement_end", "/agreements/{agreement}/ending", 303, data={"ended_on": "{day}", "reason": "停产"}, prepare=_filed),
    _worked("orders.agreement_give_up", "/agreements/{agreement}/giving-up", "POST", 303, prepare=_agreement),
    _worked("orders.of_customer", "/customers/{customer}/orders", prepare=_drafted),
]  # fmt: skip
