"""Lists: sales, payments, customers by month, and what one customer bought and paid."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from sqlalchemy import select
from wtforms import StringField

from portal import clock, htmx
from portal.blueprints.sales import bp
from portal.database import commit, db
from portal.filters import colon
from portal.forms import PortalForm
from portal.looks import look
from portal.models import sales_list, sales_totals
from portal.models.customer import Customer
from portal.models.customer_code import LENGTH, CustomerCode, codes_of
from portal.models.payment import STATES as PAYMENT_STATES
from portal.models.product import Product
from portal.models.sale import STATES
from portal.models.sales_list import NO_REGION, PAYMENTS, SALES, SalesQuery
from portal.permissions import Permission, requires
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

PAGES = {SALES: "sales.sales", PAYMENTS: "sales.payments"}
TOP = 10


class CodeForm(PortalForm):
    """A code by which a foreign system knows a customer."""

    code = StringField(_l("Code"), render_kw={"maxlength": LENGTH})
    source = StringField(_l("System"), render_kw={"maxlength": 40})


@bp.get("/sales")
@requires(Permission.SALES_READ)
def sales() -> Any:
    """Show a page of the lines, with the filters of the address."""
    return _list(SalesQuery.of(SALES, request.args), STATES)


@bp.get("/sales/payments")
@requires(Permission.SALES_READ)
def payments() -> Any:
    """Show a page of the payments, with the filters of the address."""
    return _list(SalesQuery.of(PAYMENTS, request.args), PAYMENT_STATES)


def _list(query: SalesQuery, states: dict[str, str]) -> Any:
    page = sales_list.page(current_user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    count = sales_list.count(current_user, query)
    customer = _customer(query)
    return htmx.render(
        "sales/list.html",
        "list",
        query=query,
        rows=page.rows,
        count=count._replace(number=max(count.number, len(page.rows))),
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
        chips=_chips(query, customer, states),
        states=states,
        regions=[(one or NO_REGION, one or _("none")) for one in sales_list.regions()] if query.kind == SALES else [],
        product=db.session.get(Product, int(query.filters["product"])) if "product" in query.filters else None,
        customer=customer,
        here=PAGES[query.kind],
    )


def address(query: SalesQuery, **changes: str) -> str:
    """Return the address of a query, with other arguments where given."""
    given: dict[str, Any] = {name: value for name, value in {**query.args(), **changes}.items() if value}
    return url_for(PAGES[query.kind], **given)


def _customer(query: SalesQuery) -> Customer | None:
    if "customer" not in query.filters:
        return None
    found = db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(query.filters["customer"])))
    if found is None:
        abort(404)
    return found


def _chips(query: SalesQuery, customer: Customer | None, states: dict[str, str]) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        text = value
        if name == "customer" and customer is not None:
            text = customer.full_name
        elif name == "product":
            product = db.session.get(Product, int(value))
            text = product.label if product else value
        elif name == "state":
            text = _(states[value])
        elif name == "region" and value == NO_REGION:
            text = _("none")
        found.append((f"{_(SalesQuery.FILTERS[name])}{colon()}{text}", address(query.without(name))))
    return found


@bp.get("/sales/months")
@requires(Permission.SALES_READ)
def months() -> Any:
    """Show what each customer bought in the months of a year, the most first."""
    years = sales_totals.years()
    year = request.args.get("year", years[0] if years else clock.today().year, type=int)
    rows, after = sales_list.months_page(current_user, year, after=request.args.get("after", ""))
    return htmx.render(
        "sales/months.html",
        "list",
        rows=rows,
        year=year,
        years=years,
        sums=sales_list.month_sums(current_user, year) if rows else {},
        next=url_for("sales.months", year=year, after=after) if after else "",
        further="after" in request.args,
    )


@bp.get("/customers/<int:customer_id>/sales")
@requires(Permission.SALES_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show what a customer bought and paid: this year beside the last one, what is open, by month and product."""
    return _customer_page(customer, CodeForm(formdata=None))


def _customer_page(customer: Customer, form: CodeForm, status: int = 200) -> Any:
    look(customer)
    today = clock.today()
    first = date(today.year - 1, 1, 1)
    by_month = sales_totals.by_month(first, today, customer_id=customer.id)
    products = sales_totals.by_product(date(today.year, 1, 1), today, customer_id=customer.id)[:TOP]
    names = {one.id: one for one in db.session.scalars(select(Product).where(Product.id.in_([one.product_id for one in products])))}
    page = render_template(
        "sales/customer.html",
        customer=customer,
        year=today.year,
        this=sales_totals.of_customer(customer.id, date(today.year, 1, 1), today),
        last=sales_totals.of_customer(customer.id, first, date(today.year - 1, 12, 31)),
        receivables=sales_totals.receivables(customer.id, today),
        by_month=by_month,
        products=[(names[one.product_id], one) for one in products],
        codes=codes_of(customer),
        form=form,
        any=bool(by_month or sales_totals.years(customer.id)),
    )
    return page, status


@bp.post("/customers/<int:customer_id>/codes")
@requires(Permission.SALES_EDIT, customer=Customer)
def code_new(customer: Customer) -> Any:
    """Give the customer a code of a foreign system."""
    form = CodeForm()
    if form.validate():
        with saving(form.refuse) as saved:
            code, source = clean_line(form.code.data or "")[:LENGTH], clean_line(form.source.data or "")[:40]
            CustomerCode.add(customer, code, source, by=me())
        if saved:
            flash(_("The code is kept: files that name it mean this customer."), "ok")
            return redirect(url_for("sales.of_customer", customer_id=customer.id), 303)
    return _customer_page(customer, form, 422)


@bp.post("/customer-codes/<int:code_id>/removal")
@requires(Permission.SALES_EDIT, code=CustomerCode)
def code_removal(code: CustomerCode) -> Any:
    """Take a code away."""
    customer_id = code.customer_id
    code.remove(by=me())
    commit()
    return redirect(url_for("sales.of_customer", customer_id=customer_id), 303)
