"""What is to be bought (GF-5): what approved lists ask for and has not gone out, less what lies in stock, less what is ordered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy import text as sql

from portal import clock
from portal.database import db
from portal.models.gift import Gift
from portal.models.gift_campaign import TierGift
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_order import OPEN, GiftOrder, GiftOrderLine
from portal.rules.gift_goods import to_buy

_WAITS = sql("gift_delivery.state = 'waiting'")
"""In these words SQLite knows the index of what waits, which has the tiers."""


class Need(NamedTuple):
    """One gift: how many pieces approved recipients still wait for, how many there are and are ordered, and how many are late."""

    gift: Gift
    wanted: int
    in_stock: int
    on_order: int
    late: int

    @property
    def to_buy(self) -> int:
        """Return how many pieces are to be bought."""
        return to_buy(self.wanted, self.in_stock, self.on_order)

    @property
    def short(self) -> int:
        """Return how many pieces are missing now, ordered or not."""
        return max(0, self.wanted - self.in_stock)

    @property
    def cost(self) -> Decimal:
        """Return what buying them costs at the present price, in yuan."""
        return self.to_buy * self.gift.unit_price


def wanted(campaign_id: int | None = None) -> dict[int, int]:
    """Return how many pieces of each gift wait to go out to approved recipients, of one campaign or of all."""
    delivery, of_tier = GiftDelivery, TierGift
    waiting = select(delivery.tier_id, func.count().label("number")).where(_WAITS)
    if campaign_id is not None:
        waiting = waiting.where(delivery.campaign_id == campaign_id)
    each = waiting.group_by(delivery.tier_id).subquery()
    query = select(of_tier.gift_id, func.sum(of_tier.quantity * each.c.number)).join(each, each.c.tier_id == of_tier.tier_id)
    return {row[0]: int(row[1]) for row in db.session.execute(query.group_by(of_tier.gift_id))}


def on_order() -> dict[int, tuple[int, int]]:
    """Return for each gift how many pieces are ordered and have not come, and how many of them are late."""
    line, order = GiftOrderLine, GiftOrder
    open_ = line.quantity - line.received
    query: Any = select(line.gift_id, func.sum(open_), order.expected_on).join(order, order.id == line.order_id)
    query = query.where(order.state == OPEN).group_by(line.gift_id, order.expected_on)
    found: dict[int, tuple[int, int]] = {}
    for gift_id, number, expected_on in db.session.execute(query):
        before = found.get(gift_id, (0, 0))
        found[gift_id] = (before[0] + int(number), before[1] + (int(number) if expected_on < clock.today() else 0))
    return found


def orderable() -> list[Gift]:
    """Return the gifts that may be ordered, by name: those that may be given, and those given no more that approved recipients wait for."""
    query = select(Gift).where(Gift.active | Gift.id.in_(list(wanted())))
    return list(db.session.scalars(query.order_by(Gift.name, Gift.id)))


def needs(*, everything: bool = False) -> list[Need]:
    """Return what is to be bought, by supplier and name; with `everything` also what is asked for, ordered or there without a need."""
    asked, ordered = wanted(), on_order()
    ids = set(asked) | (set(ordered) if everything else set())
    query = select(Gift).where(Gift.id.in_(ids))
    found = [Need(one, asked.get(one.id, 0), one.in_stock, *ordered.get(one.id, (0, 0))) for one in db.session.scalars(query)]
    rows = [one for one in found if everything or one.to_buy]
    return sorted(rows, key=lambda one: (one.gift.supplier.name if one.gift.supplier else "", one.gift.name))
