"""A destruction recorded, or the same documents listed, by several at once: one counts (AR-11)."""

from __future__ import annotations

from flask import Flask

from portal import clock
from portal.database import db
from portal.models import dealings, disposal_record
from portal.models.customer import Customer
from portal.models.disposal import Disposal
from tests.approving import person, scan
from tests.concurrency.test_signatures import at_once
from tests.disposing import approved, listed, old, past


def test_four_records_of_one_destruction_count_once(app: Flask) -> None:
    list_id = approved(old(past(), pages=1)).id

    def recording() -> None:
        kept = scan()
        db.session.flush()
        list_ = db.session.get_one(Disposal, list_id)
        values = {"destroyed_on": clock.today(), "witnesses": ("甲", "乙")}
        disposal_record.record(list_, scan=kept, by=person("mgr1"), **values)

    ended = at_once(app, *[recording] * 4)
    assert ended.count("done") == 1, ended
    assert db.session.get_one(Disposal, list_id).state == "destroyed"


def test_a_document_on_two_lists_is_frozen_by_one(app: Flask) -> None:
    one = old(past())
    numbers = [listed(one, by=account).id for account in ("sup1", "mgr2")]

    def submitting(number: int, account: str) -> None:
        db.session.get_one(Disposal, number).submit(by=person(account))

    ended = at_once(app, lambda: submitting(numbers[0], "sup1"), lambda: submitting(numbers[1], "mgr2"))
    assert ended.count("done") == 1, ended
    assert sorted(list_.state for list_ in db.session.query(Disposal)) == ["draft", "pending"]


def test_a_card_on_two_lists_is_frozen_by_one(app: Flask) -> None:
    customer = past()
    numbers = [listed(customer, by=account).id for account in ("sup1", "mgr2")]

    def submitting(number: int, account: str) -> None:
        db.session.get_one(Disposal, number).submit(by=person(account))

    ended = at_once(app, lambda: submitting(numbers[0], "sup1"), lambda: submitting(numbers[1], "mgr2"))
    assert ended.count("done") == 1, ended
    assert sorted(list_.state for list_ in db.session.query(Disposal)) == ["draft", "pending"]


def test_a_card_is_submitted_or_dealings_begin_again(app: Flask) -> None:
    customer_id, number = (customer := past()).id, listed(customer).id

    def again() -> None:
        dealings.begin_again(db.session.get_one(Customer, customer_id), reason="重新签约", by=person("mgr1"))

    ended = at_once(app, lambda: db.session.get_one(Disposal, number).submit(by=person("sup1")), again)
    assert ended.count("done") == 1, ended
    states = (db.session.get_one(Customer, customer_id).state, db.session.get_one(Disposal, number).state)
    assert states in (("past", "pending"), ("active", "draft"))
