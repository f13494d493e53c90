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
from portal.models.disposal import Disposal
from portal.models.duplicate import ensure_distinct
from portal.models.merge import CustomerMerge
from portal.models.staff import Staff
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person
from tests.concurrency.locks import meanwhile, until_somebody_waits
from tests.concurrency.test_edits import at_once
from tests.disposing import listed, old, past


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


def test_what_waited_for_a_merge_is_not_written_to_the_merged_customer(app: Flask) -> None:
    survivor, loser = factories.customer(), factories.customer()
    loser_id = loser.id

    def merge() -> None:
        CustomerMerge.carry_out(survivor, loser, by=person("sup1"))

    def write() -> None:
        CustomerCode.add(db.session.get_one(Customer, loser_id), "K-9", "", by=person("sup1"))

    assert meanwhile(app, merge, write) == "StateConflict"
    assert db.session.query(CustomerCode).count() == 0


def test_of_a_merge_and_a_list_submitted_at_the_moment_one_counts(app: Flask) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    customers, engine = [factories.customer("rep1") for _number in range(4)], db.engine
    lists = [listed(*(old(past(one)) for one in customers[some : some + 2])) for some in (0, 2)]
    survivor_id, kept_id, lost_id = past().id, customers[0].id, customers[2].id
    first_id, second_id = (one.id for one in lists)
    db.session.rollback()

    def merge(loser_id: int) -> None:
        CustomerMerge.carry_out(db.session.get_one(Customer, survivor_id), db.session.get_one(Customer, loser_id), by=person("sup1"))

    def submit(list_id: int) -> None:
        db.session.get_one(Disposal, list_id).submit(by=person("sup1"))

    def beside(act: Callable[[int], None], number: int) -> None:
        with app.app_context():
            act(number)
            db.session.commit()

    for first, of_first, second, of_second, refused in (
        (submit, first_id, merge, kept_id, Refusal),
        (merge, lost_id, submit, second_id, StateConflict),
    ):
        first(of_first)
        db.session.flush()
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(beside, second, of_second)
            until_somebody_waits(engine, other.done)
            db.session.commit()
            with pytest.raises(refused):
                other.result(timeout=30)
    assert db.session.get_one(Disposal, second_id).state == "draft"


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
