"""Pages of maintenance: refusals stand beside their field, nothing outside the scope shows, lists as files (RL-20 to RL-24)."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from portal.database import db
from portal.models.greeting import GreetingList
from portal.models.plan import MaintenancePlan
from portal.models.plan_papers import PlanAmendment
from tests import factories
from tests.approving import person
from tests.maintaining import concluded, day, done, drafted, measure, running, tasks


def sent(covered: Any, /, **values: str) -> dict[str, str]:
    given = {
        "title": "方案", "goal": "目标", "budget": "1,000", "starts_on": str(day()), "ends_on": str(day(60)), "customers": covered.number,
        "measure-kind-0": "visit", "measure-text-0": "拜访", "measure-extent-0": "each",
        "measure-staff-0": "", "measure-due-0": str(day(9)),
        "measure-cost-0": "10", "people": str(person("rep1").id),
    }  # fmt: skip
    return {**given, **values}


def text_of(response: Any) -> str:
    found: str = response.get_data(as_text=True)
    return found


def errors(page: str) -> dict[str, str]:
    """Return what stands under the fields, by field."""
    return dict(re.findall(r'id="([\w-]+)-error">(?:<div>)?([^<]+)', page))


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"ends_on": "2020-01-01"}, "ends_on", "before it begins"),
        ({"budget": "0"}, "budget", "more than 0"),
        ({"budget": "九百"}, "budget", ""),
        ({"measure-cost-0": "1000.01"}, "budget", "0.01 more than the budget of 1,000.00"),
        ({"measure-cost-0": "many"}, "measure-cost-0", ""),
        ({"measure-due-0": "31.31.2026"}, "measure-due-0", ""),
        ({"customers": ""}, "customers", "Choose the customers"),
        ({"customers": "C9999999999"}, "customers", "C9999999999"),
        ({"people": ""}, "people", ""),
    ],
)
def test_what_is_refused_stands_beside_its_field(as_: Any, values: dict[str, str], field: str, words: str) -> None:
    person("sup1").language = "en"
    db.session.commit()
    answer = as_("sup1").post("/maintenance-plans/new", data=sent(factories.customer("rep1"), **values))
    assert answer.status_code == 422
    found = errors(text_of(answer))
    assert f'class="entry"><a href="#{field}"' in text_of(answer), "the summary leads to fields and cells"
    assert words in found[field]
    assert db.session.query(MaintenancePlan).count() == 0


def test_a_customer_of_another_team_is_not_known(as_: Any) -> None:
    other = factories.customer("rep3")
    answer = as_("sup1").post("/maintenance-plans/new", data=sent(other))
    assert answer.status_code == 422
    assert other.full_name not in text_of(answer)


def test_all_of_a_grade_and_one_by_name_are_added_to_what_is_there(as_: Any) -> None:
    typed, graded, named = factories.customer("rep1"), factories.customer("rep2", grade="A"), factories.customer("rep1")
    page = text_of(as_("sup1").post("/maintenance-plans/new", data=sent(typed, do="grade", grade="A")))
    assert graded.number in page
    page = text_of(as_("sup1").post("/maintenance-plans/new", data=sent(typed, do="customer", customer=named.number)))
    assert f"{named.number} {named.full_name}" in page
    assert 'value="拜访"' in page, "nothing that was typed is lost"


def test_a_customer_typed_and_not_added_is_covered_when_the_plan_is_saved(as_: Any) -> None:
    typed, named = factories.customer("rep1"), factories.customer("rep1")
    answer = as_("sup1").post("/maintenance-plans/new", data=sent(typed, customer="没有这个客户"))
    assert answer.status_code == 422
    assert db.session.query(MaintenancePlan).count() == 0
    as_("sup1").post("/maintenance-plans/new", data=sent(typed, customer=named.number))
    assert {one.id for one in db.session.query(MaintenancePlan).one().customers} == {typed.id, named.id}


def test_saved_and_submitted_in_one_step(as_: Any) -> None:
    answer = as_("sup1").post("/maintenance-plans/new", data=sent(factories.customer("rep1"), do="submit"))
    assert "/approvals/" in answer.headers["Location"]
    plan = db.session.query(MaintenancePlan).one()
    assert (plan.state, plan.budget, plan.measure_list[0].cost) == ("pending", Decimal(1000), Decimal(10))


def test_a_draft_that_somebody_else_changed_is_not_overwritten(as_: Any) -> None:
    plan = drafted()
    version, customer = plan.version, plan.customers[0]
    assert as_("sup1").post(f"/maintenance-plans/{plan.id}/edit", data=sent(customer, version=str(version))).status_code == 303
    assert as_("mgr1").post(f"/maintenance-plans/{plan.id}/edit", data=sent(customer, version=str(version))).status_code == 409


def test_the_next_plan_begins_with_lessons_people_and_measures(as_: Any) -> None:
    first = running()
    concluded(first)
    page = text_of(as_("sup1").get(f"/maintenance-plans/new?from={first.id}"))
    assert "春节前拜访效果最好" in page
    assert 'value="登门拜访"' in page
    as_("sup1").post("/maintenance-plans/new", data=sent(first.customers[0], previous=str(first.id)))
    assert db.session.scalars(db.select(MaintenancePlan.previous_id).order_by(MaintenancePlan.id)).all() == [None, first.id]


def test_a_cost_over_the_rest_is_refused_in_the_list_with_the_figures(as_: Any) -> None:
    person("rep1").language = "en"
    plan = running()
    task = tasks(plan)[0]
    data = {"version": str(task.version), "result": "好", "done_on": str(day()), "cost": "1000.01", "whose": ""}
    answer = as_("rep1").post(f"/plan-tasks/{task.id}/result", data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    page = text_of(answer)
    assert "of the budget of 1,000.00, 0.00 are spent and 1,000.00 are left" in page
    assert "<html" not in page
    assert 'value="1000.01"' in page
    answer = as_("rep1").post(f"/plan-tasks/{task.id}/result", data={**data, "cost": "1000"}, headers={"HX-Request": "true"})
    assert (answer.status_code, db.session.get_one(MaintenancePlan, plan.id).left) == (200, 0)


def test_the_day_s_list_names_no_customer_of_others(as_: Any) -> None:
    mine, other = factories.customer("rep1"), factories.customer("rep3")
    running(mine)
    running(other, by="sup2", people=("rep3",))
    page = text_of(as_("sup1").get("/plan-tasks?whose=all"))
    assert mine.full_name in page
    assert other.full_name not in page


def test_tasks_stand_twenty_to_a_page_and_what_is_done_on_the_second_leads_back_to_it(as_: Any) -> None:
    covered, rep = [factories.customer("rep1") for _one in range(21)], as_("rep1")
    plan = running(*covered, measures=(measure(due_on=day(1)),))
    first, second = text_of(rep.get("/plan-tasks")), text_of(rep.get("/plan-tasks?begin=20"))
    shown = [re.findall(r'<li id="task-(\d+)"', page) for page in (first, second)]
    assert shown == [[str(one.id) for one in tasks(plan)[:20]], [str(tasks(plan)[20].id)]]
    inbox = text_of(rep.get("/inbox?kind=plan-task&after=0"))
    assert "提交人" not in inbox  # a task comes from its plan
    assert [f'href="/plan-tasks/{one.id}"' in inbox for one in tasks(plan)] == [True] * 21
    assert ("/plan-tasks?begin=20" in first, 'name="begin" value="20"' in second) == (True, True)
    data = {"version": "1", "reason": "客户不在", "whose": "", "begin": "20"}
    answer = rep.post(f"/plan-tasks/{shown[1][0]}/dropping", data=data)
    assert answer.location == "/plan-tasks?begin=20"
    assert re.findall(r'<li id="task-(\d+)"', text_of(rep.get(answer.location))) == shown[0]


def test_a_rep_who_sees_one_of_two_customers_sees_title_and_own_tasks_but_not_the_plan(as_: Any) -> None:
    mine, other = factories.customer("rep1"), factories.customer("rep2")
    plan = running(mine, other, people=("rep1", "rep2"))
    page = text_of(as_("rep1").get(f"/customers/{mine.id}/maintenance"))
    assert plan.title in page
    assert f'href="/maintenance-plans/{plan.id}"' not in page
    assert as_("rep1").get(f"/maintenance-plans/{plan.id}").status_code == 404
    assert other.full_name not in text_of(as_("rep1").get(f"/plan-tasks/{tasks(plan)[0].id}"))


def test_lists_go_out_as_files(as_: Any) -> None:
    plan = running()
    done(tasks(plan)[0], "120.5")
    lines = as_("sup1").get("/maintenance-plans/file?format=csv").get_data().decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "重点客户维护" in lines[1]
    assert "120.5" in lines[1]
    customer = factories.customer("rep1", province="广东省", city="深圳市", street="科技路 1 号")
    listed = GreetingList.make("National Day", date(2026, 10, 1), [customer.id], note="", by=person("sup1"))
    db.session.commit()
    lines = as_("rep1").get(f"/greetings/{listed.id}/file?format=csv").get_data().decode("utf-8-sig").splitlines()
    assert "广东省深圳市科技路 1 号" in lines[1]


def test_filters_and_pages_of_the_list(as_: Any) -> None:
    for number in range(53):
        drafted(title=f"方案{number:02d}")
    late = running(title="逾期方案")
    tasks(late)[0].due_on = day(-3)
    db.session.commit()
    reader = as_("sup1")
    first = text_of(reader.get("/maintenance-plans"))
    assert ("逾期方案" in first, "方案04" in first, "方案03" in first) == (True, True, False)
    following = re.search(r'href="(/maintenance-plans\?after=\d+)"', first)
    assert following
    assert "方案03" in text_of(reader.get(following[1]))
    assert "方案04" not in text_of(reader.get("/maintenance-plans?late=1"))
    assert "逾期方案" in text_of(reader.get("/maintenance-plans?late=1"))
    assert "逾期方案" not in text_of(reader.get("/maintenance-plans?state=draft&q=方案1"))


def test_an_amendment_shows_before_and_after(as_: Any) -> None:
    plan = running()
    change = PlanAmendment.begin(plan, reason="追加", budget=Decimal(2500), ends_on=plan.ends_on, measures=[], by=person("sup1"))
    db.session.commit()
    page = text_of(as_("mgr1").get(f"/plan-amendments/{change.id}"))
    assert "1,000.00 → 2,500.00" in page


def test_all_that_is_wrong_with_a_strengthening_table_is_said_at_once(as_: Any) -> None:
    customer = factories.customer("rep1")
    browser, page = as_("rep1"), f"/customers/{customer.id}/strengthening/edit"
    sent = {
        "version": "0", "post-0": "general_manager", "name-0": "", "measures-0": "每月拜访", "post-1": "deputy", "name-1": "倪伟",
        "measures-1": "技术交流", "until-1": "三月", "staff-1": str(person("rep1").id), "post-2": "section_head",
    }  # fmt: skip
    answer = browser.post(page, data=sent)
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert set(re.findall(r'id="([a-z]+-\d)-error"', shown)) == {"name-0", "until-0", "staff-0", "until-1"}
    assert 'value="技术交流"' in shown
    right = {**sent, "name-0": "曾桂英", "until-0": "2026-12-31", "staff-0": sent["staff-1"], "until-1": "2026-12-31"}
    assert browser.post(page, data=right).status_code == 303
