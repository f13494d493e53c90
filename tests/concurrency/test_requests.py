"""Of simultaneous steps of a request one counts, and what goes up at the same moment goes up once (SV-2, SV-4)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.database import db
from portal.models import request_escalation, request_flow
from portal.models.customer import Customer
from portal.models.hand_over import hand_over
from portal.models.request import ServiceRequest
from portal.models.request_intake import take_in
from portal.models.request_step import RequestEscalation, RequestStep
from tests import factories
from tests.approving import person
from tests.concurrency.test_signatures import at_once
from tests.service.requesting import taken


def test_of_answers_at_once_one_counts(app: Flask) -> None:
    request = taken()
    number, version = request.id, request.version
    db.session.remove()

    def answer() -> None:
        here = db.session.get_one(ServiceRequest, number)
        request_flow.answer(here, "已补发。", by=person("rep1"), version=version)

    ended = at_once(app, *[answer] * 4)
    assert sorted(ended) == ["StateConflict"] * 3 + ["done"]
    assert db.session.scalar(select(func.count()).where(RequestStep.request_id == number, RequestStep.kind == "answered")) == 1


def test_what_goes_up_at_once_goes_up_once(app: Flask) -> None:
    request = taken()
    request.due_at = request.escalate_at = clock.now() - timedelta(hours=1)
    request.due_on = clock.today() - timedelta(days=1)
    db.session.commit()
    db.session.remove()

    def escalate() -> None:
        request_escalation.escalate_portion(clock.now())

    assert at_once(app, *[escalate] * 3) == ["done"] * 3
    assert db.session.scalar(select(func.count()).select_from(RequestEscalation)) == 1


def test_of_two_joined_to_each_other_at_once_one_stays(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = taken(text="甲").id, taken(text="乙").id
    db.session.remove()
    read = threading.Barrier(2)
    whole = request_flow._hold

    def hold(*requests: ServiceRequest) -> None:
        # On PostgreSQL both have read by now; on SQLite the second one only begins when the first has ended.
        with suppress(threading.BrokenBarrierError):
            read.wait(1)
        whole(*requests)

    monkeypatch.setattr(request_flow, "_hold", hold)

    def joining(first: int, second: int) -> Callable[[], None]:
        def join() -> None:
            one, other = (db.session.get_one(ServiceRequest, number) for number in (first, second))
            request_flow.link(one, other, "duplicate", by=person("rep1"), version=one.version)

        return join

    assert sorted(at_once(app, joining(*ids), joining(*reversed(ids)))) == ["Refusal", "done"]
    assert sorted(db.session.scalars(select(ServiceRequest.is_open))) == [False, True]


def test_requests_taken_in_during_a_hand_over_are_in_the_new_charge(app: Flask) -> None:
    customer = factories.customer("rep1")
    number = customer.id
    db.session.remove()

    def take() -> None:
        here = db.session.get_one(Customer, number)
        given = {"customer": here, "kind": "inquiry", "channel": "telephone", "text": "交货期多长？"}
        take_in(given, by=person("rep2"))

    def give() -> None:
        hand_over([number], to=person("rep3"), by=person("mgr1"))

    assert at_once(app, take, give, take, take) == ["done"] * 4
    assert set(db.session.scalars(select(ServiceRequest.in_charge_id))) == {person("rep3").id}
