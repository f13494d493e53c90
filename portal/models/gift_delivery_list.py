"""The list of deliveries (GF-6): what is to be told, sent, taken along, on the way, received or back; for the page, paper and files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy import text as sql
from sqlalchemy.orm import aliased, joinedload

from portal.database import db
from portal.models.contact import Contact
from portal.models.gift_campaign import GiftCampaign, GiftTier, TierGift
from portal.models.gift_delivery import BY_CARRIER, LOADED_WITH, OUT, RECEIVED, RETURNED, SEARCH, WAITING, GiftDelivery, Piece, in_one_line
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, found_by, lines
from portal.models.paging import NotLeading
from portal.models.staff import Staff
from portal.rules.gift_delivery import POST, WAYS
from portal.rules.gifts import TIERS
from portal.rules.message import N_

STEPS = {
    "tell": N_("To be told"),
    "send": N_("To be sent"),
    "round": N_("For a round"),
    OUT: N_("On the way"),
    RECEIVED: N_("Signed for"),
    RETURNED: N_("Came back"),
}
"""What a reader looks for: where gifts stand."""
_FOR_ROUND = sql("gift_delivery.state = 'waiting' AND gift_delivery.way = 'own'")
"""In these words SQLite knows the index of what waits for a round."""
_CARRIERS = 12


@dataclass(frozen=True)
class DeliveryQuery(ListQuery):
    """What a reader asks of the deliveries. `skip`: labels that are gone from the first sheet."""

    FILTERS = {
        "q": N_("Customer, person or parcel"), "step": N_("State"), "way": N_("Way of delivery"), "tier": N_("Tier of gifts"),
        "campaign": N_("Gift campaign"), "run": N_("Delivery round"), "team": N_("Team"), "skip": N_("Labels gone from the first sheet"),
    }  # fmt: skip
    KNOWN = {"step": STEPS, "way": WAYS, "tier": TIERS}
    NUMBERS = ("campaign", "run", "team", "skip")


def _chosen(user: Staff, query: DeliveryQuery) -> Select[GiftDelivery]:
    one, filters = GiftDelivery, query.filters
    found = select(one)
    step = filters.get("step")
    if step == "tell":
        found = found.where(one.state == WAITING, one.way == POST, one.told_on.is_(None))
    elif step == "send":
        found = found.where(one.state == WAITING, one.way == POST, one.told_on.is_not(None))
    elif step == "round":
        found = found.where(_FOR_ROUND, NotLeading(one.run_id).is_(None))
    elif step:
        found = found.where(one.state == step)
    for name, column in (("campaign", one.campaign_id), ("run", one.run_id)):
        if name in filters:
            found = found.where(column == query.number(name))
    if "way" in filters:
        found = found.where(one.way == filters["way"])
    if "tier" in filters:
        found = found.where(one.tier_id.in_(select(GiftTier.id).where(GiftTier.code == filters["tier"])))
    if "team" in filters:
        found = found.where(one.in_charge_team_id == query.number("team"))
    for part in filters.get("q", "").split():
        found = found.where(found_by(user, SEARCH, one.customer_id, part))
    return found


_WITH = (*LOADED_WITH, joinedload(GiftDelivery.staff))


_LINES = lines(
    GiftDelivery, "id", "state", "way", "told_on", "run_id", "out_on", "tier_id",
    customer=("full_name",), recipient=("person",), campaign=("number",), run=("day",),
)  # fmt: skip
LIST = Listing(GiftDelivery, _chosen, _WITH, shown=_LINES, parts=GiftDelivery.parts_for)


def goods_of(tiers: Collection[int]) -> dict[int, str]:
    """Return what each of these tiers gives, in one line, by its number."""
    query = select(TierGift).where(TierGift.tier_id.in_(tiers)).options(joinedload(TierGift.gift)).order_by(TierGift.id)
    found: dict[int, list[Piece]] = {}
    for one in db.session.scalars(query):
        found.setdefault(one.tier_id, []).append(Piece(one.gift, one.quantity))
    return {tier: in_one_line(pieces) for tier, pieces in found.items()}


def campaigns(user: Staff) -> list[Any]:
    """Return the open campaigns that `user` sees, the newest first: to filter by."""
    return list(db.session.scalars(GiftCampaign.visible_to(user).order_by(GiftCampaign.id.desc()).limit(50)))


def carriers_used() -> Sequence[str]:
    """Return carriers that were written before, to be offered again."""
    one, first = aliased(GiftDelivery), select(func.min(GiftDelivery.carrier).label("carrier")).where(BY_CARRIER).cte(recursive=True)
    later = select(func.min(one.carrier)).where(one.carrier > first.c.carrier, one.carrier != sql("''")).scalar_subquery()
    each = first.union_all(select(later).where(first.c.carrier.is_not(None)))
    return db.session.scalars(select(each.c.carrier).where(each.c.carrier.is_not(None)).limit(_CARRIERS)).all()


def contacts_of(deliveries: Collection[GiftDelivery]) -> dict[int, Contact]:
    """Return for each customer the contact whose telephone stands on lists: who takes the gift by name, else the first one."""
    wanted = {one.customer_id: one.recipient.person for one in deliveries}
    found: dict[int, Contact] = {}
    query = select(Contact).where(Contact.customer_id.in_(wanted)).order_by(Contact.emergency, Contact.id)
    for contact in db.session.scalars(query):
        if contact.customer_id not in found or contact.name == wanted[contact.customer_id]:
            found.setdefault(contact.customer_id, contact)
            if contact.name == wanted[contact.customer_id]:
                found[contact.customer_id] = contact
    return found
