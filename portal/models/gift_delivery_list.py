"""The list of deliveries (GF-6): what is to be told, sent, taken along, on the way, received or back; for the page, paper and files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, exists, or_
from sqlalchemy.orm import joinedload

from portal.database import db
from portal.models.gift_campaign import GiftCampaign, GiftTier
from portal.models.gift_delivery import LOADED_WITH, OUT, RECEIVED, RETURNED, WAITING, GiftDelivery
from portal.models.gift_list import GiftRecipient
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, called, has, of_team
from portal.models.staff import Staff
from portal.rules.gift_delivery import OWN, POST, WAYS
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
    found = one.visible_to(user)
    step = filters.get("step")
    if step == "tell":
        found = found.where(one.state == WAITING, one.way == POST, one.told_on.is_(None))
    elif step == "send":
        found = found.where(one.state == WAITING, one.way == POST, one.told_on.is_not(None))
    elif step == "round":
        found = found.where(one.state == WAITING, one.way == OWN, one.run_id.is_(None))
    elif step:
        found = found.where(one.state == step)
    for name, column in (("campaign", one.campaign_id), ("run", one.run_id)):
        if name in filters:
            found = found.where(column == query.number(name))
    if "way" in filters:
        found = found.where(one.way == filters["way"])
    if "tier" in filters:
        found = found.where(exists().where(GiftTier.id == one.tier_id, GiftTier.code == filters["tier"]))
    if "team" in filters:
        found = found.where(of_team(one.customer_id, int(filters["team"])))
    for part in filters.get("q", "").split():
        of_person = exists().where(GiftRecipient.id == one.recipient_id, has(GiftRecipient.person, part))
        found = found.where(or_(called(user, one.customer_id, part), of_person, has(one.tracking, part)))
    return found


_WITH = (*LOADED_WITH, joinedload(GiftDelivery.staff))


LIST = Listing(GiftDelivery, _chosen, _WITH)


def campaigns(user: Staff) -> list[Any]:
    """Return the open campaigns that `user` sees, the newest first: to filter by."""
    return list(db.session.scalars(GiftCampaign.visible_to(user).order_by(GiftCampaign.id.desc()).limit(50)))
