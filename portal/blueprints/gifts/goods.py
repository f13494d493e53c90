"""Gifts and their stock, and who supplies them (GF-3)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, list_files
from portal.blueprints.gifts import bp
from portal.blueprints.gifts.goods_forms import CountForm, GiftForm, SupplierForm, sent_version
from portal.database import db
from portal.i18n import is_chinese
from portal.models import gift_goods_list as goods_list
from portal.models import gift_stock, history
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_goods_list import GiftQuery
from portal.models.gift_order import OPEN, GiftOrder, GiftOrderLine
from portal.models.gift_run import GiftRun
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, requires
from portal.rules.gift_goods import KINDS
from portal.saving import saving
from portal.sessions import me

MOVEMENTS = 50
_NAMED: dict[str, Any] = {"supplier": GiftSupplier, "campaign": GiftCampaign, "run": GiftRun, "team": Team, "giver": Staff}
"""Whose names stand on filters that say a number."""


@bp.get("/gifts/goods")
@requires(Permission.GIFT_READ)
def goods() -> Any:
    """Show a page of the gifts, with the filters of the address."""
    query, user = GiftQuery.read(request.args), me()
    page = goods_list.GIFTS.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    return htmx.render(
        "gifts/goods.html",
        "list",
        query=query,
        gifts=page.rows,
        count=page.found,
        kinds=KINDS,
        standings=goods_list.STANDINGS,
        chips=chips(query, "gifts.goods", {"kind": KINDS, "standing": goods_list.STANDINGS}),
        next=address("gifts.goods", query, after=page.next) if page.next else "",
        previous=address("gifts.goods", query, before=page.previous) if page.previous else "",
    )


def address(endpoint: str, query: Any, **changes: Any) -> str:
    """Return the address of a query on a list."""
    return url_for(endpoint, **{**query.args(), **changes})


def chips(query: Any, endpoint: str, words: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the filters that are set, in words, each with the address without it."""
    found, colon = [], "：" if is_chinese() else ": "
    for name, value in query.filters.items():
        text = _(words[name][value]) if name in words else value
        if name in _NAMED:
            text = _name_of(_NAMED[name], int(value)) or text
        found.append((f"{_(query.FILTERS[name])}{colon}{text}", address(endpoint, query.without(name))))
    return found


def _name_of(model: Any, number: int) -> str:
    """Return what a record is called, empty where there is none or it is none of the reader's: then its number stands alone (RO-1)."""
    record: Any = db.session.scalar(model.visible_to(me()).where(model.id == number))
    return (getattr(record, "label", "") or record.name) if record is not None else ""


@bp.get("/gifts/goods/file")
@requires(Permission.GIFT_READ)
def goods_file() -> Any:
    """Answer the list of gifts as a file."""
    query = GiftQuery.read(request.args)
    heads = [_("Name of the gift"), _("Kind"), _("Specification"), _("Counted in"), _("Price of one (yuan)"), _("Supplier"), _("In stock")]
    rows = (
        [
            one.name, _(KINDS[one.kind]), one.specification, one.unit, one.unit_price, one.supplier.name if one.supplier else "",
            one.in_stock, _("yes") if one.active else _("no"),
        ]
        for one in goods_list.GIFTS.rows(me(), query)
    )  # fmt: skip
    return list_files.answer(_("Gifts in stock"), [*heads, _("May be given")], rows, what="gifts", filters=query.args())


@bp.route("/gifts/goods/new", methods=["GET", "POST"])
@requires(Permission.GIFT_STOCK)
def gift_new() -> Any:
    """Add a gift."""
    if request.method == "GET":
        return _gift_form(GiftForm(formdata=None).offer())
    form = GiftForm().offer()
    if form.validate():
        with saving(form.refuse) as saved:
            gift = Gift.add(form.values(), by=me())
        if saved:
            flash(_("“%(gift)s” is added.", gift=gift.name), "ok")
            return redirect(url_for("gifts.gift", gift_id=gift.id), 303)
    return _gift_form(form, status=422)


@bp.route("/gifts/goods/<int:gift_id>/edit", methods=["GET", "POST"])
@requires(Permission.GIFT_STOCK, gift=Gift)
def gift_edit(gift: Gift) -> Any:
    """Change a gift. What was approved or given keeps its price."""
    if request.method == "GET":
        return _gift_form(GiftForm(formdata=None).offer(gift).fill(gift), gift)
    form, number = GiftForm().offer(gift), gift.id
    if form.validate():
        with saving(form.refuse) as saved:
            gift.change(form.values(), by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("“%(gift)s” is changed.", gift=gift.name), "ok")
            return redirect(url_for("gifts.gift", gift_id=number), 303)
    return _gift_form(form, db.session.get_one(Gift, number), 422)


