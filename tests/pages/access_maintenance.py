"""Rows of maintenance plans, strengthening tables and festival greetings."""

from __future__ import annotations

from typing import Any

from portal import clock
from portal.database import db
from portal.models.customer import Customer
from portal.models.greeting import GreetingList
from portal.models.plan_papers import PlanAmendment
from tests import factories, maintaining
from tests.access import Row, everyone
from tests.approving import person


def _ids(plan: Any, **more: Any) -> dict[str, Any]:
    return {"plan": plan.id, "customer": plan.customers[0].id, "number": plan.customers[0].number, "day": maintaining.day(), **more}


def _drafted() -> dict[str, Any]:
    return _ids(maintaining.drafted(), last=maintaining.day(60), due=maintaining.day(10), rep=person("rep1").id)


def _bare() -> dict[str, Any]:
    customer: Customer = factories.customer("rep1")
    return {
        "customer": customer.id, "number": customer.number, "day": maintaining.day(), "last": maintaining.day(60),
        "due": maintaining.day(10), "rep": person("rep1").id,
    }  # fmt: skip


def _running() -> dict[str, Any]:
    plan = maintaining.running()
    return _ids(plan, task=maintaining.tasks(plan)[0].id, later=maintaining.day(20), rep=person("rep1").id)


def _done() -> dict[str, Any]:
    plan = maintaining.running()
    task = maintaining.done(maintaining.tasks(plan)[0])
    return _ids(plan, task=task.id, version=task.version)


def _amended() -> dict[str, Any]:
    plan = maintaining.running()
    values: dict[str, Any] = {"reason": "追加", "budget": plan.budget + 1, "ends_on": plan.ends_on, "measures": []}
    change = PlanAmendment.begin(plan, **values, by=person("sup1"))
    db.session.commit()
    return _ids(plan, change=change.id)


def _greeted() -> dict[str, Any]:
    customer = factories.customer("rep1")
    name, day = "National Day", clock.today().replace(year=2026, month=10, day=1)
    listed = GreetingList.make(name, day, [customer.id], note="", by=person("sup1"))
    db.session.commit()
    line = db.session.execute(db.text("SELECT id FROM greeting_line WHERE list_id = :id"), {"id": listed.id}).scalar_one()
    return {"list": listed.id, "line": line, "customer": customer.id, "day": clock.today()}


