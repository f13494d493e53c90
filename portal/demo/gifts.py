"""Gift campaigns of the demonstration office, in every state, with lists at different stages (GF-1, GF-2, GF-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.database import db
from portal.models import gift_composing, gift_list_kind, gift_outcome, gift_proposal
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign, GiftTier
from portal.models.gift_list import GiftList
from portal.models.staff import Staff

At = Callable[[float], AbstractContextManager[None]]
Sign = Callable[[Approval, Staff, str, str], None]
Paper = Callable[[Approval, str], None]

GOODS = (
    ("定制保温杯", "customised", "500ml，杯身激光刻公司标志", "件", "88.00"),
    ("茶叶礼盒", "customised", "明前绿茶 250g，定制包装", "盒", "198.00"),
    ("商务笔记本套装", "souvenir", "真皮封面，烫印公司标志", "套", "68.00"),
    ("纪念台历", "souvenir", "十三张，含公司标志", "本", "25.00"),
    ("青瓷茶具", "customised", "一壶四杯，锦盒", "套", "368.00"),
    ("定制雨伞", "souvenir", "全自动，印公司标志", "把", "56.00"),
)
"""Name, kind, specification, what it is counted in, price."""
REASONS = ("合作多年，订单稳定", "今年采购量大幅增长", "积极推荐新客户", "配合我方试用新产品", "首次合作意向明确")
_KEY, _VIP, _PROSPECTIVE = "key", "vip", "prospective"


class _Desk:
    """What the campaigns are made with."""

    def __init__(self, staff: Mapping[str, Staff], at: At, sign: Sign, paper: Paper) -> None:
        self.staff, self.at, self.sign, self.paper = staff, at, sign, paper
        with at(300):
            self.goods = {name: _good(*one, by=staff["sup1"]) for one in GOODS for name in one[:1]}

    def tier(self, amount: int, number: int, *pieces: tuple[str, int]) -> dict[str, Any]:
        """Return a tier as a campaign takes it."""
        return {"amount": Decimal(amount), "number": number, "gifts": [(self.goods[name], quantity) for name, quantity in pieces]}

    def campaign(self, name: str, ago: float, days: int, budget: int, by: str, tiers: dict[str, Any], words: str = "") -> GiftCampaign:
        """Begin a campaign so many days ago."""
        with self.at(ago):
            first_on = clock.today()
            values = {
                "name": name, "purpose": "win" if _PROSPECTIVE in tiers and _KEY not in tiers else "keep", "words": words,
                "first_on": first_on, "last_on": min(first_on + timedelta(days=days), date(first_on.year, 12, 31)),
                "budget": Decimal(budget), "tiers": tiers,
            }  # fmt: skip
            return GiftCampaign.begin(values, by=self.staff[by])

    def listed(self, campaign: GiftCampaign, code: str, customers: Sequence[Customer], by: str, ago: float) -> GiftList:
        """Write the list of a tier with these customers, whoever may be on it."""
        tier = tier_of(campaign, code)
        with self.at(ago):
            found = gift_composing.begin_list(tier, by=self.staff[by])
            for place, reason in enumerate(REASONS):
                some = [one.id for one in customers[place :: len(REASONS)]]
                if some:
                    gift_composing.put_on(found, some, reason=reason, by=self.staff[by])
        return found

    def submitted(self, listed: GiftList, by: str, ago: float, *, stop: str = "") -> Approval:
        """Submit a list and have it signed as far as `stop`: '' to the end, 'portal' nobody, 'paper' before the paper."""
        with self.at(ago):
            approval = gift_list_kind.submit(listed, by=self.staff[by])
        turn = 1
        while approval.state == "pending" and stop != "portal":
            step = approval.open_steps[0]
            if step.type == "paper":
                if stop == "paper":
                    break
                with self.at(max(ago - turn, 0)):
                    self.paper(approval, "秦致远")
            else:
                with self.at(max(ago - turn, 0)):
                    self.sign(approval, next(seat.staff for seat in approval.waits_for()[0][1]), "approve", "同意。")
            turn += 1
        return approval

    def propose(self, campaign: GiftCampaign, code: str, customers: Sequence[Customer], ago: float) -> None:
        """Let reps propose their own customers."""
        with self.at(ago):
            for turn, one in enumerate(customers):
                if one.owner is not None:
                    who = {"person": f"{one.legal_representative or '负责人'}", "post": "总经理", "official": False}
                    gift_proposal.propose(
                        tier_of(campaign, code), one, {**who, "reason": REASONS[turn % len(REASONS)]}, by=one.owner
                    )  # fmt: skip


def fill(
    customers: Sequence[Customer], prospects: Sequence[Customer], staff: Mapping[str, Staff], at: At, sign: Sign, paper: Paper
) -> list[GiftCampaign]:
    """Add goods and campaigns, and return these, the oldest first. Of `customers` some thirty are on the register, in both teams."""
    desk = _Desk(staff, at, sign, paper)
    first = [one for one in customers if one.team_id == staff["sup1"].team_id and one.nature != "government"]
    second = [one for one in customers if one.team_id == staff["sup2"].team_id and one.nature != "government"]
    made = [_cancelled(desk, second[:4]), _rejected(desk, second[4:8])]
    spring = desk.campaign(
        "年中答谢", 120, 60, 8000, "sup1",
        {_VIP: desk.tier(500, 8, ("定制保温杯", 1), ("商务笔记本套装", 1)), _KEY: desk.tier(1000, 4, ("青瓷茶具", 1))},
        "答谢上半年合作客户，由负责人上门送达。",
    )  # fmt: skip
    desk.submitted(desk.listed(spring, _VIP, first[:7], "sup1", 118), "sup1", 116)
    desk.submitted(desk.listed(spring, _KEY, first[7:10], "sup1", 118), "sup1", 115)
    autumn = desk.campaign(
        "中秋馈赠", 20, 40, 12_000, "sup1",
        {
            _PROSPECTIVE: desk.tier(200, 20, ("纪念台历", 1), ("定制雨伞", 1)),
            _VIP: desk.tier(500, 10, ("茶叶礼盒", 1), ("定制保温杯", 1)),
            _KEY: desk.tier(1000, 4, ("青瓷茶具", 1), ("茶叶礼盒", 1)),
        },
        "感谢客户支持，附总经理问候卡。",
    )  # fmt: skip
    desk.submitted(desk.listed(autumn, _VIP, first[8:15], "sup1", 18), "sup1", 16)
    desk.submitted(desk.listed(autumn, _KEY, first[15:18], "sup1", 17), "sup1", 12, stop="paper")
    desk.listed(autumn, _PROSPECTIVE, [one for one in prospects if one.team_id == staff["sup1"].team_id][:6], "sup1", 3)
    desk.propose(autumn, _PROSPECTIVE, [one for one in prospects if one.team_id == staff["sup1"].team_id][6:9], 2)
    company = desk.campaign(
        "客户开放日伴手礼", 6, 25, 9000, "mgr1",
        {_PROSPECTIVE: desk.tier(150, 30, ("纪念台历", 1)), _VIP: desk.tier(300, 10, ("商务笔记本套装", 1))},
    )  # fmt: skip
    # Some of them are given something by the autumn's campaign too, which looks like one gift that was split.
    desk.submitted(desk.listed(company, _VIP, [*first[12:15], *second[8:11]], "mgr1", 5), "mgr1", 4, stop="portal")
    desk.propose(company, _PROSPECTIVE, _bodies(customers), 2)
    return [*made, spring, autumn, company]


def _bodies(customers: Sequence[Customer]) -> list[Customer]:
    """Return a government body, for which a manager's permit waits."""
    return [one for one in customers if one.nature == "government" and one.owner is not None][:1]


