"""Gifts bought (GF-5): orders to a supplier, and what came of them, in parts or whole. What is to be bought: `gift_purchasing.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, Text, select, update
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.database import Base, StateConflict, db, transition
from portal.models import audit, gift_stock, history
from portal.models.approval_authors import is_author, note_author
from portal.models.customer import Money
from portal.models.gift import Gift, GiftSupplier
from portal.models.staff import Staff
from portal.permissions import Permission
from portal.rules import gift_goods as rules
from portal.rules.message import N_, Refusal
from portal.rules.money import figures

OPEN, DONE, CLOSED, CANCELLED = "open", "done", "closed", "cancelled"
STATES = {
    OPEN: (N_("Ordered"), "accent"),
    DONE: (N_("Received in full"), "ok"),
    CLOSED: (N_("Closed with a shortage"), "warn"),
    CANCELLED: (N_("Cancelled"), ""),
}
NAME = "gift-order"
"""What its authors are noted under."""
_OPEN = sql("state = 'open'")


class Wanted(NamedTuple):
    """A line of an order as it is written."""

    gift: Gift
    quantity: int
    unit_price: Decimal


class GiftOrder(Base):
    """One order: open → done when all has come | closed with a shortage | cancelled while nothing has come."""

    __tablename__ = "gift_order"

    supplier_id: Mapped[int] = mapped_column(ForeignKey("gift_supplier.id"), index=True)
    state: Mapped[str] = mapped_column(default=OPEN)
    ordered_on: Mapped[date]
    expected_on: Mapped[date]
    note: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was cancelled, or closed although not all had come."""
    ordered_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    """Who sees to it: who placed it, or took it over since (RO-4); the log says who placed it."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    supplier: Mapped[GiftSupplier] = relationship()
    ordered_by: Mapped[Staff] = relationship()
    lines: Mapped[list[GiftOrderLine]] = relationship(back_populates="order", order_by="GiftOrderLine.id")

    __table_args__ = (Index("ix_gift_order_due", "expected_on", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),)

    @classmethod
    def visible_to(cls, _user: Staff) -> Select[GiftOrder]:
        """Return all orders: they say nothing of a customer."""
        return select(cls)

    @property
    def label(self) -> str:
        """Return what lists and the log call it."""
        return f"{self.supplier.name} · {self.ordered_on.isoformat()}"

    @property
    def link(self) -> str:
        """Return the path of its page."""
        return f"/gifts/orders/{self.id}"

    @property
    def total(self) -> Decimal:
        """Return what was ordered, in yuan."""
        return sum((one.quantity * one.unit_price for one in self.lines), Decimal(0))

    @property
    def is_late(self) -> bool:
        """Return whether its day has passed and not all has come."""
        return self.state == OPEN and self.expected_on < clock.today()

    @classmethod
    def place(
        cls, supplier: GiftSupplier, lines: Sequence[Wanted], *, expected_on: date | None, note: str, by: Staff
    ) -> GiftOrder:  # fmt: skip
        """Record an order that was placed today and return it, flushed. Raises `Refusal` with the field (GF-5)."""
        today = clock.today()
        if expected_on is None or expected_on < today:
            raise Refusal("Say by which day the goods are expected.", field="expected_on")
        if not supplier.active:
            raise Refusal("This supplier is not in use any more.", field="supplier")
        if not lines:
            raise Refusal("Say what is ordered.", field="lines")
        if len({one.gift.id for one in lines}) != len(lines):
            raise Refusal("Each gift stands in an order once.", field="lines")
        order = cls(supplier=supplier, ordered_on=today, expected_on=expected_on, note=note[: rules.LONGEST_TEXT], ordered_by_id=by.id)
        for one in lines:
            order.lines.append(
                GiftOrderLine(
                    gift=one.gift, quantity=rules.ensure_pieces(one.quantity), unit_price=rules.ensure_price(one.unit_price), received=0
                )
            )
        db.session.add(order)
        db.session.flush()
        audit.write("change", "gift-order-placed", actor=by, record=order, label=order.label, total=figures(order.total))
        return order

    def can_receive(self, user: Staff) -> bool:
        """Return whether `user` may record what came: not who ordered it, so that an order and its goods have four eyes (RO-3)."""
        return self.state == OPEN and user.may(Permission.GIFT_STOCK) and not self.is_own_of(user)

    def is_own_of(self, user: Staff) -> bool:
        """Return whether `user` has it in hand, or placed it and passed it on since."""
        return user.id == self.ordered_by_id or is_author(NAME, self, user)

    def pass_on(self, to: Staff) -> None:
        """Give an open order to who takes over the work of who has it. Raises `StateConflict`."""
        note_author(NAME, self, self.ordered_by)
        transition(self, expect={"state": OPEN, "ordered_by_id": self.ordered_by_id}, change={"ordered_by_id": to.id})

    def receive(self, line: GiftOrderLine, quantity: int | None, *, note: str = "", by: Staff) -> None:
        """Record that some or all of a line has come, into the stock. Raises `Refusal` where it is more than is open, `StateConflict`."""
        if not self.can_receive(by) or line.order_id != self.id:
            raise StateConflict(f"order {self.id}")
        number = rules.ensure_pieces(quantity)
        table = GiftOrderLine
        step = update(table).where(table.id == line.id, table.received + number <= table.quantity).values(received=table.received + number)
        # The order's row is taken first: whoever closes it at the same moment, or receives its last line, comes after.
        transition(self, expect={"state": OPEN}, change={"state": OPEN})
        done = db.session.execute(step, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
        db.session.refresh(line)
        if done != 1:
            raise Refusal("%(open)s pieces of this line are still open.", field="quantity", open=line.open)
        gift_stock.move(line.gift, number, gift_stock.RECEIVED, by=by, reason=note, order_line_id=line.id)
        if not any(one.open for one in self.lines):
            self._end(DONE)
        audit.write("change", "gift-order-received", actor=by, record=self, label=self.label, gift=line.gift.name, pieces=number)

    def can_close(self, user: Staff) -> bool:
        """Return whether `user` may end it although not all has come."""
        return self.state == OPEN and user.may(Permission.GIFT_STOCK)

    def close(self, *, reason: str, by: Staff) -> None:
        """End it: cancelled where nothing has come, else closed with its shortage, which is to be bought again.

        Raises `Refusal` without a reason, `StateConflict`.
        """
        if not self.can_close(by):
            raise StateConflict(f"order {self.id}")
        if not reason:
            raise Refusal("Say why.", field="reason")
        transition(self, expect={"state": OPEN}, change={"reason": reason[: rules.LONGEST_TEXT]})
        for line in self.lines:
            db.session.refresh(line)
        self._end(CLOSED if any(one.received for one in self.lines) else CANCELLED)
        audit.write("change", "gift-order-ended", actor=by, record=self, label=self.label, reason=reason)

    def _end(self, state: str) -> None:
        transition(self, expect={"state": OPEN}, change={"state": state, "ended_at": clock.now()})


class GiftOrderLine(Base):
    """One gift of an order: how many at what price, and how many have come."""

    __tablename__ = "gift_order_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("gift_order.id"), index=True)
    gift_id: Mapped[int] = mapped_column(ForeignKey("gift.id"), index=True)
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Money)
    received: Mapped[int] = mapped_column(default=0)

    order: Mapped[GiftOrder] = relationship(back_populates="lines")
    gift: Mapped[Gift] = relationship()

    __table_args__ = (CheckConstraint("received >= 0 AND received <= quantity", name="received"),)

    @property
    def open(self) -> int:
        """Return how many pieces have not come."""
        return self.quantity - self.received


for _action, _title in (
    ("gift-order-placed", N_("Gifts ordered")),
    ("gift-order-received", N_("Gifts received")),
    ("gift-order-ended", N_("Order of gifts ended")),
):
    history.action("GiftOrder", _action, _title)
