"""Many hands on one record: of two merges of it at once, one counts; two who record one customer at once find each other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal.database import StateConflict, db
from portal.models.contact import Contact
from portal.models.customer import Customer
from portal.models.customer_code import CustomerCode
from portal.models.duplicate import ensure_distinct
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from tests import factories
from tests.concurrency.locks import until_somebody_waits
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


def test_what_is_written_at_the_moment_of_a_merge_moves_along(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    loser_id, survivor_id, engine = factories.customer().id, factories.customer().id, db.engine
    known = factories.contact(db.session.get_one(Customer, survivor_id))
    row = {column.name: getattr(known, column.name) for column in Contact.__table__.c if column.name != "id"}
    db.session.rollback()

    def merge() -> None:
        with app.app_context():
            by = Staff.by_account("sup1")
            assert by is not None
            CustomerMerge.carry_out(db.session.get_one(Customer, survivor_id), db.session.get_one(Customer, loser_id), by=by)
            db.session.commit()

    with engine.connect() as other, ThreadPoolExecutor(1) as beside:
        other.execute(insert(Contact).values({**row, "customer_id": loser_id, "name": "刚写下的"}))
        merging = beside.submit(merge)
        until_somebody_waits(engine, merging.done)
        other.commit()
        merging.result(timeout=30)
    assert db.session.scalars(select(Contact.customer_id).where(Contact.name == "刚写下的")).one() == survivor_id


def test_a_merged_customer_gets_no_code_any_more(app: Flask) -> None:
    by = Staff.by_account("sup1")
    assert by is not None
    survivor, loser = factories.customer(), factories.customer()
    CustomerMerge.carry_out(survivor, loser, by=by)
    with pytest.raises(StateConflict):
        CustomerCode.add(loser, "K-9", "", by=by)


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