def _cancelled(desk: _Desk, customers: Sequence[Customer]) -> GiftCampaign:
    found = desk.campaign("新品发布纪念", 200, 30, 3000, "sup2", {_VIP: desk.tier(200, 6, ("定制雨伞", 1))})
    desk.submitted(desk.listed(found, _VIP, customers, "sup2", 198), "sup2", 196)
    with desk.at(180):
        gift_outcome.cancel(found, reason="新品延期发布，活动取消。", by=desk.staff["sup2"], version=found.version)
    return found


def _rejected(desk: _Desk, customers: Sequence[Customer]) -> GiftCampaign:
    """A campaign whose list was rejected, concluded without a gift."""
    found = desk.campaign("区域客户走访", 90, 30, 5000, "sup2", {_VIP: desk.tier(500, 6, ("茶叶礼盒", 2))})
    listed = desk.listed(found, _VIP, customers, "sup2", 88)
    with desk.at(86):
        approval = gift_list_kind.submit(listed, by=desk.staff["sup2"])
    with desk.at(85):
        signer = next(seat.staff for seat in approval.waits_for()[0][1])
        desk.sign(approval, signer, "reject", "与年中答谢重复，不再安排。")
    with desk.at(80):
        found.close(by=desk.staff["sup2"])
    return found


def tier_of(campaign: GiftCampaign, code: str) -> GiftTier:
    """Return a tier of a campaign."""
    return next(one for one in campaign.tiers if one.code == code)


def _good(name: str, kind: str, specification: str, unit: str, price: str, *, by: Staff) -> Gift:
    """Return the gift of this name, added where it is not there yet."""
    found = db.session.scalar(select(Gift).where(Gift.name == name))
    values = {"name": name, "kind": kind, "specification": specification, "unit": unit, "unit_price": Decimal(price), "active": True}
    return found or Gift.add(values, by=by)
