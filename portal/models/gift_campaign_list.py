"""The lists of campaigns, of recipients and of those refused (GF-1, GF-2): filters, the newest first; for pages, paper and files."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Select, exists, extract, select
from sqlalchemy.orm import joinedload, selectinload

from portal.database import db
from portal.models.customer import Customer
from portal.models.gift_campaign import STATES, GiftCampaign, GiftTier, TierGift
from portal.models.gift_list import RECIPIENT_STATES, GiftList, GiftRecipient, GiftRefusal
from portal.models.list_query import ListQuery
from portal.models.newest_first import Listing, called, has, lines
from portal.models.staff import Staff
from portal.rules.gifts import TIERS
from portal.rules.message import N_

CAMPAIGN_STATES = {code: words[0] for code, words in STATES.items()}
STANDINGS = {code: words[0] for code, words in RECIPIENT_STATES.items()}


@dataclass(frozen=True)
class CampaignQuery(ListQuery):
    """What a reader asks of the campaigns."""

    FILTERS = {"q": N_("Name or number"), "state": N_("State"), "year": N_("Year")}
    KNOWN = {"state": CAMPAIGN_STATES}
    NUMBERS = ("year",)


@dataclass(frozen=True)
class RecipientQuery(ListQuery):
    """What a reader asks of the recipients: of a campaign, or of one of its lists."""

    FILTERS = {
        "q": N_("Customer"),
        "customer": N_("Customer"),
        "campaign": N_("Gift campaign"),
        "list": N_("List of gifts"),
        "tier": N_("Tier of gifts"),
        "state": N_("State"),
    }
    KNOWN = {"state": STANDINGS, "tier": TIERS}
    NUMBERS = ("campaign", "list", "customer")


@dataclass(frozen=True)
class RefusalQuery(ListQuery):
    """What a reader asks of those who were refused."""

    FILTERS = {"q": N_("Customer"), "list": N_("List of gifts")}
    NUMBERS = ("list",)


# --- campaigns -------------------------------------------------------------------------------------------------------------


def _campaigns(user: Staff, query: CampaignQuery) -> Select[GiftCampaign]:
    found, filters = GiftCampaign.visible_to(user), query.filters
    if "state" in filters:
        found = found.where(GiftCampaign.state == filters["state"])
    year = query.number("year")
    if year is not None:
        found = found.where(extract("year", GiftCampaign.first_on) == year)
    for part in filters.get("q", "").split():
        found = found.where(has(GiftCampaign.name, part) | has(GiftCampaign.number, part))
    return found


CAMPAIGNS = Listing(
    GiftCampaign, _campaigns, (joinedload(GiftCampaign.team), joinedload(GiftCampaign.created_by), selectinload(GiftCampaign.tiers))
)


# --- recipients ------------------------------------------------------------------------------------------------------------


def _recipients(user: Staff, query: RecipientQuery) -> Select[GiftRecipient]:
    one, filters = GiftRecipient, query.filters
    found = select(one)
    for name, column in (("campaign", one.campaign_id), ("list", one.list_id), ("customer", one.customer_id)):
        if name in filters:
            found = found.where(column == query.number(name))
    if "state" in filters:
        found = found.where(one.state == filters["state"])
    if "tier" in filters:
        found = found.where(one.tier.has(code=filters["tier"]))
    for part in filters.get("q", "").split():
        found = found.where(called(user, one.customer_id, part))
    return found


RECIPIENTS = Listing(
    GiftRecipient,
    _recipients,
    (
        joinedload(GiftRecipient.customer).joinedload(Customer.owner),
        joinedload(GiftRecipient.campaign),
        joinedload(GiftRecipient.tier),
        joinedload(GiftRecipient.proposed_by),
    ),
    shown=lines(
        GiftRecipient, "id", "customer_id", "state", "person", "post", "official", "reason", "amount", "permitted_by_id",
        customer=("full_name", "nature", "grade"), campaign=("name", "first_on"), tier=("code",), in_charge=("name",),
        proposed_by=("name",),
    ),
    parts=GiftRecipient.parts_for,
)  # fmt: skip


# --- who was refused -------------------------------------------------------------------------------------------------------


def _refused(user: Staff, query: RefusalQuery) -> Select[GiftRefusal]:
    lists = GiftList.visible_to(user).with_only_columns(GiftList.id)
    found = GiftRefusal.listed_for(user).where(exists(lists.where(GiftList.id == GiftRefusal.list_id)))
    if "list" in query.filters:
        found = found.where(GiftRefusal.list_id == query.number("list"))
    for part in query.filters.get("q", "").split():
        found = found.where(called(user, GiftRefusal.customer_id, part))
    return found


REFUSED = Listing(GiftRefusal, _refused, (joinedload(GiftRefusal.customer).joinedload(Customer.owner), joinedload(GiftRefusal.by)))


def lists_of(campaign: GiftCampaign) -> list[GiftList]:
    """Return the lists of a campaign in the order of their tiers, the first of each before the later."""
    query = select(GiftList).where(GiftList.campaign_id == campaign.id)
    query = query.options(joinedload(GiftList.tier), joinedload(GiftList.composed_by))
    found = list(db.session.scalars(query.order_by(GiftList.id)))
    return sorted(found, key=lambda one: (list(TIERS).index(one.tier.code), one.place))


def load_gifts(campaign: GiftCampaign) -> None:
    """Load what the tiers of a campaign give together, for a page that names all of it."""
    asked = select(GiftTier).where(GiftTier.campaign_id == campaign.id).options(selectinload(GiftTier.gifts).joinedload(TierGift.gift))
    db.session.scalars(asked).all()
