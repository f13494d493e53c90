"""The approval page, its rounds, scans, withdrawal, reminder and opinions asked (AP-1, AP-6, AP-8, AP-10)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from portal.blueprints.approvals import bp
from portal.blueprints.approvals.forms import WhyForm
from portal.blueprints.approvals.view import answer, opinion_form
from portal.database import commit, db
from portal.downloads import download
from portal.models import audit
from portal.models.approval import Approval
from portal.models.approval_signature import Signature
from portal.models.sealed_form import SealedForm
from portal.models.staff import Staff
from portal.permissions import Permission, ensure, requires
from portal.saving import saving
from portal.sessions import me


@bp.get("/approvals/<int:approval_id>")
@requires(Permission.APPROVAL_READ, approval=Approval)
def show(approval: Approval) -> Any:
    """Show the sheet as it will print, the steps so far, and what the reader may do."""
    return answer(approval)


@bp.get("/approvals/<int:approval_id>/rounds/<int:number>", endpoint="round")
@requires(Permission.APPROVAL_READ, approval=Approval)
def round_(approval: Approval, number: int) -> Any:
    """Show an earlier round as it was (AP-1)."""
    if not 1 <= number <= approval.round:
        abort(404)
    return answer(approval, number=number)


@bp.get("/approvals/<int:approval_id>/scans/<int:signature_id>")
@requires(Permission.APPROVAL_READ, approval=Approval)
def scan(approval: Approval, signature_id: int) -> Any:
    """Answer the scan of a signed sheet as a download (AP-6)."""
    found = db.session.scalar(select(Signature).where(Signature.id == signature_id, Signature.approval_id == approval.id))
    if found is None or found.scan is None:
        abort(404)
    audit.write_view("scan-downloaded", actor=current_user, record=approval, label=found.scan.filename)
    return download(found.scan)


@bp.get("/approvals/<int:approval_id>/sealed-form")
@requires(Permission.APPROVAL_READ, approval=Approval)
def sealed_form(approval: Approval) -> Any:
    """Hand out the final form with the site's seal, as it was stored (AP-7); written into the log (RO-7)."""
    form = SealedForm.of(approval)
    if form is None or form.file is None:
        abort(404)
    audit.write_view("sealed-form-downloaded", actor=current_user, record=approval, label=form.file.filename)
    file = form.file
    return download(file)


@bp.post("/approvals/<int:approval_id>/withdrawal")
@requires(Permission.APPROVAL_SUBMIT, approval=Approval)
def withdrawal(approval: Approval) -> Any:
    """Take the document back while nobody has signed."""
    ensure(approval.submitter_id == current_user.id)
    approval.withdraw(by=current_user)
    commit()
    flash(_("The document is withdrawn. You can change it and submit it again."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/approvals/<int:approval_id>/giving-up")
@requires(Permission.APPROVAL_SUBMIT, approval=Approval)
def giving_up(approval: Approval) -> Any:
    """Let a document go that was sent back or withdrawn, with the reason."""
    ensure(approval.submitter_id == current_user.id)
    form = WhyForm()
    if not form.validate():
        return answer(approval, giving_up_form=form, status=422)
    with saving(form.refuse) as saved:
        approval.give_up(form.reason.data, by=me())
    if not saved:
        return answer(approval, giving_up_form=form, status=422)
    flash(_("The document is given up. What was submitted stays readable here."), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/approvals/<int:approval_id>/reminder")
@requires(Permission.APPROVAL_SUBMIT, approval=Approval)
def reminder(approval: Approval) -> Any:
    """Remind those whom the document waits for (催办)."""
    ensure(approval.submitter_id == current_user.id)
    people = approval.remind(by=current_user)
    commit()
    flash(_("Reminded: %(names)s.", names="、".join(person.name for person in people)), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)


@bp.post("/approvals/<int:approval_id>/opinion-request")
@requires(Permission.APPROVAL_READ, approval=Approval)
def opinion_request(approval: Approval) -> Any:
    """Ask a colleague before or after the own signature (加签)."""
    ensure(approval.can_ask_opinion(current_user))
    form = opinion_form(approval, current_user)
    if not form.validate():
        return answer(approval, opinion_form=form, status=422)
    with saving(form.refuse) as saved:
        colleague = db.session.get_one(Staff, form.colleague.data)
        approval.ask_opinion(by=current_user, colleague=colleague, when=form.when.data, question=form.question.data)
    if not saved:
        return answer(approval, opinion_form=form, status=422)
    flash(_("%(name)s is asked.", name=colleague.name), "ok")
    return redirect(url_for("approvals.show", approval_id=approval.id), 303)
