"""What there is of a gift (GF-3): a ledger of movements, and a balance that one guarded UPDATE moves and that is never below zero."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, Text, select, update
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from portal import clock
from portal.database import Base, db
from portal.models import audit, history
from portal.models.gift import Gift
from portal.models.staff import Staff
from portal.rules import gift_goods as rules
from portal.rules.message import N_, Refusal

RECEIVED, ISSUED, RETURNED, COUNTED = "received", "issued", "returned", "counted"
KINDS = {
    RECEIVED: N_("Received from the supplier"),
    ISSUED: N_("Taken out for delivery"),
    RETURNED: N_("Returned from delivery"),
    COUNTED: N_("Corrected after counting"),
}


class GiftMovement(Base):
    """One movement of the stock: what came or went, why, and what was there after it. Nothing of it is ever changed."""

    __tablename__ = "gift_movement"

    gift_id: Mapped[int] = mapped_column(ForeignKey("gift.id"))
    kind: Mapped[str]
    change: Mapped[int]
    balance: Mapped[int]
    moved_on: Mapped[date]
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("gift_order_line.id"), index=True)
    """Of what was received: for which line of an order."""
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("gift_delivery.id", ondelete="SET NULL"), index=True)
    """Of what went out or came back: with which delivery."""
    reason: Mapped[str] = mapped_column(Text, default="")
    witness_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    """Who counted along: a correction has four eyes."""
    by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    gift: Mapped[Gift] = relationship()
    by: Mapped[Staff] = relationship(foreign_keys=[by_id])
    witness: Mapped[Staff | None] = relationship(foreign_keys=[witness_id])

    __table_args__ = (
        CheckConstraint("change <> 0", name="change"),
        CheckConstraint("balance >= 0", name="balance"),
        Index(None, "gift_id", "id"),
    )

    @classmethod
    def visible_to(cls, _user: Staff) -> Select[GiftMovement]:
        """Return all movements: they name no customer."""
        return select(cls)


def move(
    gift: Gift, change: int, kind: str, *, by: Staff, reason: str = "", order_line_id: int | None = None,
    delivery_id: int | None = None, witness: Staff | None = None,
) -> GiftMovement:  # fmt: skip
    """Move the stock of a gift by `change` pieces in one guarded UPDATE and return the movement, flushed (GF-3).

    Raises `Refusal` (field `quantity`) with the figures where there are not so many: of several at once, those that fit count.
    """
    if not change:
        raise ValueError("a movement of nothing")
    db.session.flush()
    table = Gift
    step = update(table).where(table.id == gift.id, table.in_stock + change >= 0).values(in_stock=table.in_stock + change)
    done = db.session.execute(step, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined]
    db.session.refresh(gift, ["in_stock"])
    if done != 1:
        raise Refusal(
            "There are %(there)s of “%(gift)s” in stock, and %(wanted)s are asked for.", field="quantity", there=gift.in_stock,
            gift=gift.name, wanted=-change,
        )  # fmt: skip
    found = GiftMovement(
        gift_id=gift.id, kind=kind, change=change, balance=gift.in_stock, moved_on=clock.today(), order_line_id=order_line_id,
        delivery_id=delivery_id, reason=reason[: rules.LONGEST_TEXT], witness_id=witness.id if witness else None, by_id=by.id,
    )  # fmt: skip
    db.session.add(found)
    db.session.flush()
    return found


def lock(gift_ids: Iterable[int]) -> None:
    """Lock gifts in the order of their numbers, before several of them are moved."""
    ids = sorted(set(gift_ids))
    db.session.execute(select(Gift.id).where(Gift.id.in_(ids)).order_by(Gift.id).with_for_update(key_share=True)).all()


def correct(gift: Gift, counted: int | None, *, seen: int, reason: str, witness: Staff | None, by: Staff) -> GiftMovement:
    """Bring the balance to what two people have counted and return the movement.

    `seen` is the balance that the page showed. Raises `Refusal` with the field: without a reason or a second pair of eyes, where the
    count says what the books say, or where the stock has moved since.
    """
    if counted is None or not 0 <= counted <= rules.MOST_PIECES:
        raise Refusal("Give the number that was counted.", field="counted")
    if not reason:
        raise Refusal("Say why.", field="reason")
    if witness is None or witness.id == by.id or not witness.active:
        raise Refusal("Name the colleague who counted along: a correction has four eyes.", field="witness")
    db.session.refresh(gift, ["in_stock"])
    if gift.in_stock != seen:
        raise Refusal("The stock has moved while you counted: it is %(there)s now. Count again.", field="counted", there=gift.in_stock)
    if counted == gift.in_stock:
        raise Refusal("The books say %(there)s already.", field="counted", there=gift.in_stock)
    found = move(gift, counted - gift.in_stock, COUNTED, by=by, reason=reason, witness=witness)
    changes = [{"field": "in_stock", "old": str(seen), "new": str(counted)}]
    audit.write("change", "gift-counted", actor=by, record=gift, label=gift.label, changes=changes, reason=reason, witness=witness.name)
    return found


def movements(gift: Gift, *, before: int | None = None, limit: int = 50) -> Sequence[GiftMovement]:
    """Return the newest movements of a gift, from before movement `before` on."""
    table = GiftMovement
    query = select(table).where(table.gift_id == gift.id).options(joinedload(table.by), joinedload(table.witness))
    if before is not None:
        query = query.where(table.id < before)
    return db.session.scalars(query.order_by(table.id.desc()).limit(limit)).all()


history.action("Gift", "gift-counted", N_("Stock corrected after counting"))
