"""More days for important or complicated proposals (PP-4)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from portal.blueprints.proposals import bp
from portal.blueprints.proposals.forms import ExtensionForm, version_of
from portal.blueprints.proposals.lists import words
from portal.blueprints.proposals.pages import reasons
from portal.database import StateConflict, commit, db
from portal.looks import look
from portal.models import proposal_clock
from portal.models.approval import Approval
from portal.models.proposal import Proposal
from portal.models.proposal_extension import GROUNDS, NAME, STATES, ProposalExtension
from portal.permissions import Permission, ensure, requires
from portal.saving import saving, submitted_if_asked
from portal.sessions import me


@bp.route("/proposals/<int:proposal_id>/extension/new", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_ROUTE, proposal=Proposal)
def extension_new(proposal: Proposal) -> Any:
    """Ask for more days."""
    if not ProposalExtension.can_begin(proposal, me()):
        raise StateConflict(f"extension of proposal {proposal.id}")
    if request.method == "GET":
        look(proposal.customer)
        return _page(proposal, ExtensionForm(formdata=None))
    form, number = ExtensionForm(), proposal.id
    if form.validate():
        with saving(form.refuse) as saved:
            extension = ProposalExtension.begin(proposal, form.values(), by=me())
            approval = submitted_if_asked(extension)
        if saved:
            return _saved(extension, approval)
    return _page(db.session.get_one(Proposal, number), form, status=422)


def _page(proposal: Proposal, form: ExtensionForm, *, extension: ProposalExtension | None = None, status: int = 200) -> Any:
    days = proposal_clock.days_of(proposal)
    page = render_template(
        "proposals/extension_form.html",
        proposal=proposal,
        extension=extension,
        form=form,
        days=days,
        asked=days.last_day(proposal.received_on, extended=True),
        answer=reasons(proposal),
        **words(),
    )
    return page, status


def _saved(extension: ProposalExtension, approval: Approval | None) -> Any:
    if approval is not None:
        flash(_("More days are asked for. They count when the signed sheet is back."), "ok")
        return redirect(url_for("approvals.show", approval_id=approval.id), 303)
    flash(_("The draft is saved."), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=extension.proposal_id), 303)


@bp.get("/proposal-extensions/<int:extension_id>")
@requires(Permission.PROPOSAL_WORK, extension=ProposalExtension)
def extension(extension: ProposalExtension) -> Any:
    """Show what was asked for, and where it stands."""
    look(extension.proposal.customer)
    return render_template(
        "proposals/extension.html",
        extension=extension,
        proposal=extension.proposal,
        approval=Approval.latest_for(NAME, extension.id),
        extension_states=STATES,
        grounds=GROUNDS,
        asked=proposal_clock.days_of(extension.proposal).last_day(extension.proposal.received_on, extended=True),
        can_edit=extension.can_edit(me()),
        can_give_up=extension.can_give_up(me()),
        **words(),
    )


@bp.route("/proposal-extensions/<int:extension_id>/edit", methods=["GET", "POST"])
@requires(Permission.PROPOSAL_ROUTE, extension=ProposalExtension)
def extension_edit(extension: ProposalExtension) -> Any:
    """Change a draft."""
    if not extension.can_edit(me()):
        raise StateConflict(f"extension {extension.id}")
    if request.method == "GET":
        form = ExtensionForm(formdata=None)
        form.ground.data, form.reason.data, form.version.data = extension.ground, extension.reason, str(extension.version)
        return _page(extension.proposal, form, extension=extension)
    form, number = ExtensionForm(), extension.id
    if form.validate():
        with saving(form.refuse) as saved:
            extension.edit(form.values(), by=me(), version=version_of(form.version.data))
            approval = submitted_if_asked(extension)
        if saved:
            return _saved(extension, approval)
    present = db.session.get_one(ProposalExtension, number)
    return _page(present.proposal, form, extension=present, status=422)


@bp.post("/proposal-extensions/<int:extension_id>/submission")
@requires(Permission.APPROVAL_SUBMIT, extension=ProposalExtension)
def extension_submit(extension: ProposalExtension) -> Any:
    """Send it through its chain."""
    ensure(me().may(Permission.PROPOSAL_ROUTE))
    approval = extension.submit(by=me())
    commit()
    flash(_("More days are asked for. They count when the signed sheet is back."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/proposal-extensions/<int:extension_id>/giving-up")
@requires(Permission.PROPOSAL_ROUTE, extension=ProposalExtension)
def extension_give_up(extension: ProposalExtension) -> Any:
    """Let a draft go."""
    number = extension.proposal_id
    extension.give_up(by=me())
    commit()
    flash(_("The draft is given up."), "ok")
    return redirect(url_for("proposals.proposal", proposal_id=number), 303)
