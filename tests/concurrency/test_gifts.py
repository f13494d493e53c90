"""Two campaigns at once never give one customer more than its yearly cap, and the second is told who took the room (GF-2)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.database import db
from portal.models import benefit, gift_budget, gift_composing, gift_list_kind, gift_proposal
from portal.models.approval import Approval
from portal.models.benefit import Benefit
from portal.models.customer import Customer
from portal.models.gift import Gift
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_list import GiftList, GiftRecipient, GiftRefusal
from tests import factories
from tests.approving import person
from tests.campaigning import WHO, campaign, drafted, gift, recipients, the_tier, tier, written
from tests.concurrency.locks import meanwhile
from tests.concurrency.test_signatures import at_once


def _putting(list_id: int, customers: list[int]) -> None:
    listed = db.session.get_one(GiftList, list_id)
    gift_composing.put_on(listed, customers, reason="老客户", by=person("sup1"))


def test_campaigns_at_once_share_one_cap(app: Flask) -> None:
    customers = [factories.customer("rep1", legal_representative="林").id for _one in range(4)]
    for number in customers:
        benefit.take(number, Decimal(1700), on=clock.today(), source="prize", source_id=number, by=person("rep2"), title="提案")
    lists = [drafted(campaign(name=f"活动{number}")).id for number in range(3)]
    ended = at_once(app, *(lambda one=one: _putting(one, customers) for one in lists))  # type: ignore[misc]
    assert ended == ["done"] * 3, ended
    for number in customers:
        assert benefit.taken_of(number, clock.today().year) == Decimal(1900)
        assert db.session.query(Benefit).filter_by(customer_id=number, source="gift").count() == 1
    refused = list(db.session.scalars(db.select(GiftRefusal)))
    assert len(refused) == 8
    for one in refused:
        assert "活动" in str(one.message), one.message
        assert "周五行" in str(one.message), one.message
    assert not db.session.execute(benefit.differing()).all()


def test_a_first_benefit_from_eight_hands_stays_within_the_cap(app: Flask) -> None:
    whom = factories.customer("rep1").id

    def taking(number: int) -> None:
        benefit.take(whom, Decimal(600), on=clock.today(), source="prize", source_id=number, by=None)

    ended = at_once(app, *(lambda number=number: taking(number) for number in range(8)))  # type: ignore[misc]
    assert sorted(ended) == ["Refusal"] * 5 + ["done"] * 3, ended
    assert benefit.taken_of(whom, clock.today().year) == Decimal(1800)


def test_places_and_budget_hold_when_lists_are_written_at_once(app: Flask) -> None:
    found = campaign(tiers={"vip": tier(number=2)})
    list_id, campaign_id = drafted(found).id, found.id
    ids = [[factories.customer("rep1", legal_representative="林").id] for _one in range(4)]
    ended = at_once(app, *(lambda some=some: _putting(list_id, some) for some in ids))  # type: ignore[misc]
    assert "done" in ended, ended
    found = db.session.get_one(GiftCampaign, campaign_id)
    assert the_tier(found).listed == 2
    assert not gift_budget.differences(found)


@pytest.fixture
def writing(app: Flask) -> tuple[Callable[[], None], Callable[[], None], int]:
    """What puts a customer on a list, what lets its tier give something dearer, and the list."""
    found = campaign()
    list_id = gift_composing.begin_list(the_tier(found), by=person("sup1")).id
    campaign_id, version, customer_id, gift_id = found.id, found.version, factories.customer("rep1").id, gift("茶", "240").id

    def putting() -> None:
        gift_composing.put_one(db.session.get_one(GiftList, list_id), db.session.get_one(Customer, customer_id), WHO, by=person("sup1"))

    def changing() -> None:
        tiers = {"vip": tier("500.00", 5, (db.session.get_one(Gift, gift_id), 2))}
        db.session.get_one(GiftCampaign, campaign_id).edit(written(tiers=tiers), by=person("mgr1"), version=version)

    return putting, changing, list_id


@pytest.mark.parametrize("order", ["on-first", "changed-first"])
def test_what_a_tier_gives_is_not_changed_while_somebody_is_put_on_it(order: str, app: Flask, writing: Any) -> None:
    putting, changing, list_id = writing
    ended = meanwhile(app, putting, changing) if order == "on-first" else meanwhile(app, changing, putting)
    assert ended == ("Refusal" if order == "on-first" else "done")
    listed, amount = db.session.get_one(GiftList, list_id), Decimal(200 if order == "on-first" else 480)
    assert listed.tier.amount == amount
    assert [one.amount for one in recipients(listed)] == [amount]
    assert not gift_budget.differences(listed.campaign)


def test_a_tier_does_not_go_from_under_a_proposal(app: Flask) -> None:
    found, whom = campaign(tiers={"vip": tier(), "key": tier()}), factories.customer("rep1")
    campaign_id, version = found.id, found.version

    def changing() -> None:
        db.session.get_one(GiftCampaign, campaign_id).edit(written(), by=person("mgr1"), version=version)

    assert meanwhile(app, lambda: gift_proposal.propose(the_tier(found, "key"), whom, WHO, by=person("rep1")), changing) == "Refusal"
    assert db.session.query(GiftRecipient).count() == 1


@pytest.mark.parametrize("order", ["submitted-first", "changed-first"])
def test_a_list_is_signed_with_what_its_campaign_says(order: str, app: Flask) -> None:
    listed = drafted()
    list_id, campaign_id, version = listed.id, listed.campaign_id, listed.campaign.version

    def submitting() -> None:
        gift_list_kind.submit(db.session.get_one(GiftList, list_id), by=person("sup1"))

    def changing() -> None:
        db.session.get_one(GiftCampaign, campaign_id).edit(written(name="国庆馈赠"), by=person("mgr1"), version=version)

    ended = meanwhile(app, submitting, changing) if order == "submitted-first" else meanwhile(app, changing, submitting)
    assert ended == ("Refusal" if order == "submitted-first" else "done")
    approval = Approval.latest_for("gift-list", list_id)
    assert approval is not None
    assert approval.current_round.content["list"]["campaign"] == db.session.get_one(GiftCampaign, campaign_id).name
