"""Whatever order people add, approve, deliver, return, replace and cancel in: spent ≤ approved ≤ budget, recipients ≤ the tier's number,
nobody beyond the yearly cap, and each figure of the budget table is the sum of its rows (GF-7).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from portal import clock
from portal.database import StateConflict, db
from portal.models import benefit, gift_budget, gift_composing, gift_list_kind, gift_outcome
from portal.models.benefit import BenefitYear
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_list import APPROVED, DELIVERED, DRAFT, PENDING, GiftList, GiftRecipient
from portal.models.standard import StandardVersion
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.campaigning import WHO, campaign, tier

_WHAT = ["add", "add", "off", "submit", "submit", "reject", "deliver", "return", "supplement", "cancel"]
_STEPS = st.lists(st.tuples(st.sampled_from(_WHAT), st.integers(0, 7)), min_size=6, max_size=18)


def _list(found: GiftCampaign, *states: str) -> GiftList | None:
    query = db.select(GiftList).where(GiftList.campaign_id == found.id, GiftList.state.in_(states)).order_by(GiftList.id)
    return db.session.scalar(query.limit(1))


def _one(found: GiftCampaign, place: int, *states: str) -> GiftRecipient | None:
    query = (
        db.select(GiftRecipient).where(GiftRecipient.campaign_id == found.id, GiftRecipient.state.in_(states)).order_by(GiftRecipient.id)
    )
    rows = list(db.session.scalars(query))
    return rows[place % len(rows)] if rows else None


def _decide(listed: GiftList, decision: Any) -> None:
    """Let a submitted list be decided, past the signatures, which have tests of their own."""
    approval = gift_list_kind.submit(listed, by=person("sup1"))
    approval.state = "approved" if decision is gift_list_kind.KIND.on_approved else "rejected"
    decision(listed, approval, person("mgr1"))


def _step(found: GiftCampaign, what: str, place: int, customers: list[Any]) -> None:
    sup = person("sup1")
    listed = _list(found, DRAFT)
    if what == "add":
        listed = listed or gift_composing.begin_list(found.tiers[0], by=sup)
        gift_composing.put_one(listed, customers[place], WHO, by=sup)
    elif what == "supplement":
        more = gift_composing.begin_list(found.tiers[0], by=sup, supplementary=True)
        gift_composing.put_one(more, customers[place], WHO, by=sup)
    elif what == "off" and listed is not None:
        gift_composing.take_off(listed, [one.id for one in [_one(found, place, "listed")] if one], reason="改期", by=sup)
    elif what in ("submit", "reject") and listed is not None:
        _decide(listed, gift_list_kind.KIND.on_approved if what == "submit" else gift_list_kind.KIND.on_rejected)
    elif what == "deliver" and (one := _one(found, place, APPROVED)) is not None:
        gift_outcome.deliver(one, on=clock.today(), by=sup)
    elif what == "return" and (one := _one(found, place, APPROVED, DELIVERED)) is not None:
        gift_outcome.come_back(one, reason="退回", by=sup)
    elif what == "cancel" and place == 0:
        gift_outcome.cancel(found, reason="取消", by=sup, version=found.version)


def _holds(found: GiftCampaign) -> None:
    assert gift_budget.differences(found) == []
    assert found.committed + found.spent <= found.approved <= found.budget
    for one in found.tiers:
        assert one.committed + one.spent <= one.approved <= one.cost
        standing = ("listed", "approved", "delivered", "returned")
        placed = db.session.query(GiftRecipient).filter(GiftRecipient.tier_id == one.id, GiftRecipient.state.in_(standing)).all()
        assert sum(1 for row in placed if row.state != "listed" or row.replaces_id is None) == one.listed <= one.most_number
    assert all(row.kept <= Decimal(500) for row in db.session.query(BenefitYear))
    assert not db.session.execute(benefit.differing()).all()
    assert _list(found, PENDING) is None


@settings(max_examples=8)
@given(steps=_STEPS)
def test_figures_hold_in_any_order(app: Flask, steps: list[tuple[str, int]]) -> None:
    db.session.rollback()
    if not db.session.query(StandardVersion).filter_by(name="benefit.cap").count():
        db.session.add(StandardVersion(name="benefit.cap", number=1, value="500.00", from_date=clock.today().replace(month=1, day=1)))
        db.session.commit()
    customers = [factories.customer("rep1") for _one in range(8)]
    found = campaign(tiers={"vip": tier(number=3)}, budget=Decimal(600))
    for what, place in steps:
        try:
            _step(found, what, place, customers)
        except (Refusal, StateConflict):
            db.session.rollback()
        else:
            db.session.commit()
        _holds(found)
