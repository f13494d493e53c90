"""The documents of maintenance plans that are signed: plan, amendment, summary; and what their decisions do (AP-3, RL-21, RL-23)."""

from __future__ import annotations

from sqlalchemy import select

from portal import clock
from portal.database import transition
from portal.models import audit, history, plan, plan_papers, plan_task
from portal.models.approval import Approval
from portal.models.approval_kinds import DocumentKind, Event, declare, into_approval
from portal.models.draft import APPROVED, DRAFT, PENDING, REJECTED
from portal.models.plan import MaintenancePlan, PlanCustomer
from portal.models.plan_papers import PlanAmendment, PlanSummary
from portal.models.staff import Staff
from portal.rules.message import N_

_CHOICES = {"measures.kind": "measure_kind"}
_CUSTOMERS = {
    "customers": N_("Customers covered"),
    "customers.number": N_("Customer number"),
    "customers.full_name": N_("Customer"),
    "customers.grade": N_("Grade"),
    "customers.owner": N_("In charge"),
}
_MEASURES = {
    "measures": N_("Measures"),
    "measures.kind": N_("Kind of measure"),
    "measures.text": N_("What is done"),
    "measures.extent": N_("For whom"),
    "measures.who": N_("Who"),
    "measures.due_on": N_("Until"),
    "measures.cost": N_("Cost (yuan)"),
}


# --- plan ----------------------------------------------------------------


def _plan_approved(document: MaintenancePlan, approval: Approval, by: Staff | None) -> None:
    """Let the plan be carried out: its measures become tasks, and each customer's timeline says so (RL-21)."""
    transition(document, expect={"state": PENDING}, change={"state": plan.RUNNING, "approved_at": clock.now()})
    plan_task.make_tasks(document, document.measure_list, by)
    _note(document, "plan-begun", by)


def _note(document: MaintenancePlan, action: str, by: Staff | None) -> None:
    """Write one entry for each customer covered; a plan of one customer has it with its own entry."""
    for customer in document.customers:
        audit.write("change", action, actor=by, record=document, customer_id=customer.id, label=document.label)


PLAN = declare(
    DocumentKind(
        name=plan.NAME,
        title=N_("Maintenance plan"),
        model=MaintenancePlan,
        sheet="maintenance_plan",
        chain="chain.maintenance_plan",
        page=lambda document: ("maintenance.plan", {"plan_id": document.id}),
        filed_as="correspondence",
        covers=select(PlanCustomer.plan_id, PlanCustomer.customer_id),
        on_approved=_plan_approved,
        labels={
            "plan.title": N_("Name of the plan"),
            "plan.goal": N_("Goal"),
            "plan.means": N_("Means"),
            "plan.budget": N_("Budget (yuan)"),
            "plan.planned": N_("Planned cost (yuan)"),
            "plan.starts_on": N_("Begins on"),
            "plan.ends_on": N_("Ends on"),
            "plan.people": N_("People"),
            "plan.team": N_("Team"),
            "plan.count": N_("Number of customers"),
            "plan.previous": N_("Plan before"),
            "plan.lessons": N_("Learned from the plan before"),
            **_CUSTOMERS,
            **_MEASURES,
        },
        choices=_CHOICES,
        amounts=("plan.budget", "plan.planned", "measures.cost"),
    )
)


# --- amendment ----------------------------------------------------------------


