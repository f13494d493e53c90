"""Half-yearly reviews at once: one opening of a half-year counts, one confirmation of a customer, and no figure is lost (AR-21)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.database import db
from portal.models import review_opening
from portal.models.job import Job
from portal.models.review import ReviewCampaign, ReviewLine, count_anew
from tests import factories
from tests.approving import person
from tests.concurrency.test_signatures import at_once
from tests.reviewing import line_of, opened, totals


@pytest.fixture(autouse=True)
def february() -> Any:
    with time_machine.travel(datetime(2026, 2, 3, 2, tzinfo=UTC), tick=False):
        yield


def opening(account: str | None) -> Callable[[], Any]:
    def act() -> None:
        if account is None:
            review_opening.open_by_calendar()
        else:
            review_opening.open_review("2026-H1", by=person(account))

    return act


def test_eight_openings_make_one_campaign(app: Flask) -> None:
    at_once(app, *(opening(account) for account in ("mgr1", "mgr2", None, "mgr1") * 2))
    assert db.session.query(ReviewCampaign).count() == 1
    assert db.session.query(Job).filter_by(kind=review_opening.KIND).count() == 1


def confirming(line_id: int, account: str) -> Callable[[], Any]:
    def act() -> None:
        line = db.session.get_one(ReviewLine, line_id)
        line.confirm(by=person(account), version=line.customer.version)

    return act


def test_one_customer_confirmed_by_several_counts_once(app: Flask) -> None:
    customer = factories.customer("rep1")
    campaign_id = opened().id
    ended = at_once(app, *(confirming(line_of(customer).id, account) for account in ("rep1", "sup1", "mgr1", "mgr2")))
    assert ended.count("done") == 1, ended
    assert totals(db.session.get_one(ReviewCampaign, campaign_id)) == {"rep1": (0, 1, 0, 0)}


def test_figures_hold_while_lines_are_settled_and_counted_anew(app: Flask) -> None:
    customers = [factories.customer("rep1") for _one in range(6)]
    campaign_id = opened().id
    numbers = [line_of(customer).id for customer in customers]

    def counting() -> None:
        count_anew(db.session.get_one(ReviewCampaign, campaign_id))

    ended = at_once(app, *(confirming(number, "rep1") for number in numbers), counting, counting)
    assert ended.count("done") == 8, ended
    assert totals(db.session.get_one(ReviewCampaign, campaign_id)) == {"rep1": (0, 6, 0, 0)}
