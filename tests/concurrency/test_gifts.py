"""Two campaigns at once never give one customer more than its yearly cap, and the second is told who took the room (GF-2)."""

from __future__ import annotations

from decimal import Decimal

from flask import Flask

from portal import clock
from portal.database import db
from portal.models import benefit, gift_budget, gift_composing
from portal.models.benefit import Benefit
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_list import GiftList, GiftRefusal
from tests import factories
from tests.approving import person
from tests.campaigning import campaign, drafted, the_tier, tier
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
