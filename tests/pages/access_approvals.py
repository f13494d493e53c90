"""Rows of inbox, approvals, notices and changes of credit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal import clock
from portal.database import db
from portal.models.attachment import Attachment
from portal.models.notice import notify
from portal.models.sealed_form import SealedForm
from portal.rules.message import Message
from tests import approving
from tests.access import Row, everyone

_ONLY_REP = {"supervisor": 403, "manager": 403}


def _running() -> dict[str, Any]:
    approval = approving.submitted()
    step = approval.open_steps[0]
    return {"approval": approval.id, "step": step.id, "hash": approval.current_round.content_hash}


def _on_paper() -> dict[str, Any]:
    approval = approving.submitted(approving.FINANCE)
    return {"approval": approval.id, "step": approval.open_steps[0].id}


def _with_scan() -> dict[str, Any]:
    approval = approving.submitted(approving.FINANCE)
    return {"approval": approval.id, "signature": approving.record_paper(approval).id}


def _sealed() -> dict[str, Any]:
    approval = approving.submitted(approving.APPROVE)
    approving.sign(approval, "mgr1")
    file = Attachment.keep(b"%PDF-1.7", filename="x.pdf", media_type="application/pdf", purpose="sealed", by=None)
    db.session.add(SealedForm(approval_id=approval.id, file=file))
    db.session.commit()
    return {"approval": approval.id}


def _notice() -> dict[str, Any]:
    notice = notify(approving.person("rep1"), Message("The job was given up after %(tries)s tries.", {"tries": 5}))
    db.session.commit()
    return {"notice": notice.id}


def _draft() -> dict[str, Any]:
    draft = approving.change()
    return {"customer": draft.customer_id, "change": draft.id}


def _ahead() -> dict[str, Any]:
    approval = approving.submitted(approving.APPROVE, effective_on=clock.today() + timedelta(days=2))
    approving.sign(approval, "mgr1")
    return {"customer": approval.customer_id, "change": approval.record_id}


_CREDIT = "/customers/{customer}/credit-changes"

ROWS = [
    everyone("approvals.inbox", "/inbox"),
    everyone("approvals.inbox_count", "/inbox/count"),
    everyone("approvals.submissions", "/submissions"),
    everyone("approvals.notices", "/notices"),
    everyone("approvals.notices_reading", "/notices/reading", "POST", 303),
    Row("approvals.notice_reading", "/notices/{notice}/reading", "POST", prepare=_notice, owner=303, supervisor=404, manager=404),
    Row("approvals.show", "/approvals/{approval}", prepare=_running),
    Row("approvals.round", "/approvals/{approval}/rounds/1", prepare=_running),
    Row("approvals.round", "/approvals/{approval}/rounds/2", prepare=_running, owner=404, supervisor=404, manager=404),
    Row("approvals.scan", "/approvals/{approval}/scans/{signature}", prepare=_with_scan),
    Row("approvals.sealed_form", "/approvals/{approval}/sealed-form", prepare=_sealed),
    Row("approvals.sealed_form", "/approvals/{approval}/sealed-form", prepare=_running, owner=404, supervisor=404, manager=404),
    Row("approvals.withdrawal", "/approvals/{approval}/withdrawal", "POST", prepare=_running, owner=303, **_ONLY_REP),
    Row("approvals.giving_up", "/approvals/{approval}/giving-up", "POST", prepare=_running, owner=422, **_ONLY_REP),
    Row("approvals.reminder", "/approvals/{approval}/reminder", "POST", prepare=_running, owner=303, **_ONLY_REP),
    Row(
        "approvals.opinion_request", "/approvals/{approval}/opinion-request", "POST",
        prepare=_running, owner=403, supervisor=422, manager=403,
    ),
    Row(
        "approvals.signature", "/approvals/{approval}/signature", "POST",
        data={"step_id": "{step}", "content_hash": "{hash}"}, prepare=_running, owner=403, supervisor=422, manager=403,
    ),
    Row(
        "approvals.signature", "/approvals/{approval}/signature", "POST",
        data={"step_id": "{step}", "content_hash": "0"}, prepare=_running, owner=403, supervisor=409, manager=403,
    ),
    Row(
        "approvals.paper_outcome", "/approvals/{approval}/paper-outcome", "POST",
        data={"step_id": "{step}"}, prepare=_on_paper, owner=403, supervisor=403, manager=422,
    ),
    Row("approvals.credit_changes", _CREDIT),
    Row("approvals.credit_change_new", _CREDIT + "/new"),
    Row("approvals.credit_change_draft", _CREDIT, "POST", owner=422, supervisor=422, manager=422),
    Row("approvals.credit_change", _CREDIT + "/{change}", prepare=_draft),
    Row("approvals.credit_change_edit", _CREDIT + "/{change}/edit", prepare=_draft),
    Row("approvals.credit_change_edit", _CREDIT + "/{change}/edit", "POST", prepare=_draft, owner=422, supervisor=422, manager=422),
    Row(
        "approvals.credit_change_submission", _CREDIT + "/{change}/submission", "POST",
        prepare=_draft, owner=303, supervisor=303, manager=303,
    ),
    Row(
        "approvals.credit_change_give_up", _CREDIT + "/{change}/giving-up", "POST",
        prepare=_draft, owner=303, supervisor=303, manager=303,
    ),
    Row(
        "approvals.credit_change_cancel", _CREDIT + "/{change}/cancellation", "POST",
        prepare=_ahead, owner=403, supervisor=403, manager=422,
    ),
    Row(
        "approvals.credit_change_cancel", _CREDIT + "/{change}/cancellation", "POST", data={"reason": "客户另议"},
        prepare=_draft, owner=403, supervisor=403, manager=409,
    ),
]  # fmt: skip
