"""Classifying and routing proposals, and the copies for departments without an account (PP-3)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import ReasonForm, RoutingForm, lines, listed, version_of
from portal.blueprints.proposals.lists import words
from portal.blueprints.proposals.pages import page_of
from portal.database import StateConflict, commit, db
from portal.looks import look
from portal.models import proposal_letter
from portal.models.approval import Approval
from portal.models.proposal import Proposal
from portal.models.proposal_department import ProposalDepartment
from portal.models.proposal_routing import NAME, STATES, ProposalRouting, accounts_of, proposed_lines
from portal.models.standard import value as standard
from portal.models.standard import why
from portal.permissions import Permission, ensure, requires
from portal.rules import proposals as rules
from portal.rules.message import Refusal
from portal.saving import saving, submitted_if_asked
from portal.sessions import me


@bp.route("/proposals/<int:proposal_id>/routing/new", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_ROUTE, proposal=Proposal)
def routing_new(proposal: Proposal) -> Any:
    """Classify a proposal and name its departments; the table of the site proposes them."""
    if not ProposalRouting.can_begin(proposal, me()):
        raise StateConflict(f"routing of proposal {proposal.id}")
    if request.method == "GET":
        look(proposal.customer)
        form = RoutingForm(formdata=None).offer(proposal.kind)
        kind = request.args.get("kind", "")
        form.kind.data = kind if kind in [str(one.value) for one in form.kind.choices] else proposal.kind
        return _page(proposal, form, proposed_lines(form.kind.data or ""))
    form, number = RoutingForm().offer(proposal.kind), proposal.id
    if request.form.get("do") == "table":
        return _page(proposal, form, proposed_lines(form.kind.data or ""))
    if form.validate():
        with saving(form.refuse) as saved:
            routing = ProposalRouting.begin(proposal, _values(form), by=me())
            approval = submitted_if_asked(routing)
        if saved:
            return _saved(routing, approval)
    return _page(db.session.get_one(Proposal, number), form, lines(), status=422)


def _values(form: RoutingForm) -> dict[str, Any]:
    return {"kind": form.kind.data or "", "lines": lines(), "word": (form.word.data or "").strip()}


def _page(
    proposal: Proposal, form: RoutingForm, rows: list[dict[str, str]], *, routing: ProposalRouting | None = None, status: int = 200
) -> Any:
    page = render_template(
        "proposals/routing_form.html",
        proposal=proposal,
        routing=routing,
        form=form,
        rows=rows,
        most=rules.MOST_DEPARTMENTS,
        departments=listed("department", *(line["department"] for line in rows)),
        with_account=[one["code"] for one in standard("choices.department") if accounts_of(one["code"])],
        again=proposal.state in (rules.ROUTED, rules.ASSESSED),
        table=why("proposal.routes"),
        **words(),
    )
    return page, status


def _saved(routing: ProposalRouting, approval: Approval | None) -> Any:
    if approval is not None:
        flash(_("The routing is submitted."), "ok")
        return redirect(url_for("approvals.show", approval_id=approval.id), 303)
    flash(_("The draft of the routing is saved."), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=routing.proposal_id), 303)


@bp.get("/proposal-routings/<int:routing_id>")
@requires(Permission.PROPOSAL_WORK, routing=ProposalRouting)
def routing(routing: ProposalRouting) -> Any:
    """Show a routing and where it stands."""
    look(routing.proposal.customer)
    return render_template(
        "proposals/routing.html",
        routing=routing,
        proposal=routing.proposal,
        approval=Approval.latest_for(NAME, routing.id),
        routing_states=STATES,
        can_edit=routing.can_edit(me()),
        can_give_up=routing.can_give_up(me()),
        **words(),
    )


@bp.route("/proposal-routings/<int:routing_id>/edit", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_ROUTE, routing=ProposalRouting)
def routing_edit(routing: ProposalRouting) -> Any:
    """Change a draft."""
    if not routing.can_edit(me()):
        raise StateConflict(f"routing {routing.id}")
    proposal = routing.proposal
    if request.method == "GET":
        form = RoutingForm(formdata=None).offer(routing.kind, proposal.kind)
        form.kind.data, form.word.data, form.version.data = routing.kind, routing.word, str(routing.version)
        return _page(proposal, form, routing.lines, routing=routing)
    form, number = RoutingForm().offer(routing.kind, proposal.kind), routing.id
    if request.form.get("do") == "table":
        return _page(proposal, form, proposed_lines(form.kind.data or ""), routing=routing)
    if form.validate():
        with saving(form.refuse) as saved:
            routing.edit(_values(form), by=me(), version=version_of(form.version.data))
            approval = submitted_if_asked(routing)
        if saved:
            return _saved(routing, approval)
    present = db.session.get_one(ProposalRouting, number)
    return _page(present.proposal, form, lines(), routing=present, status=422)


@bp.post("/proposal-routings/<int:routing_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, routing=ProposalRouting)
def routing_submit(routing: ProposalRouting) -> Any:
    """Send a routing to the manager."""
    ensure(me().may(Permission.PROPOSAL_ROUTE))
    approval = routing.submit(by=me())
    commit()
    flash(_("The routing is submitted."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/proposal-routings/<int:routing_id>/giving-up")
@requires(Permission.PROPOSAL_ROUTE, routing=ProposalRouting)
def routing_give_up(routing: ProposalRouting) -> Any:
    """Let a draft go."""
    number = routing.proposal_id
    routing.give_up(by=me())
    commit()
    flash(_("The routing is given up."), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=number), 303)


@bp.post("/proposal-departments/<int:line_id>/copy")
@requires(Permission.PROPOSAL_WORK, line=ProposalDepartment)
def copy_sent(line: ProposalDepartment) -> Any:
    """Send a department its copy by mail, or note that it has it on paper."""
    number = line.proposal_id
    form = ReasonForm(formdata=None)
    with saving() as saved:
        proposal_letter.send_copy(line, by=me())
    if saved.refusal:
        form.refuse(Refusal(saved.refusal.message.text, **saved.refusal.message.params))
        return page_of(db.session.get_one(Proposal, number), problems=form, status=422)
    flash(_("The department has its copy from today on."), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=number, _anchor="departments"), 303)
