"""A campaign whose customers change team, leave the register or are nobody's on the way (RL-3, AP-1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask

from portal.database import db
from portal.models import inbox
from portal.models.customer import Customer, CustomerState
from portal.models.grading_campaign import publish
from portal.models.grading_list import GradeList
from portal.models.grading_totals import follow
from portal.models.hand_over import hand_over
from tests import factories
from tests.approving import person, sign
from tests.grading import line_of, opened, proposed, reviewed, submitted


@pytest.fixture(autouse=True)
def march() -> Iterator[Any]:
    with time_machine.travel(datetime(2026, 3, 26, 2, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def two(app: Flask) -> list[Customer]:
    """Two customers of rep1 in a campaign that runs."""
    found = [factories.customer("rep1") for _number in range(2)]
    opened()
    return found


def _give_away(customer: Customer) -> None:
    hand_over([customer.id], to=person("rep3"), by=person("mgr1"))
    db.session.commit()


def _seen(account: str, number: int) -> bool:
    return db.session.scalar(GradeList.visible_to(person(account)).where(GradeList.id == number)) is not None


@pytest.mark.parametrize("decision", ["send-back", "withdraw"])
def test_a_list_that_comes_back_lets_go_who_changed_team_and_is_corrected_by_its_own(two: list[Customer], decision: str) -> None:
    away, stays = two
    approval = submitted(reviewed(away), reviewed(stays))
    listed: GradeList = approval.document
    _give_away(away)
    if decision == "withdraw":
        approval.withdraw(by=person("sup1"))
        db.session.commit()
    else:
        sign(approval, "mgr1", decision)
    assert _seen("sup1", listed.id), "who made it sees it again"
    assert [one.customer_id for one in listed.gradings] == [stays.id]
    assert (line_of(away).state, line_of(away).list_id) == ("reviewed", None), "the other team puts it on a list of its own"
    assert (listed.customer_id, stays.full_name in listed.label) == (stays.id, True)
    again = listed.submit(by=person("sup1"))
    db.session.commit()
    assert (again.id, again.customer_id, again.title) == (approval.id, stays.id, listed.label)


def test_who_left_the_register_is_off_a_list_that_comes_back(two: list[Customer]) -> None:
    away, stays = two
    approval = submitted(reviewed(away), reviewed(stays))
    away.state = CustomerState.PAST.value
    follow([away.id])
    db.session.commit()
    sign(approval, "mgr1", "send-back")
    assert (line_of(away).state, line_of(away).list_id) == ("gone", None)
    assert [one.customer_id for one in approval.document.gradings] == [stays.id]


def test_who_left_the_register_is_gone_after_a_rejection(two: list[Customer]) -> None:
    approval = submitted(*(reviewed(one) for one in two))
    two[0].state = CustomerState.PAST.value
    db.session.commit()
    sign(approval, "mgr1", "reject")
    assert [(line_of(one).state, line_of(one).list_id) for one in two] == [("gone", None), ("reviewed", None)]


def test_a_list_of_which_one_is_left_is_the_single_case_when_it_is_submitted(two: list[Customer]) -> None:
    away, stays = two
    listed = proposed(reviewed(away), reviewed(stays))
    assert listed.customer_id is None
    _give_away(away)
    approval = listed.submit(by=person("sup1"))
    db.session.commit()
    assert (approval.customer_id, approval.title) == (stays.id, f"2026 {stays.full_name} B")


def test_a_campaign_that_is_decided_late_gives_grades_until_the_next_one(two: list[Customer], march: Any) -> None:
    approval = submitted(reviewed(two[0]))
    march.move_to(datetime(2027, 1, 5, 2, tzinfo=UTC))
    sign(approval, "mgr1")
    assert (two[0].graded_on, two[0].grade_valid_until) == (date(2027, 1, 5), date(2027, 3, 30))


def test_customers_of_nobody_wait_for_the_supervisor_of_their_team_and_then_for_managers(app: Flask) -> None:
    factories.customer("rep1", owner_id=None)
    factories.customer("rep1", owner_id=None, team_id=None)
    opened()
    waiting = {name: inbox.entries(person(name), kind="grading") for name in ("rep1", "sup1", "sup2", "mgr1")}
    assert {name: [one.figures for one in found] for name, found in waiting.items() if found} == {
        "sup1": [{"count": 1}], "mgr1": [{"count": 1}]
    }  # fmt: skip


def test_lists_that_were_not_submitted_are_given_up_when_the_grade_list_is_published(two: list[Customer]) -> None:
    drafted, came_back = two
    draft = proposed(reviewed(drafted))
    returned = submitted(reviewed(came_back))
    sign(returned, "mgr1", "send-back")
    campaign = line_of(drafted).campaign
    assert campaign is not None
    publish(campaign, left_out=2, by=person("mgr1"))
    db.session.commit()
    assert (draft.state, returned.document.state, returned.state) == ("given-up", "given-up", "given-up")
    assert [(line_of(one).state, line_of(one).list_id) for one in two] == [("missed", None)] * 2
    assert inbox.entries(person("sup1"), kind="grading") == [], "nothing is to be corrected any more"
