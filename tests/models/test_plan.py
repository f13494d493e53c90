"""Maintenance plans: what they must say, approval, tasks and what they cost, amendments, summary, the nine steps (RL-20, RL-21, RL-23)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.database import StateConflict, db
from portal.models import dealings, history, inbox, plan_desk, plan_task
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.dossier import ArchiveDocument, Upload
from portal.models.merge import CustomerMerge
from portal.models.plan import MaintenancePlan
from portal.models.plan_papers import PlanAmendment, PlanSummary
from portal.models.plan_steps import steps_of
from portal.models.plan_task import PlanTask
from portal.models.standard import value as standard
from portal.rules import maintenance as rules
from portal.rules.maintenance import ONCE
from portal.rules.message import Refusal
from tests import approving, disposing, factories
from tests import grading as graded
from tests.approving import person
from tests.maintaining import concluded, day, done, drafted, measure, outline, running, submitted, summed, tasks, through

pytestmark = pytest.mark.usefixtures("app")


def waiting(account: str) -> list[str]:
    found = [one.kind for one in inbox.entries(person(account)) if one.kind in plan_desk.TITLES]
    others = [one for one in inbox.entries(person(account)) if one.kind not in plan_desk.TITLES]
    assert inbox.count(person(account)) == len(found) + len(others)
    return found


# --- what a plan must say ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"goal": ""}, "goal"),
        ({"starts_on": None}, "starts_on"),
        ({"ends_on": None}, "ends_on"),
        ({"ends_on": date(2020, 1, 1)}, "ends_on"),
        ({"budget": Decimal(0)}, "budget"),
        ({"budget": Decimal("-5")}, "budget"),
        ({"budget": Decimal("499.99")}, "budget"),
        ({"people": ()}, "people"),
    ],
)
def test_what_is_missing_is_refused_beside_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        drafted(**values)
    assert refused.value.field == field


def test_a_plan_over_budget_says_by_how_much() -> None:
    with pytest.raises(Refusal, match=r"cost 1,000\.01 yuan, 0\.01 more than the budget of 1,000\.00"):
        drafted(measures=(measure(cost=Decimal("600.01")), measure(cost=Decimal(400))))
    drafted(measures=(measure(cost=Decimal(600)), measure(cost=Decimal(400))))


@given(st.lists(st.integers(0, 300_000), min_size=1, max_size=8), st.integers(1, 1_000_000))
def test_over_budget_is_what_costs_more_in_all(costs: list[int], budget: int) -> None:
    measures = [measure(cost=Decimal(one) / 100) for one in costs]
    assert bool(rules.budget_problems(Decimal(budget) / 100, measures)) == (sum(costs) > budget)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": ""}, "measure-kind-1"),
        ({"text": ""}, "measure-text-1"),
        ({"due_on": None}, "measure-due-1"),
        ({"due_on": date(2020, 1, 1)}, "measure-due-1"),
        ({"cost": Decimal(-1)}, "measure-cost-1"),
        ({"extent": ONCE}, "measure-staff-1"),
        ({"staff_id": 10_000}, "measure-staff-1"),
    ],
)
def test_a_measure_says_what_when_and_who(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as refused:
        drafted(measures=(measure(), measure(**values)))
    assert refused.value.field == field


def test_all_that_is_wrong_is_named_at_once() -> None:
    wrong = outline(measure(text="", cost=Decimal(5000)), title="", goal="", ends_on=None, customers=0)
    assert {one.field for one in rules.problems(wrong)} == {"title", "goal", "ends_on", "customers", "measure-text-0", "budget"}


def test_customers_of_another_team_or_off_the_register_are_refused() -> None:
    for customer in (factories.customer("rep3"), factories.customer("rep1", state="prospect"), factories.customer("rep1", state="past")):
        with pytest.raises(Refusal) as refused:
            drafted(customer)
        assert refused.value.field == "customers"
    assert drafted(factories.customer("rep3"), by="mgr1").customer_id


def test_no_customers_and_too_many() -> None:
    with pytest.raises(Refusal) as refused:
        MaintenancePlan.begin(outline(customers=0), [], by=person("sup1"))
    assert refused.value.field == "customers"
    assert rules.customer_problems(rules.MOST_CUSTOMERS) == []
    assert rules.customer_problems(rules.MOST_CUSTOMERS + 1)


def test_people_whose_account_is_closed_are_refused_also_at_submission() -> None:
    plan = drafted(people=("rep1", "rep2"))
    person("rep2").active = False
    with pytest.raises(Refusal) as refused:
        submitted(plan)
    assert refused.value.field == "people"
    with pytest.raises(Refusal):
        drafted(people=("rep2",))


def test_reps_do_not_write_plans_and_a_changed_draft_is_not_overwritten() -> None:
    with pytest.raises(Refusal):
        drafted(by="rep1")
    plan = drafted()
    seen = plan.version
    plan.edit(outline(title="新名"), [plan.customers[0].id], by=person("sup1"), version=seen)
    db.session.commit()
    with pytest.raises(StateConflict):
        plan.edit(outline(title="旧名"), [plan.customers[0].id], by=person("mgr1"), version=seen)


def test_who_sees_a_plan_sees_all_its_customers() -> None:
    plan = drafted(factories.customer("rep1"), factories.customer("rep2"))
    seen = [one for one in ("rep1", "rep2", "rep3", "sup1", "sup2", "mgr1") if db.session.scalar(MaintenancePlan.visible_to(person(one)))]
    assert seen == ["sup1", "mgr1"]
    assert plan.customer_id is None


# --- approval ----------------------------------------------------------------


def test_the_chain_is_manager_then_customer_director_on_paper() -> None:
    approval = submitted(drafted())
    assert [(one.type, one.role, one.title) for one in approval.current_round.steps] == [
        ("portal", "manager", ""),
        ("paper", "", "customer_director"),
    ]
    assert approval.current_round.content["plan"]["budget"] == "1000.00"


def test_whoever_wrote_it_does_not_sign() -> None:
    approval = submitted(drafted(by="mgr1"), "mgr1")
    assert not approval.can_sign(person("mgr1"))
    assert approval.can_sign(person("mgr2"))


def test_sent_back_it_is_a_draft_again_and_rejected_it_stays_so() -> None:
    plan = drafted()
    approval = submitted(plan)
    approving.sign(approval, "mgr1", "send-back")
    assert plan.state == "draft"
    with pytest.raises(Refusal):
        plan.give_up(by=person("sup1"))
    plan.edit(outline(budget=Decimal(2000)), [plan.customers[0].id], by=person("sup1"), version=plan.version)
    again = submitted(plan)
    assert (again.id, again.round) == (approval.id, 2)
    approving.sign(again, "mgr1", "reject")
    assert (plan.state, tasks(plan)) == ("rejected", [])


def test_an_approved_plan_gives_each_rep_the_tasks_of_their_customers() -> None:
    customers = [factories.customer(one) for one in ("rep1", "rep1", "rep2")]
    once = measure(kind="event", text="答谢会", extent=ONCE, staff_id=person("rep2").id, cost=Decimal(0))
    plan = running(*customers, people=("rep1", "rep2"), measures=(measure(), once))
    found = [(one.staff.account if one.staff else "", one.customer_id, one.kind) for one in tasks(plan)]
    ids = [one.id for one in customers]
    assert found == [("rep1", ids[0], "visit"), ("rep1", ids[1], "visit"), ("rep2", ids[2], "visit"), ("rep2", None, "event")]
    told = [one for account in ("rep1", "rep2") for one in approving.told(account)]
    assert told == ["The maintenance plan “重点客户维护” is approved: 2 tasks are yours."] * 2
    for customer in customers:
        assert [one.action for one in history.timeline(customer, only="plans")[0]] == ["plan-begun"]


def test_who_is_no_longer_on_the_register_gets_no_task() -> None:
    stays, goes = factories.customer("rep1"), factories.customer("rep1")
    plan = drafted(stays, goes)
    approval = submitted(plan)
    goes.state = "past"
    through(approval)
    assert [one.customer_id for one in tasks(plan)] == [stays.id]


# --- tasks ----------------------------------------------------------------


def test_what_is_done_counts_against_the_budget_and_not_beyond_it() -> None:
    plan = running(measures=(measure(), measure(text="回访")), budget=Decimal(1000))
    one, two = tasks(plan)
    done(one, "999.99")
    assert plan.spent == Decimal("999.99")
    with pytest.raises(
        Refusal, match=r"0\.02 yuan are more than is left: of the budget of 1,000\.00, 999\.99 are spent and 0\.01 are left"
    ) as refused:
        done(two, "0.02")
    assert refused.value.field == "cost"
    db.session.rollback()
    assert (tasks(plan)[1].state, plan.spent) == ("open", Decimal("999.99"))
    done(tasks(plan)[1], "0.01")
    assert plan.left == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [({"result": ""}, "result"), ({"done_on": None}, "done_on"), ({"done_on": day(1)}, "done_on"), ({"cost": "-1"}, "cost")],
)
def test_what_a_task_that_is_done_says(values: dict[str, Any], field: str) -> None:
    task = tasks(running())[0]
    with pytest.raises(Refusal) as refused:
        done(task, **values)
    assert refused.value.field == field


def test_taken_back_it_gives_back_what_it_cost() -> None:
    plan = running()
    task = done(tasks(plan)[0], "300")
    with pytest.raises(Refusal):
        task.take_back(reason="", by=person("rep1"), version=task.version)
    task.take_back(reason="登记错客户", by=person("rep1"), version=task.version)
    db.session.commit()
    assert (task.state, plan.spent, task.result) == ("open", Decimal(0), "")


def test_moved_with_a_reason_and_not_behind_the_plan() -> None:
    task = tasks(running())[0]
    for due_on, reason, field in ((None, "x", "due_on"), (day(-1), "x", "due_on"), (day(61), "x", "due_on"), (day(20), "", "reason")):
        with pytest.raises(Refusal) as refused:
            task.move(due_on, reason=reason, by=person("rep1"), version=task.version)
        assert refused.value.field == field
    task.move(day(20), reason="客户出差", by=person("rep1"), version=task.version)
    assert (task.due_on, task.reason, task.state) == (day(20), "客户出差", "open")


def test_dropped_with_a_reason_and_only_once() -> None:
    task = tasks(running())[0]
    seen = task.version
    with pytest.raises(Refusal):
        task.drop(reason="", by=person("rep1"), version=seen)
    task.drop(reason="客户谢绝", by=person("rep1"), version=seen)
    with pytest.raises(StateConflict):
        task.drop(reason="再次", by=person("rep1"), version=seen)
    with pytest.raises(StateConflict):
        done(task)


def test_due_and_overdue_tasks_stand_in_the_inbox() -> None:
    near = standard("maintenance.notice_days")
    plan = running(measures=tuple(measure(due_on=day(ahead), cost=Decimal(0)) for ahead in (near + 1, near, 0)))
    assert waiting("rep1") == ["plan-task", "plan-task"]
    assert waiting("rep2") == []
    late = tasks(plan)[2]
    late.due_on = day(-1)
    db.session.commit()
    assert [one.kind for one in inbox.entries(person("rep1"), group="overdue")] == ["plan-task"]
    done(late)
    assert waiting("rep1") == ["plan-task"]


def test_a_named_persons_task_is_seen_by_them_alone_among_the_reps() -> None:
    plan = running(factories.customer("rep1"), people=("rep2",), measures=(measure(staff_id=person("rep2").id),))
    task = tasks(plan)[0]
    seen = [one for one in ("rep1", "rep2", "rep3", "sup2") if db.session.scalar(PlanTask.visible_to(person(one)))]
    assert seen == ["rep1", "rep2"]
    task.assign(person("rep1"), by=person("sup1"), version=task.version)
    db.session.commit()
    assert db.session.scalar(PlanTask.visible_to(person("rep2"))) is None


# --- hand-over, merge, disposal ----------------------------------------------------------------


def test_open_tasks_go_along_with_the_customer_but_not_those_of_a_named_person() -> None:
    from portal.models.hand_over import hand_over

    customer = factories.customer("rep1")
    plan = running(customer, measures=(measure(), measure(staff_id=person("rep1").id), measure(text="已办", cost=Decimal(0))))
    done(tasks(plan)[2])
    hand_over([customer.id], to=person("rep2"), by=person("sup1"))
    db.session.commit()
    assert [one.staff.account for one in tasks(plan) if one.staff] == ["rep2", "rep1", "rep1"]
    assert plan_desk.waiting_tasks(person("rep2")) == ([tasks(plan)[0]], False)


def test_a_closed_account_gives_all_open_tasks_away() -> None:
    customer = factories.customer("rep1")
    plan = running(customer, people=("rep1", "rep2"), measures=(measure(), measure(staff_id=person("rep2").id)))
    person("rep2").deactivate(by=person("mgr1"), to=person("rep1"))
    db.session.commit()
    assert [one.staff.account for one in tasks(plan) if one.staff] == ["rep1", "rep1"]


def test_a_merge_takes_plan_and_tasks_along_and_its_undo_brings_them_back() -> None:
    from portal.models import merge as merging

    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    plan = running(loser)
    found = CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    db.session.expire_all()
    assert ([one.id for one in plan.customers], tasks(plan)[0].customer_id, plan.customer_id) == ([survivor.id], survivor.id, survivor.id)
    merging.undo(found, by=person("sup1")) if hasattr(merging, "undo") else found.undo(by=person("sup1"))
    db.session.commit()
    db.session.expire_all()
    assert ([one.id for one in plan.customers], tasks(plan)[0].customer_id) == ([loser.id], loser.id)


def test_a_merge_of_two_customers_of_one_plan_counts_the_customer_once() -> None:
    survivor, loser = factories.customer("rep1"), factories.customer("rep1")
    plan = running(survivor, loser)
    CustomerMerge.carry_out(survivor, loser, by=person("sup1"))
    db.session.commit()
    db.session.expire_all()
    assert [one.id for one in plan.customers] == [survivor.id]
    assert {one.customer_id for one in tasks(plan)} == {survivor.id}


def test_open_tasks_stand_against_a_disposal_and_are_named_when_dealings_end() -> None:
    customer = factories.customer("rep1")
    plan = running(customer)
    assert [one.text for one in dealings.left_open(customer)] == ["The plan “%(plan)s” has %(count)s open tasks on %(customer)s."]
    paper = disposing.old(disposing.past(customer))
    with pytest.raises(Refusal, match="open tasks"):
        disposing.submitted(paper)
    task = tasks(plan)[0]
    task.drop(reason="往来终止", by=person("sup1"), version=task.version)
    db.session.commit()
    disposing.submitted(paper)


def test_a_plan_in_approval_keeps_dealings_from_ending() -> None:
    customers = [factories.customer("rep1"), factories.customer("rep2")]
    submitted(drafted(*customers))
    assert "The maintenance plan “%(plan)s” is in approval." in [one.text for one in dealings.obstacles(customers[1])]


def test_with_an_erased_card_go_the_results_but_not_what_was_spent() -> None:
    customer = factories.customer("rep1")
    plan = running(customer)
    done(tasks(plan)[0], "120", result="总经理生日")
    summary = summed(plan)
    submit = summary.submit(by=person("sup1"))
    db.session.commit()
    through(submit)
    disposing.destroyed(disposing.approved(disposing.old(disposing.past(customer))))
    db.session.expire_all()
    assert (tasks(plan)[0].result, tasks(plan)[0].cost, plan.spent) == ("", Decimal(120), Decimal(120))


# --- amendments ----------------------------------------------------------------


def amended(plan: MaintenancePlan, *measures: Any, **values: Any) -> PlanAmendment:
    given_: dict[str, Any] = {"reason": "追加预算", "budget": Decimal(3000), "ends_on": plan.ends_on, **values}
    found = PlanAmendment.begin(plan, measures=list(measures), by=person("sup1"), **given_)
    db.session.commit()
    return found


def test_an_amendment_counts_when_it_is_approved() -> None:
    plan = running()
    done(tasks(plan)[0], "900")
    change = amended(plan, measure(text="加访", due_on=day(70)), ends_on=day(90))
    approval = change.submit(by=person("sup1"))
    db.session.commit()
    assert (plan.budget, len(tasks(plan))) == (Decimal(1000), 1)
    with pytest.raises(StateConflict):
        amended(plan)
    through(approval)
    assert (plan.budget, plan.ends_on, len(tasks(plan)), len(plan.measures)) == (Decimal(3000), day(90), 2, 2)
    done(tasks(plan)[1], "2100")
    assert plan.left == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"budget": Decimal(899)}, "budget"),
        ({"budget": Decimal(1000)}, "budget"),
        ({"ends_on": None}, "ends_on"),
    ],
)
def test_what_an_amendment_must_say(values: dict[str, Any], field: str) -> None:
    plan = running()
    done(tasks(plan)[0], "900")
    with pytest.raises(Refusal) as refused:
        amended(plan, **values)
    assert refused.value.field == field


def test_a_rejected_amendment_changes_nothing_and_another_can_be_begun() -> None:
    plan = running()
    change = amended(plan)
    approval = change.submit(by=person("sup1"))
    db.session.commit()
    approving.sign(approval, "mgr1", "reject")
    assert (plan.budget, change.state) == (Decimal(1000), "rejected")
    assert amended(plan).number == 2


# --- summary ----------------------------------------------------------------


@pytest.mark.parametrize("missing", ["verdict", "reached", "learned"])
def test_what_a_summary_must_say(missing: str) -> None:
    plan = running()
    with pytest.raises(Refusal) as refused:
        summed(plan, **{missing: ""})
    assert refused.value.field == missing


def test_no_summary_while_tasks_are_open_and_the_plan_is_closed_by_its_review() -> None:
    plan = running()
    summary = summed(plan)
    with pytest.raises(Refusal, match="1 tasks of this plan are open"):
        summary.submit(by=person("sup1"))
    db.session.rollback()
    task = done(tasks(plan)[0], "100")
    approval = summary.submit(by=person("sup1"))
    db.session.commit()
    assert (plan.state, approval.current_round.content["plan"]["left"]) == ("summed", "900.00")
    with pytest.raises(StateConflict):
        task.take_back(reason="改", by=person("rep1"), version=task.version)
    approving.sign(approval, "mgr1", "reject")
    assert (plan.state, summary.state) == ("running", "rejected")
    summary.edit({"verdict": "partly", "reached": "部分", "cost_note": "", "learned": "早准备"}, by=person("sup1"), version=summary.version)
    again = summary.submit(by=person("sup1"))
    db.session.commit()
    through(again)
    assert (plan.state, summary.state) == ("closed", "approved")


def test_lessons_go_into_the_next_plan() -> None:
    first = running()
    concluded(first)
    following = MaintenancePlan.begin(outline(), [first.customers[0].id], by=person("sup1"), previous=first)
    db.session.commit()
    assert following.snapshot()["plan"]["lessons"] == "春节前拜访效果最好"


def test_a_plan_that_has_ended_asks_its_author_for_the_summary() -> None:
    plan = running()
    assert waiting("sup1") == []
    plan.starts_on, plan.ends_on = day(-60), day(-1)
    db.session.commit()
    assert waiting("sup1") == ["plan-summary"]
    concluded(plan)
    assert waiting("sup1") == []


# --- the nine steps ----------------------------------------------------------------


def steps(plan: MaintenancePlan) -> list[str]:
    return [one.name for one in steps_of(plan) if one.is_done]


def test_each_step_follows_from_what_is_on_record() -> None:
    customer = factories.customer("rep1")
    plan = drafted(customer)
    assert steps(plan) == ["written"]
    ArchiveDocument.file(
        customer, {"kind": "company", "title": "营业执照", "dated_on": day()}, Upload.of(b"text", "a.txt"), by=person("rep1")
    )
    db.session.commit()
    assert steps(plan) == ["dossier", "written"]
    graded.opened()
    graded.approved(graded.reviewed(customer))
    assert steps(plan) == ["dossier", "graded", "listed", "written"]
    through(submitted(plan))
    by = {one.name: one for one in steps_of(plan)}
    assert by["reviewed"].is_done
    assert by["reviewed"].who == "客户总监甲"
    summary = concluded(plan)
    assert steps(plan) == ["dossier", "graded", "listed", "written", "reviewed", "carried-out", "assessed"]
    MaintenancePlan.begin(outline(), [customer.id], by=person("sup1"), previous=plan)
    db.session.commit()
    assert steps(plan)[-1] == "improved"
    assert {one.who for one in steps_of(plan) if one.name in ("written", "assessed", "improved")} == {"周五行"}
    assert summary.submitted_at is not None


def test_a_step_is_done_when_every_customer_has_it() -> None:
    one, two = factories.customer("rep1"), factories.customer("rep2")
    plan = drafted(one, two)
    ArchiveDocument.file(one, {"kind": "company", "title": "营业执照", "dated_on": day()}, Upload.of(b"text", "a.txt"), by=person("rep1"))
    db.session.commit()
    first = steps_of(plan)[0]
    assert (first.is_done, first.note and first.note.params) == (False, {"done": 1, "whole": 2})


def test_a_plan_given_up_leaves_nothing_to_do() -> None:
    plan = drafted()
    plan.give_up(by=person("sup1"))
    db.session.commit()
    assert (plan.state, db.session.query(Approval).count(), db.session.query(PlanSummary).count()) == ("given-up", 0, 0)
    assert plan_task.counts(plan)["open"] == 0
    assert db.session.query(Customer).count() == 1
