"""Carrying out adopted proposals: plan, measures, result, value gained (PP-8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import version_of
from portal.blueprints.proposals.lists import words
from portal.blueprints.proposals.outcome_forms import DoneForm, PlanForm, ResultForm, ValueForm, amount_of, row_name, rows_of
from portal.blueprints.proposals.pages import part
from portal.database import StateConflict, db
from portal.looks import look
from portal.models import proposal_award, proposal_work
from portal.models.proposal import Proposal
from portal.models.proposal_award import LAPSED, REWARD
from portal.models.proposal_work import STATES, ProposalWork
from portal.permissions import Permission, ensure, requires
from portal.rules.message import Refusal
from portal.rules.money import figures
from portal.rules.proposal_outcomes import plan_problems
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me


@part("proposals/work_panel.html", order=20)
def _work(proposal: Proposal) -> dict[str, Any] | None:
    """Show how an adopted proposal is carried out."""
    found, can_plan = proposal_work.of_proposal(proposal), proposal_work.can_plan(proposal, me())
    return {"work": found, "can_plan": can_plan, "states": STATES} if found or can_plan else None


# --- plan ------------------------------------------------------------------------------------------------------------------


@bp.route("/proposals/<int:proposal_id>/plan", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_ANSWER, proposal=Proposal)
def plan_new(proposal: Proposal) -> Any:
    """Plan how an adopted proposal is carried out: the responsible department, or customer service for it."""
    user = me()
    ensure(not user.is_department or proposal.responsible == user.department_code)
    if not proposal_work.can_plan(proposal, user):
        raise StateConflict(f"proposal {proposal.id}")
    look(proposal.customer)
    if request.method == "GET":
        return _form(PlanForm(formdata=None, data={"first_on": clock.today()}), proposal)
    form, proposal_id = PlanForm(), proposal.id
    if form.validate():
        with saving(lambda refusal: _refuse(form, refusal)) as saved:
            work = proposal_work.plan(proposal, form.planned(), by=user)
        if saved:
            flash(_("The plan is kept. The customer is told dates and measures."), "ok")
            return redirect(url_for("proposals.work", work_id=work.id), 303)
    return _form(form, db.session.get_one(Proposal, proposal_id), status=422)


@bp.route("/proposal-works/<int:work_id>/plan", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_ANSWER, work=ProposalWork)
def plan_edit(work: ProposalWork) -> Any:
    """Change a plan that is under way."""
    if not work.can_write(me()):
        raise StateConflict(f"proposal work {work.id}")
    if request.method == "GET":
        return _form(PlanForm(formdata=None).fill(work), work.proposal, work)
    form, work_id = PlanForm(), work.id
    if form.validate():
        with saving(lambda refusal: _refuse(form, refusal)) as saved:
            work.change(form.planned(), by=me(), version=version_of(form.version.data))
        if saved:
            flash(_("The plan is changed."), "ok")
            return redirect(url_for("proposals.work", work_id=work_id), 303)
    work = db.session.get_one(ProposalWork, work_id)
    return _form(form, work.proposal, work, 422)


def _refuse(form: PlanForm, refusal: Refusal) -> None:
    """Show everything that is wrong with a plan, beside fields and cells of the measures."""
    found = plan_problems(form.planned())
    form.refuse_all(found or [refusal], row_name)


def _form(form: PlanForm, proposal: Proposal, work: ProposalWork | None = None, status: int = 200) -> Any:
    sent = form.planned().measures if request.method == "POST" else work.measures if work else None
    page = render_template(
        "proposals/plan_form.html",
        form=form,
        proposal=proposal,
        work=work,
        rows=rows_of(sent),  # type: ignore[arg-type]
        cells={field: text for field, _name, text in form.cell_problems},
        **words(),
    )
    return page, status


# --- under way -------------------------------------------------------------------------------------------------------------


@bp.get("/proposal-works/<int:work_id>")
@requires(Permission.PROPOSAL_ANSWER, work=ProposalWork)
def work(work: ProposalWork) -> Any:
    """Show how a proposal is carried out, with the value gained beside the reward."""
    return _page(work)


def _page(work: ProposalWork, status: int = 200, **forms: Any) -> Any:
    user, today = me(), clock.today()
    look(work.proposal.customer)
    rewards = [] if user.is_department else proposal_award.of_proposal(work.proposal)
    value = "" if work.value is None else figures(work.value)
    gained = {"value": value, "value_basis": work.value_basis, "version": work.version}
    page = render_template(
        "proposals/work.html",
        work=work,
        proposal=work.proposal,
        work_states=STATES,
        reward=next((one for one in rewards if one.kind == REWARD and one.state != LAPSED), None),
        award_states=proposal_award.STATES,
        can={"write": work.can_write(user), "value": work.can_value(user)},
        forms={
            "done": DoneForm(formdata=None, prefix="done-", data={"done_on": today}),
            "result": ResultForm(formdata=None, prefix="result-", data={"ended_on": today}),
            "value": ValueForm(formdata=None, prefix="value-", data=gained),
            "measure": None,
            **forms,
        },
        **words(),
    )
    return page, status


def _done(work: ProposalWork, form: Any, act: Callable[[], None], said: str, **forms: Any) -> Any:
    number = work.id
    if form.validate():
        with saving(form.refuse) as saved:
            act()
        if saved:
            flash(said, "ok")
            return redirect(url_for("proposals.work", work_id=number), 303)
    return _page(db.session.get_one(ProposalWork, number), 422, **forms)


@bp.post("/proposal-works/<int:work_id>/measures/<int:measure_id>/completion")
@requires(Permission.PROPOSAL_ANSWER, work=ProposalWork)
def measure_done(work: ProposalWork, measure_id: int) -> Any:
    """Record that a measure is done."""
    if not work.can_write(me()):
        raise StateConflict(f"proposal work {work.id}")
    measure = next((one for one in work.measures if one.id == measure_id), None)
    if measure is None:
        abort(404)
    form = DoneForm(prefix="done-")

    def act() -> None:
        work.settle(measure, form.done_on.data, clean_line(form.note.data or ""), by=me())

    return _done(work, form, act, _("The measure is done."), done=form, measure=measure_id)


@bp.post("/proposal-works/<int:work_id>/result")
@requires(Permission.PROPOSAL_ANSWER, work=ProposalWork)
def work_finish(work: ProposalWork) -> Any:
    """Record what came of it."""
    if not work.can_write(me()):
        raise StateConflict(f"proposal work {work.id}")
    form = ResultForm(prefix="result-")

    def act() -> None:
        work.finish((form.result.data or "").strip(), form.ended_on.data, by=me())

    return _done(work, form, act, _("The result is recorded. The customer is told."), result=form)


@bp.post("/proposal-works/<int:work_id>/value")
@requires(Permission.PROPOSAL_ANSWER, work=ProposalWork)
def work_value(work: ProposalWork) -> Any:
    """Record the value gained."""
    if not work.can_value(me()):
        raise StateConflict(f"proposal work {work.id}")
    form = ValueForm(prefix="value-")

    def act() -> None:
        value, basis = amount_of(form.value.data, "value"), (form.value_basis.data or "").strip()
        work.record_value(value, basis, by=me(), version=version_of(form.version.data))

    return _done(work, form, act, _("The value gained is recorded."), value=form)
