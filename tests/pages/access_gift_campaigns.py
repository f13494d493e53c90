"""Rows of gift campaigns, their lists and recipients. The campaign is of team 1; whoever is not of it sees none of it."""

from __future__ import annotations

from typing import Any

from portal.models import gift_composing, gift_proposal
from portal.models.gift_campaign import GiftCampaign
from tests import campaigning, factories
from tests.access import Row, everyone
from tests.approving import person
from tests.campaigning import WHO, the_tier, tier


def _ids(campaign: GiftCampaign, **more: Any) -> dict[str, Any]:
    found = {"campaign": campaign.id, "version": campaign.version, "gift": campaigning.gift().id, "day": campaign.first_on}
    return {**found, **more}


def _begun() -> dict[str, Any]:
    customer = factories.customer("rep1")
    return _ids(campaigning.campaign(tiers={"vip": tier(), "key": tier()}), customer=customer.id, number=customer.number)


def _drafted() -> dict[str, Any]:
    campaign = campaigning.campaign()
    listed = campaigning.drafted(campaign, factories.customer("rep1"))
    one = campaigning.recipients(listed)[0]
    other = factories.customer("rep1", legal_representative="林总")
    gift_composing.put_on(listed, [factories.customer("rep1").id], reason="老客户", by=person("sup1"))
    return _ids(campaign, listed=listed.id, one=one.id, number=other.number, customer=one.customer_id, other=other.id)


def _proposed(**fields: Any) -> dict[str, Any]:
    campaign = campaigning.campaign()
    listed = campaigning.drafted(campaign)
    one = gift_proposal.propose(the_tier(campaign), factories.customer("rep1", **fields), WHO, by=person("rep1"))
    return _ids(campaign, listed=listed.id, one=one.id, number=one.customer.number)


def _official() -> dict[str, Any]:
    return _proposed(nature="government", legal_representative="林")


