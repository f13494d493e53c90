"""Two hands on one round, or on a campaign that is cancelled: no gift waits for ever, and none goes out to who is given nothing (GF-6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from portal import clock
from portal.database import db
from portal.models import dealings, gift_budget, gift_outcome, gift_stops
from portal.models.customer import Customer
from portal.models.gift_campaign import GiftCampaign
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_run import GiftRun
from tests import campaigning, delivering, factories
from tests.approving import person
from tests.concurrency.locks import meanwhile

Act = Callable[[], object]


def _delivery(number: int) -> GiftDelivery:
    return db.session.get_one(GiftDelivery, number)


def _send(number: int) -> None:
    one = _delivery(number)
    one.send(carrier="顺丰", tracking="SF1", on=clock.today(), by=person("sup1"), version=one.version)


def _cancel(number: int) -> None:
    found = db.session.get_one(GiftCampaign, number)
    gift_outcome.cancel(found, reason="预算收回", by=person("mgr1"), version=found.version)


@pytest.mark.parametrize("sent_first", [True, False])
def test_a_gift_is_sent_or_its_campaign_is_cancelled(app: Flask, sent_first: bool) -> None:
    delivering.stock()
    one = delivering.told()
    number, campaign_id = one.id, one.campaign_id
    acts: list[Act] = [lambda: _send(number), lambda: _cancel(campaign_id)]
    ended = meanwhile(app, *(acts if sent_first else reversed(acts)))
    one = _delivery(number)
    standing = (ended, one.state, one.recipient.state, one.campaign.state, campaigning.gift().in_stock)
    expected = ("Refusal", "out", "approved", "open", 48) if sent_first else ("StateConflict", "dropped", "removed", "cancelled", 50)
    assert standing == expected
    assert not gift_budget.differences(one.campaign)


def test_a_round_is_loaded_or_cancelled_with_a_campaign_whole(app: Flask) -> None:
    delivering.stock()
    run = delivering.planned(*delivering.waiting("key", factories.customer("rep1"), factories.customer("rep1")))
    number, campaign_id = run.id, run.stops[0].campaign_id
    ended = meanwhile(app, lambda: _cancel(campaign_id), lambda: db.session.get_one(GiftRun, number).load(by=person("sup1")))
    run = db.session.get_one(GiftRun, number)
    assert (ended, run.state, list(run.stops), campaigning.gift().in_stock) == ("Refusal", "planned", [], 50)


def test_nothing_comes_onto_a_round_that_is_being_loaded(app: Flask) -> None:
    delivering.stock()
    first, second = delivering.waiting("key", factories.customer("rep1"), factories.customer("rep1"))
    run = delivering.planned(first)
    number, added = run.id, second.id

    def fill() -> None:
        gift_stops.fill(db.session.get_one(GiftRun, number), [_delivery(added)], by=person("mgr1"))

    ended = meanwhile(app, lambda: db.session.get_one(GiftRun, number).load(by=person("sup1")), fill)
    assert (ended, _delivery(added).state, _delivery(added).run_id) == ("StateConflict", "waiting", None)


def test_what_comes_onto_a_round_before_it_is_loaded_goes_out(app: Flask) -> None:
    delivering.stock()
    first, second = delivering.waiting("key", factories.customer("rep1"), factories.customer("rep1"))
    number, added = delivering.planned(first).id, second.id

    def fill() -> None:
        gift_stops.fill(db.session.get_one(GiftRun, number), [_delivery(added)], by=person("mgr1"))

    ended = meanwhile(app, fill, lambda: db.session.get_one(GiftRun, number).load(by=person("sup1")))
    assert (ended, _delivery(added).state) == ("done", "out")


def test_of_two_last_stops_one_closes_the_round(app: Flask) -> None:
    delivering.stock()
    one, other = delivering.waiting("key")[0], delivering.waiting("key")[0]
    number, ids = delivering.loaded(one, other).id, (one.id, other.id)

    def back(delivery_id: int) -> None:
        found = _delivery(delivery_id)
        found.come_back(reason="拒收", intact=False, by=person("sup1"), version=found.version)

    assert meanwhile(app, lambda: back(ids[0]), lambda: back(ids[1])) == "done"
    assert db.session.get_one(GiftRun, number).state == "closed"


def test_a_customer_whose_dealings_are_ending_is_sent_nothing(app: Flask) -> None:
    delivering.stock()
    one = delivering.told(delivering.waiting("vip", factories.customer("rep1", state="active"))[0])
    number, customer_id = one.id, one.customer_id

    def end() -> None:
        customer = db.session.get_one(Customer, customer_id)
        dealings.end(customer, kind="dissolved", reason="解散", ended_on=clock.today(), by=person("mgr1"))

    assert meanwhile(app, end, lambda: _send(number)) == "Refusal"
    assert _delivery(number).state == "waiting"
