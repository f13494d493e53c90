"""Gradings between two campaigns: nobody loses sight of one, and one that was begun by mistake is given up (RL-4)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from portal.database import StateConflict, db
from portal.log_words import title_of_field
from portal.models import grading_desk, history, inbox
from portal.models.customer import Customer
from portal.models.grading import Grading
from portal.models.standard import set_value
from portal.models.standard_effects import effects
from portal.rules.message import Refusal
from tests import factories, maintaining, ordering
from tests.approving import person
from tests.grading import given, line_of, meeting, proposed, rated, submitted

EVERYBODY = ("rep1", "rep2", "sup1", "sup2", "mgr1")


@pytest.fixture
def customer(app: Flask) -> Customer:
    """A customer of rep1 whose provisional grade is to be judged anew."""
    return factories.customer("rep1", grade="C", grade_provisional=True, first_deal_on=date(2026, 1, 5))


def _begun(customer: Customer) -> Grading:
    found = Grading.begin(customer, by=person("rep1"))
    db.session.commit()
    return found


def _told() -> dict[str, list[tuple[str, Any]]]:
    """Return what gradings ask of whom: words and page."""
    asked = {name: [(one.what, one.page) for one in inbox.entries(person(name), kind="grading")] for name in EVERYBODY}
    assert all(inbox.count(person(name)) == len(inbox.entries(person(name))) for name in EVERYBODY)
    return {name: said for name, said in asked.items() if said}


def test_each_step_waits_for_who_takes_it(customer: Customer) -> None:
    assert [name for name in _told() if name != "sup1"] == ["rep1"], "a provisional grade is to be judged anew"
    grading = _begun(customer)
    page = ("grading.grading", {"grading_id": grading.id})
    assert _told() == {"rep1": [("Rate the customer", page)]}
    rated(customer)
    assert _told() == {"sup1": [("Have the meeting re-rate the customer", page)]}
    grading.adopt(meeting=meeting(None), by=person("sup1"))
    db.session.commit()
    proposal = "Propose the grade: put the customer on a list and submit it"
    assert _told() == {"sup1": [(proposal, page)]}
    listed = proposed(grading)
    assert _told() == {"sup1": [(proposal, page)]}, "a draft list waits to be submitted"
    listed.submit(by=person("sup1"))
    db.session.commit()
    assert [(name, page[0]) for name, said in _told().items() for _what, page in said] == [("mgr1", "approvals.show")]


@pytest.mark.parametrize(("team", "who"), [(True, ["sup1"]), (False, ["mgr1"])])
def test_what_nobody_is_in_charge_of_falls_to_supervisor_or_manager(customer: Customer, team: bool, who: list[str]) -> None:
    grading = _begun(customer)
    customer.owner_id = grading.owner_id = None
    if not team:
        customer.team_id = grading.team_id = None
    db.session.commit()
    assert list(_told()) == who


def test_the_page_of_provisional_grades_names_what_is_under_way(customer: Customer, as_: Any) -> None:
    grading = _begun(customer)
    assert [one.id for one in grading_desk.alone(person("sup1"))] == [grading.id]
    assert grading_desk.alone(person("sup2")) == [] == grading_desk.alone(person("rep2"))
    assert f"/customer-gradings/{grading.id}" in as_("rep1").get("/gradings/provisional").get_data(as_text=True)


def test_one_begun_by_mistake_is_given_up_and_the_customer_waits_again(customer: Customer) -> None:
    grading = _begun(customer)
    grading.give_up(by=person("rep1"), version=grading.version)
    db.session.commit()
    assert (grading.state, customer.grade, Grading.can_begin(customer, person("rep1"))) == ("missed", "C", True)
    assert [page for _what, page in _told()["rep1"]] == [("grading.provisional", {})]
    with pytest.raises(StateConflict):
        grading.give_up(by=person("rep1"), version=grading.version)


def test_a_rep_gives_up_nothing_that_the_meeting_has_rated_and_nobody_what_is_on_a_list(customer: Customer) -> None:
    grading = _begun(customer)
    rated(customer)
    grading.adopt(meeting=meeting(None), by=person("sup1"))
    db.session.commit()
    assert (grading.can_give_up(person("rep1")), grading.can_give_up(person("sup1"))) == (False, True)
    submitted(grading)
    assert not line_of(customer).can_give_up(person("sup1"))


def test_gradings_by_other_standards_stand_on_lists_of_their_own(customer: Customer) -> None:
    other = factories.customer("rep1")
    lines = []
    for one in (customer, other):
        lines.append(Grading.begin(one, by=person("rep1")))
        db.session.commit()
        rated(one).adopt(meeting=meeting(None), by=person("sup1"))
        if one is customer:
            limits = [{"code": "C", "from": 0, "to": 50}, {"code": "B", "from": 50, "to": 80}, {"code": "A", "from": 80, "to": 100}]
            set_value("grading.thresholds", limits, by=person("mgr1"), reason="放宽")
        db.session.commit()
    with pytest.raises(Refusal, match="by other standards"):
        proposed(*lines)
    assert [len(proposed(one).gradings) for one in lines] == [1, 1]


def test_the_log_keeps_what_a_rating_and_a_note_were_before(customer: Customer) -> None:
    """RO-7: a rating given again, or a note that is written over, leaves its old figures and words in the log."""
    line = _begun(customer)
    rated(customer, scores=given(potential="60"))
    rated(customer, scores=given(potential="70"))
    for policy in ("季度返利", "年度返利"):
        line.note(support={"sales": "专人对接"}, policy_stable="no", policy_note=policy, by=person("sup1"))
    db.session.commit()
    logged = [event.data["changes"] for event in reversed(history.of_record("Grading", line.id)) if event.data.get("changes")]
    assert {"field": "发展潜力", "old": "", "new": "60"} in logged[0]
    assert logged[1] == [{"field": "发展潜力", "old": "60", "new": "70"}, {"field": "total", "old": "61", "new": "62"}]
    assert {"field": "support_sales", "old": "", "new": "专人对接"} in logged[2]
    assert logged[3] == [{"field": "policy_note", "old": "季度返利", "new": "年度返利"}]
    assert title_of_field("Grading", "support_sales") in ("销售支持", "Sales support")


def test_other_months_and_days_say_what_they_touch(customer: Customer) -> None:
    """ST-1: the clock of tests stands in November 2026; cooperation with this customer began in January, with another in July."""
    factories.customer("rep1", grade="C", grade_provisional=True, first_deal_on=date(2026, 7, 1))

    def said(name: str, value: Any) -> list[str]:
        return [str(message) for message in effects(name, value, date(2026, 12, 1))]

    assert said("grading.provisional_months", 3)[:2] == [
        "Provisional grades to be judged anew on that day, by the months so far: 1.",
        "By the new months: 2.",
    ]
    assert "from 2027-04-01 to 2027-04-06" in said("grading.window_first", "04-01")[0]
    assert "from 2027-03-25 to 2027-04-03" in said("grading.window_days", 10)[0]


def test_other_days_of_notice_say_what_they_touch(app: Flask) -> None:
    good = factories.customer("rep1", grade="A")
    ordering.filed(good, starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 15))
    maintaining.running(good)
    for name, value in (("agreement.notice_days", 10), ("maintenance.notice_days", 0)):
        counted = [str(message).rpartition(": ")[2] for message in effects(name, value, date(2026, 11, 28))]
        assert counted == ["1.", "0."], name
