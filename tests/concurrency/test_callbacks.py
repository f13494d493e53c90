"""Of simultaneous draws nobody is drawn twice; an event told of several times at once gives its calls once (SV-10, SV-11)."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.database import db
from portal.models import callback_due
from portal.models.callback import Callback
from portal.models.callback_draw import CallbackDraw, Filters
from portal.models.customer import Customer
from tests import calling
from tests.approving import person
from tests.concurrency.test_signatures import at_once


def test_draws_at_once_draw_nobody_twice(app: Flask) -> None:
    for _ in range(8):
        calling.customer("rep1")

    def draw() -> None:
        given = {"purpose": "goodwill", "due_on": clock.today(), "note": "", "seed": 1}
        CallbackDraw.carry_out("random", 3, Filters(), by=person("sup1"), **given)  # type: ignore[arg-type]

    ended = at_once(app, draw, draw, draw)
    assert ended == ["done"] * 3
    assert db.session.scalar(select(func.count(func.distinct(Callback.customer_id)))) == 8
    assert db.session.scalar(select(func.count()).select_from(Callback)) == 8


def test_an_event_told_of_at_once_gives_its_calls_once(app: Flask) -> None:
    number = calling.customer("rep1").id

    def tell() -> None:
        of = db.session.get_one(Customer, number)
        callback_due.due(of, "repair-done", on=clock.today(), by=None, source="visit:1")

    assert at_once(app, *[tell] * 4) == ["done"] * 4
    assert db.session.scalar(select(func.count()).select_from(Callback)) == 1
