"""Sheets of campaigns: the list for approval, the budget table, the campaigns, who was refused (GF-9, AP-3, PR-4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from portal.database import db
from portal.models import gift_budget
from portal.models.gift_campaign import CANCELLED, STATES, GiftCampaign
from portal.models.gift_campaign_list import CAMPAIGN_STATES, CAMPAIGNS, REFUSED, CampaignQuery, RefusalQuery
from portal.models.gift_list import GiftList, GiftRecipient, GiftRefusal
from portal.models.gift_list_kind import KIND
from portal.permissions import Permission, Role
from portal.printing import catalogue, lists
from portal.printing.gift_goods import conditions
from portal.printing.labels import Labels
from portal.printing.lists import ListSheet, Source
from portal.printing.papers import Box, Printable, declare, of_kind
from portal.rules.gifts import PURPOSES, TIERS
from portal.rules.message import N_, Message, revived, stored

_SHEETS = (
    catalogue.Sheet("gift_list", "QMS-PM-31321", N_("List of gifts"), "gift_list.html", landscape=True),
    catalogue.Sheet("gift_budget", "QMS-PM-31322", N_("Budget table of gifts"), "gift_budget.html", landscape=True),
    catalogue.Sheet("gift_campaign_list", "QMS-PM-31323", N_("Gift campaigns"), "gift_campaign_list.html", landscape=True),
    catalogue.Sheet("gift_refusal_list", "QMS-PM-31324", N_("Refused on gift lists"), "gift_refusal_list.html", landscape=True),
)
catalogue.SHEETS.update({sheet.name: sheet for sheet in _SHEETS})

# --- the list that is signed -----------------------------------------------------------------------------------------------


def _is_long(listed: GiftList) -> bool:
    """Return whether a list has so many recipients that it prints in the background."""
    return db.session.scalar(select(func.count()).where(GiftRecipient.list_id == listed.id)) > lists.AT_ONCE  # type: ignore[operator]


_LIST = of_kind(KIND, blank={"list": {}, "gifts": [], "recipients": [], "splits": []})
declare(replace(_LIST, long=_is_long))

# --- the budget table ------------------------------------------------------------------------------------------------------


def _budget(campaign: GiftCampaign) -> dict[str, Any]:
    lines = gift_budget.table(campaign)
    return {
        "campaign": {
            "number": campaign.number, "name": campaign.name, "purpose": campaign.purpose, "first_on": campaign.first_on.isoformat(),
            "last_on": campaign.last_on.isoformat(), "team": campaign.team.name if campaign.team else "", "budget": str(campaign.budget),
            "state": campaign.state, "total": str(lines[-1].cost), "approved": str(campaign.approved), "spent": str(campaign.spent),
            "by": campaign.created_by.name,
        },
        "lines": [
            {
                "tier": one.code, "number": f"{one.number:,}", "amount": str(one.amount) if one.amount is not None else "",
                "cost": str(one.cost), "approved": str(one.approved), "committed": str(one.committed), "spent": str(one.spent),
                "left": str(one.left),
            }
            for one in lines
        ],
    }  # fmt: skip


def _finish_budget(document: dict[str, Any], labels: Labels) -> None:
    one = document["campaign"]
    if one.get("purpose"):
        one["purpose"] = labels(PURPOSES[one["purpose"]])
    if one.get("state"):
        one["state"] = labels(CAMPAIGN_STATES[one["state"]])
    for row in document["lines"]:
        row["tier"] = labels(TIERS[row["tier"]] if row["tier"] else N_("All tiers together"))


declare(
    Printable(
        sheet="gift_budget",
        model=GiftCampaign,
        content=_budget,
        blank={"campaign": {}, "lines": []},
        label=lambda campaign: campaign.label,
        page=lambda campaign: ("gifts.campaign", {"campaign_id": campaign.id}),
        permission=Permission.SHEET_PRINT,
        boxes=(
            Box(Message(N_("Written by")), "made"),
            Box(Message(Role.SUPERVISOR.label), "review"),
            Box(Message(Role.MANAGER.label), "approve"),
        ),
        amounts=(
            "campaign.budget", "campaign.total", "campaign.approved", "campaign.spent", "lines.amount", "lines.cost", "lines.approved",
            "lines.committed", "lines.spent", "lines.left",
        ),
        customer_id=lambda campaign: None,
        state=lambda campaign: "rejected" if campaign.state == CANCELLED else "",
        finish=_finish_budget,
        offered=lambda: False,
    )
)  # fmt: skip

# --- campaigns -------------------------------------------------------------------------------------------------------------


def _campaigns(campaigns: list[GiftCampaign]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number, "name": one.name, "state": one.state, "purpose": one.purpose, "first_on": one.first_on.isoformat(),
            "last_on": one.last_on.isoformat(), "team": one.team.name if one.team else "",
            "places": f"{sum(tier.listed for tier in one.tiers):,} / {sum(tier.most_number for tier in one.tiers):,}",
            "budget": str(one.budget), "approved": str(one.approved), "committed": str(one.committed), "spent": str(one.spent),
        }
        for one in campaigns
    ]  # fmt: skip


def _finish_campaigns(document: dict[str, Any], labels: Labels) -> None:
    for row in document["campaigns"]:
        row["state"], row["purpose"] = labels(STATES[row["state"]][0]), labels(PURPOSES[row["purpose"]])


lists.declare(
    ListSheet(
        "gift_campaign_list",
        "campaigns",
        _campaigns,
        {},
        Source(
            read=CampaignQuery.read,
            ids=CAMPAIGNS.ids,
            records=CAMPAIGNS.records,
            conditions=lambda user, query, labels: conditions(user, query, {"state": CAMPAIGN_STATES}, labels),
            page=lambda query: ("gifts.campaigns", query.args()),
            place=N_("Gift campaigns"),
            counted=N_("%(count)s campaigns are on this list."),
            empty=N_("There is no campaign on this list."),
            too_many=N_("A list of more than %(most)s campaigns is not printed. Narrow the list, or export it."),
        ),
        amounts=("campaigns.budget", "campaigns.approved", "campaigns.committed", "campaigns.spent"),
        finish=_finish_campaigns,
    )
)

# --- who was refused -------------------------------------------------------------------------------------------------------


def _refused(rows: list[GiftRefusal]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.customer.number, "customer": one.customer.full_name,
            "owner": one.customer.owner.name if one.customer.owner else "",
            "why": {"text": one.message.text, "figures": stored(one.message.params)}, "by": one.by.name,
        }
        for one in rows
    ]  # fmt: skip


def _finish_refused(document: dict[str, Any], labels: Labels) -> None:
    for row in document["refused"]:
        if isinstance(row["why"], dict):
            row["why"] = labels(row["why"]["text"], **revived(row["why"]["figures"]))


lists.declare(
    ListSheet(
        "gift_refusal_list",
        "refused",
        _refused,
        {},
        Source(
            read=RefusalQuery.read,
            ids=REFUSED.ids,
            records=REFUSED.records,
            conditions=lambda user, query, labels: conditions(user, query, {}, labels),
            page=lambda query: ("gifts.refusals", query.args()),
            place=N_("Refused on gift lists"),
            counted=N_("%(count)s customers are on this list."),
            empty=N_("Nobody is refused here."),
            too_many=N_("A list of more than %(most)s customers is not printed. Narrow the list, or export it."),
        ),
        finish=_finish_refused,
    )
)