def _team(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of what team 1 and managers see."""
    given: dict[str, Any] = {"owner": status, "colleague": status, "supervisor": status, "manager": status}
    return Row(endpoint, url, method, **{**given, **values})


def _composers(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of what the team's supervisor and managers do to a campaign that the team sees."""
    return Row(endpoint, url, method, owner=403, colleague=403, supervisor=status, manager=status, **values)


def _listers(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a list, which only who sees it as a whole finds."""
    return Row(endpoint, url, method, owner=404, colleague=404, supervisor=status, manager=status, **values)


def _own(endpoint: str, url: str, status: int, data: dict[str, Any]) -> Row:
    """Return the row of what whoever proposed a customer, the supervisor and managers do to the proposal."""
    return Row(endpoint, url, "POST", data, _proposed, owner=status, supervisor=status, manager=status)


_WRITTEN = {
    "name": "中秋", "purpose": "keep", "first_on": "{day}", "last_on": "{day}", "budget": "9000", "vip-amount": "500", "vip-number": "5",
    "vip-gift0": "{gift}", "vip-pieces0": "2", "version": "{version}",
}  # fmt: skip
_ONE = {"customer": "{number}", "person": "林总", "post": "经理", "reason": "老客户", "tier": "vip"}
_VERSION = {"version": "{version}"}
_WHY = {"reason": "政策变化", "version": "{version}"}


def _written(status: int) -> dict[str, Any]:
    return {"owner": 403, "colleague": 403, "stranger": 403, "supervisor": status, "other_supervisor": status, "manager": status}


ROWS = [
    everyone("gifts.campaigns", "/gifts/campaigns?q=中秋&state=open&year=2026", prepare=_begun),
    everyone("gifts.campaigns_file", "/gifts/campaigns/file?format=csv", prepare=_begun),
    Row("gifts.campaign_new", "/gifts/campaigns/new", prepare=_begun, **_written(200)),
    Row("gifts.campaign_new", "/gifts/campaigns/new", "POST", _WRITTEN, _begun, **_written(303)),
    Row("gifts.campaign_new", "/gifts/campaigns/new", "POST", {"vip-amount": "x", "key-number": "y"}, _begun, **_written(422)),
    _team("gifts.campaign", "/gifts/campaigns/{campaign}", prepare=_proposed),
    _composers("gifts.campaign_edit", "/gifts/campaigns/{campaign}/edit", prepare=_drafted),
    _composers("gifts.campaign_edit", "/gifts/campaigns/{campaign}/edit", "POST", 303, data=_WRITTEN, prepare=_begun),
    _composers("gifts.campaign_edit", "/gifts/campaigns/{campaign}/edit", "POST", 422, data={"version": "{version}"}, prepare=_begun),
    _composers("gifts.campaign_cancel", "/gifts/campaigns/{campaign}/cancellation", "POST", 303, data=_WHY, prepare=_drafted),
    _composers("gifts.campaign_cancel", "/gifts/campaigns/{campaign}/cancellation", "POST", 422, data=_VERSION, prepare=_begun),
    _composers("gifts.campaign_close", "/gifts/campaigns/{campaign}/conclusion", "POST", 303, prepare=_begun),
    _composers("gifts.campaign_close", "/gifts/campaigns/{campaign}/conclusion", "POST", 422, prepare=_drafted),
    _composers("gifts.list_begin", "/gifts/campaigns/{campaign}/lists", "POST", 303, data={"tier": "key"}, prepare=_begun),
    _composers("gifts.list_begin", "/gifts/campaigns/{campaign}/lists", "POST", 409, data={"tier": "vip"}, prepare=_drafted),
    _composers(
        "gifts.list_begin", "/gifts/campaigns/{campaign}/lists", "POST", 422, data={"tier": "vip", "supplementary": "1"}, prepare=_drafted,
    ),
    _team("gifts.propose", "/gifts/campaigns/{campaign}/proposals?tier=vip", prepare=_begun),
    _team("gifts.propose", "/gifts/campaigns/{campaign}/proposals", "POST", 303, data=_ONE, prepare=_begun, colleague=422),
    _team("gifts.propose", "/gifts/campaigns/{campaign}/proposals", "POST", 422, data={**_ONE, "tier": ""}, prepare=_begun),
    _listers("gifts.gift_list", "/gifts/lists/{listed}?q=客户&state=listed", prepare=_drafted),
    _listers("gifts.recipients_file", "/gifts/lists/{listed}/file?format=csv", prepare=_drafted),
    _listers("gifts.list_draw", "/gifts/lists/{listed}/drawing", prepare=_drafted),
    _listers("gifts.list_draw", "/gifts/lists/{listed}/drawing", "POST", 303, data={"tab": "register", "reason": "回馈"}, prepare=_drafted),
    _listers("gifts.list_draw", "/gifts/lists/{listed}/drawing", "POST", 422, data={"grade": "A", "reason": "回馈"}, prepare=_drafted),
    _listers("gifts.list_add", "/gifts/lists/{listed}/recipients", prepare=_drafted),
    _listers("gifts.list_add", "/gifts/lists/{listed}/recipients", "POST", 303, data=_ONE, prepare=_drafted),
    _listers("gifts.list_add", "/gifts/lists/{listed}/recipients", "POST", 422, data={"customer": "{number}"}, prepare=_drafted),
    _listers("gifts.take_up", "/gifts/lists/{listed}/proposals", "POST", 303, data={"ids": "{one}"}, prepare=_proposed),
    _listers("gifts.take_up", "/gifts/lists/{listed}/proposals", "POST", 422, prepare=_proposed),
    _listers("gifts.list_off", "/gifts/lists/{listed}/removals", "POST", 303, data={"ids": "{one}", "reason": "改期"}, prepare=_drafted),
    _listers("gifts.list_off", "/gifts/lists/{listed}/removals", "POST", 422, data={"ids": "{one}"}, prepare=_drafted),
    _listers("gifts.list_submit", "/gifts/lists/{listed}/approval", "POST", 303, prepare=_drafted),
    _listers("gifts.list_give_up", "/gifts/lists/{listed}/abandonment", "POST", 303, prepare=_drafted),
    Row("gifts.refusals", "/gifts/refusals?list={listed}", prepare=_drafted, **_written(200)),
    Row("gifts.refusals_file", "/gifts/refusals/file?format=csv", prepare=_drafted, **_written(200)),
    Row(
        "gifts.selection", "/gifts/selection", "POST", {"ids": "{other}"}, _drafted,
        owner=403, colleague=403, stranger=403, supervisor=200, other_supervisor=404, manager=200,
    ),
    Row(
        "gifts.selection", "/gifts/selection", "POST", {"ids": "{other}", "confirmed": "1", "list": "{listed}", "reason": "回馈"}, _drafted,
        owner=403, colleague=403, stranger=403, supervisor=303, other_supervisor=404, manager=303,
    ),
    Row("gifts.recipient", "/gifts/recipients/{one}", prepare=_drafted),
    Row("gifts.recipient", "/gifts/recipients/{one}", prepare=_official),
    _own("gifts.recipient_person", "/gifts/recipients/{one}/person", 303, {**_ONE, "version": "1"}),
    _own("gifts.recipient_person", "/gifts/recipients/{one}/person", 422, {"version": "1"}),
    _own("gifts.recipient_decline", "/gifts/recipients/{one}/refusal", 303, {"reason": "重复"}),
    _own("gifts.recipient_decline", "/gifts/recipients/{one}/refusal", 422, {}),
    Row(
        "gifts.recipient_permit", "/gifts/recipients/{one}/permit", "POST", {"reason": "文化交流"}, _official,
        owner=403, supervisor=403, manager=303,
    ),
    Row("gifts.of_customer", "/gifts/customers/{customer}?year=2026", prepare=_drafted),
]  # fmt: skip
