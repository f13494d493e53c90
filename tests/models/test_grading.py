"""Gradings: campaign, first rating, meeting, lists and their chains, the grade on the card, publication (RL-1 to RL-4)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from portal.blueprints.grading.jobs import look_after_gradings
from portal.database import StateConflict, db
from portal.models import grading_campaign, inbox
from portal.models.audit import AuditEvent
from portal.models.customer import Customer, CustomerState
from portal.models.grading import Grading, last_approved
from portal.models.grading_campaign import GradingCampaign
from portal.models.grading_list import GradeList, approved_by_list
from portal.models.grading_progress import Progress, by_team, next_line, progress_of
from portal.models.grading_totals import change_lines, count_anew, follow
from portal.models.hand_over import hand_over
from portal.models.merge import CustomerMerge
from portal.models.notice import Notice
from portal.models.standard import set_value
from portal.models.standard import value as standard
from portal.models.standard_effects import effects
from portal.rules.message import Refusal
from tests import factories
from tests.approving import person, sign
from tests.grading import ALL_A, approved, given, line_of, meeting, opened, proposed, rated, reviewed, submitted, totals

MARCH = datetime(2026, 3, 26, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def march() -> Iterator[Any]:
    with time_machine.travel(MARCH, tick=False) as traveller:
        yield traveller


@pytest.fixture
def office(app: Flask) -> dict[str, Customer]:
    """Two customers of rep1, one of rep2 and of rep3; and some that are not on the register."""
    factories.customer("rep1", state=CustomerState.PROSPECT.value)
    factories.customer("rep1", state=CustomerState.PAST.value)
    return {name: factories.customer(name[:4]) for name in ("rep1", "rep1b", "rep2", "rep3")}


# --- the campaign ----------------------------------------------------------------------------------------------------------


def test_every_customer_on_the_register_is_listed_once_with_its_figures(office: dict[str, Customer]) -> None:
    campaign = opened()
    assert (campaign.state, campaign.due_on) == ("running", date(2026, 3, 30))
    assert (campaign.period_first, campaign.period_last) == (date(2025, 1, 1), date(2025, 12, 31))
    lines = list(db.session.scalars(select(Grading)))
    assert {line.customer_id for line in lines} == {customer.id for customer in office.values()}
    assert all(line.figures == {"complaints": "0"} for line in lines), "no sales are kept yet"
    assert totals(campaign) == {"rep1": {"open": 2}, "rep2": {"open": 1}, "rep3": {"open": 1}}


def test_a_second_campaign_of_the_year_is_refused_with_the_reason(office: dict[str, Customer]) -> None:
    opened()
    with pytest.raises(Refusal, match="opened on 2026-03-26"):
        grading_campaign.open_campaign(2026, by=person("mgr2"))
    with pytest.raises(Refusal, match="2026 is not published yet"):
        grading_campaign.open_campaign(2027, by=person("mgr2"))


def test_the_database_holds_one_campaign_a_year(office: dict[str, Customer], monkeypatch: pytest.MonkeyPatch) -> None:
    opened()
    monkeypatch.setattr(grading_campaign, "why_not_open", lambda year: None)
    with pytest.raises(Refusal, match="in this moment"):
        grading_campaign.open_campaign(2026, by=person("mgr2"))


def test_the_calendar_opens_on_the_first_day_once(office: dict[str, Customer], march: Any) -> None:
    march.move_to(datetime(2026, 3, 24, 4, tzinfo=UTC))
    look_after_gradings()
    assert GradingCampaign.running() is None
    march.move_to(datetime(2026, 3, 25, 1, tzinfo=UTC))
    look_after_gradings()
    look_after_gradings()
    assert db.session.scalars(select(GradingCampaign)).one().opened_by_id is None
    assert db.session.scalar(select(func.count()).select_from(Grading)) == 4


def test_a_listing_that_was_stopped_goes_on_behind_its_last_chunk(office: dict[str, Customer], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading_campaign, "CHUNK", 2)
    done, calls = grading_campaign._list, []

    def stops(campaign: GradingCampaign) -> int:
        calls.append(campaign.last_id)
        if len(calls) == 2:
            raise RuntimeError("stopped")
        return done(campaign)

    monkeypatch.setattr(grading_campaign, "_list", stops)
    campaign = opened()
    assert campaign.state == "opening"
    assert not line_of(office["rep1"]).can_rate(person("rep1")), "not before all are listed"
    from portal import jobs

    grading_campaign.go_on(campaign, by=person("mgr1"))
    db.session.commit()
    assert campaign.job is not None
    jobs.start(campaign.job)
    assert totals(campaign) == {"rep1": {"open": 2}, "rep2": {"open": 1}, "rep3": {"open": 1}}


def test_provisional_grades_whose_time_has_not_come_are_not_listed(app: Flask) -> None:
    new = factories.customer(grade="B", grade_provisional=True, registered_on=date(2026, 1, 5))
    old = factories.customer(grade="B", grade_provisional=True, registered_on=date(2025, 9, 1))
    undated = factories.customer(grade="B", grade_provisional=True)
    opened()
    listed = set(db.session.scalars(select(Grading.customer_id)))
    assert listed == {old.id, undated.id}
    assert new.id not in listed


# --- rating ------------------------------------------------------------------------------------------------------------------


def test_a_first_rating_is_reckoned_by_hand(office: dict[str, Customer]) -> None:
    opened()
    line = rated(office["rep1"], scores=given(sales="82.5", cooperation="75"))
    # 30×82.5 + 10×50 + 20×50 + 15×75 + 10×70 + 5×60 + 10×100 (no complaint), in hundredths
    assert line.total == line.first_total == Decimal("71")
    assert (line.grade, line.state, line.first_by_id) == ("B", "rated", person("rep1").id)
    assert line.first["complaints"] == {"score": "100", "reason": ""}, "from the figure"
    assert totals(line.campaign)["rep1"] == {"open": 1, "rated": 1, "b": 1}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sales": ("", "")}, "score-sales"), ({"sales": ("101", "x")}, "score-sales"), ({"potential": ("70", "")}, "reason-potential"),
    ],
)  # fmt: skip
def test_what_is_judged_needs_score_and_reason(office: dict[str, Customer], change: dict[str, Any], field: str) -> None:
    opened()
    line = line_of(office["rep1"])
    with pytest.raises(Refusal) as refusal:
        line.rate({**given(), **change}, by=person("rep1"), version=line.version)
    assert refusal.value.field == field
    assert line_of(office["rep1"]).state == "open"


def test_two_who_rate_at_once_one_counts(office: dict[str, Customer]) -> None:
    opened()
    line, seen = line_of(office["rep1"]), line_of(office["rep1"]).version
    line.rate(given(), by=person("rep1"), version=seen)
    with pytest.raises(StateConflict):
        line.rate(given(sales="10"), by=person("sup1"), version=seen)


def test_as_last_year_takes_judgement_and_reason(office: dict[str, Customer], march: Any) -> None:
    campaign = opened()
    approved(reviewed(office["rep1"]))
    _publish(campaign, 3)
    march.move_to(datetime(2027, 3, 26, 2, tzinfo=UTC))
    opened(2027)
    line = line_of(office["rep1"])
    line.rate({"sales": ("60", "略升")}, by=person("rep1"), version=line.version, as_before=True)
    assert (line.first["sales"], line.first["potential"]) == ({"score": "60", "reason": "略升"}, {"score": "70", "reason": "稳定"})
    assert [(step.code, step.points) for step in line.why_moved()] == [("sales", Decimal(3))]


def test_the_meeting_gives_another_score_with_a_reason(office: dict[str, Customer]) -> None:
    campaign = opened()
    line = rated(office["rep1"])
    held = meeting(campaign)
    with pytest.raises(Refusal) as refusal:
        line.rerate({"potential": ("90", "")}, meeting=held, by=person("sup1"), version=line.version)
    assert refusal.value.field == "why-potential"
    line.rerate({"potential": ("90", "新厂投产")}, meeting=held, by=person("sup1"), version=line.version)
    db.session.commit()
    assert (line.state, line.total, line.first_total) == ("reviewed", Decimal("64"), Decimal("62"))
    assert line.second["potential"] == {"score": "90", "reason": "新厂投产"}
    assert line.second["sales"] == {"score": "50", "reason": ""}
    with pytest.raises(StateConflict):
        line.rate(given(), by=person("rep1"), version=line.version)


def test_reps_hold_no_meeting(office: dict[str, Customer]) -> None:
    opened()
    line = rated(office["rep1"])
    assert (line.can_rerate(person("rep1")), line.can_rerate(person("sup1"))) == (False, True)


# --- lists and approval --------------------------------------------------------------------------------------------------------


def test_a_b_list_goes_to_the_manager_and_grades_every_card(office: dict[str, Customer]) -> None:
    campaign = opened()
    lines = [reviewed(office[name]) for name in ("rep1", "rep1b", "rep2")]
    approval = submitted(*lines)
    assert [step.role or step.title for step in approval.current_round.steps] == ["manager"]
    assert line_of(office["rep1"]).state == "pending"
    with pytest.raises(StateConflict):
        line_of(office["rep1"]).rerate({}, meeting=meeting(campaign), by=person("sup1"), version=line_of(office["rep1"]).version)
    sign(approval, "mgr1")
    for name in ("rep1", "rep1b", "rep2"):
        customer = db.session.get_one(Customer, office[name].id)
        assert (customer.grade, customer.graded_on, customer.grade_valid_until) == ("B", date(2026, 3, 26), date(2027, 3, 30))
    entry = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "graded", AuditEvent.customer_id == office["rep1"].id)).one()
    assert {change["field"] for change in entry.data["changes"]} == {"grade", "graded_on", "grade_valid_until"}
    assert (entry.data["source"], entry.data["approval"]) == ("approval", approval.id)
    assert totals(campaign) == {"rep1": {"approved": 2, "b": 2}, "rep2": {"approved": 1, "b": 1}, "rep3": {"open": 1}}
    assert [one.on_list.label for one in approved_by_list(office["rep1"]) if one.on_list] == [approval.title]


def test_an_a_list_goes_through_meeting_manager_general_manager_and_chairman(office: dict[str, Customer]) -> None:
    opened()
    approval = approved(reviewed(office["rep1"], scores=ALL_A))
    steps = [(step.role or step.title, step.type) for step in approval.current_round.steps]
    assert steps == [("departments", "paper"), ("manager", "portal"), ("general_manager", "paper"), ("chairman", "paper")]
    assert approval.customer_id == office["rep1"].id, "a list of one is filed in the customer's dossier"
    assert db.session.get_one(Customer, office["rep1"].id).grade == "A"


def test_a_list_has_one_team_and_one_grade(office: dict[str, Customer]) -> None:
    opened()
    a, b, other = reviewed(office["rep1"], scores=ALL_A), reviewed(office["rep1b"]), reviewed(office["rep3"], by="sup2")
    for lines in ([a, b], [b, other]):
        with pytest.raises(Refusal):
            GradeList.propose([one.id for one in lines], by=person("mgr1"))
    with pytest.raises(Refusal):
        GradeList.propose([other.id], by=person("sup1"))
    with pytest.raises(Refusal):
        GradeList.propose([rated(office["rep2"], by="rep2").id], by=person("sup1"))


def test_all_that_are_re_rated_come_onto_lists_by_team_and_grade(office: dict[str, Customer]) -> None:
    campaign = opened()
    reviewed(office["rep1"], scores=ALL_A), reviewed(office["rep1b"]), reviewed(office["rep2"]), reviewed(office["rep3"], by="sup2")
    assert [(listed.grade, len(listed.gradings)) for listed in GradeList.propose_all(campaign, by=person("sup1"))] == [("A", 1), ("B", 2)]
    db.session.commit()
    with pytest.raises(Refusal):
        GradeList.propose_all(campaign, by=person("sup1"))


def test_whoever_rated_signs_nothing_of_it(office: dict[str, Customer]) -> None:
    campaign = opened()
    line = line_of(office["rep1"])
    line.rate(given(), by=person("mgr1"), version=line.version)
    line.adopt(meeting=meeting(campaign), by=person("sup1"))
    db.session.commit()
    approval = submitted(line)
    assert not approval.can_sign(person("mgr1"))
    assert approval.can_sign(person("mgr2"))


def test_sent_back_it_can_be_changed_and_rejected_it_is_free_again(office: dict[str, Customer]) -> None:
    opened()
    lines = [reviewed(office["rep1"]), reviewed(office["rep1b"])]
    approval = submitted(*lines)
    sign(approval, "mgr1", "send-back")
    listed = approval.document
    assert [one.state for one in listed.gradings] == ["reviewed", "reviewed"]
    listed.take_off([lines[0].id], by=person("sup1"))
    approval = listed.submit(by=person("sup1"))
    db.session.commit()
    sign(approval, "mgr1", "reject")
    line = line_of(office["rep1b"])
    assert (line.state, line.list_id) == ("reviewed", None)
    assert totals(line.campaign)["rep1"] == {"reviewed": 2, "b": 2}  # type: ignore[arg-type]
    assert db.session.get_one(Customer, office["rep1b"].id).grade == ""


def test_given_up_after_it_came_back_its_customers_are_free(office: dict[str, Customer]) -> None:
    opened()
    approval = submitted(reviewed(office["rep1"]))
    approval.withdraw(by=person("sup1"))
    with pytest.raises(Refusal):
        approval.document.give_up(by=person("sup1"))
    approval.give_up("另行评定", by=person("sup1"))
    db.session.commit()
    line = line_of(office["rep1"])
    assert (approval.state, approval.document.state, line.state, line.list_id) == ("given-up", "given-up", "reviewed", None)


def test_another_grade_by_the_meeting_takes_it_off_a_draft(office: dict[str, Customer]) -> None:
    campaign = opened()
    lines = [reviewed(office["rep1"]), reviewed(office["rep1b"])]
    listed = proposed(*lines)
    line = line_of(office["rep1"])
    line.rerate(dict.fromkeys(ALL_A, ("100", "复评")), meeting=meeting(campaign), by=person("sup1"), version=line.version)
    db.session.commit()
    assert (line.grade, line.list_id) == ("A", None)
    listed.submit(by=person("sup1"))


def test_what_is_signed_says_weights_scores_and_reasons(office: dict[str, Customer]) -> None:
    campaign = opened()
    line = rated(office["rep1"])
    line.rerate({"potential": ("90", "新厂投产")}, meeting=meeting(campaign), by=person("sup1"), version=line.version)
    db.session.commit()
    content = submitted(line).current_round.content
    assert [one["weight"] for one in content["indicators"]] == ["30", "10", "20", "15", "10", "5", "10"]
    (said,) = content["customers"]
    assert (said["first_total"], said["total"], said["grade"]) == ("62", "64", "B")
    assert said["reasons"] == [{"code": "potential", "from": "70", "to": "90", "reason": "新厂投产"}]
    assert said["figures"] == {"complaints": "0"}


def test_who_left_the_register_meanwhile_gets_no_grade(office: dict[str, Customer]) -> None:
    opened()
    approval = submitted(reviewed(office["rep1"]), reviewed(office["rep1b"]))
    db.session.get_one(Customer, office["rep1"].id).state = CustomerState.PAST.value
    db.session.commit()
    sign(approval, "mgr1")
    assert (line_of(office["rep1"]).state, line_of(office["rep1b"]).state) == ("gone", "approved")
    assert db.session.get_one(Customer, office["rep1"].id).grade == ""


# --- weights that change ---------------------------------------------------------------------------------------------------------


def test_other_weights_change_no_running_and_no_approved_grade(office: dict[str, Customer]) -> None:
    opened()
    done = approved(reviewed(office["rep1"]))
    before = (line_of(office["rep1"]).total, done.current_round.content_hash)
    value = deepcopy(standard("grading.indicators"))
    value[0]["weight"], value[1]["weight"] = "10", "30"
    set_value("grading.indicators", value, by=person("mgr1"), reason="调整")
    stricter = [{"code": "C", "from": 0, "to": 90}, {"code": "A", "from": 90, "to": 100}]
    set_value("grading.thresholds", stricter, by=person("mgr1"), reason="调整")
    db.session.commit()
    line = line_of(office["rep1"])
    assert [str(one.indicator.weight) for one in line.scored()][:2] == ["30", "10"], "the weights then in force"
    assert (line.total, done.current_round.content_hash) == before
    assert db.session.get_one(Customer, office["rep1"].id).grade == "B"
    assert rated(office["rep1b"]).grade == "B", "the campaign keeps its version"


# --- publication ----------------------------------------------------------------------------------------------------------------


def _publish(campaign: GradingCampaign, left_out: int) -> None:
    campaign = db.session.get_one(GradingCampaign, campaign.id)
    grading_campaign.publish(campaign, left_out=left_out, by=person("mgr1"))
    db.session.commit()


def test_publishing_names_who_stays_ungraded(office: dict[str, Customer]) -> None:
    campaign = opened()
    approval = submitted(reviewed(office["rep1"]))
    with pytest.raises(Refusal, match="1 customers are on lists in approval"):
        _publish(campaign, 3)
    db.session.rollback()
    sign(approval, "mgr1")
    with pytest.raises(Refusal, match="3 customers are not graded"):
        _publish(campaign, 0)
    db.session.rollback()
    _publish(campaign, 3)
    assert db.session.get_one(GradingCampaign, campaign.id).state == "published"
    assert line_of(office["rep3"]).state == "missed"
    assert not line_of(office["rep3"]).can_rate(person("rep3"))
    assert progress_of(person("mgr1"), campaign).grades == {"A": 0, "B": 1, "C": 0}
    with pytest.raises(StateConflict):
        _publish(campaign, 0)


def test_last_year_stands_beside_this_one(office: dict[str, Customer], march: Any) -> None:
    first = opened()
    approved(reviewed(office["rep1"], scores=ALL_A))
    _publish(first, 3)
    march.move_to(datetime(2027, 3, 26, 2, tzinfo=UTC))
    second = opened(2027)
    line = rated(office["rep1"])
    assert (line.before_grade, line.grade, line.move) == ("A", "B", -1)
    assert totals(second)["rep1"] == {"open": 1, "rated": 1, "b": 1, "down": 1}
    assert second.before == first
    assert sum(step.points for step in line.why_moved()) == line.total - Decimal(100)  # type: ignore[operator]


# --- what happens to customers meanwhile -------------------------------------------------------------------------------------------


def test_gradings_go_along_at_a_hand_over(office: dict[str, Customer]) -> None:
    campaign = opened()
    listed = proposed(reviewed(office["rep1"]))
    rated(office["rep1b"])
    hand_over([office["rep1"].id, office["rep1b"].id], to=person("rep3"), by=person("mgr1"), reason="调整")
    db.session.commit()
    assert totals(campaign) == {"rep2": {"open": 1}, "rep3": {"open": 1, "rated": 1, "reviewed": 1, "b": 2}}
    assert line_of(office["rep1"]).list_id is None, "it is on no list of another team"
    with pytest.raises(Refusal):
        listed.submit(by=person("sup1"))


def test_a_merged_record_leaves_the_grading_and_comes_back_where_it_stood(office: dict[str, Customer]) -> None:
    campaign = opened()
    rated(office["rep1b"])
    merge = CustomerMerge.carry_out(office["rep1"], office["rep1b"], by=person("mgr1"))
    db.session.commit()
    assert totals(campaign)["rep1"] == {"open": 1, "gone": 1}
    merge.undo(by=person("mgr1"))
    db.session.commit()
    assert totals(campaign)["rep1"] == {"open": 1, "rated": 1, "b": 1}


def test_kept_figures_are_those_of_a_count(office: dict[str, Customer]) -> None:
    campaign = opened()
    reviewed(office["rep1"]), rated(office["rep2"], by="rep2")
    office["rep3"].state = CustomerState.PAST.value
    db.session.flush()
    follow([office["rep3"].id])
    change_lines({"state": "missed"}, Grading.campaign_id == campaign.id, Grading.state == "open")
    db.session.commit()
    kept = totals(campaign)
    count_anew(campaign)
    db.session.commit()
    assert totals(campaign) == kept == {
        "rep1": {"reviewed": 1, "missed": 1, "b": 1}, "rep2": {"rated": 1, "b": 1}, "rep3": {"gone": 1},
    }  # fmt: skip


# --- scope, progress, what comes next ----------------------------------------------------------------------------------------------


def test_progress_and_lists_are_seen_in_ones_scope(office: dict[str, Customer]) -> None:
    campaign = opened()
    listed = proposed(reviewed(office["rep1"]), reviewed(office["rep2"]))
    assert [progress_of(person(name), campaign).total for name in ("rep1", "sup1", "sup2", "mgr1")] == [2, 3, 1, 4]
    assert [team.team.name for team in by_team(person("mgr1"), campaign) if team.team] == ["客户一科", "客户二科"]
    seen = {name: db.session.scalars(GradeList.visible_to(person(name))).all() for name in ("rep1", "rep2", "sup1", "sup2", "mgr1")}
    assert {name: len(found) for name, found in seen.items()} == {"rep1": 0, "rep2": 0, "sup1": 1, "sup2": 0, "mgr1": 1}
    assert seen["sup1"] == [listed]


def test_the_next_one_comes_behind_and_then_from_the_beginning(office: dict[str, Customer]) -> None:
    campaign, rep = opened(), person("rep1")
    first, second = line_of(office["rep1"]), line_of(office["rep1b"])
    assert next_line(rep, campaign, "rate", owner_id=rep.id, after=first.id) == second
    assert next_line(rep, campaign, "rate", owner_id=rep.id, after=second.id) == first
    rated(office["rep1"])
    assert next_line(person("sup1"), campaign, "meet") == first
    assert next_line(person("sup2"), campaign, "meet") is None


def test_supervisors_and_managers_go_on_with_the_customers_they_see(office: dict[str, Customer]) -> None:
    campaign, supervisor = opened(), person("sup1")
    lines = [line_of(office[name]) for name in ("rep1", "rep1b", "rep2")]
    assert next_line(supervisor, campaign, "rate", owner_id=supervisor.id) == lines[0]
    assert next_line(supervisor, campaign, "rate", owner_id=person("rep2").id) == lines[2]
    rated(office["rep2"], "rep2")
    assert next_line(supervisor, campaign, "rate", owner_id=person("rep2").id, after=lines[2].id) == lines[0]
    assert next_line(person("rep1"), campaign, "rate", owner_id=person("rep1").id) == lines[0]
    assert next_line(person("sup2"), campaign, "rate", owner_id=person("sup2").id) == line_of(office["rep3"])


def test_inbox_says_what_waits_for_whom(office: dict[str, Customer], march: Any) -> None:
    opened()
    rated(office["rep1"]), reviewed(office["rep2"])
    entries = {name: inbox.entries(person(name), kind="grading") for name in ("rep1", "sup1")}
    waits = {name: [(entry.what, entry.figures["count"]) for entry in found] for name, found in entries.items()}
    assert waits["rep1"] == [("Rate your customers: %(count)s", 1)]
    assert {count for _what, count in waits["sup1"]} == {1}
    assert len(waits["sup1"]) == 2
    assert {str(entry.title) for found in entries.values() for entry in found} == {"Grading 2026"}
    march.move_to(datetime(2026, 4, 2, 2, tzinfo=UTC))
    assert [entry.is_overdue(date(2026, 4, 2)) for entry in inbox.entries(person("rep1"), kind="grading")] == [True]


def test_everybody_concerned_is_told_and_reminded_once(office: dict[str, Customer], march: Any) -> None:
    opened()
    query = select(Notice).where(Notice.link == "/gradings/2026")
    told = {one.staff_id for one in db.session.scalars(query)}
    assert told == {person(name).id for name in ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1", "mgr2")}
    march.move_to(datetime(2026, 3, 27, 2, tzinfo=UTC))
    look_after_gradings()
    look_after_gradings()
    assert len(list(db.session.scalars(query.where(Notice.staff_id == person("rep1").id)))) == 2


def test_customers_of_no_team_are_not_told_of_to_a_supervisor_without_one(office: dict[str, Customer], march: Any) -> None:
    for customer in office.values():
        customer.owner_id = customer.team_id = None
    person("sup2").team_id = None
    opened()
    told = {one.staff_id for one in db.session.scalars(select(Notice).where(Notice.link == "/gradings/2026"))}
    assert told == {person(name).id for name in ("mgr1", "mgr2")}


# --- provisional grades ------------------------------------------------------------------------------------------------------------


def test_a_provisional_grade_is_judged_anew_after_its_months(app: Flask, march: Any) -> None:
    customer = factories.customer(grade="A", grade_provisional=True, registered_on=date(2025, 9, 26))
    factories.customer(grade="A", grade_provisional=True, registered_on=date(2025, 9, 27))
    assert [(entry.figures["count"], entry.page) for entry in inbox.entries(person("rep1"), kind="grading")] == [
        (1, ("grading.provisional", {}))
    ]
    assert len(inbox.entries(person("sup1"), kind="grading")) == 1
    assert inbox.entries(person("rep2"), kind="grading") == []
    line = Grading.begin(customer, by=person("rep1"))
    db.session.commit()
    assert (line.period_first, line.period_last) == (date(2025, 3, 1), date(2026, 2, 28))
    (entry,) = inbox.entries(person("rep1"), kind="grading")
    assert entry.page == ("grading.grading", {"grading_id": line.id}), "it waits to be rated now"
    with pytest.raises(Refusal):
        Grading.begin(customer, by=person("sup1"))
    approved(reviewed(customer))
    found = db.session.get_one(Customer, customer.id)
    assert (found.grade, found.grade_provisional, found.grade_valid_until) == ("B", False, date(2027, 3, 30))
    assert last_approved(found) == line


def test_what_other_thresholds_touch_is_said_in_figures(office: dict[str, Customer]) -> None:
    campaign = opened()
    approved(reviewed(office["rep1"]))
    _publish(campaign, 3)
    stricter = [{"code": "C", "from": 0, "to": 90}, {"code": "A", "from": 90, "to": 100}]
    said = [str(message) for message in effects("grading.thresholds", stricter, date(2026, 4, 1))]
    assert said[0] == "With them 1 customers would have had another grade in 2026."
    assert said[2] == "1 approved grades stay as they are."


def test_a_share_is_rounded_as_a_reader_does() -> None:
    found = Progress()
    found.figures |= {"a": 1, "b": 15}
    assert (found.share("A"), found.share("B"), found.share("C")) == ("6.3", "93.8", "0.0")
    assert Progress().share("A") == "0.0"
