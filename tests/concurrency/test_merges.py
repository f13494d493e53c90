"""Many hands on one record: of two merges of it at once, one counts; two who record one customer at once find each other."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from portal.database import db
from portal.models.customer import Customer
from portal.models.duplicate import ensure_distinct
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from tests import factories
from tests.concurrency.test_edits import at_once


def test_of_four_merges_of_one_record_one_counts(app: Flask) -> None:
    loser = factories.customer()
    factories.contact(loser)
    loser_id, survivors = loser.id, [factories.customer().id for _number in range(4)]

    def merging(survivor_id: int) -> Callable[[], str]:
        def act() -> str:
            by = Staff.by_account("sup1")
            assert by is not None
            CustomerMerge.carry_out(db.session.get_one(Customer, survivor_id), db.session.get_one(Customer, loser_id), by=by)
            return "merged"

        return act

    ended = at_once(app, [merging(one) for one in survivors])
    assert ended.count("merged") == 1
    assert set(ended) <= {"merged", "StateConflict", "Refusal"}
    assert db.session.get_one(Customer, loser_id).merged_into_id == survivors[ended.index("merged")]
    assert db.session.query(CustomerMerge).count() == 1


def test_of_four_who_undo_one_merge_one_counts(app: Flask) -> None:
    by = Staff.by_account("sup1")
    assert by is not None
    merge = CustomerMerge.carry_out(factories.customer(), factories.customer(), by=by)
    db.session.commit()
    merge_id = merge.id

    def undoing() -> str:
        mine = Staff.by_account("sup1")
        assert mine is not None
        db.session.get_one(CustomerMerge, merge_id).undo(by=mine)
        return "undone"

    assert at_once(app, [undoing] * 4).count("undone") == 1


def test_of_four_who_record_one_customer_one_is_not_asked(app: Flask) -> None:
    def recording() -> str:
        rep = Staff.by_account("rep1")
        assert rep is not None
        made = Customer.create({"full_name": "华为技术有限公司"}, by=rep)
        ensure_distinct(made, by=rep, fields={"full_name"})
        return "recorded"

    ended = at_once(app, [recording] * 4)
    assert sorted(ended) == ["LikelyDuplicates"] * 3 + ["recorded"]
