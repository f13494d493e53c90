"""Sales, line by line (RL-8): imported, or typed in. Nothing is deleted: a line that was wrong is void, with a reason.

The documents that lines belong to are kept apart where a file of them came: lines of another file take customer, day and state from them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db
from portal.models import audit, history
from portal.models.customer import BYTEWISE, Customer, CustomerState, Money
from portal.models.product import Product
from portal.models.sales_book import Ledger, Price, Quantity
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.rules.message import N_, Message, Refusal
from portal.rules.regions import find_province
from portal.rules.sales import BY_LINE, BY_PAYMENTS, CANCELLED, ORDERED, VOID, check_sale, key_of_line, key_range

IMPORTING = {"importing": ORDERED, "importing-cancelled": CANCELLED}
"""States of lines that an import of all or nothing has made and not shown yet → what they become."""
STATES = {ORDERED: N_("Ordered"), CANCELLED: N_("Cancelled"), VOID: N_("Void")}
FIELDS = (
    "day", "document", "line", "product_id", "quantity", "price", "amount", "region", "state", "due_on", "settled_on", "disputed",
)  # fmt: skip
"""What is entered of a line, beside its customer."""
_NOT_ORDERED = sql("state <> 'ordered'")


class SaleDocument(HangsOnCustomer, Base):
    """A document that sales belong to, such as an order: imported where its lines stand in a file of their own."""

    __tablename__ = "sale_document"

    number: Mapped[str] = mapped_column(BYTEWISE)
    source: Mapped[str] = mapped_column(BYTEWISE, default="")
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    day: Mapped[date]
    state: Mapped[str] = mapped_column(default=ORDERED)
    """ordered | cancelled"""
    due_on: Mapped[date | None]
    region: Mapped[str] = mapped_column(default="")
    import_id: Mapped[int | None] = mapped_column(index=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (Index(None, "number", "source", unique=True),)


class Sale(HangsOnCustomer, Base):
    """One line: what a customer bought on a day. Returned goods are a line below nothing."""

    __tablename__ = "sale"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    day: Mapped[date]
    document: Mapped[str] = mapped_column(BYTEWISE, default="")
    """Number of the order or invoice."""
    line: Mapped[int | None]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[Decimal | None] = mapped_column(Quantity)
    price: Mapped[Decimal | None] = mapped_column(Price)
    amount: Mapped[Decimal] = mapped_column(Money)
    region: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default=ORDERED)
    """ordered | cancelled | void | importing, importing-cancelled (nobody sees them)"""
    due_on: Mapped[date | None]
    settled_on: Mapped[date | None]
    settled_by: Mapped[str] = mapped_column(default="")
    """'' | line: so it was entered | payments: those that name the document have reached its amount"""
    disputed: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(default="")
    """The system that a file came from, as the office calls it."""
    key: Mapped[str | None] = mapped_column(BYTEWISE, unique=True)
    """By what the line is known again in a file; None for a line typed in without a document."""
    void_because: Mapped[str] = mapped_column(default="")
    import_id: Mapped[int | None] = mapped_column(index=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    product: Mapped[Product | None] = relationship()
    created_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "day", "id"),
        Index(None, "customer_id", "day", "id", "state"),
        Index(None, "product_id", "day", "id"),
        Index(None, "region", "day", "id"),
        # Of the few, in the order of the list.
        Index("ix_sale_not_ordered", "state", "day", "id", sqlite_where=_NOT_ORDERED, postgresql_where=_NOT_ORDERED),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Self]:
        """Return the lines of customers that `user` may see."""
        return super().visible_to(user).where(cls.state.not_in(tuple(IMPORTING)))

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.document}/{self.line}" if self.document else self.day.isoformat()

    @property
    def closed(self) -> Message | None:
        """Return why the line may not be changed, or None."""
        return Message(N_("This line is void and is kept as it was.")) if self.state == VOID else None

    def row(self) -> dict[str, Any]:
        """Return the line as a ledger takes it."""
        return {column.name: getattr(self, column.name) for column in self.__table__.columns}

    @classmethod
    def enter(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff, source: str = "form", ledger: Ledger | None = None) -> Self:
        """Enter a line and return it, flushed; a purchase is followed by calls. `values` are those of `FIELDS`.

        Who enters many gives a `ledger`, and closes it and asks for the calls (`bought`) after the last. Raises `Refusal` with the field.
        """
        from portal.models.callback_due import bought

        if customer.state == CustomerState.MERGED:
            raise Refusal("This record was merged into another one. Change that one.", field="customer")
        book = ledger or Ledger()
        checked = _checked(values, customer)
        if checked["document"] and not checked["line"]:
            checked["line"] = _next_line(checked["document"])
        sale = cls(customer_id=customer.id, created_by_id=by.id, **checked, **_derived(checked))
        sale._store(added=True)
        book.sale(None, sale.row())
        changes = changes_of(FIELDS, {}, sale.row())
        audit.write("change", "entered", actor=by, record=sale, label=sale.label, changes=changes, source=source)
        if ledger is None:
            book.close()
            bought([sale.id], clock.today())
        return sale

    def change(self, values: Mapping[str, Any], *, by: Staff, reason: str) -> list[dict[str, Any]]:
        """Change fields, with a reason, and return what really changed as [{field, old, new}]. Raises `Refusal` with the field."""
        self.ensure_open()
        ledger, before = Ledger(), self.row()
        checked = _checked({**{name: before[name] for name in FIELDS}, **values}, self.customer, settled_by=self.settled_by)
        if checked["document"] and not checked["line"]:
            same = checked["document"] == before["document"]
            checked["line"] = before["line"] if same else _next_line(checked["document"])
        changes = changes_of(FIELDS, before, {**before, **checked})
        if not changes:
            return []
        if not reason:
            raise Refusal("Say why it is changed.", field="reason")
        checked |= _derived(checked, self.source, self.key)
        for name, value in checked.items():
            setattr(self, name, value)
        self._store()
        ledger.sale(before, self.row())
        ledger.close()
        audit.write("change", "changed", actor=by, record=self, label=self.label, changes=changes, reason=reason)
        return changes

    def void(self, *, by: Staff, reason: str) -> None:
        """Take the line out of all totals; it stays readable, struck through. Raises `Refusal`."""
        self.ensure_open()
        if not reason:
            raise Refusal("Say why it is void.", field="reason")
        ledger, before = Ledger(), self.row()
        self.state, self.void_because = VOID, reason
        db.session.flush()
        ledger.sale(before, self.row())
        ledger.close()
        audit.write("change", "voided", actor=by, record=self, label=self.label, reason=reason)

    def ensure_open(self) -> None:
        """Raise `Refusal` saying why where the line may not be changed."""
        if self.closed is not None:
            raise Refusal(self.closed.text, **self.closed.params)

    def _store(self, *, added: bool = False) -> None:
        store(self, Refusal("This line of the document is entered already.", field="line"), added=added)


PAID = N_("Payments name this document: it is settled when they reach its amount, and not by a day entered here.")


def is_paid_by_payments(customer_id: int, document: str) -> bool:
    """Return whether payments of the customer name the document."""
    from portal.models.payment import Payment

    here = (Payment.document == document, Payment.document != "", Payment.customer_id == customer_id, Payment.state == "kept")
    return db.session.scalar(select(Payment.id).where(*here).limit(1)) is not None


def region_of(text: str) -> str:
    """Return a region as it is kept: a province by its Chinese name, anything else as it was typed, at most 40 characters."""
    province = find_province(text) if text else None
    return province.zh if province else text.strip()[:40]


def _checked(values: Mapping[str, Any], customer: Customer, *, settled_by: str = "") -> dict[str, Any]:
    given = {name: values.get(name) for name in FIELDS}
    given["state"] = given["state"] or ORDERED
    if given["state"] not in (ORDERED, CANCELLED):
        raise Refusal("%(typed)s is not among the choices.", field="state", typed=str(given["state"])[:40])
    given["document"] = (given["document"] or "").strip().upper()
    given["region"] = region_of(given["region"] or customer.province)
    given["disputed"] = bool(given["disputed"])
    if not given["document"]:
        given["line"] = None
    checked = check_sale(given, clock.today())
    if checked["settled_on"] and settled_by != BY_PAYMENTS and is_paid_by_payments(customer.id, checked["document"]):
        raise Refusal(PAID, field="settled_on")
    if settled_by != BY_PAYMENTS:
        checked["settled_by"] = BY_LINE if checked["settled_on"] else ""
    elif checked["document"] == "":
        checked["settled_on"], checked["settled_by"] = None, ""
    return checked


def _derived(checked: Mapping[str, Any], source: str = "", key: str | None = None) -> dict[str, Any]:
    """Return by what the line is known again; one that came without a document keeps what its file gave it."""
    if checked["document"]:
        return {"key": key_of_line(source, checked["document"], checked["line"])}
    return {"key": key if key and key.startswith("#") else None}


def _next_line(document: str) -> int:
    first, behind = key_range(document)
    here = (Sale.key >= first, Sale.key < behind, Sale.document == document)
    last = db.session.scalar(select(Sale.line).where(*here).order_by(Sale.line.desc()).limit(1))
    return (last or 0) + 1


def changes_of(fields: Iterable[str], before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is another than before, as [{field, old, new}]."""
    said = [(name, plain(before.get(name)), plain(now[name])) for name in fields]
    return [{"field": name, "old": old, "new": new} for name, old, new in said if old != new]


def store(entry: Any, taken: Refusal, *, added: bool) -> None:
    """Write a sale or a payment. Raises `taken` where another one is known by the same key, `StateConflict`."""
    try:
        with db.session.begin_nested():
            if added:
                db.session.add(entry)
            db.session.flush()
    except IntegrityError as error:
        if "key" not in str(error.orig):
            raise StateConflict(str(error.orig)) from error
        raise taken from error


def plain(value: Any) -> Any:
    """Return a value as the log keeps it: '' for nothing, days and numbers as text."""
    if value in (None, "", False):
        return ""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value


for _name, _title in (
    ("entered", N_("Sale entered")),
    ("changed", N_("Sale changed")),
    ("voided", N_("Sale void")),
    ("taken-back", N_("Imported sale taken back")),
):
    history.action("Sale", _name, _title)
history.stream("sales", N_("Sales and payments"), kinds=("change",), record_types=("Sale", "Payment", "CustomerCode"))
