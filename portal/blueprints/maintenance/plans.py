"""Maintenance plans: the list, one plan with its nine steps and its tasks, a customer's plans (RL-20, RL-21)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import htmx, list_files
from portal.blueprints.maintenance import bp
from portal.database import commit, db
from portal.filters import colon
from portal.looks import look
from portal.models import greeting, plan_list, plan_papers, plan_task, strengthening
from portal.models.approval import Approval
from portal.models.customer import Customer
from portal.models.grading_list import GradeList
from portal.models.greeting import GreetingLine
from portal.models.newest_first import writers
from portal.models.plan import NAME, STATES, MaintenancePlan, PlanCustomer
from portal.models.plan_list import PlanQuery
from portal.models.plan_papers import PlanAmendment, PlanSummary
from portal.models.plan_steps import Step, steps_of
from portal.models.plan_task import PlanTask
from portal.models.staff import Staff
from portal.models.team import Team
from portal.permissions import Permission, ensure, requires
from portal.rules.maintenance import EXTENTS
from portal.sessions import me

OF_CUSTOMER = 50


@bp.get("/maintenance-plans")
@requires(Permission.PLAN_WORK)
def plans() -> Any:
    """Show a page of the plans in scope, the newest first, with the filters of the address."""
    query, user = PlanQuery.read(request.args), me()
    page = plan_list.LIST.page(user, query, after=request.args.get("after", ""), before=request.args.get("before", ""))
    ids = [one.id for one in page.rows]
    return htmx.render(
        "maintenance/plans.html",
        "list",
        query=query,
        plans=page.rows,
        count=page.found,
        tasks=plan_list.task_figures(ids),
        covered=plan_list.customer_figures(ids),
        states=STATES,
        teams=db.session.scalars(select(Team).order_by(Team.name)).all() if user.is_manager else [],
        authors=writers(user, MaintenancePlan.created_by_id),
        chips=_chips(query),
        next=address(query, after=page.next) if page.next else "",
        previous=address(query, before=page.previous) if page.previous else "",
    )


def address(query: PlanQuery, **changes: Any) -> str:
    """Return the address of a query, with other arguments where given."""
    return url_for("maintenance.plans", **{**query.args(), **changes})


def _chips(query: PlanQuery) -> list[tuple[str, str]]:
    found = []
    for name, value in query.filters.items():
        text = value
        if name == "state":
            text = _(STATES[value][0])
        elif name in ("team", "author"):
            record: Any = db.session.get(Team if name == "team" else Staff, int(value))
            text = record.name if record else value
        elif name == "customer":
            customer = db.session.scalar(Customer.visible_to(me()).where(Customer.id == int(value)))
            text = customer.full_name if customer else value
        label = _(PlanQuery.FILTERS[name]) if name == "late" else f"{_(PlanQuery.FILTERS[name])}{colon()}{text}"
        found.append((label, address(query.without(name))))
    return found


@bp.get("/maintenance-plans/file")
@requires(Permission.CUSTOMER_EXPORT)
def plans_file() -> Any:
    """Answer the list of plans as a file."""
    query = PlanQuery.read(request.args)
    heads = [_("Name of the plan"), _("State"), _("Team"), _("Written by"), _("Begins on"), _("Ends on"), _("Number of customers")]
    heads += [_("Goal"), _("Tasks done"), _("Tasks in all"), _("Budget (yuan)"), _("Spent (yuan)")]

    def rows() -> Any:
        for one in plan_list.LIST.rows(me(), query):
            tasks = plan_list.task_figures([one.id]).get(one.id, {})
            covered = plan_list.customer_figures([one.id]).get(one.id, 0)
            yield [
                one.title, _(STATES[one.state][0]), one.team.name if one.team else "", one.created_by.name, one.starts_on, one.ends_on,
                covered, one.goal, tasks.get(plan_task.DONE, 0), sum(tasks.values()), one.budget, one.spent,
            ]  # fmt: skip

    return list_files.answer(_("Maintenance plans"), heads, rows(), what="maintenance-plans", filters=query.args())


# --- one plan ----------------------------------------------------------------


@bp.get("/maintenance-plans/<int:plan_id>")
@requires(Permission.PLAN_WORK, plan=MaintenancePlan)
def plan(plan: MaintenancePlan) -> Any:
    """Show a plan: where its cycle stands, what it says, its tasks and what is spent."""
    return page_of(plan)


def page_of(plan: MaintenancePlan, wrong: str = "", status: int = 200) -> Any:
    """Return the page of a plan, with what was refused."""
    user, people = me(), plan.team_of_people()
    loaded = (joinedload(PlanTask.customer), joinedload(PlanTask.staff))
    tasks = select(PlanTask).where(PlanTask.plan_id == plan.id).options(*loaded).order_by(PlanTask.due_on, PlanTask.id)
    page = render_template(
        "maintenance/plan.html",
        plan=plan,
        customers=plan.customers,
        people=people,
        names={one.id: one.name for one in people},
        steps=[(one, link_of(one)) for one in steps_of(plan)],
        tasks=list(db.session.scalars(tasks)),
        task_states=plan_task.STATES,
        counts=plan_task.counts(plan),
        extents=EXTENTS,
        states=STATES,
        paper_states=plan_papers.STATES,
        approval=Approval.latest_for(NAME, plan.id),
        amendments=plan_papers.amendments_of(plan),
        summary=plan_papers.summary_of(plan),
        previous=db.session.scalar(MaintenancePlan.visible_to(user).where(MaintenancePlan.id == plan.previous_id))
        if plan.previous_id
        else None,
        wrong=wrong,
        can={
            "edit": plan.can_edit(user),
            "amend": PlanAmendment.can_begin(plan, user),
            "sum": PlanSummary.can_begin(plan, user),
            "follow": user.may(Permission.PLAN_EDIT) and plan.state in ("running", "summed", "closed"),
        },
    )
    return page, status


def link_of(step: Step) -> str:
    """Return the address of a step's page, empty where the reader may not see it."""
    if step.page is None:
        return ""
    endpoint, values = step.page
    asked: tuple[tuple[str, Any, str], ...] = (
        ("grading.grade_list", GradeList, "listed_id"),
        ("maintenance.plan", MaintenancePlan, "plan_id"),
    )
    for name, model, key in asked:
        if endpoint == name and db.session.scalar(model.visible_to(me()).where(model.id == values[key])) is None:
            return ""
    return url_for(endpoint, **values)


