"""The lists of gifts and of orders (GF-3, GF-5): filters, the newest first; for the pages, for paper and for files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import joinedload, selectinload

from portal import clock
from portal.models import newest_first
from portal.models.gift import Gift, GiftSupplier
from portal.models.gift_order import OPEN, STATES, GiftOrder, GiftOrderLine
from portal.models.newest_first import Page, has
from portal.models.paging import Count
from portal.models.staff import Staff
from portal.rules.gift_goods import KINDS
from portal.rules.message import N_
from portal.rules.text import clean_line

IN_USE, EMPTY, OUT = "in-use", "empty", "not-given"
STANDINGS = {IN_USE: N_("Given at present"), EMPTY: N_("Given, none in stock"), OUT: N_("Not given any more")}
LATE = "late"
ORDER_STATES = {**{code: words[0] for code, words in STATES.items()}, LATE: N_("Late")}


@dataclass(frozen=True)
class _Query:
    """What a reader asks of a list; its address says the same."""

    FILTERS: ClassVar[dict[str, str]] = {}
    KNOWN: ClassVar[dict[str, Mapping[str, str]]] = {}
    filters: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Any:
        """Return the query of an address; what is unknown or empty is left out, so that an old address still opens."""
        found = {name: text for name in cls.FILTERS if (text := clean_line(args.get(name, ""))[:80])}
        for name, known in cls.KNOWN.items():
            if name in found and found[name] not in known:
                del found[name]
        if not found.get("supplier", "0").isdecimal() or len(found.get("supplier", "")) > 9:
            del found["supplier"]
        return cls(found)

    def args(self) -> dict[str, str]:
        """Return the query as the arguments of an address."""
        return dict(self.filters)

    def without(self, name: str) -> Any:
        """Return the query without one filter."""
        return replace(self, filters={key: value for key, value in self.filters.items() if key != name})


@dataclass(frozen=True)
class GiftQuery(_Query):
    """What a reader asks of the gifts."""

    FILTERS = {"q": N_("Name or specification"), "kind": N_("Kind"), "standing": N_("State"), "supplier": N_("Supplier")}
    KNOWN = {"kind": KINDS, "standing": STANDINGS}


@dataclass(frozen=True)
class OrderQuery(_Query):
    """What a reader asks of the orders of gifts."""

    FILTERS = {"q": N_("Supplier or gift"), "state": N_("State"), "supplier": N_("Supplier")}
    KNOWN = {"state": ORDER_STATES}


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


def page(user: Staff, query: GiftQuery, *, after: int = 0, before: int = 0, size: int = newest_first.PAGE_SIZE) -> Page:
    """Return a page of the gifts, the newest first."""
    return newest_first.page(_chosen(user, query).options(*_WITH), Gift, after=after, before=before, size=size)


def count(user: Staff, query: GiftQuery) -> Count:
    """Return how many gifts a query finds, counted to a cap."""
    return newest_first.count(_chosen(user, query), Gift)


def ids(user: Staff, query: GiftQuery, most: int) -> list[int]:
    """Return the ids of the first gifts of a query, one more than `most` where there are more."""
    return newest_first.ids(_chosen(user, query), Gift, most)


def records(numbers: list[int]) -> list[Gift]:
    """Return the gifts with these ids, in their order."""
    return newest_first.records(Gift, numbers, *_WITH)


def rows(user: Staff, query: GiftQuery) -> Iterator[Gift]:
    """Yield every gift of a query, a portion at a time."""
    return newest_first.each(lambda after: page(user, query, after=after, size=newest_first.AT_A_TIME))


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


def order_page(user: Staff, query: OrderQuery, *, after: int = 0, before: int = 0, size: int = newest_first.PAGE_SIZE) -> Page:
    """Return a page of the orders, the newest first."""
    return newest_first.page(_chosen_orders(user, query).options(*_WITH_LINES), GiftOrder, after=after, before=before, size=size)


def order_count(user: Staff, query: OrderQuery) -> Count:
    """Return how many orders a query finds, counted to a cap."""
    return newest_first.count(_chosen_orders(user, query), GiftOrder)


def order_ids(user: Staff, query: OrderQuery, most: int) -> list[int]:
    """Return the ids of the first orders of a query, one more than `most` where there are more."""
    return newest_first.ids(_chosen_orders(user, query), GiftOrder, most)


def order_records(numbers: list[int]) -> list[GiftOrder]:
    """Return the orders with these ids, in their order."""
    return newest_first.records(GiftOrder, numbers, *_WITH_LINES)


def order_rows(user: Staff, query: OrderQuery) -> Iterator[GiftOrder]:
    """Yield every order of a query, a portion at a time."""
    return newest_first.each(lambda after: order_page(user, query, after=after, size=newest_first.AT_A_TIME))
