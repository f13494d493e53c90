"""Relation assessments: who writes and signs them, what approval does, versions kept, comparison in scope, erasure (RL-7, IN-5)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.database import StateConflict, db
from portal.models import dealings, delivered_value, hand_over_list, inbox, relation, relation_desk
from portal.models.approval_authors import DocumentAuthor
from portal.models.customer import CustomerState
from portal.models.delivered_value import GRADE, TEAM, Figures
from portal.models.merge import CustomerMerge
from portal.models.relation import RelationAssessment
from portal.models.relation_list import LIST, RelationQuery
from portal.models.standard import set_value
from portal.models.standard_effects import effects
from portal.rules.message import Refusal
from portal.rules.relation import START_INDICATORS, START_THRESHOLDS
from tests import factories
from tests.approving import person, sign, states, told
from tests.assessing import POINTS, approved, drafted, submitted, through, written

pytestmark = pytest.mark.usefixtures("app")
WITHOUT_COST = {**POINTS, "money": "0", "time": "0", "energy": "0", "effort": "0"}


def test_a_supervisor_signs_what_improves_or_maintains() -> None:
    approval = submitted(drafted(score="80"))
    assert [step.role for step in approval.current_round.steps] == ["supervisor"]
    through(approval)
    found = db.session.get_one(RelationAssessment, approval.record_id)
    assert (found.state, found.advice, found.total) == ("approved", "maintain", 80)
    assert relation.latest(found.customer) is found


def test_what_ends_a_relation_goes_to_a_manager_too_and_leads_to_the_end_of_dealings() -> None:
    customer = factories.customer("rep1")
    approval = submitted(drafted(customer, score="20"))
    assert [step.role for step in approval.current_round.steps] == ["supervisor", "manager"]
    assert dealings.obstacles(customer), "while it is in approval"
    sign(approval, "sup1")
    assert relation.advised_end(customer) is None
    sign(approval, "mgr1")
    assert relation.advised_end(customer) is not None
    assert [text for text in told("sup1") if customer.full_name in text and "approved to end" in text]
    dealings.end(customer, kind="terminated", reason="评估终止", ended_on=clock.today(), by=person("sup1"))
    assert customer.state == CustomerState.PAST


def test_nobody_signs_their_own() -> None:
    approval = submitted(drafted(by="sup1"), by="sup1")
    assert not approval.can_sign(person("sup1"))
    assert approval.can_sign(person("mgr1"))


def test_one_is_open_at_a_time_and_only_on_the_register() -> None:
    customer = factories.customer("rep1")
    drafted(customer)
    with pytest.raises(StateConflict):
        RelationAssessment.begin(customer, written(), assessed_on=clock.today(), by=person("sup1"))
    for state in ("prospect", "past"):
        with pytest.raises(Refusal):
            drafted(factories.customer("rep1", state=state))
    with pytest.raises(Refusal, match="cannot lie ahead"):
        RelationAssessment.begin(factories.customer("rep1"), written(), assessed_on=date(2999, 1, 1), by=person("rep1"))


def test_a_draft_is_changed_by_who_saw_the_newest_and_given_up_unless_it_came_back() -> None:
    found = drafted()
    version = found.version
    found.edit(written("90"), assessed_on=clock.today(), by=person("rep1"), version=version)
    db.session.commit()
    assert (found.total, found.proposed) == (90, "maintain")
    with pytest.raises(StateConflict):
        found.edit(written("10"), assessed_on=clock.today(), by=person("sup1"), version=version)
    seen = found.version
    approval = submitted(found)
    assert not found.can_edit(person("rep1")), "frozen while it is in approval (AP-5)"
    sign(approval, "sup1", "send-back")
    with pytest.raises(StateConflict):  # a form that was open when it was submitted
        found.edit(written("80"), assessed_on=clock.today(), by=person("sup1"), version=seen)
    with pytest.raises(Refusal):
        found.give_up(by=person("rep1"))
    other = drafted()
    other.give_up(by=person("rep1"))
    assert other.state == "given-up"
    assert RelationAssessment.can_begin(other.customer, person("rep1"))


def test_other_standards_leave_what_runs_as_it_began() -> None:
    running, done = drafted(score="60"), approved(score="60")
    weights = [{**one, "weight": "100" if one["code"] == "dealings" else "0"} for one in START_INDICATORS]
    thresholds = [{**START_THRESHOLDS[0], "to": 65}, {**START_THRESHOLDS[1], "from": 65}, START_THRESHOLDS[2]]
    said = [str(one) for one in effects("relation.thresholds", thresholds, clock.today())]
    assert any("1 customers would have proposed another advice" in one for one in said)
    assert any("1 relation assessments are under way" in one for one in said)
    for name, value in (("indicators", weights), ("thresholds", thresholds), ("value_scale", 10)):
        set_value(f"relation.{name}", value, by=person("mgr1"), reason="新规定")
    db.session.commit()
    running.edit(written("60"), assessed_on=clock.today(), by=person("rep1"), version=running.version)
    assert (running.proposed, running.scale, done.indicators[0].weight) == ("improve", 100, 25)
    with pytest.raises(Refusal, match="between 0 and 10"):
        drafted()
    tenth = {code: f"{Decimal(points) / 10:f}" for code, points in POINTS.items()}
    other = approved(points=tenth, score="60", advice="maintain", advice_reason="新客户")
    assert (other.proposed, other.scale) == ("end", 10)
    assert Figures.of(other)[1:] == Figures.of(done)[1:], "on the scale of 100 they stand beside each other"


def test_comparison_takes_the_latest_of_each_and_only_whom_one_sees() -> None:
    first, second = factories.customer("rep1", grade="A"), factories.customer("rep2", grade="A")
    other = factories.customer("rep3", grade="B")
    approved(first, points=dict.fromkeys(POINTS, "1"))
    approved(first)
    approved(second, "rep2", points=WITHOUT_COST)
    approved(other, "rep3", points=WITHOUT_COST)
    drafted(first, score="10", points=dict.fromkeys(POINTS, "1"))
    (group,) = delivered_value.compare(person("sup1"), GRADE)
    assert (group.key, group.customers) == ("A", 2)
    assert (group.mean_value, group.mean_cost, group.difference) == (140, Decimal("47.5"), Decimal("92.5"))
    assert group.ratio == Decimal("2.95")
    groups = delivered_value.compare(person("mgr1"), TEAM)
    assert [(one.name, one.customers) for one in groups] == [("客户一科", 2), ("客户二科", 1)]
    assert groups[1].ratio is None, "no cost, no ratio, no crash"
    assert delivered_value.together(groups).customers == 3
    assert delivered_value.compare(person("rep4"), GRADE) == []


def test_the_list_filters_and_keeps_to_the_scope() -> None:
    mine = approved(factories.customer("rep1", grade="A"), score="90")
    drafted(mine.customer, score="20")
    approved(factories.customer("rep3"), "rep3")
    asked: dict[str, Any] = {
        "advice=maintain": 1, "state=draft": 1, "grade=A": 2, "latest=1": 1, "since=2999-01-01": 0, "till=2999-01-01": 2,
        f"author={person('rep1').id}": 2, "advice=sue": 2, "since=gestern": 2, "author=x": 2,
    }  # fmt: skip
    for text, number in asked.items():
        name, _sign, value = text.partition("=")
        assert len(LIST.ids(person("sup1"), RelationQuery.read({name: value}), 10)) == number, text
    assert len(LIST.ids(person("mgr1"), RelationQuery(), 10)) == 3
    assert not LIST.ids(person("rep2"), RelationQuery(), 10)


def test_a_draft_waits_for_its_author_until_it_is_submitted() -> None:
    found = drafted()
    (entry,) = inbox.entries(person("rep1"), relation.NAME)
    assert entry.page == ("relations.assessment", {"assessment_id": found.id})
    assert inbox.count(person("rep1")) == 1
    assert [row["kind"] for row in hand_over_list.rows(person("rep1"), "drafts")] == [relation.NAME]
    approval = submitted(found)
    assert inbox.count(person("rep1")) == 0
    sign(approval, "sup1", "send-back")
    assert inbox.count(person("rep1")) == 1, "what came back waits once"


def test_a_draft_is_named_when_dealings_end_and_what_was_submitted_once() -> None:
    draft = drafted()
    other = drafted()
    assert [str(one) for one in dealings.left_open(draft.customer)] == [
        f"A relation assessment of {draft.customer.full_name} of {draft.assessed_on.isoformat()} is a draft."
    ]
    approval = submitted(other)
    approval.withdraw(by=person("rep1"))
    db.session.commit()
    assert len(dealings.left_open(other.customer)) == 1


def test_a_merge_moves_them_and_the_newest_is_the_latest() -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    approved(survivor, score="90")
    newest = approved(loser, score="50")
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    found = relation.latest(survivor)
    assert found is not None
    assert found.id == newest.id


def test_erasure_deletes_drafts_and_keeps_figures_of_what_was_signed() -> None:
    customer = factories.customer("rep1")
    signed = approved(customer)
    drafted(customer)
    relation_desk.forget([customer.id])
    db.session.commit()
    (left,) = relation.of_customer(customer)
    assert (left.id, left.result, left.total) == (signed.id, "", 60)
    assert {said["reason"] for said in left.scores.values()} | {said["basis"] for said in left.points.values()} == {""}
    authors = select(func.count()).select_from(DocumentAuthor).where(DocumentAuthor.kind_name == relation.NAME)
    assert db.session.scalar(authors.where(DocumentAuthor.record_id != signed.id)) == 0


def test_a_rejected_one_ends_there(app: Flask) -> None:
    approval = submitted(drafted())
    sign(approval, "sup1", "reject")
    assert (approval.document.state, states(approval)) == ("rejected", ["done"])
    assert RelationAssessment.can_begin(approval.document.customer, person("rep1"))
