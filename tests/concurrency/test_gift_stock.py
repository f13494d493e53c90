"""Eight hands at once: the stock never goes below zero, a line is not received twice, a parcel is recorded once (GF-3, GF-5, GF-6)."""

from __future__ import annotations

from flask import Flask

from portal import clock
from portal.database import db
from portal.models import gift_stock
from portal.models.gift import Gift
from portal.models.gift_delivery import GiftDelivery
from portal.models.gift_order import GiftOrder, GiftOrderLine
from portal.models.gift_register import GiftEntry
from tests import delivering, goods
from tests.approving import person
from tests.concurrency.test_signatures import at_once


def test_what_is_taken_at_once_is_there(app: Flask) -> None:
    of, order = goods.gift(stock=5), goods.order(6)
    number, order_id, line_id = of.id, order.id, order.lines[0].id

    def taking() -> None:
        gift_stock.move(db.session.get_one(Gift, number), -2, gift_stock.ISSUED, by=person("sup1"))

    def receiving() -> None:
        found = db.session.get_one(GiftOrder, order_id)
        found.receive(db.session.get_one(GiftOrderLine, line_id), 4, by=person("mgr1"))

    ended = at_once(app, *[taking] * 4, *[receiving] * 4)
    db.session.expire_all()
    assert sorted(ended[:4]) == ["Refusal", "Refusal", "done", "done"], ended
    assert ended[4:].count("done") == 1, ended
    assert (of.in_stock, order.lines[0].received, order.lines[0].gift.in_stock) == (1, 4, 4)
    assert gift_stock.movements(of)[0].balance == 1


def test_a_parcel_is_received_or_returned_once(app: Flask) -> None:
    delivering.stock(4)
    one = delivering.sent()
    number, version = one.id, one.version

    def receiving() -> None:
        db.session.get_one(GiftDelivery, number).receive(received_by="林", on=clock.today(), by=person("rep1"), version=version)

    def returning() -> None:
        db.session.get_one(GiftDelivery, number).come_back(reason="拒收", by=person("rep1"), version=version)

    ended = at_once(app, *[receiving] * 4, *[returning] * 4)
    db.session.expire_all()
    assert ended.count("done") == 1, ended
    received = one.state == "received"
    assert db.session.query(GiftEntry).count() == int(received)
    assert one.campaign.spent == (200 if received else 0)
    assert one.tier.gifts[0].gift.in_stock == (2 if received else 4)
