"""Registering proposals, by hand or with one click out of a request; changing them, keeping files with them (PP-1, SV-7)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal import clock
from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import ProposalForm, ReasonForm, uploads, version_of
from portal.blueprints.proposals.lists import words
from portal.blueprints.proposals.pages import page_of
from portal.database import StateConflict, commit, db
from portal.looks import look
from portal.models import proposal_intake, search
from portal.models.customer import Customer
from portal.models.customer_choice import chosen
from portal.models.proposal import Proposal
from portal.models.proposal_search import similar
from portal.models.request import ServiceRequest
from portal.permissions import Permission, ensure, requires
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.saving import saving
from portal.sessions import me

SUGGESTED = 8


@bp.route("/proposals/new", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_WORK)
def proposal_new() -> Any:
    """Register a proposal; of a customer where the address names one."""
    form = (ProposalForm() if request.method == "POST" else ProposalForm(formdata=None)).offer()
    if request.method == "GET":
        given = db.session.scalar(Customer.visible_to(me()).where(Customer.id == request.args.get("customer", 0, int)))
        form.received_on.data = clock.today()
        if given is not None:
            look(given)
            form.customer.data = f"{given.number} {given.full_name}"
        return _page(form)
    if "pick" in request.form:
        form.customer.data = clean_line(request.form["pick"])
        return _page(form)
    hits = []
    if form.validate():
        customer = _customer_of(form)
        if customer is not None:
            with saving(form.refuse) as saved:
                found = proposal_intake.register(customer, form.values(), by=me())
                proposal_intake.keep_files(found, uploads(), by=me())
            if saved:
                flash(_("The proposal %(number)s is registered. Thank the customer, and let it be classified.", number=found.number), "ok")
                return redirect(url_for("proposals.proposal", proposal_id=found.id), 303)
        if form.customer.errors and form.customer.data:
            hits = search.search(me(), form.customer.data, SUGGESTED)
    return _page(form, hits=hits, status=422)


def _customer_of(form: ProposalForm) -> Customer | None:
    """Return the customer whose proposal it is; None where something is lacking, all of which stands beside its field then."""
    lacking, customer = list(proposal_intake.problems(form.values())), None
    try:
        customer = chosen(me(), clean_line(form.customer.data or ""))
    except Refusal as refusal:
        lacking.append(refusal)
    form.refuse_all(lacking, str)
    return None if lacking else customer


def _page(form: ProposalForm, *, proposal: Proposal | None = None, hits: list[search.Hit] | None = None, status: int = 200) -> Any:
    alike = similar(me(), form.summary.data or "", form.text.data or "", besides=proposal.id if proposal else 0)
    fixed = proposal is not None and proposal_intake.is_fixed(proposal)
    page = render_template("proposals/form.html", form=form, proposal=proposal, fixed=fixed, hits=hits or [], alike=alike, **words())
    return page, status


@bp.route("/proposals/<int:proposal_id>/edit", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_WORK, proposal=Proposal)
def proposal_edit(proposal: Proposal) -> Any:
    """Change what was registered."""
    if not proposal_intake.can_change(proposal, me()):
        raise StateConflict(f"proposal {proposal.id}")
    if request.method == "GET":
        look(proposal.customer)
        return _page(ProposalForm(formdata=None).offer(proposal.kind).fill(proposal), proposal=proposal)
    form, number = ProposalForm().offer(proposal.kind), proposal.id
    if form.validate():
        with saving(form.refuse) as saved:
            proposal_intake.change(proposal, form.values(), by=me(), version=version_of(form.version.data))
            proposal_intake.keep_files(proposal, uploads(), by=me())
        if saved:
            flash(_("The proposal is saved."), "ok")
            return redirect(url_for("proposals.proposal", proposal_id=number), 303)
    return _page(form, proposal=db.session.get_one(Proposal, number), status=422)


@bp.post("/proposals/<int:proposal_id>/files")
@requires(Permission.PROPOSAL_WORK, proposal=Proposal)
def files_new(proposal: Proposal) -> Any:
    """Keep files with a proposal."""
    ensure(proposal.can_work(me()))
    number = proposal.id
    form = ReasonForm(formdata=None)
    with saving(form.refuse) as saved:
        kept = proposal_intake.keep_files(proposal, uploads(), by=me())
        if not kept:
            raise Refusal("Choose a file.", field="files")
    if not saved:
        return page_of(db.session.get_one(Proposal, number), problems=form, status=422)
    flash(_("The files are kept with the proposal."), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=number, _anchor="files"), 303)


@bp.post("/proposals/<int:proposal_id>/voidance")
@requires(Permission.PROPOSAL_WORK, proposal=Proposal)
def proposal_void(proposal: Proposal) -> Any:
    """Say that a proposal was entered by mistake."""
    if not proposal_intake.can_void(proposal, me()):
        raise StateConflict(f"proposal {proposal.id}")
    form, number = ReasonForm(), proposal.id
    if form.validate():
        with saving(form.refuse) as saved:
            proposal_intake.void(proposal, reason=clean_line(form.reason.data or ""), by=me())
        if saved:
            flash(_("The proposal counts no more."), "ok")
            return redirect(url_for("proposals.proposal", proposal_id=number), 303)
    return page_of(db.session.get_one(Proposal, number), problems=form, form=form, status=422)


@bp.post("/requests/<int:request_id>/proposal")
@requires(Permission.PROPOSAL_WORK, request=ServiceRequest)
def from_request(request: ServiceRequest) -> Any:
    """Make a proposal of a request, with one click (SV-7)."""
    found = proposal_intake.from_request(request, by=me())
    commit()
    flash(_("The request has become the proposal %(number)s. Look through kind and summary.", number=found.number), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=found.id), 303)
