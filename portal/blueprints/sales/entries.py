"""One line or one payment: enter, read, change with a reason, make void."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import DateInput

from portal import clock
from portal.blueprints.sales import bp
from portal.database import StateConflict, db
from portal.forms import PortalForm
from portal.looks import look
from portal.models import history, search
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.payment import STATES as PAYMENT_STATES
from portal.models.payment import Payment
from portal.models.product import Product, product_called
from portal.models.sale import STATES, Sale
from portal.permissions import Permission, requires
from portal.rules.dates import parse_date
from portal.rules.message import N_, Refusal
from portal.rules.money import parse_amount
from portal.rules.sales import CANCELLED, MOST_QUANTITY, ORDERED, PRICE_PLACES, QUANTITY_PLACES, parse_number
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SUGGESTED = 8
_FIGURE = {"inputmode": "decimal", "maxlength": 40}


class EntryForm(PortalForm):
    """What a line and a payment have in common. `version` is that of the record when the form was opened."""

    version = HiddenField()
    customer = StringField(_l("Customer"))
    day = StringField(_l("Date"), widget=DateInput())
    document = StringField(_l("Document number"), render_kw={"maxlength": 60})
    amount = StringField(_l("Amount"), render_kw=_FIGURE)
    reason = StringField(_l("Reason of the change"), render_kw={"maxlength": 500})

    def values(self) -> dict[str, Any]:
        """Return what was sent, fit for the model. Raises `Refusal` with the field."""
        return {
            "day": self.said("day", parse_date),
            "document": self.said("document", str) or "",
            "amount": self.said("amount", parse_amount),
        }

    def said(self, name: str, read: Callable[[str], Any]) -> Any:
        """Return what stands in a field, None for nothing. Raises `Refusal` with the field."""
        text = clean_line(self[name].data or "")
        try:
            return read(text) if text else None
        except Refusal as refusal:
            raise refusal.at(name) from None


class SaleForm(EntryForm):
    """A line."""

    line = StringField(_l("Line"), render_kw={"inputmode": "numeric", "maxlength": 9})
    product = StringField(_l("Product"), render_kw={"maxlength": 260, "list": "products"})
    quantity = StringField(_l("Quantity"), render_kw=_FIGURE)
    price = StringField(_l("Unit price"), render_kw=_FIGURE)
    region = StringField(_l("Region"), render_kw={"maxlength": 40})
    state = SelectField(_l("State"))
    due_on = StringField(_l("Payment due on"), widget=DateInput())
    settled_on = StringField(_l("Settled on"), widget=DateInput())
    disputed = BooleanField(_l("Disputed"))

    def offer(self) -> SaleForm:
        """Fill in the choices, and return the form."""
        self.state.choices = [SelectChoice(state, _(STATES[state])) for state in (ORDERED, CANCELLED)]
        return self

    def values(self) -> dict[str, Any]:
        """Return what was sent, fit for the model. Raises `Refusal` with the field."""
        product = self.said("product", product_called)
        return {
            **super().values(),
            "line": self.said("line", lambda text: int(parse_number(text, 0, Decimal(10) ** 9))),
            "product_id": product.id if product else None,
            "quantity": self.said("quantity", lambda text: parse_number(text, QUANTITY_PLACES, MOST_QUANTITY)),
            "price": self.said("price", lambda text: parse_number(text, PRICE_PLACES, MOST_QUANTITY)),
            "region": self.said("region", str) or "",
            "state": self.state.data,
            "due_on": self.said("due_on", parse_date),
            "settled_on": self.said("settled_on", parse_date),
            "disputed": self.disputed.data,
        }


class PaymentForm(EntryForm):
    """A payment."""

    number = StringField(_l("Payment number"), render_kw={"maxlength": 60})

    def offer(self) -> PaymentForm:
        """Return the form."""
        return self

    def values(self) -> dict[str, Any]:
        """Return what was sent, fit for the model. Raises `Refusal` with the field."""
        return {**super().values(), "number": self.said("number", str) or ""}


class VoidForm(PortalForm):
    """Why a line or a payment is void."""

    reason = StringField(_l("Reason"), render_kw={"maxlength": 500})


KINDS: dict[Any, dict[str, Any]] = {
    Sale: {"form": SaleForm, "name": "sale", "list": "sales.sales", "title": N_("Sales"), "new": N_("New sale"), "states": STATES},
    Payment: {
        "form": PaymentForm, "name": "payment", "list": "sales.payments", "title": N_("Payments"), "new": N_("New payment"),
        "states": PAYMENT_STATES,
    },
}  # fmt: skip


@bp.route("/sales/new", methods=["GET", "POST"])
@requires(Permission.SALES_EDIT)
def sale_new() -> Any:
    """Enter a line."""
    return _new(Sale)


@bp.route("/sales/payments/new", methods=["GET", "POST"])
@requires(Permission.SALES_EDIT)
def payment_new() -> Any:
    """Enter a payment."""
    return _new(Payment)


@bp.get("/sales/<int:sale_id>")
@requires(Permission.SALES_READ, sale=Sale)
def sale(sale: Sale) -> Any:
    """Show a line and what happened to it."""
    return _show(sale)


@bp.get("/sales/payments/<int:payment_id>")
@requires(Permission.SALES_READ, payment=Payment)
def payment(payment: Payment) -> Any:
    """Show a payment and what happened to it."""
    return _show(payment)


@bp.route("/sales/<int:sale_id>/edit", methods=["GET", "POST"])
@requires(Permission.SALES_EDIT, sale=Sale)
def sale_edit(sale: Sale) -> Any:
    """Change a line, with a reason."""
    return _edit(sale)


@bp.route("/sales/payments/<int:payment_id>/edit", methods=["GET", "POST"])
@requires(Permission.SALES_EDIT, payment=Payment)
def payment_edit(payment: Payment) -> Any:
    """Change a payment, with a reason."""
    return _edit(payment)


@bp.route("/sales/<int:sale_id>/void", methods=["GET", "POST"])
@requires(Permission.SALES_EDIT, sale=Sale)
def sale_void(sale: Sale) -> Any:
    """Ask for the reason, then take a line out of all totals; it stays readable."""
    return _void(sale)


@bp.route("/sales/payments/<int:payment_id>/void", methods=["GET", "POST"])
@requires(Permission.SALES_EDIT, payment=Payment)
def payment_void(payment: Payment) -> Any:
    """Ask for the reason, then take a payment out of all totals; it stays readable."""
    return _void(payment)


def _address(record: Any) -> str:
    name = KINDS[type(record)]["name"]
    return url_for(f"sales.{name}", **{f"{name}_id": record.id})


def _new(model: Any) -> Any:
    form = KINDS[model]["form"](data={"customer": _given_customer(), "day": clock.today().isoformat()}).offer()
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _form_page(model, form, None)
    if not form.validate_on_submit():
        return _form_page(model, form, None, status=422 if form.problems else 200)
    with saving(form.refuse) as saved:
        customer = chosen(current_user, clean_line(form.customer.data or ""))
        entry = model.enter(customer, form.values(), by=me())
    if not saved:
        hits = search.search(current_user, form.customer.data, SUGGESTED) if form.customer.errors and form.customer.data else []
        return _form_page(model, form, None, status=422, hits=hits)
    flash(_("%(name)s is entered.", name=entry.label), "ok")
    return redirect(_address(entry), 303)


def _show(record: Any) -> Any:
    look(record.customer)
    kind = KINDS[type(record)]
    return render_template(
        "sales/record.html",
        record=record,
        kind=kind,
        state=kind["states"][record.state],
        events=[
            {
                "at": event.at, "who": event.actor_name, "text": _(history.title_of(event)), "note": event.data.get("reason", ""),
                "tone": "seal" if event.action == "voided" else "",
            }
            for event in history.of_record(type(record).__name__, record.id)
        ],
    )  # fmt: skip


def _edit(record: Any) -> Any:
    record.ensure_open()
    look(record.customer)
    model, record_id = type(record), record.id
    start: dict[str, Any] = {name: "" if value is None else str(value) for name, value in record.row().items()}
    start |= {"disputed": getattr(record, "disputed", False), "customer": ""}
    if model is Sale:
        start |= {"product": record.product.label if record.product else ""}
        start |= {name: f"{value.normalize():f}" for name in ("quantity", "price") if (value := getattr(record, name)) is not None}
    form = KINDS[model]["form"](data=start).offer()
    if not form.validate_on_submit():
        return _form_page(model, form, record, status=422 if form.problems else 200)
    if str(form.version.data) != str(record.version):
        raise StateConflict(f"{model.__name__} {record_id} was changed since it was opened")
    with saving(form.refuse) as saved:
        changes = record.change(form.values(), by=me(), reason=clean_line(form.reason.data or "")[:500])
    if not saved:
        return _form_page(model, form, db.session.get_one(model, record_id), status=422)
    flash(_("Saved: %(count)s fields changed.", count=len(changes)) if changes else _("Nothing was changed."), "ok")
    return redirect(_address(record), 303)


def _void(record: Any) -> Any:
    record.ensure_open()
    look(record.customer)
    form = VoidForm()
    if form.validate_on_submit():
        with saving(form.refuse) as saved:
            record.void(by=me(), reason=clean_line(form.reason.data or "")[:500])
        if saved:
            flash(_("%(name)s is void.", name=record.label), "ok")
            return redirect(_address(record), 303)
    page = render_template("sales/void.html", form=form, record=record, kind=KINDS[type(record)], back=_address(record))
    return page, 422 if form.problems else 200


def _given_customer() -> str:
    """Return the customer of the address as the field shows it, '' where there is none in scope."""
    given = request.args.get("customer", "")
    if not given.isdecimal() or len(given) > 9:
        return ""
    found = db.session.scalar(Customer.visible_to(current_user).where(Customer.id == int(given)))
    return f"{found.number} {found.full_name}" if found else ""


def _form_page(model: Any, form: EntryForm, record: Any, *, hits: list[search.Hit] | None = None, status: int = 200) -> Any:
    kind = KINDS[model]
    page = render_template(
        "sales/form.html",
        form=form,
        kind=kind,
        record=record,
        back=_address(record) if record else url_for(kind["list"]),
        hits=hits or [],
        products=db.session.scalars(Product.visible_to(current_user).where(Product.active).order_by(Product.code).limit(500)).all()
        if model is Sale
        else [],
    )
    return page, status
