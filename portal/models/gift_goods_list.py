"""The lists of gifts and of orders (GF-3, GF-5): filters, the newest first; for the pages, for paper and for files."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_order import OPEN, STATES, GiftOrder, GiftOrderLine
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, has
from portal.models.staff import Staff
from portal.rules.gift_goods import KINDS
from portal.rules.message import N_

IN_USE, EMPTY, OUT = "in-use", "empty", "not-given"
STANDINGS = {IN_USE: N_("Given at present"), EMPTY: N_("Given, none in stock"), OUT: N_("Not given any more")}
LATE = "late"
ORDER_STATES = {**{code: words[0] for code, words in STATES.items()}, LATE: N_("Late")}


@dataclass(frozen=True)
class GiftQuery(ListQuery):
    """What a reader asks of the gifts."""

    FILTERS = {"q": N_("Name or specification"), "kind": N_("Kind"), "standing": N_("State"), "supplier": N_("Supplier")}
    KNOWN = {"kind": KINDS, "standing": STANDINGS}
    NUMBERS = ("supplier",)


@dataclass(frozen=True)
class OrderQuery(ListQuery):
    """What a reader asks of the orders of gifts."""

    FILTERS = {"q": N_("Supplier or gift"), "state": N_("State"), "supplier": N_("Supplier")}
    KNOWN = {"state": ORDER_STATES}
    NUMBERS = ("supplier",)


# --- gifts -----------------------------------------------------------------------------------------------------------------

_WITH = (joinedload(Gift.supplier),)


def _chosen(user: Staff, query: GiftQuery) -> Select[Gift]:
    found, filters = Gift.visible_to(user), query.filters
    if "kind" in filters:
        found = found.where(Gift.kind == filters["kind"])
    if "supplier" in filters:
        found = found.where(Gift.supplier_id == int(filters["supplier"]))
    standing = filters.get("standing")
    if standing == EMPTY:
        found = found.where(Gift.active, Gift.in_stock == 0)
    elif standing:
        found = found.where(Gift.active if standing == IN_USE else ~Gift.active)
    for part in filters.get("q", "").split():
        found = found.where(or_(has(Gift.name, part), has(Gift.specification, part)))
    return found


GIFTS = Listing(Gift, _chosen, _WITH)


# --- orders ----------------------------------------------------------------------------------------------------------------

_LINES = selectinload(GiftOrder.lines).joinedload(GiftOrderLine.gift)
_WITH_LINES = (joinedload(GiftOrder.supplier), joinedload(GiftOrder.ordered_by), _LINES)


def _chosen_orders(user: Staff, query: OrderQuery) -> Select[GiftOrder]:
    found, filters = GiftOrder.visible_to(user), query.filters
    if filters.get("state") == LATE:
        found = found.where(GiftOrder.state == OPEN, GiftOrder.expected_on < clock.today())
    elif "state" in filters:
        found = found.where(GiftOrder.state == filters["state"])
    if "supplier" in filters:
        found = found.where(GiftOrder.supplier_id == int(filters["supplier"]))
    for part in filters.get("q", "").split():
        line, gift = GiftOrderLine, Gift
        of_gift = exists(select(line.id).join(gift, gift.id == line.gift_id).where(line.order_id == GiftOrder.id, has(gift.name, part)))
        of_supplier = exists().where(GiftSupplier.id == GiftOrder.supplier_id, has(GiftSupplier.name, part))
        found = found.where(or_(of_supplier, of_gift))
    return found


ORDERS = Listing(GiftOrder, _chosen_orders, _WITH_LINES)