def _writers(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of every supervisor and manager."""
    return Row(
        endpoint, url, method, owner=403, colleague=403, stranger=403, supervisor=status, other_supervisor=status, manager=status, **values
    )


def _written(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of those supervisors and managers who see the customer."""
    return Row(endpoint, url, method, owner=403, supervisor=status, manager=status, **values)


def _worked(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of a page of everybody who sees the customer."""
    return Row(endpoint, url, method, owner=status, supervisor=status, manager=status, **values)


_PLAN = {
    "title": "方案", "goal": "目标", "means": "", "budget": "1000", "starts_on": "{day}", "ends_on": "{last}", "customers": "{number}",
    "measure-kind-0": "visit", "measure-text-0": "拜访", "measure-extent-0": "each", "measure-staff-0": "", "measure-due-0": "{due}",
    "measure-cost-0": "10", "people": "{rep}",
}  # fmt: skip

ROWS = [
    everyone("maintenance.tasks", "/plan-tasks"),
    everyone("maintenance.tasks", "/plan-tasks?whose=all", prepare=_running),
    everyone("maintenance.plans", "/maintenance-plans?q=x&state=running&late=1", prepare=_running),
    everyone("maintenance.plans", "/maintenance-plans"),
    everyone("maintenance.plans_file", "/maintenance-plans/file?format=csv", prepare=_running),
    everyone("maintenance.plans_file", "/maintenance-plans/file"),
    _writers("maintenance.plan_new", "/maintenance-plans/new"),
    _writers("maintenance.plan_new", "/maintenance-plans/new?from={plan}", prepare=_running),
    _writers("maintenance.plan_new", "/maintenance-plans/new", "POST", 422, data={"title": "x"}),
    Row(
        "maintenance.plan_new", "/maintenance-plans/new", "POST", _PLAN, _bare,
        owner=403, colleague=403, stranger=403, supervisor=303, other_supervisor=422, manager=303,
    ),
    Row(
        "maintenance.plan_of_selection", "/maintenance-plans/selection", "POST", {"ids": "{customer}"}, _bare,
        owner=403, colleague=403, stranger=403, supervisor=200, other_supervisor=404, manager=200,
    ),
    _worked("maintenance.plan", "/maintenance-plans/{plan}", prepare=_drafted),
    _worked("maintenance.plan", "/maintenance-plans/{plan}", prepare=_running),
    _written("maintenance.plan_edit", "/maintenance-plans/{plan}/edit", prepare=_drafted),
    _written("maintenance.plan_edit", "/maintenance-plans/{plan}/edit", "POST", 303, data={**_PLAN, "version": "1"}, prepare=_drafted),
    _written("maintenance.plan_edit", "/maintenance-plans/{plan}/edit", status=409, prepare=_running),
    _written("maintenance.plan_submit", "/maintenance-plans/{plan}/submission", "POST", 303, prepare=_drafted),
    _written("maintenance.plan_give_up", "/maintenance-plans/{plan}/giving-up", "POST", 303, prepare=_drafted),
    _written("maintenance.amendment_new", "/maintenance-plans/{plan}/amendments/new", prepare=_running),
    _written("maintenance.amendment_new", "/maintenance-plans/{plan}/amendments/new", "POST", 422, data={"reason": ""}, prepare=_running),
    _worked("maintenance.amendment", "/plan-amendments/{change}", prepare=_amended),
    _written("maintenance.amendment_edit", "/plan-amendments/{change}/edit", prepare=_amended),
    _written(
        "maintenance.amendment_edit", "/plan-amendments/{change}/edit", "POST", 422, data={"version": "1"}, prepare=_amended,
    ),
    _written("maintenance.amendment_submit", "/plan-amendments/{change}/submission", "POST", 303, prepare=_amended),
    _written("maintenance.amendment_give_up", "/plan-amendments/{change}/giving-up", "POST", 303, prepare=_amended),
    _worked("maintenance.summary", "/maintenance-plans/{plan}/summary", prepare=_running),
    _written("maintenance.summary_save", "/maintenance-plans/{plan}/summary", "POST", 422, data={"learned": ""}, prepare=_running),
    _written("maintenance.summary_save", "/maintenance-plans/{plan}/summary", "POST", 303, data=maintaining.SUMMARY, prepare=_running),
    _worked("maintenance.task", "/plan-tasks/{task}", prepare=_running),
    _worked("maintenance.task_done", "/plan-tasks/{task}/result", "POST", 422, data={"version": "1"}, prepare=_running),
    _worked(
        "maintenance.task_done", "/plan-tasks/{task}/result", "POST", 303,
        data={"version": "1", "result": "好", "done_on": "{day}", "cost": "5"}, prepare=_running,
    ),
    _worked(
        "maintenance.task_move", "/plan-tasks/{task}/day", "POST", 303,
        data={"version": "1", "due_on": "{later}", "reason": "出差"}, prepare=_running,
    ),
    _worked("maintenance.task_drop", "/plan-tasks/{task}/dropping", "POST", 303, data={"version": "1", "reason": "谢绝"}, prepare=_running),
    _worked(
        "maintenance.task_take_back", "/plan-tasks/{task}/taking-back", "POST", 303,
        data={"version": "{version}", "reason": "误记"}, prepare=_done,
    ),
    _written(
        "maintenance.task_assign", "/plan-tasks/{task}/person", "POST", 303, data={"version": "1", "staff": "{rep}"}, prepare=_running,
    ),
    _worked("maintenance.of_customer", "/customers/{customer}/maintenance", prepare=_running),
    _worked("maintenance.strengthening", "/customers/{customer}/strengthening"),
    _worked("maintenance.strengthening_edit", "/customers/{customer}/strengthening/edit"),
    _worked("maintenance.strengthening_edit", "/customers/{customer}/strengthening/edit", "POST", 422, data={"post-0": "deputy"}),
    everyone("maintenance.greetings", "/greetings", prepare=_greeted),
    _writers("maintenance.greetings_new", "/greetings/new"),
    _writers("maintenance.greetings_new", "/greetings/new", "POST", 422, data={"holiday": "x"}),
    Row(
        "maintenance.greetings_of_selection", "/greetings/selection", "POST", {"ids": "{customer}"}, _bare,
        owner=403, colleague=403, stranger=403, supervisor=200, other_supervisor=404, manager=200,
    ),
    _worked("maintenance.greeting_list", "/greetings/{list}", prepare=_greeted),
    _worked("maintenance.greeting_file", "/greetings/{list}/file?format=csv", prepare=_greeted),
    _worked("maintenance.greeting_file", "/greetings/{list}/file", prepare=_greeted),
    _worked("maintenance.greeting_next", "/greetings/{list}/next", status=302, prepare=_greeted),
    _worked("maintenance.greeting", "/greeting-lines/{line}", prepare=_greeted),
    _worked(
        "maintenance.greeting_settle", "/greeting-lines/{line}/settlement", "POST", 303,
        data={"version": "1", "way": "call", "done_on": "{day}"}, prepare=_greeted,
    ),
    _worked(
        "maintenance.greeting_settle", "/greeting-lines/{line}/settlement", "POST", 422,
        data={"version": "1", "do": "skip"}, prepare=_greeted,
    ),
    _worked("maintenance.greeting_take_back", "/greeting-lines/{line}/taking-back", "POST", 409, data={"version": "1"}, prepare=_greeted),
]  # fmt: skip
