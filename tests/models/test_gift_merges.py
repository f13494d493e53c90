"""Two records of one customer in one gift campaign: merged, they are given one gift (GF-2, AR-3)."""

from __future__ import annotations

import pytest
from flask import Flask

from portal import clock
from portal.database import db
from portal.models import benefit, gift_budget, gift_proposal
from portal.models.customer import Customer
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_list import GiftRecipient
from portal.models.gift_register import GiftEntry
from portal.models.merge import CustomerMerge
from portal.rules.message import Refusal
from tests import campaigning, delivering, factories
from tests.approving import person
from tests.campaigning import WHO, the_tier

YEAR = clock.today().year
ON_A_LIST = ("proposed", "listed", "pending")


def _go(one: GiftDelivery, how_far: str) -> None:
    """Let an approved gift come so far, committed."""
    if how_far != "approved":
        delivering.sent(one)
    if how_far == "delivered":
        one.receive(received_by="林", on=clock.today(), by=person("rep1"), version=one.version)
    elif how_far == "returned":
        one.come_back(reason="拒收", by=person("rep1"), version=one.version)
    db.session.commit()


def _both(theirs: str, ours: str) -> tuple[Customer, Customer, GiftCampaign]:
    """Return survivor and loser of one campaign whose gifts came so far, and the campaign, committed."""
    delivering.stock()
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    of = campaigning.campaign(tiers={"vip": campaigning.tier(), "key": campaigning.tier()})
    how_far = {loser: theirs, survivor: ours}
    approved = [one for one in how_far if how_far[one] not in ON_A_LIST]
    for one in delivering.waiting("vip", *approved, of=of) if approved else ():
        _go(one, how_far[one.customer])
    for customer in how_far:
        if how_far[customer] == "proposed":
            gift_proposal.propose(the_tier(of), customer, WHO, by=person("rep1"))
        elif how_far[customer] in ON_A_LIST:
            listed = campaigning.drafted(of, customer, code="key")
            if how_far[customer] == "pending":
                campaigning.submitted(listed)
    db.session.commit()
    return survivor, loser, of


def _states(customer: Customer) -> list[str]:
    query = db.select(GiftRecipient.state).where(GiftRecipient.customer_id == customer.id).order_by(GiftRecipient.id)
    return list(db.session.scalars(query))


def _merge(survivor: Customer, loser: Customer) -> CustomerMerge:
    merge = CustomerMerge.carry_out(survivor, loser, by=person("sup1"), reason="同一客户", effective_on=clock.today())
    db.session.commit()
    return merge


@pytest.mark.parametrize(
    ("theirs", "ours", "stays", "is_ours"),
    [
        ("approved", "approved", ["returned"], ["approved"]),
        ("approved", "out", ["returned"], ["approved"]),
        ("approved", "delivered", ["returned"], ["delivered"]),
        ("approved", "returned", ["returned"], ["returned"]),
        ("delivered", "approved", ["delivered"], ["returned"]),
        ("delivered", "delivered", ["delivered"], ["delivered"]),
        ("returned", "approved", ["returned"], ["approved"]),
        ("approved", "proposed", [], ["approved", "declined"]),
        ("out", "proposed", [], ["approved", "declined"]),
        ("out", "listed", [], ["approved", "removed"]),
        ("listed", "approved", [], ["removed", "approved"]),
    ],
)
def test_merged_they_are_given_one_gift(app: Flask, theirs: str, ours: str, stays: list[str], is_ours: list[str]) -> None:
    survivor, loser, of = _both(theirs, ours)
    merge = _merge(survivor, loser)
    assert (_states(loser), sorted(_states(survivor))) == (stays, sorted(is_ours))
    for one in db.session.scalars(db.select(GiftDelivery)):
        assert one.customer_id == one.recipient.customer_id
    assert gift_budget.differences(of) == []
    held = sum(1 for state in (*stays, *is_ours) if state in ("listed", "approved", "delivered"))
    assert benefit.taken_of(survivor.id, YEAR) == held * 200
    assert not db.session.execute(benefit.differing()).all()
    assert {one.customer_id for one in db.session.scalars(db.select(GiftEntry))} <= {survivor.id}
    assert merge.obstacles() == []
    before = sorted(_states(loser) + _states(survivor))
    merge.undo(by=person("sup1"), reason="并非同一客户", effective_on=clock.today())
    db.session.commit()
    assert len(_states(loser)) == len(_states(survivor)) == 1
    assert sorted(_states(loser) + _states(survivor)) == before
    assert not db.session.execute(benefit.differing()).all()


@pytest.mark.parametrize(
    ("theirs", "ours", "why"),
    [
        ("out", "approved", "on the way"),
        ("out", "returned", "on the way"),
        ("delivered", "out", "on the way"),
        ("pending", "proposed", "in approval"),
        ("delivered", "pending", "in approval"),
    ],
)
def test_a_gift_on_its_way_or_a_list_that_is_signed_comes_before_the_merge(app: Flask, theirs: str, ours: str, why: str) -> None:
    survivor, loser, of = _both(theirs, ours)
    with pytest.raises(Refusal, match=why) as refused:
        _merge(survivor, loser)
    assert why == "in approval" or refused.value.message.params["campaign"] == of.name
    db.session.rollback()
    assert (loser.state, gift_budget.differences(of)) == ("active", [])
