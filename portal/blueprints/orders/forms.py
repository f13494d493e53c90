"""Forms of requests about orders and of long-term agreements, and how rows of goods are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from portal.database import db
from portal.forms import PortalForm
from portal.models.agreement import LONGEST_TEXT as LONGEST_TERMS
from portal.models.agreement import LONGEST_TITLE, Terms
from portal.models.customer import Customer
from portal.models.dossier import Upload
from portal.models.product import product_called
from portal.models.staff import Staff
from portal.rules.message import N_, Refusal
from portal.rules.money import parse_amount
from portal.rules.orders import LONGEST_LINE, LONGEST_NUMBER, LONGEST_TEXT, MOST_LINES, Goods, Wanted
from portal.rules.text import clean_line

PARTS = ("product", "quantity", "amount")
FEWEST_ROWS = 3


class OrderForm(PortalForm):
    """What a request about an order says; its goods are rows of their own (`goods_sent`)."""

    customer = StringField(_l("Customer"))
    order_number = StringField(_l("Order number"), [Length(max=LONGEST_NUMBER)])
    ordered_on = DateField(_l("Ordered on"), [Optional()])
    delivery_on = DateField(_l("Delivery wished by"), [Optional()])
    reason = TextAreaField(_l("Reason"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 4})
    price_note = TextAreaField(_l("On the price"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})
    payment_note = TextAreaField(_l("On the payment"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 2})
    version = HiddenField()

    def wanted(self, goods: list[Goods]) -> Wanted:
        """Return what was entered."""
        return Wanted(
            clean_line(self.order_number.data or ""), self.ordered_on.data, tuple(goods), (self.reason.data or "").strip(),
            self.delivery_on.data, (self.price_note.data or "").strip(), (self.payment_note.data or "").strip(),
        )  # fmt: skip


class CloseForm(PortalForm):
    """How an order treated like grade A went."""

    closed_on = DateField(_l("Concluded on"), [Optional()])
    closing_note = TextAreaField(_l("How the order went"), [Length(max=LONGEST_TEXT)], render_kw={"rows": 3})


class AgreementForm(PortalForm):
    """What an agreement says, and the paper that comes with this state of it."""

    customer = StringField(_l("Customer"))
    title = StringField(_l("Name of the agreement"), [Length(max=LONGEST_TITLE)])
    number = StringField(_l("Agreement no."), [Length(max=LONGEST_NUMBER)])
    starts_on = DateField(_l("Holds from"), [Optional()])
    ends_on = DateField(_l("Runs until"), [Optional()])
    terms = TextAreaField(_l("What is agreed"), [Length(max=LONGEST_TERMS)], render_kw={"rows": 6})
    note = TextAreaField(_l("What was revised, and why"), [Length(max=LONGEST_TERMS)], render_kw={"rows": 2})
    file = FileField(_l("Paper for the dossier"))
    previous = HiddenField()
    version = HiddenField()

    def said(self) -> Terms:
        """Return what was entered."""
        return Terms(
            clean_line(self.title.data or ""), clean_line(self.number.data or ""), self.starts_on.data, self.ends_on.data,
            (self.terms.data or "").strip(),
        )  # fmt: skip


class FilingForm(PortalForm):
    """When an agreement was signed, and its signed paper."""

    filed_on = DateField(_l("Signed on"), [Optional()])
    kind = SelectField(_l("Kind of document"), validate_choice=False)
    file = FileField(_l("Signed paper"))
    on_paper = BooleanField(_l("The original is kept on paper"))


class EndingForm(PortalForm):
    """When and why an agreement ends."""

    ended_on = DateField(_l("Ends on"), [Optional()])
    reason = TextAreaField(_l("Reason"), [Length(max=LONGEST_TERMS)], render_kw={"rows": 2})


def uploaded(file: Any) -> Upload | None:
    """Return the file that was sent with a form, None for none. Raises `Refusal` (field `file`) for what cannot be filed."""
    if not isinstance(file, FileStorage) or not file.filename:
        return None
    return Upload.of(file.read(), file.filename)


# --- goods ----------------------------------------------------------------


def rows_of(goods: list[Goods]) -> list[dict[str, str]]:
    """Return goods as rows of the form, with room for more."""
    rows = [one.as_data() for one in goods]
    more = max(FEWEST_ROWS - len(rows), 1)
    return rows + [dict.fromkeys(PARTS, "") for _one in range(min(more, MOST_LINES - len(rows)))]


_CELLS = {"product": N_("Product, line %(n)s"), "quantity": N_("Quantity, line %(n)s"), "amount": N_("Amount, line %(n)s")}


def name_of_cell(cell: str) -> str:
    """Return what a cell of the rows of goods is called."""
    _goods, part, number = cell.split("-")
    return _(_CELLS[part], n=int(number) + 1)


def rows_sent() -> list[dict[str, str]]:
    """Return the rows that the form sent, without those that are empty."""
    form, rows = request.form, []
    for number in range(MOST_LINES):
        row = {part: clean_line(form.get(f"goods-{part}-{number}", ""))[:LONGEST_LINE] for part in PARTS}
        if any(row.values()):
            rows.append(row)
    return rows


def goods_sent(rows: list[dict[str, str]]) -> tuple[list[Goods], list[Refusal]]:
    """Return the goods that rows say, products by code and name where the office keeps them, and what cannot be read, with its field."""
    goods, wrong = [], []
    for number, row in enumerate(rows):
        amount = Decimal("0.00")
        try:
            amount = parse_amount(row["amount"]) if row["amount"] else amount
        except Refusal as refusal:
            wrong.append(refusal.at(f"goods-amount-{number}"))
        goods.append(Goods(_product(row["product"]), row["quantity"][:40], amount))
    return goods, wrong


def _product(text: str) -> str:
    """Return what a product is called: one that the office does not keep, as it was typed."""
    try:
        found = product_called(text)
    except Refusal:
        return text
    return found.label if found else ""


def customer_given(user: Staff) -> str:
    """Return the customer of the address as the field shows it, '' where there is none in scope."""
    found = customer_of_address(user)
    return f"{found.number} {found.full_name}" if found else ""


def customer_of_address(user: Staff) -> Customer | None:
    """Return the customer that the address names, None where there is none in scope."""
    given = request.args.get("customer", "")
    if not given.isdecimal() or len(given) > 9:
        return None
    return db.session.scalar(Customer.visible_to(user).where(Customer.id == int(given)))
