"""How the transactions of requests end: what was only read is committed, so that PostgreSQL keeps its plans; what was changed is undone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal import clock
from portal.database import db, end_reading, release
from portal.models.gift_register import GiftEntry
from portal.models.team import Team
from tests.concurrency.locks import until_somebody_waits
from tests.delivering import sent, stock


def _teams() -> list[str]:
    with db.engine.connect() as connection:
        return sorted(connection.scalars(select(Team.name)))


def test_postgresql_keeps_what_pages_prepared(app: Flask, as_: Any) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL is asked by prepared statements")
    reader = as_("rep1")
    for _number in range(4):
        assert reader.get("/customers").status_code == 200
    with db.engine.connect() as connection:  # the one that was given back last
        prepared = connection.scalar(text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%customer%'"))
    assert prepared, "forgotten with a rollback"


def test_postgresql_plans_the_long_statement_of_the_first_page_once(app: Flask, as_: Any) -> None:
    if db.engine.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL is asked by prepared statements")
    reader = as_("rep1")
    for _number in range(5):
        assert reader.get("/").status_code == 200
    with db.engine.connect() as connection:
        query = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%0 AS list,%'"
        ((generic, custom),) = connection.execute(text(query))
        assert (generic > 0, custom) == (True, 0)
        assert connection.scalar(text("SHOW plan_cache_mode")) == "auto", "all other statements are planned as before"


def _beside_the_session() -> None:
    db.session.connection().exec_driver_sql("UPDATE team SET name = name || '科'")


def _before_a_savepoint() -> None:
    db.session.add(Team(name="科"))
    with db.session.begin_nested():
        db.session.scalar(select(func.count()).select_from(Team))


CHANGES = (
    lambda: db.session.add(Team(name="科")),
    lambda: db.session.execute(update(Team).values(name=Team.name + "科")),
    _beside_the_session,
    _before_a_savepoint,
)


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_request_changed_and_did_not_commit_is_undone(app: Flask, change: Any) -> None:
    before = _teams()
    with app.test_request_context("/"):
        db.session.scalar(select(func.count()).select_from(Team))
        change()
        db.session.flush()
        end_reading()
        db.session.remove()
    assert _teams() == before


def test_an_error_ends_nothing(app: Flask) -> None:
    with app.test_request_context("/"):
        db.session.scalar(select(func.count()).select_from(Team))
        end_reading(ValueError())
        assert db.session().in_transaction()


@pytest.mark.filterwarnings("error")
def test_one_goes_on_after_release(app: Flask) -> None:
    with app.test_request_context("/"):
        db.session.scalar(select(func.count()).select_from(Team))
        release()
        assert not db.session().in_transaction()
        db.session.add(Team(name="新科"))
        db.session.commit()
    assert "新科" in _teams()


def test_of_two_who_wait_for_each_other_one_is_told_that_somebody_was_faster(app: Flask, as_: Any) -> None:
    """Whoever records a receipt has the customer and wants its delivery; whoever else comes, the other way round."""
    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    stock(4)
    delivery, engine = sent(), db.engine
    path, customer = f"/gifts/deliveries/{delivery.id}/receipt", delivery.customer_id
    form = {"received_by": "林经理", "received_on": clock.today().isoformat(), "version": str(delivery.version)}
    reader = as_("rep1")
    db.session.rollback()
    answered = threading.Event()
    with engine.connect() as other, ThreadPoolExecutor(1) as beside:
        other.exec_driver_sql("SET LOCAL deadlock_timeout = '1min'")  # the portal finds out first
        other.execute(text("UPDATE gift_delivery SET remark = '转交' WHERE customer_id = :id"), {"id": customer})

        def go_on() -> None:
            until_somebody_waits(engine, answered.is_set)
            other.execute(text("SELECT id FROM customer WHERE id = :id FOR UPDATE"), {"id": customer})
            other.commit()

        done = beside.submit(go_on)
        try:
            answer = reader.post(path, data=form)
        finally:
            answered.set()
        done.result(timeout=30)
    assert answer.status_code == 409
    assert "他人已先行处理" in answer.text
    db.session.expire_all()
    assert (delivery.state, delivery.remark) == ("out", "转交"), "nothing of the receipt was kept"
    assert db.session.query(GiftEntry).count() == 0
