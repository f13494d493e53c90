"""Two managers change a standard, two people the calendar, two workers warn: one counts, and the others are told so."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from portal import clock, database
from portal.database import StateConflict, db
from portal.models import standard
from portal.models.calendar import SiteDay, site_calendar, warn_of_next_year
from portal.models.notice import Notice
from portal.models.staff import Staff
from portal.models.standard import StandardVersion
from portal.rules.message import Refusal

MANY = 6
IDLE = "session.idle_minutes"


def at_once(app: Flask, act: Callable[[int], Any]) -> list[str]:
    """Do `act(number)` in as many threads at once, each in a transaction of its own; return how each ended, sorted."""
    gate, ended = threading.Barrier(MANY), []

    def run(number: int) -> None:
        with app.app_context():
            database.read_only(False)
            gate.wait()
            try:
                answer = act(number)
                db.session.commit()
                ended.append(str(answer))
            except (StateConflict, Refusal) as refused:
                db.session.rollback()
                ended.append(type(refused).__name__)

    db.session.commit()
    threads = [threading.Thread(target=run, args=(number,)) for number in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    db.session.rollback()
    return sorted(ended)


def manager() -> Staff:
    found = Staff.by_account("mgr1")
    assert found is not None
    return found


@pytest.mark.parametrize("saw", [0, None], ids=["from one form", "without a form"])
def test_versions_get_one_number_each(app: Flask, saw: int | None) -> None:
    def act(number: int) -> str:
        standard.set_value(IDLE, 40 + number, by=manager(), reason="同时", expect=saw)
        return "set"

    ended = at_once(app, act)
    versions = db.session.scalars(select(StandardVersion.number).order_by(StandardVersion.number)).all()
    assert versions == list(range(1, ended.count("set") + 1))
    assert ended.count("set") >= 1
    if saw == 0:
        assert ended == ["StateConflict"] * (MANY - 1) + ["set"]


def test_a_day_is_set_once(app: Flask) -> None:
    day = site_calendar().add_working_days(clock.today(), 3)

    def act(_number: int) -> str:
        SiteDay.set_days(day, day, working=False, note="盘点", by=manager())
        return "set"

    assert at_once(app, act).count("set") == 1
    assert len(db.session.scalars(select(SiteDay)).all()) == 1


def test_workers_at_once_warn_once(app: Flask) -> None:
    with time_machine.travel("2037-11-03 04:00Z", tick=True):
        ended = at_once(app, lambda _number: warn_of_next_year("/standards/calendar"))
    assert ended == ["0"] * (MANY - 1) + ["2"]
    assert len(db.session.scalars(select(Notice)).all()) == 2
