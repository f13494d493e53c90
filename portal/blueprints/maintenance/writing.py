"""Writing a maintenance plan: customers by choice from the register, by grade or typed, measures in rows (RL-21, RL-23)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import bulk, clock
from portal.blueprints.maintenance import bp
from portal.blueprints.maintenance.forms import (
    MORE_ROWS,
    PlanForm,
    amount_sent,
    blank_row,
    customers_sent,
    line_of,
    lines_of,
    measures_sent,
    rows_of,
    rows_sent,
    show,
)
from portal.database import StateConflict, db
from portal.models import greeting
from portal.models.approval import Approval
from portal.models.card import GRADES
from portal.models.customer_choice import chosen
from portal.models.plan import MaintenancePlan, kinds_of_measures, lessons_of, people_problems
from portal.permissions import Permission, requires
from portal.rules import maintenance as rules
from portal.rules.maintenance import EXTENTS, MOST_MEASURES, Measure, Outline
from portal.rules.message import N_, Refusal
from portal.rules.text import clean_line
from portal.saving import saving, submitted_if_asked
from portal.sessions import me

bulk.bulk_action(
    order=60, name="plan", title=N_("Write a maintenance plan"), permission=Permission.PLAN_EDIT, endpoint="maintenance.plan_of_selection"
)


@bp.post("/maintenance-plans/selection")
@requires(Permission.PLAN_EDIT)
def plan_of_selection() -> Any:
    """Begin a plan of the customers that were chosen in the register."""
    form = _blank().offer_people([])
    form.customers.data = lines_of(bulk.selection().ids[: rules.MOST_CUSTOMERS + 1])
    form.starts_on.data = clock.today()
    return _page(form, rows_of([]))


def _blank() -> PlanForm:
    return PlanForm(formdata=None)


@bp.route("/maintenance-plans/new", methods=["GET", "POST"])
@requires(Permission.PLAN_EDIT)
def plan_new() -> Any:
    """Write a plan; from an earlier one with its customers, people, measures and lessons."""
    if request.method == "GET":
        return _begun()
    form, rows = PlanForm(), rows_sent()
    form.offer_people(form.people.data or [])
    previous = _seen(form.previous.data)
    if _helped(form, rows):
        return _page(form, rows, previous=previous)
    outline, ids, found = _outline(form, rows)
    if form.validate() and not found:
        with saving(found.append) as saved:
            plan = MaintenancePlan.begin(outline, ids, by=me(), previous=previous)
            approval = submitted_if_asked(plan)
        if saved:
            return _saved(plan, approval)
    return _page(form, [*rows, blank_row()], previous=_seen(form.previous.data), wrong=show(form, found), status=422)


def _begun() -> Any:
    previous = _seen(request.args.get("from", ""))
    customer = request.args.get("customer", 0, int)
    if previous is None:
        form = _blank().offer_people([])
        form.customers.data = lines_of([customer]) if customer else ""
        form.starts_on.data = clock.today()
        return _page(form, rows_of([]))
    form = _blank().offer_people(previous.people)
    form.title.data, form.goal.data, form.means.data = previous.title, previous.goal, previous.means
    form.people.data, form.previous.data = list(previous.people), str(previous.id)
    form.customers.data = "\n".join(line_of(one) for one in previous.customers)
    again = [Measure(one.kind, one.text, one.extent, one.staff_id, None, one.cost) for one in previous.measure_list]
    return _page(form, rows_of(again), previous=previous)


def _seen(number: str | None) -> MaintenancePlan | None:
    """Return the plan with this number, None where the reader sees none."""
    if not number or not number.isdecimal() or len(number) > 9:
        return None
    return db.session.scalar(MaintenancePlan.visible_to(me()).where(MaintenancePlan.id == int(number)))


@bp.route("/maintenance-plans/<int:plan_id>/edit", methods=["GET", "POST"])
@requires(Permission.PLAN_EDIT, plan=MaintenancePlan)
def plan_edit(plan: MaintenancePlan) -> Any:
    """Change a plan that is a draft."""
    if not plan.can_edit(me()):
        raise StateConflict(f"plan {plan.id}")
    plan_id = plan.id
    if request.method == "GET":
        form = PlanForm(formdata=None, obj=None).offer_people(plan.people)
        for name in ("title", "goal", "means", "starts_on", "ends_on"):
            form[name].data = getattr(plan, name)
        form.budget.data, form.people.data, form.version.data = f"{plan.budget:f}", list(plan.people), str(plan.version)
        form.customers.data = "\n".join(line_of(one) for one in plan.customers)
        return _page(form, rows_of(plan.measure_list), plan=plan)
    form, rows = PlanForm(), rows_sent()
    form.offer_people([*plan.people, *(form.people.data or [])])
    if _helped(form, rows):
        return _page(form, rows, plan=plan)
    outline, ids, found = _outline(form, rows)
    if form.validate() and not found:
        with saving(found.append) as saved:
            plan.edit(outline, ids, by=me(), version=_version(form))
            approval = submitted_if_asked(plan)
        if saved:
            return _saved(plan, approval)
    return _page(form, [*rows, blank_row()], plan=db.session.get_one(MaintenancePlan, plan_id), wrong=show(form, found), status=422)


def _version(form: PlanForm) -> int:
    text = form.version.data or ""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _helped(form: PlanForm, rows: list[dict[str, str]]) -> bool:
    """Do what a button of the form asks for beside saving: add customers or rows; return whether it was one of these."""
    do, picked = request.form.get("do", ""), clean_line(request.form.get("pick", ""))
    if not picked and do not in ("rows", "grade", "customer"):
        return False
    rows += [blank_row() for _one in range(min(MORE_ROWS if do == "rows" else 1, MOST_MEASURES - len(rows)))]
    added = ""
    if do == "grade":
        added = lines_of(greeting.of_grade(me(), request.form.get("grade", ""))[: rules.MOST_CUSTOMERS + 1])
    elif picked or do == "customer":
        try:
            added = line_of(chosen(me(), picked or form.customer.data or ""))
            form.customer.data = ""
        except Refusal as refusal:
            form.refuse(refusal)
    _add_lines(form, added)
    return True


def _add_lines(form: PlanForm, added: str) -> None:
    there = [line for line in (form.customers.data or "").splitlines() if line.strip()]
    form.customers.data = "\n".join(dict.fromkeys([*there, *added.splitlines()]))


def _take_typed(form: PlanForm) -> list[Refusal]:
    """Add the customer that was typed and not added yet: who saves means it too. Return what is wrong with it."""
    typed = clean_line(form.customer.data or "")
    if typed:
        try:
            _add_lines(form, line_of(chosen(me(), typed)))
        except Refusal as refusal:
            return [refusal.at("customer")]
        form.customer.data = ""
    return []


def _outline(form: PlanForm, rows: list[dict[str, str]]) -> tuple[Outline, list[int], list[Refusal]]:
    """Return what was written, the customers' ids, and everything that is wrong with it."""
    typed = _take_typed(form)
    measures, unread = measures_sent(rows)
    budget, wrong = amount_sent(form.budget.data, "budget")
    customers, unknown = customers_sent(form.customers.data)
    people = tuple(dict.fromkeys(form.people.data or []))
    outline = Outline(
        clean_line(form.title.data or ""), (form.goal.data or "").strip(), (form.means.data or "").strip(), budget, form.starts_on.data,
        form.ends_on.data, people, tuple(measures), len(customers),
    )  # fmt: skip
    found = [*typed, *unread, *wrong, *unknown]
    known = {one.field for one in found}
    found += [one for one in (*rules.problems(outline), *people_problems(people)) if one.field not in known]
    return outline, [one.id for one in customers], found


def _saved(plan: MaintenancePlan, approval: Approval | None) -> Any:
    if approval is not None:
        flash(_("The plan is submitted. Its measures become tasks when it is approved."), "ok")
        return redirect(url_for("approvals.show", approval_id=approval.id), 303)
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("maintenance.plan", plan_id=plan.id), 303)


def _page(
    form: PlanForm,
    rows: list[dict[str, str]],
    *,
    plan: MaintenancePlan | None = None,
    previous: MaintenancePlan | None = None,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Any:
    previous = previous or (plan.previous if plan else None)
    page = render_template(
        "maintenance/plan_form.html",
        form=form,
        rows=rows,
        plan=plan,
        previous=previous,
        lessons=lessons_of(previous),
        wrong=wrong or {},
        kinds=kinds_of_measures(),
        extents=EXTENTS,
        grades=GRADES,
        staff=[(one.value, one.label) for one in form.people.choices],
    )
    return page, status
