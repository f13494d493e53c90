"""How the transactions of requests end: what was only read is committed, so that PostgreSQL keeps its plans; what was changed is undone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal.database import db, end_reading, release
from portal.models.team import Team


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
