"""Decisions on proposals: drafted, changed, submitted, given up; and the letters that tell the customer (PP-5, PP-8)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import version_of
from portal.blueprints.proposals.lists import words
from portal.blueprints.proposals.outcome_forms import DecisionForm
from portal.blueprints.proposals.pages import part
from portal.database import StateConflict, commit, db
from portal.forms import PortalForm
from portal.i18n import LANGUAGES
from portal.looks import look
from portal.models import proposal_assessment, proposal_decision, proposal_notice
from portal.models.approval import Approval
from portal.models.proposal import Proposal
from portal.models.proposal_decision import BANDS, DRAFT, NAME, STATES, ProposalDecision
from portal.models.standard import in_force, why
from portal.permissions import Permission, requires
from portal.rules.message import N_
from portal.rules.money import capitals
from portal.rules.rewards import OUTCOMES
from portal.saving import saving
from portal.sessions import me


@part("proposals/decisions.html", order=10)
def _decisions(proposal: Proposal) -> dict[str, Any] | None:
    """Show the decisions on a proposal, and what the customer is still to be told."""
    user = me()
    if user.is_department:
        return None
    found = proposal_decision.of_proposal(proposal)
    can_begin = ProposalDecision.can_begin(proposal, user)
    letters = proposal_notice.wanted(proposal) if user.may(Permission.PROPOSAL_WORK) else []
    if not found and not can_begin and not letters:
        return None
    return {
        "decisions": found, "states": STATES, "outcomes": OUTCOMES, "can_begin": can_begin, "letters": letters,
        "what": proposal_notice.WHAT,
    }  # fmt: skip


@part("proposals/decide_action.html", "actions")
def _action(proposal: Proposal) -> dict[str, Any] | None:
    return {} if ProposalDecision.can_begin(proposal, me()) else None


@bp.route("/proposals/<int:proposal_id>/decisions/new", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_DECIDE, proposal=Proposal)
def decision_new(proposal: Proposal) -> Any:
    """Draft the decision on an assessed proposal, or on one that was kept for later."""
    if not ProposalDecision.can_begin(proposal, me()):
        raise StateConflict(f"proposal {proposal.id}")
    look(proposal.customer)
    if request.method == "GET":
        return _form(DecisionForm(formdata=None), proposal)
    form, proposal_id = DecisionForm(), proposal.id
    if form.validate():
        with saving(form.refuse) as saved:
            decision = ProposalDecision.begin(proposal, form.decided(), by=me())
            submitted = _submitted(decision)
        if saved:
            return _saved(decision, submitted)
    return _form(form, db.session.get_one(Proposal, proposal_id), status=422)


@bp.route("/proposal-decisions/<int:decision_id>/edit", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_DECIDE, decision=ProposalDecision)
def decision_edit(decision: ProposalDecision) -> Any:
    """Change a draft."""
    if not decision.can_edit(me()):
        raise StateConflict(f"proposal decision {decision.id}")
    if request.method == "GET":
        return _form(DecisionForm(formdata=None).fill(decision), decision.proposal, decision)
    form, decision_id = DecisionForm(), decision.id
    if form.validate():
        with saving(form.refuse) as saved:
            decision.edit(form.decided(), by=me(), version=version_of(form.version.data))
            submitted = _submitted(decision)
        if saved:
            return _saved(decision, submitted)
    decision = db.session.get_one(ProposalDecision, decision_id)
    return _form(form, decision.proposal, decision, 422)


def _submitted(decision: ProposalDecision) -> bool:
    """Submit a draft where that was asked for. Raises `Refusal`."""
    asked = "submit" in request.form
    if asked:
        decision.submit(by=me())
    return asked


def _saved(decision: ProposalDecision, submitted: bool) -> Any:
    kept = _("The draft of the decision is kept. Submit it when it is ready.")
    flash(_("The decision is submitted to the manager.") if submitted else kept, "ok")
    return redirect(url_for("proposals.decision", decision_id=decision.id), 303)


def _form(form: DecisionForm, proposal: Proposal, decision: ProposalDecision | None = None, status: int = 200) -> Any:
    bands, figures = in_force(BANDS), dict[str, Any]({N_("Proposal number"): proposal.number})
    page = render_template(
        "proposals/decision_form.html",
        form=form,
        proposal=proposal,
        decision=decision,
        bands=bands.value,
        assessments=proposal_assessment.of_proposal(proposal),
        outcomes=OUTCOMES,
        answer=why(BANDS, version=bands.version, **figures),
        **words(),
    )
    return page, status


@bp.get("/proposal-decisions/<int:decision_id>")
@requires(Permission.PROPOSAL_READ, decision=ProposalDecision)
def decision(decision: ProposalDecision) -> Any:
    """Show a decision."""
    return _page(decision)


def _page(decision: ProposalDecision, problems: Any = None, status: int = 200) -> Any:
    look(decision.proposal.customer)
    page = render_template(
        "proposals/decision.html",
        decision=decision,
        proposal=decision.proposal,
        approval=Approval.latest_for(NAME, decision.id),
        decision_states=STATES,
        outcomes=OUTCOMES,
        assessments=proposal_assessment.of_proposal(decision.proposal),
        can_edit=decision.can_edit(me()),
        draft=decision.state == DRAFT,
        problems=problems or PortalForm(formdata=None),
        capitals="" if decision.amount is None else capitals(decision.amount),
        **words(),
    )
    return page, status


@bp.post("/proposal-decisions/<int:decision_id>/submission")
@requires(Permission.PROPOSAL_DECIDE, decision=ProposalDecision)
def decision_submit(decision: ProposalDecision) -> Any:
    """Submit a draft to the manager."""
    return _act(decision, lambda one: one.submit(by=me()), _("The decision is submitted to the manager."))


@bp.post("/proposal-decisions/<int:decision_id>/withdrawal")
@requires(Permission.PROPOSAL_DECIDE, decision=ProposalDecision)
def decision_give_up(decision: ProposalDecision) -> Any:
    """Let a draft go that was never submitted."""
    return _act(decision, lambda one: one.give_up(by=me()), _("The draft is given up."))


def _act(decision: ProposalDecision, do: Any, said: str) -> Any:
    number = decision.id
    if not decision.can_edit(me()):
        raise StateConflict(f"proposal decision {number}")
    problems = PortalForm()
    with saving(problems.refuse) as saved:
        do(decision)
    if not saved:
        return _page(db.session.get_one(ProposalDecision, number), problems, 422)
    flash(said, "ok")
    return redirect(url_for("proposals.decision", decision_id=number), 303)


# --- letters ---------------------------------------------------------------------------------------------------------------


@bp.post("/proposals/<int:proposal_id>/notices")
@requires(Permission.PROPOSAL_WORK, proposal=Proposal)
def notice_new(proposal: Proposal) -> Any:
    """Write the draft of a letter about what came of a proposal, and lead to it."""
    what, language = request.form.get("what", ""), request.form.get("language", "")
    if what not in proposal_notice.WHAT or language not in LANGUAGES:
        abort(404)
    letter = proposal_notice.draft(proposal, what, by=me(), language=language)
    commit()
    return redirect(url_for("proposals.letter", letter_id=letter.id), 303)
