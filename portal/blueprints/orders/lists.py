"""Lists of requests about orders and of long-term agreements; what a customer has of both."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx, list_files
from portal.blueprints.orders import bp
from portal.database import db
from portal.filters import colon
from portal.looks import look
from portal.models import agreement, agreement_list, order_list, order_request
from portal.models.agreement import STANDINGS, Agreement
from portal.models.agreement_list import AgreementQuery
from portal.models.card import GRADES
from portal.models.customer import Customer
from portal.models.newest_first import writers
from portal.models.order_list import OrderQuery
from portal.models.order_request import STATES, OrderRequest
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules.orders import KINDS
from portal.sessions import me


def _teams() -> list[Team]:
    return list(db.session.scalars(select(Team).order_by(Team.name))) if me().is_manager else []


def _address(endpoint: str, query: Any, **changes: Any) -> str:
    """Return the address of a query on a list."""
    return url_for(endpoint, **{**query.args(), **changes})


def _chips(query: Any, titles: dict[str, str], words: dict[str, dict[str, str]], endpoint: str) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        text = _(words[name][value]) if name in words else value
        if name in ("team", "author"):
            record: Any = db.session.get(Team if name == "team" else Staff, int(value))
            text = record.name if record else value
        elif name == "customer":
            customer = db.session.scalar(Customer.visible_to(me()).where(Customer.id == int(value)))
            text = customer.full_name if customer else value
        found.append((f"{_(titles[name])}{colon()}{text}", _address(endpoint, query.without(name))))
    return found


# --- requests about orders ----------------------------------------------------------------


@bp.get("/order-requests")
@requires(Permission.ORDER_REQUEST)
def order_requests() -> Any:
    """Show a page of the requests in scope, the newest first, with the filters of the address."""
    query, user = OrderQuery.read(request.args), me()
    page = order_list.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    words = {"kind": KINDS, "state": {code: said[0] for code, said in STATES.items()}}
    return htmx.render(
        "orders/requests.html",
        "list",
        query=query,
        requests=page.rows,
        count=page.found,
        kinds=KINDS,
        states=STATES,
        teams=_teams(),
        authors=writers(user, OrderRequest.created_by_id),
        chips=_chips(query, query.FILTERS, words, "orders.order_requests"),
        next=_address("orders.order_requests", query, after=page.next) if page.next else "",
        previous=_address("orders.order_requests", query, before=page.previous) if page.previous else "",
    )


@bp.get("/order-requests/file")
@requires(Permission.CUSTOMER_EXPORT)
def order_requests_file() -> Any:
    """Answer the list of requests as a file."""
    query = OrderQuery.read(request.args)
    heads = [_("Order number"), _("Kind"), _("State"), _("Customer number"), _("Customer"), _("Grade"), _("Ordered on")]
    heads += [_("Amount (yuan)"), _("Delivery wished by"), _("Reason"), _("Applicant"), _("Concluded on"), _("How the order went")]
    rows = (
        [
            one.order_number, _(KINDS[one.kind]), _(STATES[one.state][0]), one.customer.number, one.customer.full_name, one.grade_now,
            one.ordered_on, one.amount, one.delivery_on, one.reason, one.created_by.name, one.closed_on, one.closing_note,
        ]
        for one in order_list.LIST.rows(me(), query)
    )  # fmt: skip
    return list_files.answer(_("Requests about orders"), heads, rows, what="order-requests", filters=query.args())


# --- agreements ----------------------------------------------------------------


@bp.get("/agreements")
@requires(Permission.AGREEMENT_EDIT)
def agreements() -> Any:
    """Show a page of the long-term agreements in scope, the newest first, with the filters of the address."""
    query, user = AgreementQuery.read(request.args), me()
    page = agreement_list.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    words = {"standing": agreement_list.STANDING}
    return htmx.render(
        "orders/agreements.html",
        "list",
        query=query,
        agreements=page.rows,
        count=page.found,
        standing=agreement_list.STANDING,
        grades=GRADES,
        teams=_teams(),
        standings=STANDINGS,
        today=clock.today(),
        chips=_chips(query, query.FILTERS, words, "orders.agreements"),
        next=_address("orders.agreements", query, after=page.next) if page.next else "",
        previous=_address("orders.agreements", query, before=page.previous) if page.previous else "",
    )


@bp.get("/agreements/file")
@requires(Permission.CUSTOMER_EXPORT)
def agreements_file() -> Any:
    """Answer the list of agreements as a file."""
    query, today = AgreementQuery.read(request.args), clock.today()
    heads = [_("Agreement"), _("Agreement no."), _("State"), _("Customer number"), _("Customer"), _("Grade"), _("In charge")]
    heads += [_("Holds from"), _("Runs until"), _("Signed on"), _("Archive number"), _("What is agreed")]
    rows = (
        [
            one.title, one.number, _(STANDINGS[one.standing(today)][0]), one.customer.number, one.customer.full_name, one.customer.grade,
            one.customer.owner.name if one.customer.owner else "", one.starts_on, one.ends_on, one.filed_on,
            one.document.archive_number if one.document else "", one.terms,
        ]
        for one in agreement_list.LIST.rows(me(), query)
    )  # fmt: skip
    return list_files.answer(_("Long-term agreements"), heads, rows, what="agreements", filters=query.args())


# --- a customer ----------------------------------------------------------------


@bp.get("/customers/<int:customer_id>/orders")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the requests about a customer's orders and its long-term agreements."""
    look(customer)
    return htmx.render(
        "orders/customer.html",
        customer=customer,
        requests=order_request.of_customer(customer),
        agreements=agreement.of_customer(customer),
        kinds=KINDS,
        states=STATES,
        standings=STANDINGS,
        today=clock.today(),
        can_request=OrderRequest.can_begin(customer, me()),
        can_agree=Agreement.can_begin(customer, me()),
    )
