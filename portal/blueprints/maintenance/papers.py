"""Papers of a running plan: amendments with an approval of their own, and the summary at its end (RL-21, RL-23)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.maintenance import bp
from portal.blueprints.maintenance.forms import (
    MORE_ROWS,
    AmendmentForm,
    SummaryForm,
    amount_sent,
    blank_row,
    measures_sent,
    rows_of,
    rows_sent,
    show,
)
from portal.database import StateConflict, commit, db
from portal.models import plan_papers, plan_task
from portal.models.approval import Approval
from portal.models.plan import MaintenancePlan, kinds_of_measures
from portal.models.plan_papers import AMENDMENT, STATES, SUMMARY, VERDICTS, PlanAmendment, PlanSummary, amendment_problems, summary_problems
from portal.permissions import Permission, ensure, requires
from portal.rules.maintenance import EXTENTS, MOST_MEASURES
from portal.rules.message import Refusal
from portal.saving import saving
from portal.sessions import me

# --- amendments ----------------------------------------------------------------


@bp.route("/maintenance-plans/<int:plan_id>/amendments/new", methods=["GET", "POST"])
@requires(Permission.PLAN_EDIT, plan=MaintenancePlan)
def amendment_new(plan: MaintenancePlan) -> Any:
    """Begin an amendment of a plan that is carried out."""
    if not PlanAmendment.can_begin(plan, me()):
        raise StateConflict(f"amendment of plan {plan.id}")
    if request.method == "GET":
        form = AmendmentForm(formdata=None)
        form.budget.data, form.ends_on.data = f"{plan.budget:f}", plan.ends_on
        return _form(form, [blank_row()], plan)
    return _write(plan, None)


@bp.route("/plan-amendments/<int:amendment_id>/edit", methods=["GET", "POST"])
@requires(Permission.PLAN_EDIT, amendment=PlanAmendment)
def amendment_edit(amendment: PlanAmendment) -> Any:
    """Change an amendment that is a draft."""
    if not amendment.can_edit(me()):
        raise StateConflict(f"amendment {amendment.id}")
    if request.method == "GET":
        form = AmendmentForm(formdata=None)
        form.reason.data, form.budget.data, form.ends_on.data = amendment.reason, f"{amendment.budget:f}", amendment.ends_on
        form.version.data = str(amendment.version)
        return _form(form, rows_of(amendment.measure_list), amendment.plan, amendment)
    return _write(amendment.plan, amendment)


def _write(plan: MaintenancePlan, amendment: PlanAmendment | None) -> Any:
    plan_id, amendment_id = plan.id, amendment.id if amendment else None
    form, rows = AmendmentForm(), rows_sent()
    if request.form.get("do") == "rows":
        return _form(form, rows + [blank_row() for _one in range(min(MORE_ROWS, MOST_MEASURES - len(rows)))], plan, amendment)
    values, found = _sent(form, rows, plan)
    if form.validate() and not found:
        with saving(found.append) as saved:
            if amendment is None:
                amendment = PlanAmendment.begin(plan, **values, by=me())
            else:
                amendment.edit(**values, by=me(), version=_number(form.version.data))
        if saved:
            flash(_("The draft is saved."), "ok")
            return redirect(url_for("maintenance.amendment", amendment_id=amendment.id), 303)
    plan = db.session.get_one(MaintenancePlan, plan_id)
    amendment = db.session.get_one(PlanAmendment, amendment_id) if amendment_id else None
    return _form(form, [*rows, blank_row()], plan, amendment, wrong=show(form, found), status=422)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0


def _sent(form: AmendmentForm, rows: list[dict[str, str]], plan: MaintenancePlan) -> tuple[dict[str, Any], list[Refusal]]:
    """Return what was sent as `PlanAmendment.begin` takes it, and everything that is wrong with it."""
    measures, unread = measures_sent(rows)
    budget, wrong = amount_sent(form.budget.data, "budget")
    values: dict[str, Any] = {
        "reason": (form.reason.data or "").strip(),
        "budget": budget,
        "ends_on": form.ends_on.data,
        "measures": measures,
    }
    found = [*unread, *wrong]
    known = {one.field for one in found}
    return values, found + [one for one in amendment_problems(plan, **values) if one.field not in known]


def _form(
    form: AmendmentForm,
    rows: list[dict[str, str]],
    plan: MaintenancePlan,
    amendment: PlanAmendment | None = None,
    *,
    wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Any:
    people = plan.team_of_people()
    page = render_template(
        "maintenance/amendment_form.html",
        form=form, rows=rows, plan=plan, amendment=amendment, wrong=wrong or {}, kinds=kinds_of_measures(), extents=EXTENTS,
        people=[(one.id, one.name) for one in people if one.active],
    )  # fmt: skip
    return page, status


@bp.get("/plan-amendments/<int:amendment_id>")
@requires(Permission.PLAN_WORK, amendment=PlanAmendment)
def amendment(amendment: PlanAmendment) -> Any:
    """Show an amendment: before and after, and where it stands."""
    names = {one.id: one.name for one in amendment.plan.team_of_people()}
    return render_template(
        "maintenance/amendment.html",
        amendment=amendment, plan=amendment.plan, names=names, extents=EXTENTS, states=STATES,
        approval=Approval.latest_for(AMENDMENT, amendment.id), can_edit=amendment.can_edit(me()),
    )  # fmt: skip


@bp.post("/plan-amendments/<int:amendment_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, amendment=PlanAmendment)
def amendment_submit(amendment: PlanAmendment) -> Any:
    """Send an amendment through the chain of plans."""
    ensure(me().may(Permission.PLAN_EDIT))
    approval = amendment.submit(by=me())
    commit()
    flash(_("The amendment is submitted. Until it is approved the plan holds as it was."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/plan-amendments/<int:amendment_id>/giving-up")
@requires(Permission.PLAN_EDIT, amendment=PlanAmendment)
def amendment_give_up(amendment: PlanAmendment) -> Any:
    """Let a draft go."""
    plan_id = amendment.plan_id
    amendment.give_up(by=me())
    commit()
    flash(_("The amendment is given up."), "ok")
    return redirect(url_for("maintenance.plan", plan_id=plan_id), 303)


# --- summary ----------------------------------------------------------------


@bp.get("/maintenance-plans/<int:plan_id>/summary")
@requires(Permission.PLAN_WORK, plan=MaintenancePlan)
def summary(plan: MaintenancePlan) -> Any:
    """Show a plan's summary, or its form where it is still written."""
    found = plan_papers.summary_of(plan)
    form = SummaryForm(formdata=None)
    if found is not None:
        for name in ("verdict", "reached", "cost_note", "learned"):
            form[name].data = getattr(found, name)
        form.version.data = str(found.version)
    return _summary_page(plan, found, form)


