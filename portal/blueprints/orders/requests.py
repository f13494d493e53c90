"""One request about an order: refusing it, or treating it like one of grade A (RL-6, AP-3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.blueprints.orders import bp
from portal.blueprints.orders.forms import (
    CloseForm,
    OrderForm,
    customer_given,
    customer_of_address,
    goods_sent,
    name_of_cell,
    rows_of,
    rows_sent,
)
from portal.database import StateConflict, commit, db
from portal.looks import look
from portal.models import history, search
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.order_request import NAMES, STATES, OrderRequest, figures_of
from portal.models.product import Product
from portal.permissions import Permission, ensure, requires
from portal.rules import orders
from portal.rules.message import Refusal
from portal.rules.orders import A_TREATMENT, KINDS, MOST_LINES, NO_DATA, REFUSAL
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SUGGESTED = 8


@bp.route("/order-requests/new", methods=["GET", "POST"])
@requires(Permission.ORDER_REQUEST)
def order_request_new() -> Any:
    """Begin a request; the address says of which kind, and may name the customer."""
    kind = request.args.get("kind", REFUSAL)
    kind = kind if kind in KINDS else REFUSAL
    if request.method == "GET":
        form = OrderForm(data={"customer": customer_given(me()), "ordered_on": clock.today()})
        return _page(form, kind, rows_of([]), customer=customer_of_address(me()))
    form, rows = OrderForm(), rows_sent()
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _page(form, kind, rows, customer=_meant(form.customer.data))
    customer = _meant(form.customer.data)
    goods, found = goods_sent(rows)
    if not form.validate() or found:
        return _wrong(form, kind, rows, [*found, *_others(kind, form, goods, customer)], customer=customer)
    with saving() as saved:
        wanted = form.wanted(goods)
        made = OrderRequest.begin(kind, chosen(me(), clean_line(form.customer.data or "")), wanted, by=me())
    if saved.refusal:
        others = _others(kind, form, goods, customer, saved.refusal)
        return _wrong(form, kind, rows, [*others, saved.refusal], customer=_meant(form.customer.data))
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("orders.order_request", asked_id=made.id), 303)


def _meant(text: str | None) -> Customer | None:
    try:
        return chosen(me(), clean_line(text or ""))
    except Refusal:
        return None


def _others(kind: str, form: OrderForm, goods: Any, customer: Customer | None, first: Refusal | None = None) -> list[Refusal]:
    """Return what else is wrong beside the first refusal, so that all is said at once."""
    told = figures_of(customer) if customer is not None and kind == A_TREATMENT else {}
    without = [name for name in NO_DATA if name not in told] if customer is not None else []
    return [one for one in orders.problems(kind, form.wanted(goods), clock.today(), without) if first is None or one.field != first.field]


@bp.get("/order-requests/<int:asked_id>")
@requires(Permission.ORDER_REQUEST, asked=OrderRequest)
def order_request(asked: OrderRequest) -> Any:
    """Show a request: what it says, whether it needs approval, where it stands."""
    return _show(asked, CloseForm(formdata=None, closed_on=clock.today()))


def _show(asked: OrderRequest, close: CloseForm, status: int = 200) -> Any:
    look(asked.customer)
    user = me()
    approval = Approval.latest_for(NAMES[asked.kind], asked.id)
    page = render_template(
        "orders/request.html",
        asked=asked,
        customer=asked.customer,
        kinds=KINDS,
        states=STATES,
        sales=_told(asked.figures_now) if asked.kind == A_TREATMENT else {},
        approval=approval,
        events=[(one, history.title_of(one)) for one in history.of_record("OrderRequest", asked.id, limit=30)],
        close=close,
        can={
            "edit": asked.can_edit(user),
            "submit": asked.can_edit(user) and asked.needs_approval,
            "record": asked.can_record(user),
            "close": asked.can_close(user),
            "give_up": asked.can_edit(user) and (approval is None or approval.state not in ("draft", "withdrawn")),
        },
    )
    return page, status


def _told(figures: dict[str, Any]) -> dict[str, Any]:
    """Return what the sales say with amounts as numbers."""
    return {**figures, **{name: Decimal(figures[name]) for name in ("sales", "open", "overdue") if name in figures}}


@bp.route("/order-requests/<int:asked_id>/edit", methods=["GET", "POST"])
@requires(Permission.ORDER_REQUEST, asked=OrderRequest)
def order_request_edit(asked: OrderRequest) -> Any:
    """Change a draft."""
    if not asked.can_edit(me()):
        raise StateConflict(f"order request {asked.id}")
    look(asked.customer)
    asked_id, kind, customer = asked.id, asked.kind, asked.customer
    if request.method == "GET":
        form = OrderForm(obj=asked, data={"customer": ""})
        return _page(form, kind, rows_of(asked.goods_list), asked=asked, customer=customer)
    form, rows = OrderForm(), rows_sent()
    goods, found = goods_sent(rows)
    if not form.validate() or found:
        return _wrong(form, kind, rows, [*found, *_others(kind, form, goods, customer)], asked=asked, customer=customer)
    with saving() as saved:
        version = int(form.version.data) if (form.version.data or "").isdecimal() else 0
        asked.edit(form.wanted(goods), by=me(), version=version)
    if saved.refusal:
        again = db.session.get_one(OrderRequest, asked_id)
        others = _others(kind, form, goods, again.customer, saved.refusal)
        return _wrong(form, kind, rows, [*others, saved.refusal], asked=again, customer=again.customer)
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("orders.order_request", asked_id=asked_id), 303)


@bp.post("/order-requests/<int:asked_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, asked=OrderRequest)
def order_request_submit(asked: OrderRequest) -> Any:
    """Send a request through its chain."""
    ensure(me().may(Permission.ORDER_REQUEST))
    approval = asked.submit(by=me())
    commit()
    flash(_("The request about the order is submitted. You are told when it is decided."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/order-requests/<int:asked_id>/recording")
@requires(Permission.ORDER_REQUEST, asked=OrderRequest)
def order_request_record(asked: OrderRequest) -> Any:
    """Record a refusal that needs no approval."""
    asked.record(by=me())
    commit()
    flash(_("The refusal is recorded. It needs no approval, because the customer is not of grade A."), "ok")
    return redirect(url_for("orders.order_request", asked_id=asked.id), 303)


@bp.post("/order-requests/<int:asked_id>/giving-up")
@requires(Permission.ORDER_REQUEST, asked=OrderRequest)
def order_request_give_up(asked: OrderRequest) -> Any:
    """Let a draft go."""
    asked.give_up(by=me())
    commit()
    flash(_("The draft is given up."), "ok")
    return redirect(url_for("orders.order_requests"), 303)


@bp.post("/order-requests/<int:asked_id>/conclusion")
@requires(Permission.ORDER_REQUEST, asked=OrderRequest)
def order_request_close(asked: OrderRequest) -> Any:
    """Say how an order treated like grade A went: with that the treatment ends."""
    asked_id, form = asked.id, CloseForm()
    if not asked.can_close(me()):
        raise StateConflict(f"order request {asked_id}")
    if not form.validate():
        return _show(asked, form, 422)
    with saving(form.refuse) as saved:
        asked.close((form.closing_note.data or "").strip(), by=me(), closed_on=form.closed_on.data)
    if not saved:
        return _show(db.session.get_one(OrderRequest, asked_id), form, 422)
    flash(_("The order is concluded; it is no longer treated like grade A."), "ok")
    return redirect(url_for("orders.order_request", asked_id=asked_id), 303)


# --- the form ----------------------------------------------------------------


def _wrong(form: OrderForm, kind: str, rows: list[dict[str, str]], found: list[Refusal], **values: Any) -> Any:
    """Show the form with every refusal beside its field or cell."""
    cells, hits = form.refuse_all(found, name_of_cell), []
    if form.customer.errors and form.customer.data:
        hits = search.search(me(), form.customer.data, SUGGESTED)
    return _page(form, kind, rows, cells=cells, hits=hits, status=422, **values)


def _page(
    form: OrderForm,
    kind: str,
    rows: list[dict[str, str]],
    *,
    asked: OrderRequest | None = None,
    customer: Customer | None = None,
    cells: dict[str, str] | None = None,
    hits: list[search.Hit] | None = None,
    status: int = 200,
) -> Any:
    page = render_template(
        "orders/request_form.html",
        form=form,
        kind=kind,
        kinds=KINDS,
        rows=(rows + [{}] * MOST_LINES)[: max(3, min(len(rows) + 1, MOST_LINES))],
        asked=asked,
        customer=customer,
        cells=cells or {},
        hits=hits or [],
        sales=_told(figures_of(customer)) if customer is not None and kind == A_TREATMENT else {},
        products=db.session.scalars(select(Product).where(Product.active).order_by(Product.code).limit(500)).all(),
    )
    return page, status
