"""Short ways through gift campaigns for tests: sup1's campaign of team 1 with a VIP tier, unless a test says otherwise."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from portal import clock
from portal.database import db
from portal.models import gift_composing, gift_list_kind
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign, GiftTier
from portal.models.gift_list import GiftList, GiftRecipient
from tests import factories
from tests.approving import person, record_paper, sign

WHO = {"person": "林经理", "post": "采购经理", "official": False, "reason": "合作三年"}


def gift(name: str = "定制保温杯", price: str = "100.00", **values: Any) -> Gift:
    """Return the gift of this name, committed."""
    found = db.session.scalar(db.select(Gift).where(Gift.name == name))
    if found is None:
        given = {
            "name": name, "kind": "customised", "specification": "500ml", "unit": "件", "unit_price": Decimal(price), "supplier": None,
            "active": True, **values,
        }  # fmt: skip
        found = Gift.add(given, by=person("sup1"))
        db.session.commit()
    return found


def tier(amount: str = "500.00", number: int = 5, *pieces: tuple[Gift, int]) -> dict[str, Any]:
    """Return what somebody writes of a tier: by default two cups for 100 yuan each."""
    return {"amount": Decimal(amount), "number": number, "gifts": list(pieces) or [(gift(), 2)]}


def written(**values: Any) -> dict[str, Any]:
    """Return what somebody writes of a campaign that nothing is wrong with."""
    today = clock.today()
    given = {
        "name": "中秋馈赠", "purpose": "keep", "words": "", "first_on": today, "last_on": date(today.year, 12, 31),
        "budget": Decimal(100_000), "tiers": {"vip": tier()},
    }  # fmt: skip
    return {**given, **values}


def campaign(by: str = "sup1", **values: Any) -> GiftCampaign:
    """Return a committed campaign."""
    found = GiftCampaign.begin(written(**values), by=person(by))
    db.session.commit()
    return found


def the_tier(of: GiftCampaign, code: str = "vip") -> GiftTier:
    return next(one for one in of.tiers if one.code == code)


def drafted(of: GiftCampaign | None = None, *customers: Customer, code: str = "vip", by: str = "sup1") -> GiftList:
    """Return a committed draft of a tier's list with these customers on it; of one new customer of rep2 where none is given."""
    of = of or campaign(by)
    chosen = customers or (factories.customer("rep2"),)
    found = gift_composing.draft_of(the_tier(of, code)) or gift_composing.begin_list(the_tier(of, code), by=person(by))
    for one in chosen:
        gift_composing.put_one(found, one, WHO, by=person(by))
    db.session.commit()
    return found


def submitted(listed: GiftList | None = None, by: str = "sup1") -> Approval:
    approval = gift_list_kind.submit(listed or drafted(), by=person(by))
    db.session.commit()
    return approval


def through(approval: Approval) -> Approval:
    """Sign everything that is open until nothing is, mgr1 first, and record what is signed on paper."""
    while approval.state == "pending":
        step = approval.open_steps[0]
        if step.type == "paper":
            record_paper(approval, "mgr2" if approval.submitter.account == "mgr1" else "mgr1", name="总经理")
            continue
        by = next(seat.staff.account for seat in approval.waits_for()[0][1])
        sign(approval, by)
    return approval


def approved(of: GiftCampaign | None = None, *customers: Customer, code: str = "vip") -> GiftList:
    """Return an approved list of a tier."""
    listed = drafted(of, *customers, code=code)
    through(submitted(listed))
    return listed


def recipients(listed: GiftList) -> list[GiftRecipient]:
    return list(db.session.scalars(db.select(GiftRecipient).where(GiftRecipient.list_id == listed.id).order_by(GiftRecipient.id)))