@bp.post("/maintenance-plans/<int:plan_id>/summary")
@requires(Permission.PLAN_EDIT, plan=MaintenancePlan)
def summary_save(plan: MaintenancePlan) -> Any:
    """Keep the summary as a draft, or submit it where the button says so."""
    plan_id, found = plan.id, plan_papers.summary_of(plan)
    if not (found.can_edit(me()) if found else PlanSummary.can_begin(plan, me())):
        raise StateConflict(f"summary of plan {plan.id}")
    form = SummaryForm()
    values = form.values()
    problems = summary_problems(values)
    if form.validate() and not problems:
        with saving(problems.append) as saved:
            if found is None:
                found = PlanSummary.begin(plan, values, by=me())
            else:
                found.edit(values, by=me(), version=_number(form.version.data))
            approval = None
            if request.form.get("do") == "submit":
                db.session.flush()
                approval = found.submit(by=me())
        if saved:
            if approval is not None:
                flash(_("The summary is submitted. The plan is concluded when it is approved."), "ok")
                return redirect(url_for("approvals.show", approval_id=approval.id), 303)
            flash(_("The draft is saved."), "ok")
            return redirect(url_for("maintenance.summary", plan_id=plan_id), 303)
    show(form, problems)
    plan = db.session.get_one(MaintenancePlan, plan_id)
    return _summary_page(plan, plan_papers.summary_of(plan), form, 422)


def _summary_page(plan: MaintenancePlan, found: PlanSummary | None, form: SummaryForm, status: int = 200) -> Any:
    page = render_template(
        "maintenance/summary.html",
        plan=plan, summary=found, form=form, states=STATES, verdicts=VERDICTS, counts=plan_task.counts(plan),
        approval=Approval.latest_for(SUMMARY, found.id) if found else None,
        can_edit=found.can_edit(me()) if found else PlanSummary.can_begin(plan, me()),
        can_follow=me().may(Permission.PLAN_EDIT),
    )  # fmt: skip
    return page, status
