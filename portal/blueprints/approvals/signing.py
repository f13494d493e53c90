"""Signing in the browser with the password asked again, and recording a signature on paper (AP-4, AP-6)."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_login import current_user

from portal.blueprints.approvals import bp
from portal.blueprints.approvals.forms import PaperForm, SignatureForm
from portal.blueprints.approvals.view import address, answer, in_words, onwards, step_of
from portal.database import StateConflict, db
from portal.models.approval import Approval, ContentChanged
from portal.models.approval_step import ApprovalStep
from portal.models.attachment import Attachment
from portal.models.session import Throttled, confirm_password
from portal.models.standard import value as standard
from portal.permissions import Permission, ensure, requires
from portal.printing import filing
from portal.rules.message import Refusal
from portal.rules.scans import media_type_of_scan
from portal.saving import saving
from portal.sessions import me


@bp.post("/approvals/<int:approval_id>/signature")
@requires(Permission.APPROVAL_READ, approval=Approval)
def signature(approval: Approval) -> Any:
    """Sign a step, or give the opinion it asks for, and go on to the next of the same kind."""
    form = SignatureForm()
    step = _step(approval, form.step_id.data)
    if step.type == "paper" or approval.seat(step, current_user) is None:
        own = approval.own_work(current_user)
        ensure(own is not None)
        return answer(approval, status=403)  # the page says who signs instead
    try:
        approval.expect_unchanged(step, form.content_hash.data or "")
        if not form.validate():
            return answer(approval, signature_form=form, status=422)
        with saving(lambda refusal: _refuse(form, refusal)) as saved:
            _sign(approval, step, form)
    except StateConflict as conflict:
        return _too_late(approval, conflict)
    if not saved:
        return answer(approval, status=429 if isinstance(saved.refusal, Throttled) else 422, signature_form=form)
    filing.begin(approval)
    return onwards(approval, "inform" if step.meaning == "inform" else form.decision.data or "")


def _sign(approval: Approval, step: ApprovalStep, form: SignatureForm) -> None:
    signer = me()
    confirm_password(signer, form.password.data, address())
    decision, opinion = form.decision.data or "", form.opinion.data or ""
    approval.sign(step, by=signer, decision=decision, opinion=opinion, content_hash=form.content_hash.data, address=address())


@bp.post("/approvals/<int:approval_id>/paper-outcome")
@requires(Permission.APPROVAL_RECORD_PAPER, approval=Approval)
def paper_outcome(approval: Approval) -> Any:
    """Record what came back on paper, with its scan."""
    form = PaperForm()
    step = _step(approval, form.step_id.data)
    ensure(step.type == "paper" and approval.seat(step, current_user) is not None)
    try:
        approval.expect_unchanged(step, approval.current_round.content_hash)
        scan = _validated(approval, step, form)
        if scan is None:
            return answer(approval, paper_form=form, status=422)
        with saving(lambda refusal: _refuse(form, refusal)) as saved:
            _record(approval, step, form, *scan)
    except StateConflict as conflict:
        return _too_late(approval, conflict)
    if not saved:
        return answer(approval, status=429 if isinstance(saved.refusal, Throttled) else 422, paper_form=form)
    filing.begin(approval)
    return onwards(approval, "inform" if step.meaning == "inform" else form.outcome.data or "")


def _validated(approval: Approval, step: ApprovalStep, form: PaperForm) -> tuple[bytes, str] | None:
    """Return content and media type of the scan; None where something is lacking, all of which stands beside its field then."""
    complete, scan, lacking = form.validate(), None, list(approval.paper_problems(step, **_written(form)))
    if form.scan.data and not form.scan.errors:
        content = form.scan.data.read()
        try:
            scan = content, media_type_of_scan(content, standard("upload.size_limit_mb"))
        except Refusal as refusal:
            lacking.append(refusal)
    form.refuse_all([_beside(one) for one in lacking], str)
    return scan if complete and not lacking else None


def _written(form: PaperForm) -> dict[str, Any]:
    return {"outcome": form.outcome.data or "", "name": form.name.data or "", "date": form.date.data, "opinion": form.note.data or ""}


def _record(approval: Approval, step: ApprovalStep, form: PaperForm, content: bytes, kind: str) -> None:
    recorder, file = me(), form.scan.data
    name = file.filename.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    kept = Attachment.keep(content, filename=name, media_type=kind, purpose="scan", by=recorder, customer_id=approval.customer_id)
    db.session.flush()
    approval.record_paper(step, by=recorder, scan=kept, address=address(), **_written(form))


def _step(approval: Approval, step_id: str | None) -> ApprovalStep:
    step = step_of(approval, step_id)
    if step is None:
        abort(404)
    return step


def _refuse(form: SignatureForm | PaperForm, refusal: Refusal) -> None:
    form.refuse(_beside(refusal) if isinstance(form, PaperForm) else refusal)


def _beside(refusal: Refusal) -> Refusal:
    """Return a refusal with the name that its field has in the form of what came back on paper."""
    return refusal.at({"opinion": "note", "decision": "outcome"}.get(refusal.field or "", refusal.field or ""))


def _too_late(approval: Approval, conflict: StateConflict) -> Any:
    """Answer who signed what is no longer so: the differences, or that somebody was faster; nothing of theirs counts."""
    db.session.rollback()
    db.session.refresh(approval)
    if isinstance(conflict, ContentChanged):
        text = _("The document has changed since you opened it. Nothing was signed. Read it again, then decide.")
        return answer(approval, status=409, message=text, differences=in_words(approval.kind, conflict.differences))
    return answer(approval, status=409, message=_("Somebody was faster: this step is no longer open. Nothing of yours was recorded."))
