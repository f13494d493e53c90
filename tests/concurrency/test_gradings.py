"""Gradings at once: one campaign a year, one rating of a customer, one list for a grading, and no figure is lost (RL-3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.database import db
from portal.models import grading_campaign
from portal.models.grading import Grading
from portal.models.grading_campaign import GradingCampaign
from portal.models.grading_list import GradeList
from portal.models.grading_totals import count_anew
from portal.models.job import Job
from tests import factories
from tests.approving import person
from tests.concurrency.test_signatures import at_once
from tests.grading import given, line_of, opened, reviewed, totals


@pytest.fixture(autouse=True)
def march() -> Any:
    with time_machine.travel(datetime(2026, 3, 26, 2, tzinfo=UTC), tick=False):
        yield


def opening(account: str | None) -> Callable[[], Any]:
    def act() -> None:
        if account is None:
            grading_campaign.open_by_calendar()
        else:
            grading_campaign.open_campaign(2026, by=person(account))

    return act


def test_eight_openings_make_one_campaign(app: Flask) -> None:
    at_once(app, *(opening(account) for account in ("mgr1", "mgr2", None, "mgr1") * 2))
    assert db.session.query(GradingCampaign).count() == 1
    assert db.session.query(Job).filter_by(kind=grading_campaign.KIND).count() == 1


def rating(line_id: int, account: str) -> Callable[[], Any]:
    def act() -> None:
        db.session.get_one(Grading, line_id).rate(given(), by=person(account), version=1)

    return act


def test_of_several_who_rate_one_counts_and_the_figures_hold(app: Flask) -> None:
    customers = [factories.customer("rep1") for _one in range(3)]
    campaign_id = opened().id
    numbers = [line_of(customer).id for customer in customers]

    def counting() -> None:
        count_anew(db.session.get_one(GradingCampaign, campaign_id))

    ended = at_once(app, *(rating(number, account) for number in numbers for account in ("rep1", "sup1")), counting)
    assert ended.count("done") == 4, ended
    assert totals(db.session.get_one(GradingCampaign, campaign_id)) == {"rep1": {"rated": 3, "b": 3}}


def test_a_grading_comes_onto_one_list(app: Flask) -> None:
    customer = factories.customer("rep1")
    opened()
    number = reviewed(customer).id

    def proposing(account: str) -> Callable[[], Any]:
        return lambda: GradeList.propose([number], by=person(account))

    at_once(app, *(proposing(account) for account in ("sup1", "mgr1", "mgr2", "sup1")))
    assert db.session.query(GradeList).count() == 1
