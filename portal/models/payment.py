"""Payments of customers (RL-8): imported, or typed in; one that names a document settles it when its amount is reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import ForeignKey, Index, Select, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models import audit, history
from portal.models.customer import BYTEWISE, Customer, CustomerState, Money
from portal.models.sale import Sale, changes_of, store
from portal.models.sales_book import Ledger
from portal.models.scope import HangsOnCustomer
from portal.models.staff import Staff
from portal.rules.message import N_, Message, Refusal
from portal.rules.sales import BY_LINE, KEPT, ORDERED, VOID, check_payment, key_range

HIDDEN = "importing"
STATES = {KEPT: N_("Received"), VOID: N_("Void")}
FIELDS = ("day", "number", "amount", "document")
"""What is entered of a payment, beside its customer."""
_NAMES = sql("document <> ''")


class Payment(HangsOnCustomer, Base):
    """One payment. A refund is one below nothing."""

    __tablename__ = "payment"

    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    day: Mapped[date]
    number: Mapped[str] = mapped_column(BYTEWISE, default="")
    """Of the cheque, the transfer or the receipt."""
    amount: Mapped[Decimal] = mapped_column(Money)
    document: Mapped[str] = mapped_column(BYTEWISE, default="")
    """The order or invoice that it pays."""
    state: Mapped[str] = mapped_column(default=KEPT)
    """kept | void | importing (nobody sees it)"""
    source: Mapped[str] = mapped_column(default="")
    key: Mapped[str | None] = mapped_column(BYTEWISE)
    """By what it is known again among the customer's; None for one typed in without a number."""
    void_because: Mapped[str] = mapped_column(default="")
    import_id: Mapped[int | None] = mapped_column(index=True)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    version: Mapped[int] = mapped_column(default=1)

    customer: Mapped[Customer] = relationship()
    created_by: Mapped[Staff] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        Index(None, "customer_id", "key", unique=True),
        Index(None, "day", "id"),
        Index(None, "customer_id", "day", "id", "state"),
        Index("ix_payment_document", "document", sqlite_where=_NAMES, postgresql_where=_NAMES),
    )

    @classmethod
    def visible_to(cls, user: Staff) -> Select[Self]:
        """Return the payments of customers that `user` may see."""
        return super().visible_to(user).where(cls.state != HIDDEN)

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return self.number or self.day.isoformat()

    @property
    def closed(self) -> Message | None:
        """Return why the payment may not be changed, or None."""
        return Message(N_("This payment is void and is kept as it was.")) if self.state == VOID else None

    def row(self) -> dict[str, Any]:
        """Return the payment as a ledger takes it."""
        return {column.name: getattr(self, column.name) for column in self.__table__.columns}

    @classmethod
    def enter(cls, customer: Customer, values: Mapping[str, Any], *, by: Staff, source: str = "form", ledger: Ledger | None = None) -> Self:
        """Enter a payment and return it, flushed. Who enters many gives a `ledger` and closes it. Raises `Refusal` with the field."""
        if customer.state == CustomerState.MERGED:
            raise Refusal("This record was merged into another one. Change that one.", field="customer")
        book = ledger or Ledger()
        checked = _checked(values, customer.id)
        payment = cls(customer_id=customer.id, created_by_id=by.id, key=key_of(checked, ""), **checked)
        payment._store(added=True)
        book.payment(None, payment.row())
        if ledger is None:
            book.close()
        changes = changes_of(FIELDS, {}, payment.row())
        audit.write("change", "entered", actor=by, record=payment, label=payment.label, changes=changes, source=source)
        return payment

    def change(self, values: Mapping[str, Any], *, by: Staff, reason: str) -> list[dict[str, Any]]:
        """Change fields, with a reason, and return what really changed as [{field, old, new}]. Raises `Refusal` with the field."""
        self.ensure_open()
        ledger, before = Ledger(), self.row()
        checked = _checked({**{name: before[name] for name in FIELDS}, **values}, self.customer_id)
        changes = changes_of(FIELDS, before, {**before, **checked})
        if not changes:
            return []
        if not reason:
            raise Refusal("Say why it is changed.", field="reason")
        for name, value in checked.items():
            setattr(self, name, value)
        if not (self.key or "").startswith("#"):
            self.key = key_of(checked, self.source)
        self._store()
        ledger.payment(before, self.row())
        ledger.close()
        audit.write("change", "changed", actor=by, record=self, label=self.label, changes=changes, reason=reason)
        return changes

    def void(self, *, by: Staff, reason: str) -> None:
        """Take the payment out of all totals; it stays readable, struck through. Raises `Refusal`."""
        self.ensure_open()
        if not reason:
            raise Refusal("Say why it is void.", field="reason")
        ledger, before = Ledger(), self.row()
        self.state, self.void_because = VOID, reason
        db.session.flush()
        ledger.payment(before, self.row())
        ledger.close()
        audit.write("change", "voided", actor=by, record=self, label=self.label, reason=reason)

    def ensure_open(self) -> None:
        """Raise `Refusal` saying why where the payment may not be changed."""
        if self.closed is not None:
            raise Refusal(self.closed.text, **self.closed.params)

    def _store(self, *, added: bool = False) -> None:
        store(self, Refusal("A payment with this number is entered for the customer already.", field="number"), added=added)


SETTLED = N_("The lines of this document say themselves that they are settled: the payment would count twice.")


def is_settled_by_lines(customer_id: int, document: str) -> bool:
    """Return whether lines of a document say themselves that they are settled."""
    first, behind = key_range(document)
    here = (Sale.key >= first, Sale.key < behind, Sale.document == document, Sale.customer_id == customer_id)
    query = select(Sale.id).where(*here, Sale.settled_by == BY_LINE, Sale.state == ORDERED)
    return db.session.scalar(query.limit(1)) is not None


def key_of(checked: Mapping[str, Any], source: str) -> str | None:
    """Return by what a payment with a number is known again among its customer's."""
    return f"{checked['number']}|{source}" if checked["number"] else None


def _checked(values: Mapping[str, Any], customer_id: int) -> dict[str, Any]:
    given = {name: values.get(name) for name in FIELDS}
    given["number"], given["document"] = ((given[name] or "").strip().upper() for name in ("number", "document"))
    checked = check_payment(given, clock.today())
    if checked["document"] and is_settled_by_lines(customer_id, checked["document"]):
        raise Refusal(SETTLED, field="document")
    return checked


for _name, _title in (
    ("entered", N_("Payment entered")),
    ("changed", N_("Payment changed")),
    ("voided", N_("Payment void")),
    ("taken-back", N_("Imported payment taken back")),
):
    history.action("Payment", _name, _title)