@bp.post("/maintenance-plans/<int:plan_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, plan=MaintenancePlan)
def plan_submit(plan: MaintenancePlan) -> Any:
    """Send a plan through its chain."""
    ensure(me().may(Permission.PLAN_EDIT))
    approval = plan.submit(by=me())
    commit()
    flash(_("The plan is submitted. Its measures become tasks when it is approved."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/maintenance-plans/<int:plan_id>/giving-up")
@requires(Permission.PLAN_EDIT, plan=MaintenancePlan)
def plan_give_up(plan: MaintenancePlan) -> Any:
    """Let a draft go."""
    plan.give_up(by=me())
    commit()
    flash(_("The plan is given up."), "ok")
    return redirect(url_for("maintenance.plans"), 303)


# --- a customer's ----------------------------------------------------------------


@bp.get("/customers/<int:customer_id>/maintenance")
@requires(Permission.CUSTOMER_READ, customer=Customer)
def of_customer(customer: Customer) -> Any:
    """Show the plans that cover a customer, its tasks, its strengthening table and how it was greeted."""
    look(customer)
    user = me()
    covering = select(PlanCustomer.plan_id).where(PlanCustomer.customer_id == customer.id)
    rows = select(MaintenancePlan).where(MaintenancePlan.id.in_(covering)).order_by(MaintenancePlan.id.desc()).limit(OF_CUSTOMER)
    found = list(db.session.scalars(rows))
    ids = [one.id for one in found]
    tasks = select(PlanTask).where(PlanTask.customer_id == customer.id).options(joinedload(PlanTask.plan), joinedload(PlanTask.staff))
    greetings = select(GreetingLine).where(GreetingLine.customer_id == customer.id).options(joinedload(GreetingLine.greetings))
    return render_template(
        "maintenance/customer.html",
        customer=customer,
        plans=found,
        seen=set(
            db.session.scalars(MaintenancePlan.visible_to(user).with_only_columns(MaintenancePlan.id).where(MaintenancePlan.id.in_(ids)))
        ),
        codes=codes_of(ids),
        tasks=list(db.session.scalars(tasks.order_by(PlanTask.due_on.desc(), PlanTask.id.desc()).limit(OF_CUSTOMER))),
        greetings=list(db.session.scalars(greetings.order_by(GreetingLine.id.desc()).limit(OF_CUSTOMER))),
        table=strengthening.of_customer(customer),
        can_edit=strengthening.can_edit(customer, user),
        states=STATES,
        task_states=plan_task.STATES,
        greeting_states=greeting.STATES,
    )


def codes_of(plan_ids: list[int]) -> dict[int, str]:
    """Return plan id → the verification code of its sealed form, of the plans that are sealed."""
    from portal.models.sealed_form import SealedForm

    query = select(Approval.record_id, SealedForm).join(SealedForm, SealedForm.approval_id == Approval.id)
    which = (Approval.kind_name == NAME, Approval.record_id.in_(plan_ids), Approval.state == "approved")
    return {row[0]: row[1].sheet.shown_code for row in db.session.execute(query.where(*which)) if row[1].sheet}