def _gift_form(form: GiftForm, gift: Gift | None = None, status: int = 200) -> Any:
    return render_template("gifts/gift_form.html", form=form, gift=gift), status


@bp.get("/gifts/goods/<int:gift_id>")
@requires(Permission.GIFT_READ, gift=Gift)
def gift(gift: Gift) -> Any:
    """Show a gift, what there is of it, what is ordered, and each movement of its stock."""
    return _gift_page(gift, CountForm(formdata=None, seen=str(gift.in_stock)))


def _gift_page(gift: Gift, form: CountForm, status: int = 200) -> Any:
    before = request.args.get("before", 0, int)
    moved = gift_stock.movements(gift, before=before or None, limit=MOVEMENTS + 1)
    line = GiftOrderLine
    ordered = select(line).join(GiftOrder, GiftOrder.id == line.order_id).where(line.gift_id == gift.id, GiftOrder.state == OPEN)
    page = render_template(
        "gifts/gift.html",
        gift=gift,
        kinds=KINDS,
        movement_kinds=gift_stock.KINDS,
        movements=moved[:MOVEMENTS],
        older=moved[MOVEMENTS - 1].id if len(moved) > MOVEMENTS else 0,
        ordered=db.session.scalars(ordered.order_by(line.id)).all(),
        form=form.offer(),
        events=[(one, history.title_of(one)) for one in history.of_record("Gift", gift.id, limit=20)],
    )
    return page, status


@bp.post("/gifts/goods/<int:gift_id>/counts")
@requires(Permission.GIFT_STOCK, gift=Gift)
def gift_count(gift: Gift) -> Any:
    """Correct the stock after two people have counted."""
    form, number = CountForm().offer(), gift.id
    if form.validate():
        with saving(form.refuse) as saved:
            gift_stock.correct(gift, by=me(), **form.values())
        if saved:
            flash(_("The stock is corrected."), "ok")
            return redirect(url_for("gifts.gift", gift_id=number), 303)
    gift = db.session.get_one(Gift, number)
    form.seen.data = str(gift.in_stock)
    return _gift_page(gift, form, 422)


# --- suppliers -------------------------------------------------------------------------------------------------------------


@bp.get("/gifts/suppliers")
@requires(Permission.GIFT_READ)
def suppliers() -> Any:
    """Show the suppliers of gifts."""
    found = db.session.scalars(select(GiftSupplier).order_by(GiftSupplier.active.desc(), GiftSupplier.name)).all()
    return render_template("gifts/suppliers.html", suppliers=found)


@bp.route("/gifts/suppliers/new", methods=["GET", "POST"])
@requires(Permission.GIFT_STOCK)
def supplier_new() -> Any:
    """Add a supplier."""
    if request.method == "GET":
        return _supplier_form(SupplierForm(formdata=None))
    form = SupplierForm()
    if form.validate():
        with saving(form.refuse) as saved:
            GiftSupplier.add(form.values(), by=me())
        if saved:
            flash(_("The supplier is added."), "ok")
            return redirect(url_for("gifts.suppliers"), 303)
    return _supplier_form(form, status=422)


@bp.route("/gifts/suppliers/<int:supplier_id>/edit", methods=["GET", "POST"])
@requires(Permission.GIFT_STOCK, supplier=GiftSupplier)
def supplier_edit(supplier: GiftSupplier) -> Any:
    """Change a supplier."""
    if request.method == "GET":
        return _supplier_form(SupplierForm(formdata=None, obj=supplier), supplier)
    form, number = SupplierForm(), supplier.id
    if form.validate():
        with saving(form.refuse) as saved:
            supplier.change(form.values(), by=me(), version=sent_version(form.version.data))
        if saved:
            flash(_("The supplier is changed."), "ok")
            return redirect(url_for("gifts.suppliers"), 303)
    return _supplier_form(form, db.session.get_one(GiftSupplier, number), 422)


def _supplier_form(form: SupplierForm, supplier: GiftSupplier | None = None, status: int = 200) -> Any:
    return render_template("gifts/supplier_form.html", form=form, supplier=supplier), status
