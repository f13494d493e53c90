"""Forms of gifts, suppliers, counts of the stock and orders, and how they are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, Optional

from portal.database import db
from portal.forms import PortalForm
from portal.models.gift import Gift, GiftSupplier, active_suppliers
from portal.models.gift_order import Wanted
from portal.models.staff import Staff
from portal.rules.gift_goods import KINDS, LONGEST_LINE, LONGEST_TEXT
from portal.rules.message import Refusal
from portal.rules.money import parse_amount
from portal.rules.text import clean_line
from portal.sessions import me

_LINE = [Length(max=LONGEST_LINE)]
_TEXT = [Length(max=LONGEST_TEXT)]
_NUMBER = {"inputmode": "numeric", "autocomplete": "off"}


def whole(text: str | None) -> int | None:
    """Return the whole number that was typed, None for none."""
    digits = clean_line(text or "").replace(",", "")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else None


def yuan(text: str | None, field: str) -> Decimal | None:
    """Return the amount that was typed, None for nothing. Raises `Refusal` (with `field`) for what is no amount."""
    if not (text or "").strip():
        return None
    try:
        return parse_amount(text or "")
    except Refusal as refusal:
        raise refusal.at(field) from None


def sent_version(text: str | None) -> int:
    """Return the version that a form was shown with, 0 for none."""
    return whole(text) or 0


class GiftForm(PortalForm):
    """A gift."""

    name = StringField(_l("Name of the gift"), _LINE)
    kind = RadioField(_l("Kind"), choices=[SelectChoice(code, _l(text)) for code, text in KINDS.items()], validate_choice=False)
    specification = TextAreaField(_l("Specification"), _TEXT, render_kw={"rows": 3})
    unit = StringField(_l("Counted in"), [Length(max=20)])
    unit_price = StringField(_l("Price of one (yuan)"), [Length(max=40)], render_kw={"inputmode": "decimal"})
    supplier = SelectField(_l("Supplier"), validate_choice=False)
    active = BooleanField(_l("May be given"), default=True)
    version = HiddenField()

    def offer(self, gift: Gift | None = None) -> GiftForm:
        """Fill in the suppliers, and return the form."""
        found = active_suppliers(besides=gift.supplier_id if gift else None)
        self.supplier.choices = [SelectChoice("", _("none")), *(SelectChoice(str(one.id), one.name) for one in found)]
        return self

    def fill(self, gift: Gift) -> GiftForm:
        """Show what is stored, and return the form."""
        for name in ("name", "kind", "specification", "unit", "active"):
            self[name].data = getattr(gift, name)
        self.unit_price.data = f"{gift.unit_price:.2f}"
        self.supplier.data, self.version.data = str(gift.supplier_id or ""), str(gift.version)
        return self

    def values(self) -> dict[str, Any]:
        """Return what was entered, as the model takes it. Raises `Refusal` for a price that is none."""
        return {
            "name": clean_line(self.name.data or ""),
            "kind": self.kind.data,
            "specification": (self.specification.data or "").strip(),
            "unit": clean_line(self.unit.data or ""),
            "unit_price": yuan(self.unit_price.data, "unit_price"),
            "supplier": _record(GiftSupplier, self.supplier),
            "active": bool(self.active.data),
        }


class SupplierForm(PortalForm):
    """A supplier."""

    name = StringField(_l("Name of the supplier"), _LINE)
    contact = StringField(_l("Contact"), _LINE)
    telephone = StringField(_l("Telephone"), _LINE, render_kw={"inputmode": "tel"})
    address = StringField(_l("Address"), _LINE)
    note = TextAreaField(_l("Note"), _TEXT, render_kw={"rows": 2})
    active = BooleanField(_l("Supplier in use"), default=True)
    version = HiddenField()

    def values(self) -> dict[str, Any]:
        """Return what was entered."""
        found: dict[str, Any] = {name: clean_line(self[name].data or "") for name in ("name", "contact", "telephone", "address")}
        return {**found, "note": (self.note.data or "").strip(), "active": bool(self.active.data)}


class CountForm(PortalForm):
    """What two people have counted."""

    counted = StringField(_l("Pieces counted"), [Length(max=12)], render_kw=_NUMBER)
    witness = SelectField(_l("Counted along by"), validate_choice=False)
    reason = StringField(_l("Why the books were wrong"), _LINE)
    seen = HiddenField()

    def offer(self) -> CountForm:
        """Fill in the colleagues who may have counted along, and return the form."""
        query = select(Staff.id, Staff.name).where(Staff.in_office, Staff.id != me().id).order_by(Staff.name, Staff.id)
        self.witness.choices = [SelectChoice("", "")] + [SelectChoice(str(row[0]), row[1]) for row in db.session.execute(query)]
        return self

    def values(self) -> dict[str, Any]:
        """Return what was entered, as `gift_stock.correct` takes it."""
        return {
            "counted": whole(self.counted.data),
            "seen": whole(self.seen.data) if whole(self.seen.data) is not None else -1,
            "reason": clean_line(self.reason.data or ""),
            "witness": _record(Staff, self.witness),
        }


class OrderForm(PortalForm):
    """An order; its gifts are rows of their own (`lines_sent`)."""

    supplier = SelectField(_l("Supplier"), validate_choice=False)
    expected_on = DateField(_l("Expected by"), [Optional()])
    note = TextAreaField(_l("Note"), _TEXT, render_kw={"rows": 2})

    def offer(self) -> OrderForm:
        """Fill in the suppliers, and return the form."""
        self.supplier.choices = [SelectChoice("", ""), *(SelectChoice(str(one.id), one.name) for one in active_suppliers())]
        return self

    def chosen(self) -> GiftSupplier:
        """Return the supplier. Raises `Refusal` (field `supplier`) for none."""
        found: GiftSupplier | None = _record(GiftSupplier, self.supplier)
        if found is None:
            raise Refusal("Choose the supplier.", field="supplier")
        return found


class ReceiptForm(PortalForm):
    """What has come of one line of an order."""

    line = HiddenField()
    quantity = StringField(_l("Pieces that came"), [Length(max=12)], render_kw=_NUMBER)
    note = StringField(_l("Delivery note"), _LINE)


class EndingForm(PortalForm):
    """Why an order ends although not all has come."""

    reason = StringField(_l("Reason"), _LINE)


def lines_sent(gifts: list[Gift]) -> tuple[list[Wanted], dict[int, dict[str, str]], list[Refusal]]:
    """Return the lines of an order that was sent, what was typed for each gift, and what cannot be read (field `quantity-<gift>`)."""
    lines, typed, wrong = [], {}, []
    for gift in gifts:
        quantity, price = (clean_line(request.form.get(f"{name}-{gift.id}", ""))[:40] for name in ("quantity", "price"))
        typed[gift.id] = {"quantity": quantity, "price": price}
        if not quantity or quantity == "0":
            continue
        number = whole(quantity)
        try:
            amount = yuan(price, f"price-{gift.id}")
            if number is None:
                raise Refusal("%(value)s is not a whole number.", field=f"quantity-{gift.id}", value=quantity)
            if amount is None:
                raise Refusal("Give the price of one piece in yuan, above 0.", field=f"price-{gift.id}")
        except Refusal as refusal:
            wrong.append(refusal)
            continue
        lines.append(Wanted(gift, number, amount))
    return lines, typed, wrong


def _record(model: Any, field: Any) -> Any:
    """Return the record that a field chose among those it offers, else None."""
    return db.session.get(model, int(field.data)) if field.data and field.data in {str(one.value) for one in field.choices} else None