def _amended(document: PlanAmendment, _approval: Approval, by: Staff | None) -> None:
    """Change the plan, and make tasks of the measures that came in addition; what is done and spent stays."""
    document.ensure_ready()
    transition(document, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": clock.now()})
    found = document.plan
    values = {"budget": document.budget, "ends_on": document.ends_on, "measures": [*found.measures, *document.measures]}
    # What was spent in this very moment counts: the new budget may lie below it.
    expect = {"state": plan.RUNNING, "version": found.version, "spent": found.spent}
    transition(found, expect=expect, change={**values, "version": found.version + 1})
    plan_task.make_tasks(found, document.measure_list, by)
    _note(found, "plan-amended", by)


AMENDMENT = declare(
    DocumentKind(
        name=plan_papers.AMENDMENT,
        title=N_("Amendment of a maintenance plan"),
        model=PlanAmendment,
        sheet="plan_amendment",
        chain="chain.maintenance_plan",
        page=lambda document: ("maintenance.amendment", {"amendment_id": document.id}),
        filed_as="correspondence",
        covers=select(PlanAmendment.id, PlanCustomer.customer_id).join(PlanCustomer, PlanCustomer.plan_id == PlanAmendment.plan_id),
        on_approved=_amended,
        labels={
            "plan.title": N_("Name of the plan"),
            "plan.goal": N_("Goal"),
            "plan.team": N_("Team"),
            "plan.count": N_("Number of customers"),
            "amendment.number": N_("Amendment no."),
            "amendment.reason": N_("Reason of the change"),
            "amendment.old_budget": N_("Budget so far (yuan)"),
            "amendment.budget": N_("Budget (yuan)"),
            "amendment.old_ends_on": N_("Ended so far on"),
            "amendment.ends_on": N_("Ends on"),
            "amendment.planned": N_("Planned cost (yuan)"),
            **_MEASURES,
        },
        choices=_CHOICES,
        amounts=("amendment.old_budget", "amendment.budget", "amendment.planned", "measures.cost"),
    )
)


# --- summary ----------------------------------------------------------------


def _summed(document: PlanSummary, _approval: Approval, _by: Staff | None) -> None:
    into_approval(document, submitted_at=clock.now())
    transition(document.plan, expect={"state": plan.RUNNING}, change={"state": plan.SUMMED})


def _back(state: str) -> Event:
    def move(document: PlanSummary, _approval: Approval, _by: Staff | None) -> None:
        transition(document, expect={"state": PENDING}, change={"state": state, "submitted_at": None})
        transition(document.plan, expect={"state": plan.SUMMED}, change={"state": plan.RUNNING})

    return move


def _concluded(document: PlanSummary, _approval: Approval, by: Staff | None) -> None:
    moment = clock.now()
    transition(document, expect={"state": PENDING}, change={"state": APPROVED, "approved_at": moment})
    transition(document.plan, expect={"state": plan.SUMMED}, change={"state": plan.CLOSED, "closed_at": moment})
    _note(document.plan, "plan-concluded", by)


SUMMARY = declare(
    DocumentKind(
        name=plan_papers.SUMMARY,
        title=N_("Maintenance summary"),
        model=PlanSummary,
        sheet="maintenance_summary",
        chain="chain.maintenance_summary",
        page=lambda document: ("maintenance.summary", {"plan_id": document.plan_id}),
        filed_as="correspondence",
        covers=select(PlanSummary.id, PlanCustomer.customer_id).join(PlanCustomer, PlanCustomer.plan_id == PlanSummary.plan_id),
        on_submitted=_summed,
        on_returned=_back(DRAFT),
        on_rejected=_back(REJECTED),
        on_approved=_concluded,
        on_given_up=None,
        labels={
            "plan.title": N_("Name of the plan"),
            "plan.goal": N_("Goal"),
            "plan.budget": N_("Budget (yuan)"),
            "plan.spent": N_("Spent (yuan)"),
            "plan.left": N_("Left (yuan)"),
            "plan.starts_on": N_("Begins on"),
            "plan.ends_on": N_("Ends on"),
            "plan.people": N_("People"),
            "plan.team": N_("Team"),
            "plan.count": N_("Number of customers"),
            "plan.done": N_("Tasks done"),
            "plan.dropped": N_("Tasks dropped"),
            "summary.verdict": N_("Conclusion on the goal"),
            "summary.reached": N_("Reached against the goal"),
            "summary.cost_note": N_("On cost and budget"),
            "summary.learned": N_("Learned for the next plan"),
            "tasks": N_("Tasks"),
            **_CUSTOMERS,
        },
        choices={"tasks.kind": "measure_kind"},
        amounts=("plan.budget", "plan.spent", "plan.left", "tasks.cost"),
    )
)

history.stream(
    "plans",
    N_("Maintenance"),
    record_types=("MaintenancePlan", "PlanTask", "PlanAmendment", "PlanSummary", "StrengtheningTable", "GreetingLine"),
)
for _type, _name, _title in (
    ("MaintenancePlan", "plan-drafted", N_("Maintenance plan begun")),
    ("MaintenancePlan", "plan-draft-changed", N_("Draft of a maintenance plan changed")),
    ("MaintenancePlan", "plan-given-up", N_("Maintenance plan given up")),
    ("MaintenancePlan", "plan-begun", N_("Maintenance plan approved")),
    ("MaintenancePlan", "plan-amended", N_("Maintenance plan amended")),
    ("MaintenancePlan", "plan-concluded", N_("Maintenance plan concluded")),
    ("PlanTask", "task-done", N_("Task of a plan done")),
    ("PlanTask", "task-taken-back", N_("Task of a plan opened again")),
    ("PlanTask", "task-moved", N_("Task of a plan moved")),
    ("PlanTask", "task-dropped", N_("Task of a plan dropped")),
    ("PlanTask", "task-assigned", N_("Task of a plan given to somebody")),
    ("PlanAmendment", "amendment-drafted", N_("Amendment of a plan begun")),
    ("PlanAmendment", "amendment-draft-changed", N_("Amendment of a plan changed")),
    ("PlanAmendment", "amendment-given-up", N_("Amendment of a plan given up")),
    ("PlanSummary", "summary-drafted", N_("Maintenance summary begun")),
    ("PlanSummary", "summary-changed", N_("Maintenance summary changed")),
):
    history.action(_type, _name, _title)
