"""Orders of gifts, and what comes of them (GF-5)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, list_files
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.goods import address, chips
from portal.blueprints.gifts.goods_forms import EndingForm, OrderForm, ReceiptForm, lines_sent, whole
from portal.database import StateConflict, db
from portal.models import gift_goods_list as goods_list
from portal.models import gift_stock, history
from portal.models.gift import Gift
from portal.models.gift_goods_list import ORDER_STATES, OrderQuery
from portal.models.gift_order import STATES, GiftOrder, GiftOrderLine
from portal.models.gift_purchasing import orderable
from portal.models.gift_stock import GiftMovement
from portal.permissions import Permission, ensure, requires
from portal.saving import saving
from portal.sessions import me


@bp.get("/gifts/orders")
@requires(Permission.GIFT_READ)
def orders() -> Any:
    """Show a page of the orders, the newest first, with the filters of the address."""
    query, user = OrderQuery.read(request.args), me()
    page = goods_list.ORDERS.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "gifts/orders.html",
        "list",
        query=query,
        orders=page.rows,
        count=page.found,
        states=STATES,
        choices=ORDER_STATES,
        chips=chips(query, "gifts.orders", {"state": ORDER_STATES}),
        next=address("gifts.orders", query, after=page.next) if page.next else "",
        previous=address("gifts.orders", query, before=page.previous) if page.previous else "",
    )


@bp.get("/gifts/orders/file")
@requires(Permission.GIFT_READ)
def orders_file() -> Any:
    """Answer the orders as a file, a row for each gift."""
    query = OrderQuery.read(request.args)
    heads = [_("Order number"), _("Supplier"), _("State"), _("Ordered on"), _("Expected by"), _("Name of the gift"), _("Ordered")]
    heads += [_("Came"), _("Still to come"), _("Price of one (yuan)"), _("Ordered by"), _("Reason")]
    rows = (
        [
            order.id, order.supplier.name, _(STATES[order.state][0]), order.ordered_on, order.expected_on, line.gift.name, line.quantity,
            line.received, line.open, line.unit_price, order.ordered_by.name, order.reason,
        ]
        for order in goods_list.ORDERS.rows(me(), query)
        for line in order.lines
    )  # fmt: skip
    return list_files.answer(_("Orders of gifts"), heads, rows, what="gift-orders", filters=query.args())


@bp.route("/gifts/orders/new", methods=["GET", "POST"])
@requires(Permission.GIFT_STOCK)
def order_new() -> Any:
    """Record an order; the address may name the supplier, then their gifts are offered with what is to be bought."""
    gifts = _offered()
    if request.method == "GET":
        form = OrderForm(formdata=None, supplier=request.args.get("supplier", "")).offer()
        wanted = {whole(request.args.get("gift")): request.args.get("pieces", "")[:12]}
        return _order_form(form, gifts, {one.id: {"quantity": wanted.get(one.id, ""), "price": f"{one.unit_price:.2f}"} for one in gifts})
    form = OrderForm().offer()
    lines, typed, wrong = lines_sent(gifts)
    cells: dict[str, str] = {}
    if form.validate() and not wrong:
        with saving(wrong.append) as saved:
            order = GiftOrder.place(
                form.chosen(), lines, expected_on=form.expected_on.data, note=(form.note.data or "").strip(), by=me()
            )  # fmt: skip
        if saved:
            flash(_("The order is recorded. What comes of it is received by somebody else than you."), "ok")
            return redirect(url_for("gifts.order", order_id=order.id), 303)
    names = {str(one.id): one.name for one in gifts}
    cells = form.refuse_all(wrong, lambda cell: names.get(cell.rpartition("-")[2], cell))
    return _order_form(form, _offered(), typed, cells, 422)


def _offered() -> list[Gift]:
    """Return the gifts that may be ordered: of the supplier that was chosen first."""
    supplier = whole(request.values.get("supplier"))
    gifts = orderable()
    return sorted(gifts, key=lambda one: one.supplier_id != supplier) if supplier else gifts


def _order_form(
    form: OrderForm, gifts: list[Gift], typed: dict[int, dict[str, str]], cells: dict[str, str] | None = None, status: int = 200
) -> Any:
    return render_template("gifts/order_form.html", form=form, gifts=gifts, typed=typed, cells=cells or {}), status


@bp.get("/gifts/orders/<int:order_id>")
@requires(Permission.GIFT_READ, order=GiftOrder)
def order(order: GiftOrder) -> Any:
    """Show an order, what has come of it and what is missing."""
    return _order_page(order, ReceiptForm(formdata=None), EndingForm(formdata=None))


def _order_page(order: GiftOrder, receipt: ReceiptForm, ending: EndingForm, status: int = 200) -> Any:
    user, line = me(), GiftOrderLine
    came = select(GiftMovement).join(line, line.id == GiftMovement.order_line_id).where(line.order_id == order.id)
    page = render_template(
        "gifts/order.html",
        order=order,
        states=STATES,
        receipts=db.session.scalars(came.order_by(GiftMovement.id.desc()).limit(100)).all(),
        movement_kinds=gift_stock.KINDS,
        receipt=receipt,
        ending=ending,
        problems=receipt if receipt.problems else ending,
        events=[(one, history.title_of(one)) for one in history.of_record("GiftOrder", order.id, limit=30)],
        own=order.is_own_of(user),
        can={"receive": order.can_receive(user), "close": order.can_close(user)},
    )
    return page, status


@bp.post("/gifts/orders/<int:order_id>/receipts")
@requires(Permission.GIFT_STOCK, order=GiftOrder)
def order_receive(order: GiftOrder) -> Any:
    """Record what has come of a line, in parts or whole; not by who ordered it."""
    ensure(not order.is_own_of(me()))
    form, number = ReceiptForm(), order.id
    line = db.session.get(GiftOrderLine, whole(form.line.data) or 0)
    if line is None or line.order_id != order.id:
        raise StateConflict(f"line of order {order.id}")
    if form.validate():
        with saving(form.refuse) as saved:
            order.receive(line, whole(form.quantity.data), note=(form.note.data or "").strip(), by=me())
        if saved:
            flash(_("It is received and lies in stock."), "ok")
            return redirect(url_for("gifts.order", order_id=number), 303)
    return _order_page(db.session.get_one(GiftOrder, number), form, EndingForm(formdata=None), 422)


@bp.post("/gifts/orders/<int:order_id>/ending")
@requires(Permission.GIFT_STOCK, order=GiftOrder)
def order_end(order: GiftOrder) -> Any:
    """End an order although not all has come: cancelled, or closed with its shortage."""
    form, number = EndingForm(), order.id
    if form.validate():
        with saving(form.refuse) as saved:
            order.close(reason=(form.reason.data or "").strip(), by=me())
        if saved:
            flash(_("The order is ended; what is missing is to be bought again."), "ok")
            return redirect(url_for("gifts.order", order_id=number), 303)
    return _order_page(db.session.get_one(GiftOrder, number), ReceiptForm(formdata=None), form, 422)
