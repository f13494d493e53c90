"""What the bench's office has of gifts: campaigns of four years with their lists, deliveries and rounds, and the register."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from math import gcd
from typing import Any, NamedTuple

from bench.data import REPS_A_TEAM, TEAMS
from bench.proposal_data import handed_over, promised
from bench.relation_data import Office, Rows
from portal.models.benefit import GIFT, Benefit, BenefitYear
from portal.models.gift_agreement import GiftAgreement
from portal.models.gift_campaign import GiftCampaign, GiftTier, TierGift
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_list import GiftList, GiftRecipient, GiftRefusal
from portal.models.gift_register import GiftEntry
from portal.models.gift_run import GiftRun
from portal.rules.gift_delivery import OWN, POST, way_of
from portal.rules.gifts import LETTERS, TIERS

CAMPAIGNS, MOST_GIVEN, GOODS = 40, 300_000, 200
SHARES = {"prospective": 52, "vip": 44, "key": 4}
"""Of a hundred recipients of a campaign so many stand on the list of each tier."""
STOPS = 20
"""So many stops has a round."""
HELD, PLACED = ("approved", "delivered", "returned"), ("approved", "delivered", "returned", "listed")


class Given(NamedTuple):
    """One recipient, with the delivery of the same number where there is one."""

    number: int
    campaign: int
    tier: int
    list_id: int | None
    customer: int
    owner: int
    team: int
    state: str
    delivery: str
    told: bool
    way: str
    run: int | None
    position: int
    day: date
    replaces: int | None


def pieces(tier: int) -> list[tuple[int, int]]:
    """Return what a recipient of a tier is given: gifts and how many of each."""
    first, second = tier * 7 % GOODS + 1, (tier * 7 + 3) % GOODS + 1
    return ([(first, 1)], [(first, 1), (second, 1)], [(first, 2)])[(tier - 1) % 3]


def price(gift: int) -> Decimal:
    """Return what a gift costs, in yuan."""
    return Decimal(20 + gift % 150)


def amount(tier: int) -> Decimal:
    """Return what the gifts of a recipient cost, in yuan."""
    return sum((price(gift) * number for gift, number in pieces(tier)), Decimal(0))


def age(campaign: int) -> int:
    """Return how many campaigns are newer."""
    return CAMPAIGNS - campaign


def state_of(campaign: int) -> str:
    """Return the state of a campaign: the six newest are under way."""
    return "open" if age(campaign) < 6 else "cancelled" if age(campaign) in (12, 29) else "closed"


def team_of(campaign: int) -> int | None:
    """Return the team of every second campaign."""
    return None if campaign % 2 == 0 else 2 if age(campaign) == 3 else campaign // 2 % TEAMS + 1


def begins(office: Office, campaign: int) -> date:
    """Return the first day of a campaign."""
    return office.today - timedelta(days=20 + age(campaign) * 36)


def list_state(tier: int) -> str:
    """Return the state of a tier's first list."""
    old = age((tier - 1) // 3 + 1)
    newest = {0: ("draft", "draft", "draft"), 1: ("pending", "pending", "pending"), 2: ("rejected", "pending", "draft")}
    return newest[old][(tier - 1) % 3] if old in newest else "approved"


@lru_cache(maxsize=2)
def given(office: Office) -> list[Given]:
    """Return all recipients: of closed campaigns nearly all have their gift, of those under way some are proposed, listed, delivered."""
    rng, found, runs = random.Random(71), list[Given](), dict[tuple[int, int, int], int]()
    each = min(office.count * 3 // 10, MOST_GIVEN) // CAMPAIGNS
    for campaign in range(1, CAMPAIGNS + 1):
        team = team_of(campaign)
        among = office.count if team is None else office.count // TEAMS
        step = max(among * 9 // each // 10, 1)
        while gcd(step, TEAMS * REPS_A_TEAM) > 1:
            step -= 1
        stops, place = Counter[int](), 0
        for index, code in enumerate(TIERS):
            tier = campaign * 3 - 2 + index
            for _turn in range(each * SHARES[code] // 100):
                at = (campaign * 7919 + place * step) % among
                customer = at + 1 if team is None else at * TEAMS + (team - 1 or TEAMS)
                place += 1
                one = _one(office, rng, campaign, tier, customer, len(found) + 1, runs, stops)
                found.append(one)
                if one.state == "replaced":
                    other = (campaign * 7919 + place * step) % among
                    place += 1
                    instead = other + 1 if team is None else other * TEAMS + (team - 1 or TEAMS)
                    owner, of_team, _grade = office.of(instead)
                    taken = one._replace(number=one.number + 1, customer=instead, owner=owner, team=of_team, run=None)
                    found.append(taken._replace(state="delivered", delivery="received", list_id=CAMPAIGNS * 3 + tier, replaces=one.number))
    return found


def _one(
    office: Office, rng: random.Random, campaign: int, tier: int, customer: int, number: int, runs: dict[tuple[int, int, int], int],
    stops: Counter[int],
) -> Given:  # fmt: skip
    owner, team, _grade = office.of(customer)
    way = way_of(list(TIERS)[(tier - 1) % 3])
    day, dice, standing = begins(office, campaign) + timedelta(days=number % 19), rng.random(), list_state(tier)
    list_id: int | None = tier
    told, run, position, delivery = True, None, 0, ""
    if standing != "approved":
        state = {"draft": "proposed" if dice < 0.4 else "listed", "pending": "listed", "rejected": "rejected"}[standing]
        if state == "proposed":
            list_id = None
    elif dice > 0.98:
        state, list_id = "declined", None
    elif dice > 0.96 or (state_of(campaign) == "cancelled" and dice > 0.5):
        state, delivery = "removed", "dropped" if dice < 0.96 else ""
    elif dice > 0.94:
        state, delivery = ("returned" if dice > 0.945 or state_of(campaign) != "closed" else "replaced"), "returned"
    else:
        turn = stops[owner] // STOPS if way == OWN else number
        delivery = ("waiting", "waiting", "out", "received")[turn % 4] if state_of(campaign) == "open" else "received"
        state = "delivered" if delivery == "received" else "approved"
        told = turn % 4 != 0
        if way == OWN:
            position = stops[owner] % STOPS
            stops[owner] += 1
            if told or state == "delivered":
                run = runs.setdefault((campaign, owner, turn), len(runs) + 1)
    return Given(number, campaign, tier, list_id, customer, owner, team, state, delivery, told, way, run, position, day, None)


def _campaigns(office: Office) -> Iterator[dict[str, Any]]:
    tiers = list(_tiers(office))
    for number in range(1, CAMPAIGNS + 1):
        mine = [one for one in tiers if one["campaign_id"] == number]
        first = begins(office, number)
        ended = state_of(number) != "open"
        author = 11 if team_of(number) is None else (team_of(number) or 0) * (REPS_A_TEAM + 1)
        yield {
            "id": number, "number": f"GF{first.year}-{number:03d}", "name": f"客户答谢活动{number}", "purpose": ("keep", "win")[number % 2],
            "words": "感谢客户支持，附总经理问候卡。", "first_on": first,
            "last_on": min(first + timedelta(days=60), date(first.year, 12, 31)),
            "budget": sum((one["most_number"] * one["amount"] for one in mine), Decimal(1000)),
            **{name: sum((one[name] for one in mine), Decimal(0)) for name in ("approved", "committed", "spent")},
            "team_id": team_of(number), "standards": {}, "state": state_of(number), "ended_by_id": author if ended else None,
            "ended_at": office.now if ended else None, "created_by_id": author, "created_at": moment(first),
        }  # fmt: skip


@lru_cache(maxsize=2)
def _counted(office: Office) -> Counter[tuple[int, str]]:
    found = Counter[tuple[int, str]]()
    for one in given(office):
        found[one.tier, one.state] += 1
        if one.state in PLACED[:3] or (one.state == "listed" and one.replaces is None):
            found[one.tier, "places"] += 1
    return found


def _tiers(office: Office) -> Iterator[dict[str, Any]]:
    counted = _counted(office)
    for number in range(1, CAMPAIGNS * 3 + 1):
        cost, places = amount(number), counted[number, "places"]
        yield {
            "id": number, "campaign_id": (number - 1) // 3 + 1, "code": list(TIERS)[(number - 1) % 3], "most_amount": cost,
            "most_number": places + 50, "amount": cost, "listed": places,
            "approved": cost * sum(counted[number, state] for state in HELD), "committed": cost * counted[number, "approved"],
            "spent": cost * counted[number, "delivered"],
        }  # fmt: skip


def _tier_gifts(_office: Office) -> Iterator[dict[str, Any]]:
    for tier in range(1, CAMPAIGNS * 3 + 1):
        for gift, number in pieces(tier):
            yield {"tier_id": tier, "gift_id": gift, "quantity": number, "unit_price": price(gift)}


def _agreements(office: Office) -> Iterator[dict[str, Any]]:
    for campaign in range(1, CAMPAIGNS + 1):
        lines = [
            {"gift_id": gift, "name": f"定制礼品{gift}号", "kind": "souvenir", "specification": "", "form": "", "unit": "件",
             "number": 500 * number, "price": f"{price(gift):.2f}"}
            for tier in range(campaign * 3 - 2, campaign * 3 + 1) for gift, number in pieces(tier)
        ]  # fmt: skip
        state = "draft" if age(campaign) < 2 else "passed-on"
        yield {"campaign_id": campaign, "state": state, "lines": lines, "created_by_id": 11, "created_at": office.now}


def _lists(office: Office) -> Iterator[dict[str, Any]]:
    for place in (1, 2):
        for tier in range(1, CAMPAIGNS * 3 + 1):
            campaign = (tier - 1) // 3 + 1
            if place == 2 and state_of(campaign) != "closed":
                continue
            state, day = list_state(tier), begins(office, campaign)
            gifts = [
                {"gift_id": gift, "name": f"定制礼品{gift}号", "specification": "", "unit": "件", "quantity": number,
                 "unit_price": f"{price(gift):.2f}"}
                for gift, number in pieces(tier)
            ]  # fmt: skip
            letter = LETTERS[list(TIERS)[(tier - 1) % 3]]
            yield {
                "id": (place - 1) * CAMPAIGNS * 3 + tier, "campaign_id": campaign, "tier_id": tier, "place": place,
                "number": f"GF{day.year}-{campaign:03d}-{letter}{place if place > 1 else ''}", "supplementary": place > 1, "state": state,
                "gifts": [] if state == "draft" else gifts, "composed_by_id": 11, "created_at": moment(day),
                "approved_at": moment(day) if state == "approved" else None,
            }  # fmt: skip


def _recipients(office: Office) -> Iterator[dict[str, Any]]:
    amounts = [amount(tier) for tier in range(1, CAMPAIGNS * 3 + 1)]
    for one in given(office):
        gone = one.state in ("removed", "declined", "returned", "replaced")
        held = one.state in ("approved", "delivered", "returned", "replaced")
        yield {
            "id": one.number, "campaign_id": one.campaign, "tier_id": one.tier, "list_id": one.list_id, "customer_id": one.customer,
            "person": "王经理", "post": "总经理", "official": one.number % 100 == 0, "reason": "合作多年，订单稳定",
            "amount": amounts[one.tier - 1], "state": one.state, "replaces_id": one.replaces,
            "proposed_by_id": one.owner if one.number % 2 or one.state == "proposed" else None, "added_by_id": 11,
            "approved_at": moment(one.day) if held else None, "delivered_on": one.day if one.state == "delivered" else None,
            "end_reason": "客户已迁址" if gone else "", "ended_by_id": 11 if gone else None, "created_at": moment(one.day),
        }  # fmt: skip


def _refusals(office: Office) -> Iterator[dict[str, Any]]:
    for list_id in range(CAMPAIGNS * 3 - 8, CAMPAIGNS * 3 + 1):
        for turn in range(min(office.count // 1000, 800)):
            yield {
                "list_id": list_id, "customer_id": (turn * 613 + list_id * 31) % office.count + 1,
                "text": "The customer is in dispute or ended.", "figures": {}, "by_id": 11, "at": office.now,
            }  # fmt: skip


def _runs(office: Office) -> Iterator[dict[str, Any]]:
    seen = set[int]()
    for one in given(office):
        if one.run is not None and one.run not in seen:
            seen.add(one.run)
            state = {"waiting": "planned", "out": "loaded", "received": "closed"}[one.delivery]
            day = one.day if state == "closed" else office.today + timedelta(days=one.run % 5 - 1)
            yield {
                "id": one.run, "day": day, "route": f"{one.team}号线路", "staff_id": one.owner, "driver": "赵师傅 粤B12345",
                "state": state, "team_id": one.team, "loaded_by_id": None if state == "planned" else 11, "created_by_id": 11,
                "created_at": moment(one.day),
            }  # fmt: skip


def _deliveries(office: Office) -> Iterator[dict[str, Any]]:
    for one in given(office):
        if not one.delivery:
            continue
        out, received, post = one.delivery in ("out", "received", "returned"), one.delivery == "received", one.way == POST
        back = one.delivery == "returned"
        told = post and one.told
        yield {
            "id": one.number, "recipient_id": one.number, "customer_id": one.customer, "campaign_id": one.campaign, "tier_id": one.tier,
            "staff_id": one.owner, "way": one.way, "state": one.delivery, "told_on": one.day if told else None,
            "told_how": "telephone" if told else "", "told_to": "王经理" if told else "", "told_by_id": one.owner if told else None,
            "run_id": one.run, "position": one.position, "carrier": "顺丰速运" if post and out else "",
            "tracking": f"SF{one.number:010d}" if post and out else "", "address": "人民路1号" if out else "",
            "out_on": one.day if out else None, "out_by_id": 11 if out else None, "received_by": "王经理" if received else "",
            "received_on": one.day if received else None, "recorded_by_id": one.owner if received else None,
            "recorded_at": moment(one.day) if received else None, "returned_on": one.day if back else None,
            "return_reason": "客户已迁址" if back else "", "created_at": moment(one.day),
        }  # fmt: skip


# --- what customers were given ---------------------------------------------------------------------------------------------


def _entries(office: Office) -> Iterator[dict[str, Any]]:
    amounts = [amount(tier) for tier in range(1, CAMPAIGNS * 3 + 1)]
    for one in given(office):
        if one.state == "delivered":
            yield {
                "customer_id": one.customer, "given_on": one.day, "source": GIFT, "source_id": one.number,
                "title": f"GF{one.day.year}-{one.campaign:03d} 客户答谢活动{one.campaign}", "organisation": f"客户{one.customer}有限公司",
                "person": "王经理", "post": "总经理", "official": one.number % 100 == 0, "purpose": "合作多年，订单稳定",
                "goods": "；".join(f"定制礼品{gift}号 ×{number} 件" for gift, number in pieces(one.tier)),
                "amount": amounts[one.tier - 1], "giver_id": one.owner, "handed_by_id": one.owner if one.way == OWN else 11,
                "voucher": f"GF-{one.number:05d}", "created_at": moment(one.day),
            }  # fmt: skip
    yield from handed_over(office)


def _benefits(office: Office) -> Iterator[dict[str, Any]]:
    """Yield what took a part of a customer's cap: gifts from the list on, and what was promised for proposals."""
    amounts = [amount(tier) for tier in range(1, CAMPAIGNS * 3 + 1)]
    for one in given(office):
        if one.state in ("listed", "approved", "delivered"):
            first = begins(office, one.campaign)
            yield {
                "customer_id": one.customer, "year": first.year, "source": GIFT, "source_id": one.number,
                "title": f"客户答谢活动{one.campaign}", "day": first, "amount": amounts[one.tier - 1], "by_id": 11,
            }  # fmt: skip
    yield from promised(office)


def _years(office: Office) -> Iterator[dict[str, Any]]:
    kept: dict[tuple[int, int], Decimal] = {}
    for row in _benefits(office):
        place = (row["customer_id"], row["year"])
        kept[place] = kept.get(place, Decimal(0)) + row["amount"]
    for (customer, year), taken in sorted(kept.items()):
        yield {"customer_id": customer, "year": year, "kept": taken}


def papers(office: Office) -> Iterator[tuple[str, int, int | None, int, str, date]]:
    """Yield the lists that were signed or wait for it: kind, number, customer, team, state, day."""
    for row in _lists(office):
        if row["state"] != "draft":
            team = team_of(row["campaign_id"]) or 1
            yield "gift-list", row["id"], None, team, row["state"], row["created_at"].date()


def moment(day: date) -> datetime:
    """Return an hour of a day."""
    return datetime.combine(day, time(3), tzinfo=UTC)


CAMPAIGN_TABLES: dict[Any, Rows] = {
    GiftCampaign: _campaigns, GiftTier: _tiers, TierGift: _tier_gifts, GiftAgreement: _agreements, GiftList: _lists,
    GiftRecipient: _recipients, GiftRefusal: _refusals, GiftRun: _runs, GiftDelivery: _deliveries, GiftEntry: _entries, Benefit: _benefits,
    BenefitYear: _years,
}  # fmt: skip
"""Tables and what yields their rows, in the order in which they can be written, behind those of the goods."""
