"""Products: the list, a new one, changing one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import or_
from wtforms import BooleanField, StringField

from portal import htmx
from portal.blueprints.sales import bp
from portal.database import db
from portal.forms import PortalForm
from portal.models.paging import PAGE_SIZE
from portal.models.product import Product, categories
from portal.permissions import Permission, requires
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me


class ProductForm(PortalForm):
    """A product."""

    code = StringField(_l("Product code"), render_kw={"maxlength": 60})
    name = StringField(_l("Product name"), render_kw={"maxlength": 200})
    category = StringField(_l("Category"), render_kw={"maxlength": 80, "list": "categories"})
    active = BooleanField(_l("On sale"), default=True)

    def values(self) -> dict[str, Any]:
        """Return what was sent, fit for the model."""
        limits = {"code": 60, "name": 200, "category": 80}
        found: dict[str, Any] = {name: clean_line(self[name].data or "")[:most] for name, most in limits.items()}
        return {**found, "code": found["code"].upper(), "active": self.active.data}


@bp.get("/sales/products")
@requires(Permission.SALES_READ)
def products() -> Any:
    """Show the products, by code."""
    words, after = clean_line(request.args.get("q", ""))[:80], request.args.get("after", "")[:60]
    query = Product.visible_to(current_user).order_by(Product.code).limit(PAGE_SIZE + 1)
    if words:
        part = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        query = query.where(or_(*(column.ilike(f"%{part}%", escape="\\") for column in (Product.code, Product.name, Product.category))))
    found = list(db.session.scalars(query.where(Product.code > after) if after else query))
    rows = found[:PAGE_SIZE]
    more = url_for("sales.products", q=words or None, after=rows[-1].code) if len(found) > PAGE_SIZE else ""
    return htmx.render("sales/products.html", "list", rows=rows, words=words, next=more)


@bp.route("/sales/products/new", methods=["GET", "POST"])
@requires(Permission.PRODUCT_EDIT)
def product_new() -> Any:
    """Add a product."""
    form = ProductForm()
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            product = Product.add(form.values(), by=me())
        if saved:
            flash(_("%(name)s is entered.", name=product.label), "ok")
            return redirect(url_for("sales.products"), 303)
    return _page(form, None)


@bp.route("/sales/products/<int:product_id>/edit", methods=["GET", "POST"])
@requires(Permission.PRODUCT_EDIT, product=Product)
def product_edit(product: Product) -> Any:
    """Change a product."""
    form, product_id = ProductForm(obj=product), product.id
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            product.change(form.values(), by=me())
        if saved:
            flash(_("%(name)s is saved.", name=product.label), "ok")
            return redirect(url_for("sales.products"), 303)
    return _page(form, db.session.get_one(Product, product_id))


def _page(form: ProductForm, product: Product | None) -> Any:
    page = render_template("sales/product_form.html", form=form, product=product, categories=categories())
    return page, 422 if form.problems else 200
